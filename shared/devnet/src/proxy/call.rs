//! JSON-RPC in the body of a request.

use hyper::body::Bytes;
use serde_json::Value;

/// The calls that a request makes.
#[derive(Clone)]
pub(crate) enum Calls {
    /// The body is something else.
    None,
    Single(Value),
    Batch(Vec<Value>),
}

impl Calls {
    pub(crate) fn read(body: &[u8]) -> Self {
        match serde_json::from_slice(body) {
            Ok(Value::Array(calls)) if !calls.is_empty() && calls.iter().all(is_call) => Self::Batch(calls),
            Ok(call) if is_call(&call) => Self::Single(call),
            _ => Self::None,
        }
    }

    pub(crate) fn as_slice(&self) -> &[Value] {
        match self {
            Self::None => &[],
            Self::Single(call) => std::slice::from_ref(call),
            Self::Batch(calls) => calls,
        }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [Value] {
        match self {
            Self::None => &mut [],
            Self::Single(call) => std::slice::from_mut(call),
            Self::Batch(calls) => calls,
        }
    }

    pub(crate) fn methods(&self) -> Vec<&str> {
        self.as_slice().iter().filter_map(|call| call["method"].as_str()).collect()
    }

    pub(crate) fn to_bytes(&self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::Single(call) => call.to_string().into(),
            Self::Batch(calls) => Value::from(calls.as_slice()).to_string().into(),
        }
    }
}

fn is_call(value: &Value) -> bool {
    value["method"].is_string()
}

/// Changes the answers in a body, of which there is one or a batch. Whatever is no JSON stays.
pub(crate) fn edit_answers(body: &Bytes, edit: impl FnOnce(&mut [Value])) -> Bytes {
    let Ok(mut answers) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    match &mut answers {
        Value::Array(batch) => edit(batch),
        single => edit(std::slice::from_mut(single)),
    }
    answers.to_string().into()
}
