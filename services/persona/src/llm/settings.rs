//! Which model speaks, and at what price.

use std::{fs, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use service_kit::StartError;
use tokio::sync::Semaphore;

use super::{Llm, wire::Protocol};

/// Where the words come from. The numbers are the service's own in any case.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Words")]
pub(crate) struct LlmArgs {
    /// Who words the answers: the service itself, or a language model behind one of two protocols.
    #[arg(long, value_name = "BACKEND", env = "PERSONA_WORDS", default_value = "composed")]
    words: Backend,
    /// The model's API: `https://api.openai.com/v1`, `https://api.anthropic.com/v1`, or a server that speaks like one of them.
    #[arg(long, value_name = "URL", env = "PERSONA_LLM_URL", required_if_eq_any = [("words", "openai"), ("words", "anthropic")])]
    llm_url: Option<reqwest::Url>,
    /// The model's name.
    #[arg(long, value_name = "NAME", env = "PERSONA_LLM_MODEL", required_if_eq_any = [("words", "openai"), ("words", "anthropic")])]
    llm_model: Option<String>,
    /// A file with the API key. Without one the environment's PERSONA_LLM_KEY is used, and no key where that is missing too.
    #[arg(long, value_name = "FILE", env = "PERSONA_LLM_KEY_FILE")]
    llm_key_file: Option<PathBuf>,
    /// Dollars for a million tokens that the model reads.
    #[arg(long, value_name = "DOLLARS", env = "PERSONA_LLM_INPUT_PRICE", default_value = "0", value_parser = dollars)]
    llm_input_price: f64,
    /// Dollars for a million tokens that it writes.
    #[arg(long, value_name = "DOLLARS", env = "PERSONA_LLM_OUTPUT_PRICE", default_value = "0", value_parser = dollars)]
    llm_output_price: f64,
    /// The most tokens that it writes for one persona.
    #[arg(long, value_name = "N", env = "PERSONA_LLM_MAX_TOKENS", default_value = "200")]
    llm_max_tokens: u32,
    /// How many personas it speaks for at a time.
    #[arg(long, value_name = "N", env = "PERSONA_LLM_CONCURRENCY", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    llm_concurrency: u16,
    /// How many seconds one persona's words may take.
    #[arg(long, value_name = "SECONDS", env = "PERSONA_LLM_TIMEOUT", default_value = "20", value_parser = seconds)]
    llm_timeout: Duration,
    /// How many seconds all words of a query may take. Who has not spoken by then has composed words.
    #[arg(long, value_name = "SECONDS", env = "PERSONA_LLM_DEADLINE", default_value = "60", value_parser = seconds)]
    llm_deadline: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Backend {
    Composed,
    Openai,
    Anthropic,
}

/// One model behind one API.
pub(super) struct Endpoint {
    pub(super) protocol: Protocol,
    pub(super) url: reqwest::Url,
    pub(super) model: String,
    pub(super) key: Option<String>,
    pub(super) price: TokenPrice,
    pub(super) max_tokens: u32,
    pub(super) timeout: Duration,
    pub(super) deadline: Duration,
}

/// Dollars for a million tokens.
pub(super) struct TokenPrice {
    input: f64,
    output: f64,
}

impl TokenPrice {
    pub(super) fn of(&self, input: u64, output: u64) -> f64 {
        (self.input * input as f64 + self.output * output as f64) / 1e6
    }
}

impl LlmArgs {
    /// The model that speaks, where one is configured.
    pub(crate) fn open(self) -> Result<Option<Llm>, StartError> {
        let protocol = match self.words {
            Backend::Composed => return Ok(None),
            Backend::Openai => Protocol::OpenAi,
            Backend::Anthropic => Protocol::Anthropic,
        };
        let (Some(url), Some(model)) = (self.llm_url, self.llm_model) else {
            return Err(StartError::config("a language model needs --llm-url and --llm-model", "see --help"));
        };
        let endpoint = Endpoint {
            protocol,
            url,
            model,
            key: key(self.llm_key_file)?,
            price: TokenPrice { input: self.llm_input_price, output: self.llm_output_price },
            max_tokens: self.llm_max_tokens,
            timeout: self.llm_timeout,
            deadline: self.llm_deadline,
        };
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(StartError::failed("making the model's client"))?;
        Ok(Some(Llm { http, endpoint, permits: Semaphore::new(self.llm_concurrency.into()) }))
    }
}

fn key(file: Option<PathBuf>) -> Result<Option<String>, StartError> {
    let Some(file) = file else { return Ok(std::env::var("PERSONA_LLM_KEY").ok()) };
    let text = fs::read_to_string(&file).map_err(|error| {
        StartError::config(
            format!("{}: {error}", file.display()),
            "--llm-key-file names a file with the API key",
        )
    })?;
    Ok(Some(text.trim().to_owned()))
}

fn dollars(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|price: &f64| price.is_finite() && *price >= 0.0)
        .ok_or_else(|| "not a price in dollars".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "not a time".to_owned())
}
