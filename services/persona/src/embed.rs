//! Sentence embeddings by MiniLM (all-MiniLM-L6-v2, Apache-2.0), on the CPU.

use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Module, Result, Tensor};
use candle_nn::{Embedding, LayerNorm, VarBuilder, embedding, layer_norm};
use tokenizers::{Tokenizer, TruncationParams};

const WIDTH: usize = 384;
const INNER: usize = 1536;
const LAYERS: usize = 6;
const VOCABULARY: usize = 30522;
const POSITIONS: usize = 512;
const MOST_TOKENS: usize = 96;
const EPSILON: f64 = 1e-12;
/// How many outputs of a linear layer are reckoned together: as many as a head of attention has.
const STRIP: usize = 32;

/// A sentence's meaning, of length 1.
pub(crate) type Meaning = Vec<f32>;

pub(crate) struct Embedder {
    tokens: Tokenizer,
    words: Embedding,
    positions: Embedding,
    kinds: Embedding,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attended_norm: LayerNorm,
    widen: Linear,
    narrow: Linear,
    norm: LayerNorm,
}

/// A linear layer whose weights lie as the product reads them: in strips, row after row. Turned round on the way they would be packed
/// anew for every text, which takes longer than the product; and a strip's product is too small to be worth a second thread.
struct Linear {
    strips: Tensor,
    bias: Tensor,
}

impl Linear {
    fn load(of: usize, to: usize, weights: &VarBuilder<'_>) -> Result<Self> {
        let strips = weights.get((to, of), "weight")?.reshape((to / STRIP, STRIP, of))?.transpose(1, 2)?;
        let bias = weights.get(to, "bias")?.reshape((to / STRIP, 1, STRIP))?;
        Ok(Self { strips: strips.contiguous()?, bias })
    }

    /// Strip by strip, a row for each token.
    fn strips(&self, x: &Tensor) -> Result<Tensor> {
        let ((count, of), strips) = (x.dims2()?, self.strips.dim(0)?);
        x.broadcast_as((strips, count, of))?.matmul(&self.strips)?.broadcast_add(&self.bias)
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        in_rows(&self.strips(x)?)
    }
}

/// A row for each token, of all strips.
fn in_rows(strips: &Tensor) -> Result<Tensor> {
    let (number, count, width) = strips.dims3()?;
    strips.transpose(0, 1)?.reshape((count, number * width))
}

impl Embedder {
    /// Reads `model.safetensors` and `tokenizer.json` of a folder.
    pub(crate) fn load(folder: &Path) -> std::result::Result<Self, EmbedError> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|error| EmbedError::Read(path, error))
        };
        let mut tokens = Tokenizer::from_bytes(read("tokenizer.json")?).map_err(EmbedError::Tokens)?;
        tokens.with_padding(None);
        tokens
            .with_truncation(Some(TruncationParams { max_length: MOST_TOKENS, ..Default::default() }))
            .map_err(EmbedError::Tokens)?;
        let weights =
            VarBuilder::from_buffered_safetensors(read("model.safetensors")?, DType::F32, &Device::Cpu)?;
        let parts = weights.pp("embeddings");
        Ok(Self {
            tokens,
            words: embedding(VOCABULARY, WIDTH, parts.pp("word_embeddings"))?,
            positions: embedding(POSITIONS, WIDTH, parts.pp("position_embeddings"))?,
            kinds: embedding(2, WIDTH, parts.pp("token_type_embeddings"))?,
            norm: layer_norm(WIDTH, EPSILON, parts.pp("LayerNorm"))?,
            layers: (0..LAYERS)
                .map(|i| Layer::load(&weights.pp(format!("encoder.layer.{i}"))))
                .collect::<Result<_>>()?,
        })
    }

    /// The mean of the last layer over the tokens, of length 1.
    pub(crate) fn embed(&self, text: &str) -> std::result::Result<Meaning, EmbedError> {
        let encoded = self.tokens.encode(text, true).map_err(EmbedError::Tokens)?;
        let ids = encoded.get_ids();
        let (count, end) = (ids.len(), u32::try_from(ids.len()).unwrap_or(u32::MAX));
        let ids = Tensor::new(ids, &Device::Cpu)?;
        let positions = Tensor::arange(0, end, &Device::Cpu)?;
        let kinds = Tensor::zeros(count, DType::U32, &Device::Cpu)?;
        let sum = (self.words.forward(&ids)? + self.positions.forward(&positions)?)?
            + self.kinds.forward(&kinds)?;
        let mut state = self.norm.forward(&sum?)?;
        for layer in &self.layers {
            state = layer.forward(&state)?;
        }
        let mean: Vec<f32> = state.mean(0)?.to_vec1()?;
        let length = mean.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        Ok(mean.into_iter().map(|v| v / length).collect())
    }
}

impl Layer {
    fn load(weights: &VarBuilder<'_>) -> Result<Self> {
        let attention = weights.pp("attention");
        let inner = |name: &str| Linear::load(WIDTH, WIDTH, &attention.pp("self").pp(name));
        Ok(Self {
            query: inner("query")?,
            key: inner("key")?,
            value: inner("value")?,
            attended: Linear::load(WIDTH, WIDTH, &attention.pp("output.dense"))?,
            attended_norm: layer_norm(WIDTH, EPSILON, attention.pp("output.LayerNorm"))?,
            widen: Linear::load(WIDTH, INNER, &weights.pp("intermediate.dense"))?,
            narrow: Linear::load(INNER, WIDTH, &weights.pp("output.dense"))?,
            norm: layer_norm(WIDTH, EPSILON, weights.pp("output.LayerNorm"))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // A head is a strip.
        let (query, key, value) = (self.query.strips(x)?, self.key.strips(x)?, self.value.strips(x)?);
        let scores = (query.matmul(&key.t()?)? / (STRIP as f64).sqrt())?;
        let mixed = in_rows(&candle_nn::ops::softmax(&scores, 2)?.matmul(&value)?)?;
        let x = self.attended_norm.forward(&(self.attended.forward(&mixed)? + x)?)?;
        let inner = self.narrow.forward(&self.widen.forward(&x)?.gelu_erf()?)?;
        self.norm.forward(&(inner + x)?)
    }
}

/// Why there are no embeddings.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// A file of the model is missing or unreadable.
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// The vocabulary is unusable, or the text is.
    #[error("the embedding model's tokens: {0}")]
    Tokens(tokenizers::Error),
    /// The weights are not MiniLM's.
    #[error("the embedding model: {0}")]
    Model(#[from] candle_core::Error),
}
