//! Content codings undone, with an eye on how large the result grows.

use std::io::Read;

use http::{HeaderMap, header::CONTENT_ENCODING};

/// How many codings are undone, one after the other.
const MAX_CODINGS: usize = 2;
/// How much smaller than its content a coded body may be. Real pages stay under 50.
const MAX_RATIO: usize = 200;
/// Below this a ratio says nothing.
const RATIO_FLOOR: usize = 1 << 20;

/// Why a body is not decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// A coding that we did not ask for.
    #[error("the content coding {0:?} is unknown")]
    Unknown(String),
    /// A coding in a coding in a coding.
    #[error("more than {MAX_CODINGS} content codings")]
    TooMany,
    /// More than we take.
    #[error("the body decodes to more than {limit} bytes")]
    TooLarge {
        /// The cap.
        limit: usize,
    },
    /// More than such a body can honestly hold.
    #[error("the body decodes to more than {MAX_RATIO} times its size")]
    Bomb,
    /// Not what it says it is.
    #[error("the body is not {coding}: {why}")]
    Broken {
        /// The coding.
        coding: String,
        /// What is wrong.
        why: String,
    },
}

/// The codings of a body, in the order they were applied.
#[must_use]
pub fn codings(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let codings = values.flat_map(|value| value.split(',')).map(|coding| coding.trim().to_ascii_lowercase());
    codings.filter(|coding| !coding.is_empty() && coding != "identity").collect()
}

/// The content of a body, whole.
///
/// # Errors
/// [`Undecodable`] where it is too large, or not what it says it is.
pub fn content(codings: &[String], body: &[u8], limit: usize) -> Result<Vec<u8>, Undecodable> {
    if codings.len() > MAX_CODINGS {
        return Err(Undecodable::TooMany);
    }
    let mut content = body.to_vec();
    for coding in codings.iter().rev() {
        content = undo(coding, &content, limit)?;
    }
    if content.len() > limit { Err(Undecodable::TooLarge { limit }) } else { Ok(content) }
}

/// The beginning of a gzipped body, as much as fits and can be read: for a file that may be cut anywhere.
#[must_use]
pub(crate) fn gzip_prefix(body: &[u8], limit: usize) -> Vec<u8> {
    let mut content = Vec::new();
    // What was decoded before an error stays.
    let _ = flate2::read::MultiGzDecoder::new(body).take(limit as u64).read_to_end(&mut content);
    content
}

fn undo(coding: &str, body: &[u8], limit: usize) -> Result<Vec<u8>, Undecodable> {
    let allowed = limit.min(body.len().saturating_mul(MAX_RATIO).max(RATIO_FLOOR));
    let mut content = Vec::new();
    let read = reader(coding, body)?.take(allowed as u64 + 1).read_to_end(&mut content);
    read.map_err(|error| broken(coding, &error))?;
    match content.len() > allowed {
        true if allowed == limit => Err(Undecodable::TooLarge { limit }),
        true => Err(Undecodable::Bomb),
        false => Ok(content),
    }
}

fn reader<'a>(coding: &str, body: &'a [u8]) -> Result<Box<dyn Read + 'a>, Undecodable> {
    const BUFFER: usize = 16 << 10;
    Ok(match coding {
        "gzip" | "x-gzip" => Box::new(flate2::read::MultiGzDecoder::new(body)),
        // Named after zlib, and sent without its wrapping by some.
        "deflate" if body.first().is_some_and(|first| first & 0x0f == 8) => {
            Box::new(flate2::read::ZlibDecoder::new(body))
        }
        "deflate" => Box::new(flate2::read::DeflateDecoder::new(body)),
        "br" => Box::new(brotli_decompressor::Decompressor::new(body, BUFFER)),
        "zstd" => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(body);
            Box::new(decoder.map_err(|error| broken(coding, &error))?)
        }
        unknown => return Err(Undecodable::Unknown(unknown.to_owned())),
    })
}

fn broken(coding: &str, error: &impl std::fmt::Display) -> Undecodable {
    Undecodable::Broken { coding: coding.to_owned(), why: error.to_string() }
}
