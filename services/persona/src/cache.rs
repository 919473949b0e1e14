//! Answers that were given, by what was asked.

use std::{collections::HashMap, sync::Arc};

use sha2::{Digest, Sha256};

use crate::{answer::Answer, request::Query};

/// Answers by the hash of what was asked, the latest thousand.
#[derive(Default)]
pub(crate) struct Cache {
    answers: HashMap<String, Arc<Answer>>,
}

impl Cache {
    const MOST: usize = 1_000;

    pub(crate) fn get(&self, hash: &str) -> Option<Arc<Answer>> {
        self.answers.get(hash).cloned()
    }

    pub(crate) fn put(&mut self, hash: String, answer: Arc<Answer>) {
        if self.answers.len() >= Self::MOST {
            self.answers.clear();
        }
        self.answers.insert(hash, answer);
    }
}

/// Of the request with its members in one order, and without what does not change the answer.
pub(crate) fn prompt_hash(query: &Query) -> String {
    let mut value = serde_json::to_value(query).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.remove("fresh");
    }
    hex::encode(Sha256::digest(value.to_string()))
}
