use clap::{ArgMatches, Args, Command};
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::{StartError, keygen};

/// What a service is called, where it listens unless told otherwise, and what it can do besides serving.
///
/// ```
/// use service_kit::Service;
///
/// let service = Service::new("rng", "Random numbers that their buyer can check.", "0.1.0").ports(4023, 5023);
/// ```
pub struct Service {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) version: &'static str,
    pub(crate) ports: (u16, u16),
    commands: Vec<Subcommand>,
}

/// Something a service's program does instead of serving.
pub(crate) struct Subcommand {
    pub(crate) command: Command,
    run: Run,
}

type Run = Box<dyn FnOnce(&ArgMatches) -> LocalBoxFuture<'static, Result<(), StartError>>>;

impl Service {
    /// A service by the name of its program, with one sentence on what it sells, and `env!("CARGO_PKG_VERSION")`.
    ///
    /// The name is lower-case ASCII: it is the prefix of the environment variables and the name of the database.
    #[must_use]
    pub fn new(name: &'static str, about: &'static str, version: &'static str) -> Self {
        let service = Self { name, about, version, ports: (0, 0), commands: Vec::new() };
        service.command("keygen", "Make a secret key in a new file", keygen::run)
    }

    /// The default ports, on 127.0.0.1, for customers and for operators. Any free ones unless set.
    #[must_use]
    pub const fn ports(mut self, listen: u16, admin_listen: u16) -> Self {
        self.ports = (listen, admin_listen);
        self
    }

    /// Adds a subcommand with arguments of its own. It does not read the service's configuration.
    #[must_use]
    pub fn command<T, F>(self, name: &'static str, about: &'static str, run: F) -> Self
    where
        T: Args + 'static,
        F: AsyncFnOnce(T) -> Result<(), StartError> + 'static,
    {
        self.with::<T, F>(Command::new(name).about(about), run)
    }

    /// Adds a subcommand that the help does not list: a worker that the service starts itself.
    #[must_use]
    pub fn worker<T, F>(self, name: &'static str, run: F) -> Self
    where
        T: Args + 'static,
        F: AsyncFnOnce(T) -> Result<(), StartError> + 'static,
    {
        self.with::<T, F>(Command::new(name).hide(true), run)
    }

    fn with<T, F>(mut self, command: Command, run: F) -> Self
    where
        T: Args + 'static,
        F: AsyncFnOnce(T) -> Result<(), StartError> + 'static,
    {
        let command = T::augment_args(command);
        let run: Run = Box::new(move |matches| {
            let arguments = T::from_arg_matches(matches);
            async move {
                let unusable = |error: clap::Error| StartError::config(error.to_string(), "see --help");
                run(arguments.map_err(unusable)?).await
            }
            .boxed_local()
        });
        self.commands.push(Subcommand { command, run });
        self
    }

    pub(crate) fn commands(&self) -> impl Iterator<Item = &Subcommand> {
        self.commands.iter()
    }

    pub(crate) fn take_command(&mut self, name: &str) -> Option<Subcommand> {
        let index = self.commands.iter().position(|subcommand| subcommand.command.get_name() == name)?;
        Some(self.commands.swap_remove(index))
    }
}

impl Subcommand {
    pub(crate) async fn run(self, matches: &ArgMatches) -> Result<(), StartError> {
        (self.run)(matches).await
    }
}
