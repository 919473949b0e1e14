//! The configuration file: a list of flags that come before those of the command line.

use std::{env, ffi::OsString, fs, path::Path};

use clap::{Arg, Command};
use toml::{Table, Value};

use crate::StartError;

/// The file's keys as flags of `command`, but for those that the environment sets: it wins over the file.
pub(crate) fn flags(path: &Path, command: &Command) -> Result<Vec<OsString>, StartError> {
    let text = fs::read_to_string(path)
        .map_err(|error| refused(path, &error.to_string(), "--config names a TOML file"))?;
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| refused(path, &locate(&text, &error), "the file must be TOML"))?;
    let flags = table.iter().map(|(key, value)| flag(path, command, key, value));
    flags.filter_map(Result::transpose).collect()
}

fn flag(path: &Path, command: &Command, key: &str, value: &Value) -> Result<Option<OsString>, StartError> {
    let Some(arg) = keys(command).find(|arg| arg.get_long() == Some(key)) else {
        let known: Vec<_> = keys(command).filter_map(Arg::get_long).collect();
        let message = format!("unknown key `{key}`");
        return Err(refused(path, &message, &format!("the keys are {}", known.join(", "))));
    };
    let value = text_of(value).ok_or_else(|| {
        let hint = "a value is a string, a number, true or false, or a list of those";
        refused(path, &format!("the value of `{key}` is of no use here"), hint)
    })?;
    let overridden = arg.get_env().is_some_and(|name| env::var_os(name).is_some());
    Ok((!overridden).then(|| format!("--{key}={value}").into()))
}

/// What a file may set: every option with a value, but for the name of the file itself.
fn keys(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_opts().filter(|arg| arg.get_id() != "config")
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Some(value.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(text_of).collect();
            items.map(|items| items.join(","))
        }
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn locate(text: &str, error: &toml::de::Error) -> String {
    let line =
        error.span().and_then(|span| text.get(..span.start)).map(|before| before.lines().count().max(1));
    let message = error.message();
    line.map_or_else(|| message.to_owned(), |line| format!("line {line}: {message}"))
}

fn refused(path: &Path, message: &str, hint: &str) -> StartError {
    StartError::config(format!("{}: {message}", path.display()), hint)
}
