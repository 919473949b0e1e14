//! Two protocols: OpenAI's chat completions, which vLLM, Ollama and llama.cpp speak too, and Anthropic's messages.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::{prompt::Prompt, settings::Endpoint};

/// How a model is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    OpenAi,
    Anthropic,
}

/// What came of a stream so far.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) text: String,
    pub(super) usage: Usage,
    /// The model came to an end, be it at the limit.
    pub(super) ended: bool,
    /// Nothing follows.
    pub(super) done: bool,
}

/// What is paid for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) input: u64,
    pub(super) output: u64,
}

impl Protocol {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    pub(super) fn request(self, http: &Client, to: &Endpoint, prompt: &Prompt) -> RequestBuilder {
        let url = |path: &str| format!("{}/{path}", to.url.as_str().trim_end_matches('/'));
        match self {
            Self::OpenAi => {
                let request = http.post(url("chat/completions")).json(&chat(to, prompt));
                to.key.iter().fold(request, RequestBuilder::bearer_auth)
            }
            Self::Anthropic => {
                let request = http.post(url("messages")).header("anthropic-version", "2023-06-01");
                let request = request.json(&messages(to, prompt));
                to.key.iter().fold(request, |request, key| request.header("x-api-key", key))
            }
        }
    }

    /// Reads one event. An error is what the API says of one.
    pub(super) fn read(self, data: &str, into: &mut Reading) -> Result<(), String> {
        if data == "[DONE]" {
            into.done = true;
            return Ok(());
        }
        let event: Value = serde_json::from_str(data).map_err(|error| format!("not JSON: {error}"))?;
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            return Err(error["message"].as_str().map_or_else(|| error.to_string(), str::to_owned));
        }
        match self {
            Self::OpenAi => into.chunk(&event),
            Self::Anthropic => into.message(&event),
        }
        Ok(())
    }
}

fn chat(to: &Endpoint, prompt: &Prompt) -> Value {
    // OpenAI's own models know the newer name alone; the servers that speak like it, the older.
    let limit =
        if to.url.host_str() == Some("api.openai.com") { "max_completion_tokens" } else { "max_tokens" };
    let mut body = json!({
        "model": to.model,
        "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
        "stream": true,
        "stream_options": {"include_usage": true},
        "response_format": {"type": "json_schema", "json_schema": {"name": "words", "strict": true, "schema": Prompt::schema()}},
    });
    body[limit] = to.max_tokens.into();
    body
}

fn messages(to: &Endpoint, prompt: &Prompt) -> Value {
    json!({
        "model": to.model,
        "max_tokens": to.max_tokens,
        "system": prompt.system,
        "messages": [{"role": "user", "content": prompt.user}],
        "stream": true,
        "output_config": {"format": {"type": "json_schema", "schema": Prompt::schema()}},
    })
}

impl Reading {
    fn chunk(&mut self, event: &Value) {
        let choice = &event["choices"][0];
        self.text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        self.ended |= choice["finish_reason"].is_string();
        count(&mut self.usage.input, &event["usage"]["prompt_tokens"]);
        count(&mut self.usage.output, &event["usage"]["completion_tokens"]);
    }

    fn message(&mut self, event: &Value) {
        match event["type"].as_str() {
            Some("message_start") => {
                let usage = &event["message"]["usage"];
                // What was read from the provider's cache or written to it was read, too.
                let parts = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
                self.usage.input = parts.iter().filter_map(|part| usage[part].as_u64()).sum();
                count(&mut self.usage.output, &usage["output_tokens"]);
            }
            Some("content_block_delta") => {
                self.text.push_str(event["delta"]["text"].as_str().unwrap_or_default());
            }
            Some("message_delta") => {
                self.ended |= event["delta"]["stop_reason"].is_string();
                count(&mut self.usage.output, &event["usage"]["output_tokens"]);
            }
            Some("message_stop") => self.done = true,
            _ => {}
        }
    }
}

fn count(into: &mut u64, value: &Value) {
    if let Some(value) = value.as_u64() {
        *into = value;
    }
}
