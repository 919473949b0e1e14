//! Files that only their owner can read.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// Makes a file that must not exist yet, and its folder where that is missing.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    create_folder_of(path)?;
    OpenOptions::new().write(true).create_new(true).mode(FILE).open(path)
}

/// Makes a file unless it exists, and its folder where that is missing.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    create_folder_of(path)?;
    OpenOptions::new().create(true).append(true).mode(FILE).open(path).map(drop)
}

fn create_folder_of(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => DirBuilder::new().recursive(true).mode(FOLDER).create(folder),
        None => Ok(()),
    }
}
