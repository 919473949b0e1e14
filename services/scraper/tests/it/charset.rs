//! Pages in the encodings of the web, declared rightly, wrongly, or not at all.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};
use scraper_service::extract::{DecodedBy, decode};

const JAPANESE: &str = "日本語のページです。文字コードを正しく読み取れるでしょうか。今日は天気がいいですね。";
const CHINESE: &str = "这是一个中文网页。我们需要正确地识别它的字符编码，否则读者看到的就是乱码。";
const KOREAN: &str = "이것은 한국어 웹 페이지입니다. 문자 인코딩을 올바르게 인식해야 합니다.";
const FRENCH: &str = "Où sont les élèves ? À l'école, près de la forêt — « déjà » dit-elle, il coûte 5 €.";

fn page(text: &str, meta: &str, encoding: &'static Encoding) -> Vec<u8> {
    let html = format!("<html><head>{meta}<title>{text}</title></head><body><p>{text}</p></body></html>");
    encoding.encode(&html).0.into_owned()
}

fn meta(charset: &str) -> String {
    format!("<meta charset=\"{charset}\">")
}

#[test]
fn a_declared_encoding_is_read() {
    let cases =
        [(JAPANESE, SHIFT_JIS), (JAPANESE, EUC_JP), (CHINESE, GBK), (KOREAN, EUC_KR), (FRENCH, WINDOWS_1252)];
    for (text, encoding) in cases {
        let by_meta = decode(&page(text, &meta(encoding.name()), encoding), Some("text/html"));
        assert!(by_meta.text.contains(text), "{} by meta: {}", encoding.name(), by_meta.text);
        assert_eq!((by_meta.encoding, by_meta.by), (encoding.name(), DecodedBy::Meta));
        let header = format!("text/html; charset=\"{}\"", encoding.name());
        let by_header = decode(&page(text, &meta("utf-8"), encoding), Some(&header));
        assert!(by_header.text.contains(text), "{} by header", encoding.name());
    }
}

#[test]
fn an_undeclared_encoding_is_recognised() {
    let cases =
        [(JAPANESE, SHIFT_JIS), (JAPANESE, EUC_JP), (CHINESE, GBK), (KOREAN, EUC_KR), (FRENCH, WINDOWS_1252)];
    for (text, encoding) in cases {
        let read = decode(&page(text, "", encoding), None);
        assert!(read.text.contains(text), "{} read as {}", encoding.name(), read.encoding);
        assert_eq!(read.by, DecodedBy::Content);
    }
}

#[test]
fn a_wrong_declaration_does_not_make_mojibake() {
    let utf8 = format!("{}<p>{FRENCH}</p>", meta("iso-8859-1"));
    assert!(decode(utf8.as_bytes(), Some("text/html; charset=windows-1251")).text.contains(FRENCH));
    for (text, encoding) in [(FRENCH, WINDOWS_1252), (JAPANESE, SHIFT_JIS), (KOREAN, EUC_KR), (CHINESE, BIG5)]
    {
        if !encoding.encode(text).2 {
            let read = decode(&page(text, &meta("utf-8"), encoding), Some("text/html; charset=utf-8"));
            assert!(
                read.text.contains(text),
                "{} said to be UTF-8, read as {}",
                encoding.name(),
                read.encoding
            );
        }
    }
    let russian = "Съешь ещё этих мягких французских булок, да выпей же чаю.";
    assert!(decode(&page(russian, &meta("windows-1251"), WINDOWS_1251), None).text.contains(russian));
}

#[test]
fn utf_16_is_read_with_its_mark_and_without() {
    let html = "<html><head><title>caf\u{e9}</title></head><body><p>plain words here</p></body></html>";
    for big in [false, true] {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        let bare: Vec<u8> = html.encode_utf16().flat_map(bytes).collect();
        let marked: Vec<u8> = bytes(0xfeff).into_iter().chain(bare.clone()).collect();
        assert_eq!(decode(&marked, Some("text/html; charset=utf-8")).text, html);
        assert_eq!(decode(&bare, None).text, html);
    }
}

#[test]
fn bytes_of_no_encoding_are_read_as_far_as_they_go() {
    let read = decode(b"<p>before \xff\xfe\x00\xc3 after</p>", Some("text/html; charset=utf-8"));
    assert!(read.text.contains("before") && read.text.contains("after"));
    assert_eq!(decode(b"", None).text, "");
}
