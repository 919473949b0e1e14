//! A process between us and a browser: however we end, it ends the browser with every process that it has started, and removes
//! what it has written.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process_group};
use service_kit::StartError;
use std::os::unix::process::CommandExt as _;

/// The subcommand.
pub const GUARD: &str = "browse";

/// What to start.
#[derive(Args, Clone, Debug)]
pub struct GuardArgs {
    /// The browser.
    program: PathBuf,
    /// Its arguments.
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

/// Runs a browser until stdin ends, or the browser does.
///
/// # Errors
/// [`StartError`] when it cannot be started.
pub async fn run(arguments: GuardArgs) -> Result<(), StartError> {
    guard(&arguments).map_err(StartError::failed("guarding the browser"))
}

fn guard(GuardArgs { program, arguments }: &GuardArgs) -> io::Result<()> {
    let profile = tempfile::Builder::new().prefix("scraper-browser-").tempdir()?;
    let mut data = OsString::from("--user-data-dir=");
    data.push(profile.path());
    let mut command = Command::new(program);
    command.arg(data).args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    // Whatever it writes where it should not, it writes into what is removed with it.
    let mut browser = command.env("HOME", profile.path()).process_group(0).spawn()?;
    let group = browser.id();
    // Stdin has nothing to say. Its end is the end of the service, whatever ended it.
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        end(group);
    });
    reap(&mut browser, group)
}

/// Waits for the browser, then ends what it has left behind.
fn reap(browser: &mut Child, group: u32) -> io::Result<()> {
    browser.wait()?;
    end(group);
    Ok(())
}

fn end(group: u32) {
    if let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) {
        // Where nobody is left, there is nobody to end.
        let _ = kill_process_group(group, Signal::KILL);
    }
}
