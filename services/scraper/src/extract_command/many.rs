//! Many pages, each met by a process that may die of it: the stream goes on.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use anyhow::Context;

use super::line;

/// Longer than any page within its limits takes, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(30);
/// A line longer than this is answered without being read.
const LINE_BYTES: u64 = 256 << 20;

/// Answers each line of stdin with a line, in order.
pub(super) fn run() -> anyhow::Result<()> {
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    let (mut worker, mut asked) = (None, Vec::new());
    while (&mut stdin).take(LINE_BYTES).read_until(b'\n', &mut asked).context("reading a line")? > 0 {
        let cut = asked.len() as u64 == LINE_BYTES && !asked.ends_with(b"\n");
        if cut {
            stdin.skip_until(b'\n').context("reading a line")?;
            write(
                &mut stdout,
                &line::failed(b"", "too_large", format!("the line is longer than {LINE_BYTES} bytes")),
            )?;
        } else if !asked.trim_ascii().is_empty() {
            if !asked.ends_with(b"\n") {
                asked.push(b'\n');
            }
            answer(&mut worker, &asked, &mut stdout)?;
        }
        asked.clear();
    }
    Ok(())
}

/// Has the worker answer; a worker that fails is replaced for the next line.
fn answer(worker: &mut Option<Worker>, asked: &[u8], stdout: &mut impl Write) -> anyhow::Result<()> {
    let mut current = match worker.take() {
        Some(current) => current,
        None => Worker::start()?,
    };
    match current.ask(asked) {
        Ok(answer) => {
            *worker = Some(current);
            stdout.write_all(&answer).context("writing an answer")
        }
        Err(failure) => write(stdout, &line::failed(asked, failure.0, failure.1.to_owned())),
    }
}

fn write(stdout: &mut impl Write, answered: &line::Answered) -> anyhow::Result<()> {
    writeln!(stdout, "{}", serde_json::to_string(answered)?).context("writing an answer")
}

/// This program again, with the same arguments.
struct Worker {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<Vec<u8>>,
}

impl Worker {
    fn start() -> anyhow::Result<Self> {
        let program = env::current_exe().context("finding this program")?;
        let mut command = Command::new(program);
        command.args(env::args_os().skip(1)).arg("--here").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("starting a worker")?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (stdin, stdout) = stdin.zip(stdout).context("talking to a worker")?;
        let (send, answers) = channel();
        thread::spawn(move || {
            let (mut stdout, mut answer) = (BufReader::new(stdout), Vec::new());
            while stdout.read_until(b'\n', &mut answer).is_ok_and(|read| read > 0) && answer.ends_with(b"\n")
            {
                if send.send(std::mem::take(&mut answer)).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, stdin, answers })
    }

    fn ask(&mut self, asked: &[u8]) -> Result<Vec<u8>, (&'static str, &'static str)> {
        const DIED: (&str, &str) = ("crashed", "the page ended the process that extracted it");
        self.stdin.write_all(asked).and_then(|()| self.stdin.flush()).map_err(|_| DIED)?;
        self.answers.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => ("timeout", "the page took too long"),
            RecvTimeoutError::Disconnected => DIED,
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already; either way it is reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
