use draw::{Binding, DrawReceipt, LogKey, Logged, Mode, PublicKey, Trust, VerifiedDraw, hex_bytes};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is asked: a receipt, and what is known from elsewhere.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Question {
    /// The text of a draw's answer, or of a file that `buyer` saved.
    receipt: String,
    #[serde(default)]
    trust: Known,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    key: Option<String>,
    log: Option<KnownLog>,
    checkpoint: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KnownLog {
    origin: String,
    public_key: String,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// `ok`, or a word for what is wrong, on which all verifiers agree.
    pub verdict: &'static str,
    /// What is wrong, for a person; empty where nothing is.
    pub why: String,
    /// Whether the key is one that the reader named. Else whose key it is, is the receipt's word, or its file's.
    pub key_is_known: bool,
    /// What was found true, as pairs of a name and a detail.
    pub findings: Vec<(&'static str, String)>,
    /// The values, each as text, by draw.
    pub values: Vec<(&'static str, Vec<String>)>,
}

impl Report {
    /// As JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn refused(verdict: &'static str, why: impl ToString) -> Self {
        Self { verdict, why: why.to_string(), key_is_known: false, findings: Vec::new(), values: Vec::new() }
    }
}

/// Verifies what the JSON of a question holds.
pub fn report(question: &[u8]) -> Report {
    let question: Question = match serde_json::from_slice(question) {
        Ok(question) => question,
        Err(error) => return Report::refused("format", error),
    };
    let key_is_known = question.trust.key.is_some();
    let words = Words::of(&question.trust);
    let (receipt, known) = match unwrap(question) {
        Ok(unwrapped) => unwrapped,
        Err(why) => return Report::refused("format", why),
    };
    let trust = match trust(&known) {
        Ok(trust) => trust,
        Err(why) => return Report::refused("format", why),
    };
    let verified = DrawReceipt::from_json(receipt.as_bytes()).and_then(|receipt| receipt.verify_with(&trust));
    match verified {
        Ok(verified) => Report {
            verdict: "ok",
            why: String::new(),
            key_is_known,
            findings: findings(&verified, &trust, &words),
            values: verified.values().iter().map(|values| (values.op(), values.texts())).collect(),
        },
        Err(error) => Report::refused(error.code(), error),
    }
}

/// A file that `buyer` saved holds the draw, and the offer that named the key before anything was paid.
fn unwrap(question: Question) -> Result<(String, Known), String> {
    let Question { receipt, trust } = question;
    let file: Value = serde_json::from_str(&receipt).map_err(|error| error.to_string())?;
    let Some(draw) = file.get("draw") else { return Ok((receipt, trust)) };
    let offered = file.pointer("/offer/requirements/extra/rng").cloned().unwrap_or_default();
    let text = |pointer: &str| offered.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let log = text("/log/origin").zip(text("/log/publicKey"));
    let known = Known {
        key: trust.key.or_else(|| text("/publicKey")),
        log: trust.log.or_else(|| log.map(|(origin, public_key)| KnownLog { origin, public_key })),
        checkpoint: trust.checkpoint,
    };
    Ok((draw.to_string(), known))
}

fn trust(known: &Known) -> Result<Trust, String> {
    let key = |text: &String| {
        let bytes = hex_bytes::parse(text).map_err(|error| error.to_string())?;
        PublicKey::from_bytes(bytes).map_err(|error| error.to_string())
    };
    let log = |log: &KnownLog| {
        let bytes = hex_bytes::parse(&log.public_key).map_err(|error| error.to_string())?;
        LogKey::new(&log.origin, bytes).map_err(|error| error.to_string())
    };
    Ok(Trust {
        key: known.key.as_ref().map(key).transpose()?,
        log: known.log.as_ref().map(log).transpose()?,
        checkpoint: known.checkpoint.clone(),
    })
}

/// On whose word key and log are what they are.
struct Words {
    key: &'static str,
    log: &'static str,
}

impl Words {
    fn of(named: &Known) -> Self {
        let word = |named: bool| if named { "the one you know" } else { "the one of the offer in this file" };
        Self { key: word(named.key.is_some()), log: word(named.log.is_some()) }
    }
}

fn findings(verified: &VerifiedDraw, trust: &Trust, words: &Words) -> Vec<(&'static str, String)> {
    let word = |known: bool, word| if known { word } else { "on the receipt's word" };
    let (key, of_log) = (word(trust.key.is_some(), words.key), word(trust.log.is_some(), words.log));
    let input = verified.input();
    let bound = match verified.binding() {
        Binding::Commit(_) => "bound to the request".to_owned(),
        Binding::Channel(call) => {
            format!("the call at {} of channel {}", call.base, hex_bytes::format(&call.channel_id))
        }
        _ => "not bound to the request".to_owned(),
    };
    let log = match verified.logged() {
        Logged::No => "in no log".to_owned(),
        Logged::Promised { log, include_by } => {
            format!("promised to be in {} by {include_by} (seconds since 1970), {of_log}", log.name())
        }
        Logged::Included { log, index, checkpoint } => {
            format!("entry {index} of {} in {}, {of_log}", checkpoint.size, log.name())
        }
    };
    let beacon = match input.mode {
        Mode::Beacon(beacon) => {
            format!(
                "round {} of quicknet, its signature checked; accepted before it by the operator's clock",
                beacon.round
            )
        }
        _ => "none: the operator knew the outcome first".to_owned(),
    };
    vec![
        ("key", format!("{} of epoch {}, {key}", verified.key(), input.epoch)),
        (
            "payment",
            format!(
                "nonce {} of {}, {bound}",
                hex_bytes::format(&input.nonce),
                hex_bytes::format(&input.payer)
            ),
        ),
        ("log", log),
        ("beacon", beacon),
    ]
}
