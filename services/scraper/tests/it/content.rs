//! What is content and what is not, by the kind of page.

use scraper_service::extract::{Format, Options, PageType, Source, extract};

const SENTENCE: &str =
    "The river had risen in the night, and by the morning it stood at the lowest step of the old mill.";

fn text(url: &str, page: &str) -> (PageType, String) {
    let url = url.parse().expect("a URL");
    let found = extract(page, Some(&url), &Options::formats(&[Format::Text])).expect("extracted");
    (found.page_type, found.text.expect("text"))
}

#[test]
fn an_article_is_its_text_without_what_surrounds_it() {
    let page = format!(
        "<body><header><a href=/>Home</a></header><nav><a href=/news>News</a></nav><div class=layout><article><h1>High water</h1>\
         <div class=share-buttons><a href=x>Tweet this</a></div>{}<h2>Related articles</h2><ul><li><a href=/1>Another flood</a></li></ul></article>\
         <aside class=sidebar><p>{SENTENCE} But in the sidebar.</p></aside></div><div id=comments><p>A reader says that this is wrong.</p></div>\
         <footer>(c) The paper</footer></body>",
        (0..6).map(|at| format!("<p>{at}: {SENTENCE}</p>")).collect::<String>()
    );
    let (kind, text) = text("https://paper.example/news/2026/high-water-at-the-mill", &page);
    assert_eq!(kind, PageType::Article);
    assert!(text.contains("5: The river had risen"));
    for noise in ["Home", "Tweet", "Another flood", "sidebar", "reader", "The paper"] {
        assert!(!text.contains(noise), "{noise} in {text}");
    }
}

#[test]
fn a_text_keeps_what_belongs_to_it_whatever_it_is_called() {
    let page = format!(
        "<body><main><article>{}<div class=section-header><h2>Sharing</h2></div><h2>Recommended dosage</h2><p>One spoon a day, after the meal.</p>\
         <p>Three mills of the same valley have kept a record of the water since the war:</p>\
         <ul><li><a href=/a>The upper mill</a></li><li><a href=/b>The lower mill</a></li></ul></article></main></body>",
        (0..6).map(|at| format!("<p>{at}: {SENTENCE}</p>")).collect::<String>()
    );
    let (_, text) = text("https://paper.example/news/2026/high-water-at-the-mill", &page);
    for kept in ["Sharing", "Recommended dosage", "One spoon a day", "The upper mill"] {
        assert!(text.contains(kept), "{kept} missing in {text}");
    }
}

#[test]
fn a_forum_is_its_posts() {
    let post = |who: &str, says: &str| {
        format!(
            "<article class=post><aside class=author><b>{who}</b></aside><p>{says}</p><div class=signature>Sent by pigeon</div></article>"
        )
    };
    let page = format!(
        "<body><main id=comments>{}{}</main></body>",
        post("anna", "Does the pump start cold?"),
        post("ben", "Mine does, with the choke out.")
    );
    let (kind, text) = text("https://forum.example/t/pump/123", &page);
    assert_eq!(kind, PageType::Forum);
    assert_eq!(text, "anna\nDoes the pump start cold?\nben\nMine does, with the choke out.");
}

#[test]
fn a_thread_is_who_wrote_what_and_when_without_what_is_said_to_guests() {
    let post = |who: &str, says: &str| {
        format!(
            "<article class=post><aside class=post-author><h3><a href=/u>{who}</a></h3><p>312 posts</p></aside>\
             <div><time>May 2, 2026</time></div><p>{says}</p></article>"
        )
    };
    let page = format!(
        "<body><main><h1>The pump in the cold</h1><div itemscope itemtype=https://schema.org/BreadcrumbList><a href=/c>Pumps</a></div>{}{}\
         <div class=notice>You must log in or register to reply here.</div>\
         <ul><li><a href=/1>Which oil for the pump</a> Help</li><li><a href=/2>The pump leaks at the seal</a> Help</li>\
         <li><a href=/3>Pictures of my own pump</a> Talk</li></ul></main></body>",
        post("anna", "Does the pump start cold?"),
        post("ben", "It asks me to register when I log in.")
    );
    let (kind, text) = text("https://forum.example/t/pump/123", &page);
    assert_eq!(kind, PageType::Forum);
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "The pump in the cold",
            "anna",
            "May 2, 2026",
            "Does the pump start cold?",
            "ben",
            "May 2, 2026",
            "It asks me to register when I log in."
        ]
    );
}

#[test]
fn what_a_post_is_filed_under_says_nothing_about_its_markup() {
    let card = |name: &str| {
        format!(
            "<li class='product product_cat-cookies product_tag-newsletter'><h2>{name}</h2><p>{SENTENCE}</p></li>"
        )
    };
    let page = format!(
        "<body><main><ul>{}{}</ul></main></body>",
        card("Oat cookies, a dozen"),
        card("Ginger cookies, a dozen")
    );
    let (_, text) = text("https://shop.example/product-category/cookies/", &page);
    assert!(text.contains("Oat cookies, a dozen") && text.contains("Ginger cookies"), "{text}");
}

#[test]
fn a_link_that_only_goes_on_is_not_text_and_a_heading_that_begins_like_one_is() {
    let page = format!(
        "<body><main><h1>Bookkeeping</h1><h2>View all your invoices in one place</h2><p>{SENTENCE}</p><p><a href=/b>Learn more about bookkeeping</a></p>\
         <div><a href=/p>Privacy Policy</a> <a href=/t>Terms of Use</a></div></main></body>"
    );
    let (_, text) = text("https://books.example/services/bookkeeping", &page);
    assert!(text.contains("View all your invoices"), "{text}");
    assert!(!text.contains("Learn more about"), "{text}");
    assert!(!text.contains("Privacy") && !text.contains("Terms"), "{text}");
}

#[test]
fn a_post_is_not_read_again_where_another_quotes_it() {
    let page = "<body><main><article><p>Does the pump start when it is cold?</p></article>\
        <article><blockquote><cite>anna wrote:</cite><p>Does the pump start when it is cold?</p></blockquote><p>Mine does, with the choke out.</p>\
        <blockquote><p>Pull the choke before the first start of the day.</p></blockquote><p>So says the manual.</p></article></main></body>";
    let (kind, text) = text("https://forum.example/t/pump/123", page);
    assert_eq!(kind, PageType::Forum);
    assert_eq!(
        text.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(),
        [
            "Does the pump start when it is cold?",
            "Mine does, with the choke out.",
            "Pull the choke before the first start of the day.",
            "So says the manual."
        ]
    );
}

#[test]
fn a_text_that_is_there_twice_is_there_once() {
    let page = format!(
        "<body><main><div class=wide><p>{SENTENCE}</p></div><div class=narrow><p>{SENTENCE}</p></div></main></body>"
    );
    assert_eq!(text("https://a.example/", &page).1, SENTENCE);
}

#[test]
fn what_a_screen_reader_hears_is_the_text_of_what_is_drawn_beside_it() {
    let page = format!(
        "<body><main><p>{SENTENCE}</p><p>The kettle costs <span class=visually-hidden>49 dollars</span><span aria-hidden=true>$4<sup>9</sup></span> today.</p>\
         <p class=visually-hidden>Only for screen readers.</p></main></body>"
    );
    let (_, text) = text("https://shop.example/p/kettle", &page);
    assert_eq!(text, format!("{SENTENCE}\nThe kettle costs 49 dollars today."));
}

#[test]
fn a_caption_goes_with_its_picture() {
    let page = format!(
        "<body><main><figure><img src=/mill.jpg alt=Mill><figcaption>The mill in May</figcaption></figure><p>{SENTENCE}</p></main></body>"
    );
    let found = extract(
        &page,
        Some(&"https://a.example/".parse().expect("a URL")),
        &Options::formats(&[Format::Text, Format::Markdown]),
    );
    let found = found.expect("extracted");
    assert_eq!(found.text.as_deref(), Some(SENTENCE));
    assert_eq!(
        found.markdown.as_deref(),
        Some(format!("![Mill](https://a.example/mill.jpg)\n\nThe mill in May\n\n{SENTENCE}").as_str())
    );
}

#[test]
fn a_page_without_text_gives_what_it_declares() {
    let body = (0..30).map(|_| SENTENCE).collect::<Vec<_>>().join(" ");
    let page = format!(
        r#"<script type="application/ld+json">{{"@type":"NewsArticle","articleBody":"{body}"}}</script><body><div id=root></div></body>"#
    );
    let found = extract(&page, None, &Options::formats(&[Format::Text])).expect("extracted");
    assert_eq!((found.source, found.text.as_deref()), (Source::Declared, Some(body.as_str())));
    assert!(found.quality < 0.5);
}

#[test]
fn text_in_noscript_counts_where_there_is_no_other() {
    let page = format!("<body><div id=app></div><noscript><main><p>{SENTENCE}</p></main></noscript></body>");
    assert_eq!(text("https://a.example/", &page).1, SENTENCE);
}
