//! `persona`: what a synthetic population would answer, paid by the persona asked.

use std::{
    env,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use persona_service::{AnswerCommand, EmbedCommand, EvaluateCommand, MeaningsCommand, routes};
use service_kit::Service;

/// How many threads share the product of an embedding. candle takes it from the environment alone, and reads the processors' list at every
/// product where it is not there.
const THREADS: &str = "RAYON_NUM_THREADS";

fn main() -> ExitCode {
    if env::var_os(THREADS).is_none() {
        begin_again();
    }
    let about = "Persona research: answers with their evidence attached.";
    let service = Service::new("persona", about, env!("CARGO_PKG_VERSION"))
        .ports(4021, 5021)
        .command(
            "answer",
            "Answer request bodies on stdin, one JSON a line, without payment",
            AnswerCommand::run,
        )
        .command(
            "evaluate",
            "Judge the answers by survey respondents that no fit has seen",
            EvaluateCommand::run,
        )
        .worker("embed", EmbedCommand::run)
        .worker("meanings", MeaningsCommand::run);
    service_kit::run(service, routes)
}

/// As the same process, with one thread a product: texts are short, and one who waits for the other takes longer than both. Several
/// questions at once are answered on several threads all the same. Where this fails, it is slower.
fn begin_again() {
    if let Ok(program) = env::current_exe() {
        // It comes back with an error only.
        let _ = Command::new(program).args(env::args_os().skip(1)).env(THREADS, "1").exec();
    }
}
