//! The command line: flags, environment and file made one, and the subcommands.

mod file;
mod refusal;

use std::ffi::OsString;

use clap::{Arg, ArgMatches, Args, Command, CommandFactory as _, FromArgMatches as _, Parser};

use crate::{
    StartError,
    args::{ChainArgs, ProcessArgs},
    service::{Service, Subcommand},
};

/// Everything that a service is configured with: `S` is what selling takes, `C` is the service's own.
#[derive(Parser, Debug)]
pub(crate) struct Cli<S: Args, C: Args> {
    #[command(flatten, next_help_heading = "Service")]
    pub(crate) service: C,
    #[command(flatten)]
    pub(crate) selling: S,
    #[command(flatten)]
    pub(crate) chain: ChainArgs,
    #[command(flatten)]
    pub(crate) process: ProcessArgs,
}

/// What the process was called for.
pub(crate) enum Invocation<S: Args, C: Args> {
    /// Serve.
    Serve(Box<Cli<S, C>>),
    /// Run a subcommand.
    Command(Box<Subcommand>, ArgMatches),
    /// Show the help or the version.
    Show(clap::Error),
}

/// Reads the command line, the environment, and the file that either of them names.
pub(crate) fn parse<S: Args, C: Args>(
    service: &mut Service,
    argv: Vec<OsString>,
) -> Result<Invocation<S, C>, StartError> {
    let command = command::<S, C>(service);
    // Whatever else is wrong, the file may mend it: first it is only asked which file.
    let first = match command.clone().ignore_errors(true).try_get_matches_from(&argv) {
        Ok(matches) => matches,
        Err(help) => return Ok(Invocation::Show(help)),
    };
    let argv = match first.get_one::<std::path::PathBuf>("config") {
        Some(path) => with_file(argv, file::flags(path, &command)?),
        None => argv,
    };
    let matches = match command.clone().try_get_matches_from(argv) {
        Ok(matches) => matches,
        Err(error) => {
            return refusal::explain(&error, &command).map_or_else(|| Ok(Invocation::Show(error)), Err);
        }
    };
    if let Some((name, matches)) = matches.subcommand()
        && let Some(subcommand) = service.take_command(name)
    {
        return Ok(Invocation::Command(Box::new(subcommand), matches.clone()));
    }
    let cli = Cli::from_arg_matches(&matches).map_err(|error| refusal::refuse(&error, &command))?;
    Ok(Invocation::Serve(Box::new(cli)))
}

/// The file's flags right after the program's name: a later flag of the same name wins.
fn with_file(mut argv: Vec<OsString>, flags: Vec<OsString>) -> Vec<OsString> {
    let program = argv.len().min(1);
    argv.splice(program..program, flags);
    argv
}

fn command<S: Args, C: Args>(service: &Service) -> Command {
    Cli::<S, C>::command()
        .name(service.name)
        .about(service.about)
        .version(service.version)
        .mut_args(|arg| with_defaults(arg, service))
        .args_override_self(true)
        .subcommand_negates_reqs(true)
        .disable_help_subcommand(true)
        .subcommands(service.commands().map(|subcommand| subcommand.command.clone()))
}

/// The environment's name for a key, `<PROGRAM>_<KEY>` unless it has one of its own, and the defaults that differ by service.
fn with_defaults(arg: Arg, service: &Service) -> Arg {
    let variable = format!("{}_{}", service.name, arg.get_id()).to_uppercase();
    let arg = if arg.get_env().is_some() { arg } else { arg.env(variable) };
    let default = match arg.get_id().as_str() {
        "listen" => format!("127.0.0.1:{}", service.ports.0),
        "admin_listen" => format!("127.0.0.1:{}", service.ports.1),
        "database_url" => format!("sqlite://data/{}.db", service.name),
        "receipt_key_file" => format!("data/{}-receipt.key", service.name),
        "receipt_delegation_file" => format!("data/{}-receipt.json", service.name),
        _ => return arg,
    };
    arg.default_value(default).required(false)
}
