use std::sync::Arc;

use x402_facilitator::Facilitator;

use crate::{
    Deployment, StartError, keygen,
    keys::{KeyFile, KeyFileError, Secret},
};

/// What a service may use while it builds its routes.
#[derive(Clone)]
pub struct Context {
    pub(crate) program: &'static str,
    pub(crate) deployment: Deployment,
    pub(crate) facilitator: Arc<dyn Facilitator>,
}

impl Context {
    /// Where the service is deployed.
    #[must_use]
    pub const fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// Who verifies and settles payments.
    #[must_use]
    pub fn facilitator(&self) -> Arc<dyn Facilitator> {
        Arc::clone(&self.facilitator)
    }

    /// Reads a secret key. On the devnet a missing one is made, mode 0600.
    ///
    /// # Errors
    /// [`StartError::Config`] when the file is no key, or, on a public network, is missing: then it names the command that
    /// makes it.
    pub fn secret(&self, file: &KeyFile) -> Result<Secret, StartError> {
        let secret = match file.read() {
            Err(KeyFileError::Missing(_)) if self.deployment == Deployment::Devnet => {
                tracing::info!(%file, "making a key that is missing");
                file.create()
            }
            read => read,
        };
        secret.map_err(|error| {
            error.with_hint(|path| {
                format!("{} makes it; back it up like money", keygen::command(self.program, path))
            })
        })
    }
}
