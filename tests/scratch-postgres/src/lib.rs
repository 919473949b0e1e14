//! A Postgres server that lives as long as its test: durable as in production, on a socket in a folder of its own, gone
//! with whoever started it, even by SIGKILL.
#![deny(missing_docs)]

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

const GUARDIAN: &str = include_str!("guardian.sh");

/// A running server with one superuser and one empty database. Dropped, it is stopped and its folder removed.
#[derive(Debug)]
pub struct ScratchPostgres {
    guardian: Child,
    /// Taken when the server is to end.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: String,
}

impl ScratchPostgres {
    /// Makes a server and waits until it answers, about a second.
    ///
    /// # Errors
    /// When there is no Postgres on this machine, or it does not start; the reason is on stderr.
    pub fn start() -> io::Result<Self> {
        let mut guardian = Command::new("sh")
            .args(["-c", GUARDIAN])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What ends the test's process group must not end the guardian: it has to clean up.
            .process_group(0)
            .spawn()?;
        let commands = guardian.stdin.take();
        let answers = guardian.stdout.take().ok_or_else(ended)?;
        let mut server = Self { guardian, commands, answers: BufReader::new(answers), folder: String::new() };
        server.folder = server.answer()?;
        Ok(server)
    }

    /// Where to connect, as a superuser without a password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.folder)
    }

    /// Tells the server what `pg_ctl` understands, and waits until it is done: `restart --mode=immediate` is a crash and a
    /// recovery.
    ///
    /// # Errors
    /// When the server does not obey; the reason is on stderr.
    pub fn control(&mut self, command: &str) -> io::Result<()> {
        writeln!(self.commands.as_ref().ok_or_else(ended)?, "{command}")?;
        self.answer().map(drop)
    }

    fn answer(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line)? {
            0 => Err(ended()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}

impl Drop for ScratchPostgres {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.guardian.wait();
    }
}

fn ended() -> io::Error {
    io::Error::other("the Postgres server ended")
}
