//! The whole way from a page to its content.

use url::Url;

use super::{
    address,
    answer::{ExtractError, Extraction, Source},
    budget, clean_html,
    content::{self, Content},
    dom::Dom,
    flat::Flat,
    injection,
    json_ld::Things,
    links, markdown,
    metadata::Metadata,
    options::{Format, Options},
    page_type::{self, PageType},
    selectors, structured, text,
    weight::{Weight, Weights, count_words, ratio},
};

/// Content of fewer words than this is doubted, and looked for elsewhere.
const FEW: u32 = 25;

/// Extracts a decoded page. `url` is the page's own address: relative links need it, and it tells about the page's type.
///
/// # Errors
/// The page is beyond the limits, or a selector does not parse.
pub fn extract(page: &str, url: Option<&Url>, options: &Options) -> Result<Extraction, ExtractError> {
    extract_parsed(&Dom::parse(page, &options.limits)?, page, url, options)
}

/// The same of a page that is parsed already.
///
/// # Errors
/// A selector does not parse.
pub fn extract_parsed(
    dom: &Dom,
    page: &str,
    url: Option<&Url>,
    options: &Options,
) -> Result<Extraction, ExtractError> {
    let (include, exclude) = (selectors::parse(&options.include)?, selectors::parse(&options.exclude)?);
    let flat = Flat::of(dom.html());
    let things = Things::of(&flat);
    let (mut readable, hidden) = content::readable(&flat);
    selectors::exclude(dom.html(), &flat, &mut readable, &exclude);
    let before = Weights::of(&flat, &readable).inside(&flat, 0);
    let page_type = page_type::classify(&flat, &Weights::of(&flat, &readable), url, &things);
    let (content, mut source) = if include.is_empty() {
        select(&flat, readable, page_type, before)
    } else {
        (selectors::include(dom.html(), &flat, readable, &include), Source::Selectors)
    };
    let mut plain = text::render(&flat, &content);
    let base = address::base(&flat, url);
    let mut marked =
        options.wants(Format::Markdown).then(|| markdown::render(&flat, &content, base.as_ref()));
    if source != Source::Selectors
        && let Some(declared) = declared(&flat, &things, page_type, &plain)
    {
        source = Source::Declared;
        marked = marked.map(|_| declared.clone());
        plain = declared;
    }
    let weight = Weights::of(&flat, &content.gone).inside(&flat, content.root);
    let words = count_words(&plain);
    let hidden_text = hidden_text(&flat, &hidden);
    let mut suspicions = Vec::new();
    injection::look(&plain, false, &mut suspicions);
    injection::look(&hidden_text.join("\n"), true, &mut suspicions);
    let mut truncated = false;
    if let Some(limit) = options.max_tokens {
        truncated = budget::cut(&mut plain, limit, "\n");
        truncated |= marked.as_mut().is_some_and(|text| budget::cut(text, limit, "\n\n"));
    }
    Ok(Extraction {
        page_type,
        quality: quality(source, words, weight, before),
        source,
        words,
        truncated,
        markdown: marked,
        text: options.wants(Format::Text).then_some(plain),
        html: options.wants(Format::Html).then(|| clean_html::render(&flat, &content, base.as_ref())),
        raw_html: options.wants(Format::RawHtml).then(|| page.to_owned()),
        links: options.wants(Format::Links).then(|| links::of(&flat, &content, base.as_ref())),
        metadata: options.wants(Format::Metadata).then(|| Metadata::of(&flat, &things, base.as_ref())),
        structured: match options.schema.as_ref().filter(|_| options.wants(Format::Structured)) {
            Some(schema) => Some(structured::fields(dom.html(), &things, schema)?),
            None => None,
        },
        hidden_text,
        suspicions,
    })
}

/// The content, or the whole readable page where the content found is next to nothing of it.
fn select(flat: &Flat<'_>, readable: Vec<bool>, page: PageType, before: Weight) -> (Content, Source) {
    let content = content::select(flat, readable.clone(), page);
    let found = Weights::of(flat, &content.gone).inside(flat, content.root);
    if found.words >= FEW || before.words < found.words.saturating_mul(4) {
        return (content, Source::Main);
    }
    let root = flat.named(0, "body").next().unwrap_or(0);
    let whole = content::without_furniture(flat, readable, root);
    let words = Weights::of(flat, &whole.gone).inside(flat, root).words;
    if words > found.words { (whole, Source::Page) } else { (content, Source::Main) }
}

/// What the page declares as its text, where it shows none or far less: its scripts would have shown it.
fn declared(flat: &Flat<'_>, things: &Things, page: PageType, shown: &str) -> Option<String> {
    let shown = count_words(shown);
    let body = things.longest("articleBody").or_else(|| things.longest("text"));
    if let Some(body) =
        body.filter(|body| page != PageType::Forum && count_words(body) > shown.saturating_mul(3).max(FEW))
    {
        return Some(plain(body));
    }
    if shown >= FEW / 2 {
        return None;
    }
    let description = things.longest("description").or_else(|| page_type::meta(flat, "og:description"));
    let description = description.or_else(|| page_type::meta(flat, "description"));
    description.filter(|text| count_words(text) > shown.saturating_mul(2)).map(plain)
}

/// JSON-LD carries text, and sometimes HTML.
fn plain(text: &str) -> String {
    if !text.contains("</") && !text.contains("&lt;") {
        return text.trim().to_owned();
    }
    let html = scraper::Html::parse_fragment(text);
    html.root_element().text().map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What the page hides, where it is more than a label.
fn hidden_text(flat: &Flat<'_>, hidden: &[usize]) -> Vec<String> {
    let texts = hidden.iter().map(|at| {
        let inside = *at..flat.entries[*at].end;
        let texts = inside
            .filter(|inner| !super::noise::never_read(flat.entries[flat.entries[*inner].parent].name()));
        texts
            .filter_map(|inner| flat.entries[inner].text())
            .flat_map(str::split_whitespace)
            .take(60)
            .collect::<Vec<_>>()
    });
    texts.filter(|words| words.len() >= 4).map(|words| words.join(" ")).take(20).collect()
}

/// High where there is enough text, little of it links, and much of the page's prose was kept.
fn quality(source: Source, words: u32, kept: Weight, before: Weight) -> f32 {
    let enough = ratio(words.min(150), 150).sqrt();
    let unlinked = 1.0 - kept.link_share();
    let prose = if before.prose == 0 { 0.5 } else { ratio(kept.prose.min(before.prose), before.prose) };
    let found = match source {
        Source::Main | Source::Selectors => 1.0,
        Source::Page => 0.5,
        Source::Declared => 0.4,
    };
    (found * (0.5 * enough + 0.3 * unlinked + 0.2 * prose) * 100.0).round() / 100.0
}
