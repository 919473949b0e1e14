//! Finds the anvil executable.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::DevnetError;

/// The executable: the one named by `chosen` or the environment variable `ANVIL`, else the one that npm installed
/// under `deploy/devnet` of the repository, else the one on `PATH`.
pub(crate) fn anvil(chosen: Option<&Path>) -> Result<PathBuf, DevnetError> {
    let named = chosen.map(Path::to_path_buf).or_else(|| env::var_os("ANVIL").map(PathBuf::from));
    match named {
        Some(path) if path.is_file() => Ok(path),
        Some(path) => Err(DevnetError::NoAnvilAt(path)),
        None => installed_by_npm().or_else(on_path).ok_or(DevnetError::AnvilMissing),
    }
}

fn installed_by_npm() -> Option<PathBuf> {
    let inside = Path::new("deploy/devnet/node_modules/@foundry-rs").join(npm_package()).join("bin/anvil");
    // The sources as they were at compile time, then the checkout that holds the executable or the working directory.
    let starts =
        [Some(PathBuf::from(env!("CARGO_MANIFEST_DIR"))), env::current_exe().ok(), env::current_dir().ok()];
    starts
        .iter()
        .flatten()
        .flat_map(|start| start.ancestors())
        .map(|root| root.join(&inside))
        .find(|path| path.is_file())
}

fn npm_package() -> String {
    let system = if env::consts::OS == "macos" { "darwin" } else { env::consts::OS };
    let machine = if env::consts::ARCH == "aarch64" { "arm64" } else { "amd64" };
    format!("anvil-{system}-{machine}")
}

fn on_path() -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join("anvil")).find(|path| path.is_file())
}
