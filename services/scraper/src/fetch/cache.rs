//! Pages as they came, for those who accept an older copy.

use std::{sync::Arc, time::Duration};

use http::header::CACHE_CONTROL;
use moka::sync::Cache;
use url::Url;

use super::Fetched;

/// The oldest copy that anybody gets.
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);
/// What a page takes besides its body, about.
const OVERHEAD: usize = 2 << 10;

/// Copies by URL, bounded by bytes.
pub(crate) struct PageCache(Cache<Url, Arc<Fetched>>);

impl PageCache {
    pub(crate) fn new(bytes: u64) -> Self {
        let weight =
            |_: &Url, page: &Arc<Fetched>| u32::try_from(page.body.len() + OVERHEAD).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weight).max_capacity(bytes).time_to_live(MAX_AGE).build())
    }

    /// A copy that is at most so old.
    pub(crate) fn get(&self, url: &Url, max_age: Duration) -> Option<Arc<Fetched>> {
        if max_age.is_zero() {
            return None;
        }
        self.0.get(url).filter(|page| page.age() <= max_age)
    }

    /// Keeps a good answer that its server does not forbid to keep for others.
    pub(crate) fn keep(&self, url: &Url, page: &Arc<Fetched>) {
        let directives = page.headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
        let personal = |directives: &str| {
            let directives = directives.to_ascii_lowercase();
            directives.contains("no-store") || directives.contains("private")
        };
        if page.status == 200 && !directives.into_iter().any(personal) {
            self.0.insert(url.clone(), Arc::clone(page));
        }
    }
}
