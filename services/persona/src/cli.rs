//! Without payment: the same answers on the command line.

use std::{
    io::{self, BufRead, BufWriter, Write},
    path::PathBuf,
    sync::Arc,
};

use clap::Args;
use serde_json::json;
use service_kit::StartError;

use crate::{
    bank,
    embed::Embedder,
    engine::{Engine, QueryError},
    evaluate::{self, Judging},
    request::Query,
    research::{Research, ResearchArgs, Wording},
    similar,
};

/// Where the embedding model is.
#[derive(Args, Clone, Debug)]
pub(crate) struct Model {
    /// A folder with `model.safetensors` and `tokenizer.json` of all-MiniLM-L6-v2. `.tools/minilm` where there is one; else
    /// questions are compared by words.
    #[arg(long, value_name = "DIR", env = "PERSONA_MODEL_DIR")]
    pub(crate) model_dir: Option<PathBuf>,
}

impl Model {
    pub(crate) fn engine(&self) -> Result<Engine, StartError> {
        Engine::load(self.model_dir.as_deref()).map_err(StartError::failed("loading panel, bank and model"))
    }
}

/// Request bodies on stdin, answers on stdout.
#[derive(Args)]
pub struct AnswerCommand {
    /// One request body and one answer a line. The only form there is; the flag keeps scripts readable.
    #[arg(long)]
    jsonl: bool,
    #[command(flatten)]
    research: ResearchArgs,
}

impl AnswerCommand {
    /// Answers every line. A line that cannot be answered gets `{"error": {"reason", "detail"}}`, and the next one its turn.
    ///
    /// # Errors
    /// [`StartError`] when the engine cannot be loaded or a stream breaks.
    pub async fn run(self) -> Result<(), StartError> {
        let research = self.research.open()?;
        let mut out = BufWriter::new(io::stdout().lock());
        for line in io::stdin().lock().lines() {
            let line = line.map_err(StartError::failed("reading stdin"))?;
            if line.trim().is_empty() {
                continue;
            }
            let answer = answer(&research, &line).await;
            writeln!(out, "{answer}")
                .and_then(|()| out.flush())
                .map_err(StartError::failed("writing stdout"))?;
        }
        Ok(())
    }
}

async fn answer(research: &Arc<Research>, line: &str) -> String {
    let answered = match Query::from_json(line.as_bytes()).map_err(QueryError::from) {
        Ok(query) => research.answer(query, Wording::Model).await,
        Err(error) => Err(error.into()),
    };
    let told =
        |reason: &str, detail: String| json!({"error": {"reason": reason, "detail": detail}}).to_string();
    match answered {
        // The answer's own order of members, which a `Value` would lose.
        Ok(answer) => {
            serde_json::to_string(&answer).unwrap_or_else(|error| told("internal", error.to_string()))
        }
        Err(error) => told(error.reason(), error.to_string()),
    }
}

/// Judges the answers by respondents that no fit has seen.
#[derive(Args)]
pub struct EvaluateCommand {
    /// For programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    model: Model,
}

impl EvaluateCommand {
    /// Prints accuracy, adaptability and structure beside those of simpler predictors.
    ///
    /// # Errors
    /// [`StartError`] when the engine cannot be loaded.
    pub async fn run(self) -> Result<(), StartError> {
        let report = evaluate::run(&mut self.model.engine()?, &self.judging)
            .map_err(StartError::failed("evaluating"))?;
        let text =
            if self.json { serde_json::to_string(&report).unwrap_or_default() } else { report.to_string() };
        writeln!(io::stdout(), "{text}").map_err(StartError::failed("writing stdout"))
    }
}

/// Writes the bank's embeddings to a file that is shipped.
#[derive(Args)]
pub struct EmbedCommand {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long, value_name = "DIR", default_value = ".tools/minilm")]
    model_dir: PathBuf,
}

impl EmbedCommand {
    /// Embeds every item of the bank.
    ///
    /// # Errors
    /// [`StartError`] when the model is missing or the file cannot be written.
    pub async fn run(self) -> Result<(), StartError> {
        let items = bank::load().map_err(StartError::failed("reading the bank"))?;
        let bytes =
            similar::pack(&items, &self.model_dir).map_err(StartError::failed("embedding the bank"))?;
        std::fs::write(&self.file, bytes).map_err(StartError::failed("writing the embeddings"))
    }
}

/// The meanings of the sentences on stdin, for a fit to them.
#[derive(Args)]
pub struct MeaningsCommand {
    #[arg(long, value_name = "DIR", default_value = ".tools/minilm")]
    model_dir: PathBuf,
}

impl MeaningsCommand {
    /// A JSON array of numbers for each line.
    ///
    /// # Errors
    /// [`StartError`] when the model is missing or a stream breaks.
    pub async fn run(self) -> Result<(), StartError> {
        let embedder = Embedder::load(&self.model_dir).map_err(StartError::failed("loading the model"))?;
        let mut out = BufWriter::new(io::stdout().lock());
        for line in io::stdin().lock().lines() {
            let line = line.map_err(StartError::failed("reading stdin"))?;
            let meaning = embedder.embed(&line).map_err(StartError::failed("embedding a sentence"))?;
            writeln!(out, "{}", json!(meaning)).map_err(StartError::failed("writing stdout"))?;
        }
        out.flush().map_err(StartError::failed("writing stdout"))
    }
}
