//! Bytes to text: what the bytes begin with, what the server says, what the page says, and what the bytes look like.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// A declaration is looked for in this much of the page, as the HTML standard says.
const PRESCAN: usize = 1024;
/// Guessing reads this much.
const SAMPLE: usize = 256 * 1024;

/// A page as text, and how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text; what could not be read is U+FFFD.
    pub text: String,
    /// The encoding's name in the WHATWG Encoding Standard.
    pub encoding: &'static str,
    /// Who said so.
    pub by: DecodedBy,
    /// Whether something could not be read.
    pub damaged: bool,
}

/// What the encoding follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecodedBy {
    /// The byte order mark.
    ByteOrderMark,
    /// The `charset` of the Content-Type header.
    Header,
    /// A `meta` element or XML declaration.
    Meta,
    /// The bytes: nothing was declared, or what was declared cannot be true.
    Content,
}

/// Reads a page. `content_type` is the header's value.
///
/// A declaration counts unless the bytes contradict it: bytes that are UTF-8 beyond ASCII are UTF-8, and bytes that
/// the declared encoding cannot read are in another one.
#[must_use]
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> Decoded {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return read(&bytes[mark..], encoding, DecodedBy::ByteOrderMark);
    }
    if let Some(encoding) = without_mark(bytes) {
        return read(bytes, encoding, DecodedBy::Content);
    }
    let header = content_type.and_then(charset_of).map(|encoding| (encoding, DecodedBy::Header));
    let declared = header.or_else(|| declared(bytes).map(|encoding| (encoding, DecodedBy::Meta)));
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    let escapes = declared.is_some_and(|(encoding, _)| encoding == encoding_rs::ISO_2022_JP);
    if is_utf8 && !escapes {
        let by = declared.filter(|(encoding, _)| *encoding == UTF_8).map_or(DecodedBy::Content, |(_, by)| by);
        return read(bytes, UTF_8, by);
    }
    let said = declared.map(|(encoding, by)| read(bytes, encoding, by));
    match said {
        Some(said) if !said.damaged => said,
        said => {
            let guessed = read(bytes, guess(bytes), DecodedBy::Content);
            let better = |said: &Decoded| losses(&said.text) <= losses(&guessed.text);
            said.filter(better).unwrap_or(guessed)
        }
    }
}

fn read(bytes: &[u8], encoding: &'static Encoding, by: DecodedBy) -> Decoded {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    Decoded { text: text.into_owned(), encoding: encoding.name(), by, damaged }
}

fn losses(text: &str) -> usize {
    text.matches('\u{fffd}').count()
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(&bytes[..bytes.len().min(SAMPLE)], bytes.len() <= SAMPLE);
    detector.guess(None, Utf8Detection::Allow)
}

/// UTF-16 without its mark: markup is ASCII, so every other byte is zero.
fn without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(64)];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    if half < 4 {
        None
    } else if zeros(1) * 10 >= half * 9 && zeros(0) == 0 {
        Some(UTF_16LE)
    } else {
        (zeros(0) * 10 >= half * 9 && zeros(1) == 0).then_some(UTF_16BE)
    }
}

/// `text/html; charset="koi8-r"`.
fn charset_of(content_type: &str) -> Option<&'static Encoding> {
    let value = after(content_type, "charset")?;
    Encoding::for_label(value.trim_matches(['"', '\'']).as_bytes())
}

/// The declaration in the page itself. One that says UTF-16 is wrong, as it was read: it means UTF-8.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head: String =
        bytes.iter().take(PRESCAN).map(|byte| char::from(*byte).to_ascii_lowercase()).collect();
    let xml =
        head.trim_start().strip_prefix("<?xml").and_then(|rest| after(rest.split("?>").next()?, "encoding"));
    let metas = head.match_indices("<meta").map(|(at, _)| head[at..].split('>').next().unwrap_or_default());
    let label = xml.or_else(|| metas.filter_map(|meta| after(meta, "charset")).next())?;
    let encoding = Encoding::for_label(label.as_bytes())?;
    Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}

/// The value in `name = value`, with or without quotes.
fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.to_ascii_lowercase().find(name)?;
    let value = text
        .get(at + name.len()..)?
        .trim_start()
        .strip_prefix('=')?
        .trim_start()
        .trim_start_matches(['"', '\'']);
    value
        .split(|letter: char| matches!(letter, '"' | '\'' | ';' | '>' | '/') || letter.is_whitespace())
        .next()
        .filter(|value| !value.is_empty())
}
