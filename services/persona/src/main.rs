//! `persona`: what a synthetic population would answer, paid by the persona asked.

use std::process::ExitCode;

use persona_service::{AnswerCommand, EmbedCommand, EvaluateCommand, MeaningsCommand, routes};
use service_kit::Service;

fn main() -> ExitCode {
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
