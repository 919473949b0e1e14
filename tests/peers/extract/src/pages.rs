//! Pages and what is known of them.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use anyhow::Context;
use flate2::read::GzDecoder;
use serde::Deserialize;

/// A page with its reviewed content.
pub(crate) struct Page {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) kind: String,
    pub(crate) html: String,
    pub(crate) content: String,
    pub(crate) with: Vec<String>,
    pub(crate) without: Vec<String>,
}

#[derive(Deserialize)]
struct Record {
    file_id: String,
    url: String,
    #[serde(rename = "_internal")]
    internal: Internal,
    ground_truth: Truth,
}

#[derive(Deserialize)]
struct Internal {
    page_type: Kind,
}

#[derive(Deserialize)]
struct Kind {
    primary: String,
}

#[derive(Deserialize)]
struct Truth {
    main_content: String,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
}

/// All pages of a folder, by id.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Vec<Page>> {
    let truths = folder.join("ground-truth");
    let files =
        fs::read_dir(&truths).with_context(|| format!("{} is not a folder of pages", folder.display()))?;
    let mut pages = files.map(|file| page(folder, &file?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    pages.sort_by(|one, other| one.id.cmp(&other.id));
    anyhow::ensure!(!pages.is_empty(), "{} is empty", truths.display());
    Ok(pages)
}

fn page(folder: &Path, truth: &Path) -> anyhow::Result<Page> {
    let named = || format!("reading {}", truth.display());
    let record: Record = serde_json::from_slice(&fs::read(truth).with_context(named)?).with_context(named)?;
    let packed =
        File::open(folder.join("html").join(format!("{}.html.gz", record.file_id))).with_context(named)?;
    let mut html = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut html).with_context(named)?;
    Ok(Page {
        id: record.file_id,
        url: record.url,
        kind: record.internal.page_type.primary,
        html: String::from_utf8_lossy(&html).into_owned(),
        content: record.ground_truth.main_content,
        with: record.ground_truth.with,
        without: record.ground_truth.without,
    })
}
