//! Pages made to hurt: each is refused by type or extracted, and none is a danger to the process.

use scraper_service::extract::{ExtractError, Extraction, Format, Limits, Options, Refused, extract};

fn everything(page: &str) -> Result<Extraction, ExtractError> {
    use Format::{Html, Links, Markdown, Metadata, RawHtml, Structured, Text};
    extract(page, None, &Options::formats(&[Markdown, Text, Html, RawHtml, Links, Metadata, Structured]))
}

fn refused(page: &str) -> Refused {
    match everything(page) {
        Err(ExtractError::Refused(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn nesting_is_refused_before_it_grows() {
    let deep = [
        "<div>".repeat(10_000),
        "<table><tr><td>".repeat(5_000),
        "<b>".repeat(100_000),
        "<ul><li>".repeat(3_000),
    ];
    let foreign = ["<svg>".repeat(5_000), "<math><mi>".repeat(3_000), "<template>".repeat(5_000)];
    for page in deep.iter().chain(&foreign) {
        assert_eq!(refused(page), Refused::TooDeep { limit: 256 }, "{}", &page[..12]);
    }
}

#[test]
fn what_closes_again_within_a_step_counts_as_well() {
    let page = format!("{}x{}", "<i>".repeat(400), "</i>".repeat(400));
    assert_eq!(refused(&page), Refused::TooDeep { limit: 256 });
}

#[test]
fn unclosed_formatting_cannot_multiply_without_end() {
    let page: String = (0..5_000).map(|at| format!("<p><font color={at}>x")).collect();
    assert!(matches!(refused(&page), Refused::TooManyNodes { .. } | Refused::TooDeep { .. }));
}

#[test]
fn size_is_refused_before_parsing() {
    let page = format!("<p title=\"{}\">hi</p>", "a".repeat(50_000_000));
    assert!(matches!(refused(&page), Refused::TooLarge { .. }));
    let small = Limits { nodes: 100, ..Limits::default() };
    let options = Options { limits: small, ..Options::formats(&[Format::Text]) };
    let error = extract(&"<p>x</p>".repeat(1_000), None, &options).expect_err("too many nodes");
    assert_eq!(error.kind(), "too_many_nodes");
}

#[test]
fn a_tag_of_many_attributes_is_given_up() {
    let page = format!("<p {}>x</p>", (0..60_000).map(|at| format!("a{at} ")).collect::<String>());
    let limits = Limits { parsing: std::time::Duration::from_millis(50), ..Limits::default() };
    let error = extract(&page, None, &Options { limits, ..Options::default() }).expect_err("too slow");
    assert_eq!(error.kind(), "too_slow");
}

#[test]
fn wide_and_broken_pages_are_extracted() {
    let siblings = everything(&"<p>words that stand in a row</p>".repeat(20_000)).expect("many siblings");
    assert!(siblings.words >= 6);
    for page in [
        "",
        "<p title=\"x",
        &"<!--".repeat(10_000),
        "<plaintext><div>",
        "\0\0<p>\u{fffd}",
        &"<select><option>".repeat(2_000),
    ] {
        everything(page).expect("extracted");
    }
}

#[test]
fn json_ld_that_nests_without_end_is_ignored() {
    let page = format!("<script type=\"application/ld+json\">{}</script><p>Hello</p>", "[".repeat(100_000));
    assert_eq!(everything(&page).expect("extracted").text.as_deref(), Some("Hello"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Any soup of tags is extracted or refused.
    #[test]
    fn soup_never_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "<p>", "</p>", "<table>", "<td>", "</table>", "<ul>", "<li>", "<a href='x'>", "</a>", "<pre>", "<b>", "</b>", "text ",
        "<nav>", "<h2>", "</h2>", "<main>", "<article>", "|", "`", "<blockquote>", "é", "<br>", "<noscript>", "<form>", "\u{3042}",
        "<button>", "<svg>", "</div>", "<div class='modal nav'>", "<img alt=a src=b>", "<ol start=3>", "<dl><dt>", "&amp;", "<!--", "-->",
    ]), 0..60)) {
        let _ = everything(&parts.concat());
    }
}
