//! Which items of the bank a question is like: by meaning where the embedding model is installed, by words where it is not.

use std::{collections::HashSet, path::Path};

use sha2::{Digest, Sha256};

use crate::{
    bank::Item,
    embed::{EmbedError, Embedder, Meaning},
    scale::plain,
};

const SHIPPED: &[u8] = include_bytes!("../data/items.embeddings");
const WIDTH: usize = 384;

/// Compares questions with the bank.
pub(crate) struct Matcher {
    embedder: Option<Embedder>,
    meanings: Vec<Meaning>,
    words: Vec<HashSet<String>>,
    forgotten: HashSet<usize>,
}

/// A question read for comparison.
pub(crate) struct Reading {
    meaning: Option<Meaning>,
    words: HashSet<String>,
}

impl Matcher {
    /// With the model of a folder, or, where there is none, by words alone.
    pub(crate) fn new(items: &[Item], folder: Option<&Path>) -> Result<Self, EmbedError> {
        let embedder = folder.map(Embedder::load).transpose()?;
        let meanings = match &embedder {
            Some(embedder) => shipped(items).map_or_else(|| embed_all(items, embedder), Ok)?,
            None => Vec::new(),
        };
        let words = items.iter().map(|item| content(&item.text)).collect();
        Ok(Self { embedder, meanings, words, forgotten: HashSet::new() })
    }

    /// Answers as if the bank did not have these items, for an evaluation.
    pub(crate) fn forget(&mut self, items: HashSet<usize>) {
        self.forgotten = items;
    }

    pub(crate) const fn by_meaning(&self) -> bool {
        self.embedder.is_some()
    }

    pub(crate) fn meaning(&self, text: &str) -> Option<Meaning> {
        self.embedder
            .as_ref()?
            .embed(text)
            .inspect_err(|error| tracing::warn!(%error, "comparing by words"))
            .ok()
    }

    pub(crate) fn read(&self, text: &str) -> Reading {
        let topic = topic(text);
        Reading { meaning: self.meaning(&topic), words: content(&topic) }
    }

    /// Similarity to every item, from 0 to 1, in the bank's order.
    pub(crate) fn similarities(&self, reading: &Reading) -> Vec<f32> {
        let mut similarities: Vec<f32> = match &reading.meaning {
            Some(meaning) => self.meanings.iter().map(|other| dot(meaning, other).max(0.0)).collect(),
            None => self.words.iter().map(|other| overlap(&reading.words, other)).collect(),
        };
        self.forgotten.iter().for_each(|at| similarities[*at] = 0.0);
        similarities
    }
}

impl Matcher {
    /// How much two texts are about the same, from 0 to 1.
    pub(crate) fn alike(&self, a: &str, b: &str) -> f32 {
        let (a, b) = (self.read(a), self.read(b));
        match (&a.meaning, &b.meaning) {
            (Some(a), Some(b)) => dot(a, b).max(0.0),
            _ => overlap(&a.words, &b.words),
        }
    }
}

/// The embeddings of the bank as bytes, to be shipped: a digest of what was embedded, then 8 bits a number.
pub(crate) fn pack(items: &[Item], folder: &Path) -> Result<Vec<u8>, EmbedError> {
    let mut bytes = digest(items).to_vec();
    for meaning in embed_all(items, &Embedder::load(folder)?)? {
        bytes.extend(meaning.iter().map(|v| ((v * 254.0).round() as i8).cast_unsigned()));
    }
    Ok(bytes)
}

fn shipped(items: &[Item]) -> Option<Vec<Meaning>> {
    let bytes = SHIPPED.strip_prefix(digest(items).as_slice())?;
    let meaning = |bytes: &[u8]| bytes.iter().map(|byte| f32::from(byte.cast_signed()) / 254.0).collect();
    Some(bytes.chunks_exact(WIDTH).map(meaning).collect::<Vec<_>>()).filter(|all| all.len() == items.len())
}

fn embed_all(items: &[Item], embedder: &Embedder) -> Result<Vec<Meaning>, EmbedError> {
    items.iter().map(|item| embedder.embed(&topic(&item.text))).collect()
}

fn digest(items: &[Item]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for item in items {
        hash.update(topic(&item.text));
        hash.update([0]);
    }
    hash.finalize().into()
}

pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What a question is about, without the frame that asks for a side of it.
pub(crate) fn topic(text: &str) -> String {
    const FRAMES: [&str; 30] = [
        "too much, too little, or about the right amount",
        "too little, about the right amount or too much",
        "about the right amount",
        "too little",
        "too much",
        "do you support or oppose",
        "do you favor or oppose",
        "to what extent do you agree or disagree",
        "do you agree or disagree",
        "are you for or against",
        "do you approve or disapprove of",
        "do you approve or disapprove",
        "support or oppose",
        "agree or disagree",
        "favor or oppose",
        "approve or disapprove",
        "for or against",
        "please indicate whether you",
        "please tell us whether you",
        "would you say that",
        "each of the following proposals",
        "each of the following statements",
        "the following proposals",
        "the following statements",
        "the following statement",
        "the following",
        "in your opinion,",
        "do you think that",
        "do you think",
        "how much do you",
    ];
    let mut text = text.to_lowercase();
    for frame in FRAMES {
        text = text.replace(frame, " ");
    }
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_owned()
}

/// Words that carry a topic, stemmed by cutting common endings.
fn content(text: &str) -> HashSet<String> {
    const EMPTY: [&str; 60] = [
        "the", "and", "for", "are", "you", "your", "that", "this", "with", "have", "has", "had", "was",
        "were", "will", "would", "should", "could", "can", "not", "but", "who", "what", "how", "when",
        "than", "then", "them", "they", "their", "there", "these", "those", "from", "about", "into", "more",
        "most", "much", "many", "some", "any", "all", "one", "two", "out", "our", "its", "his", "her", "do",
        "does", "did", "too", "very", "being", "been", "also", "such", "only",
    ];
    let stem = |word: &str| {
        let cut = ["ations", "ation", "ings", "ing", "ies", "ed", "es", "s", "y"]
            .iter()
            .find_map(|end| word.strip_suffix(end).filter(|stem| stem.len() > 3));
        cut.unwrap_or(word).to_owned()
    };
    plain(text).split(' ').filter(|word| word.len() > 2 && !EMPTY.contains(word)).map(stem).collect()
}

/// Shared words, against the geometric mean of how many there are.
fn overlap(a: &HashSet<String>, b: &HashSet<String>) -> f32 {
    let both = a.intersection(b).count() as f32;
    both / ((a.len() * b.len()).max(1) as f32).sqrt()
}
