//! Why a command line is refused, in one line, with the names that a key goes by.

use clap::{
    Arg, Command, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::StartError;

/// The error for the operator, or nothing when the help or the version was asked for.
pub(super) fn explain(error: &Error, command: &Command) -> Option<StartError> {
    error.use_stderr().then(|| refuse(error, command))
}

pub(super) fn refuse(error: &Error, command: &Command) -> StartError {
    let keys: Vec<_> = named(error).iter().filter_map(|name| find(command, name)).collect();
    match error.kind() {
        ErrorKind::MissingRequiredArgument if !keys.is_empty() => {
            let names: Vec<_> = keys.iter().filter_map(|arg| arg.get_long()).collect();
            StartError::config(format!("missing: {}", names.join(", ")), sources(&keys))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if !keys.is_empty() => {
            StartError::config(summary(error), sources(&keys))
        }
        _ => StartError::config(summary(error), suggestion(error, command)),
    }
}

/// `--listen <ADDRESS>` and the like, as the error names them.
fn named(error: &Error) -> Vec<String> {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(name)) => vec![name.clone()],
        Some(ContextValue::Strings(names)) => names.clone(),
        _ => Vec::new(),
    }
}

fn find<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let long = name.split([' ', '=']).next()?.strip_prefix("--")?;
    command.get_opts().find(|arg| arg.get_long() == Some(long))
}

/// The key that was probably meant, or where all of them are.
fn suggestion(error: &Error, command: &Command) -> String {
    match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(name)) => format!("is it {name}?"),
        _ => format!("`{} --help` lists every key", command.get_name()),
    }
}

/// The three places where each key can be set.
fn sources(keys: &[&Arg]) -> String {
    let names = keys.iter().filter_map(|arg| Some((arg.get_long()?, arg.get_env()?.to_str()?)));
    let names: Vec<_> = names.map(|(long, env)| format!("--{long} or {env}")).collect();
    format!("set {}, or the same key in the file that --config names", names.join("; "))
}

/// The paragraph that says what is wrong, as one line.
fn summary(error: &Error) -> String {
    let text = error.render().to_string();
    let lines: Vec<_> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let line = lines.join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}
