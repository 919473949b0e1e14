//! What a page says of itself, and fields by a schema.

use scraper_service::extract::{Format, Options, PageType, extract};
use serde_json::{Value, json};

const SHOP: &str = r#"<html lang="en-GB"><head>
    <title>Kettle - The Shop</title>
    <meta property="og:title" content="A copper kettle"><meta property="og:type" content="product">
    <meta property="og:image" content="/kettle.jpg"><link rel="canonical" href="/p/kettle">
    <script type="application/ld+json">
      {"@context": "https://schema.org", "@graph": [{"@type": "Product", "name": "Kettle", "datePublished": "2026-02-03",
        "author": [{"@type": "Person", "name": "The Smith"}], "offers": {"@type": "Offer", "price": "49.00", "priceCurrency": "EUR"}}]};
    </script></head><body><main><h1>Copper kettle</h1><p>It holds a litre and a half and sings when it boils, as kettles should.</p>
    <ul class="colours"><li><a href="/red">Red</a></li><li><a href="/blue">Blue</a></li></ul></main></body></html>"#;

fn found(options: &Options) -> scraper_service::extract::Extraction {
    let url = "https://shop.example/p/kettle?x=1".parse().expect("a URL");
    extract(SHOP, Some(&url), options).expect("extracted")
}

#[test]
fn a_page_introduces_itself() {
    let found = found(&Options::formats(&[Format::Metadata]));
    assert_eq!(found.page_type, PageType::Product);
    let metadata = found.metadata.expect("metadata");
    assert_eq!(metadata.title.as_deref(), Some("A copper kettle"));
    assert_eq!(metadata.authors, ["The Smith"]);
    assert_eq!(metadata.published.as_deref(), Some("2026-02-03"));
    assert_eq!(metadata.language.as_deref(), Some("en-GB"));
    assert_eq!(metadata.canonical.as_deref(), Some("https://shop.example/p/kettle"));
    assert_eq!(metadata.image.as_deref(), Some("https://shop.example/kettle.jpg"));
    assert_eq!(metadata.json_ld[0]["name"], "Kettle");
}

#[test]
fn a_schema_picks_fields() {
    let schema: Value = json!({
        "title": {"selector": "h1"},
        "price": {"selector": ".price", "json_ld": "Product.offers.price"},
        "colours": {"selector": ".colours a", "many": true, "fields": {"name": {"selector": "a"}}},
        "links": {"selector": ".colours a", "attribute": "href", "many": true},
        "missing": {"selector": ".nothing"},
    });
    let schema = serde_json::from_value(schema).expect("a schema");
    let options = Options { schema: Some(schema), ..Options::formats(&[Format::Structured]) };
    let fields = found(&options).structured.expect("fields");
    assert_eq!(fields["title"], "Copper kettle");
    assert_eq!(fields["price"], "49.00");
    assert_eq!(fields["links"], json!(["/red", "/blue"]));
    assert_eq!(fields["missing"], Value::Null);
    assert!(
        serde_json::from_value::<scraper_service::extract::Schema>(json!({"a": {"selektor": "h1"}})).is_err()
    );
}

#[test]
fn selectors_of_the_caller_decide() {
    let only = Options { include: vec!["h1".to_owned()], ..Options::formats(&[Format::Text]) };
    assert_eq!(found(&only).text.as_deref(), Some("Copper kettle"));
    let without = Options { exclude: vec!["h1, .colours".to_owned()], ..Options::formats(&[Format::Text]) };
    assert_eq!(
        found(&without).text.as_deref(),
        Some("It holds a litre and a half and sings when it boils, as kettles should.")
    );
    let wrong = Options { include: vec!["a[".to_owned()], ..Options::default() };
    assert_eq!(extract(SHOP, None, &wrong).expect_err("no selector").kind(), "bad_selector");
}

#[test]
fn links_of_the_content_are_listed_once() {
    let links = found(&Options::formats(&[Format::Links])).links.expect("links");
    let urls: Vec<_> = links.iter().map(|link| (link.url.as_str(), link.text.as_str())).collect();
    assert_eq!(urls, [("https://shop.example/red", "Red"), ("https://shop.example/blue", "Blue")]);
}
