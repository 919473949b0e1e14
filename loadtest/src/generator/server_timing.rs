//! `Server-Timing` (a W3C header), in which a seller tells how long each of its phases took.

use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::sample::Told;

/// Reads the phases that are known here. Sellers name them as they like; these are the names of the gate of this suite,
/// and the plain names of the phases.
pub(crate) fn read(headers: &HeaderMap) -> Told {
    let mut told = Told::default();
    let values = headers.get_all("server-timing").iter().filter_map(|value| value.to_str().ok());
    for (name, took) in values.flat_map(|value| value.split(',')).filter_map(metric) {
        let part = match name {
            "check" | "verify" | "queue" | "claim" => &mut told.verify,
            "work" | "serve" | "commit" => &mut told.serve,
            "settle" => &mut told.settle,
            _ => continue,
        };
        *part = Some(part.unwrap_or_default() + took);
    }
    told
}

/// `name;dur=1.25`, in milliseconds.
fn metric(text: &str) -> Option<(&str, Duration)> {
    let mut fields = text.split(';').map(str::trim);
    let name = fields.next()?;
    let millis: f64 = fields.find_map(|field| field.strip_prefix("dur="))?.trim_matches('"').parse().ok()?;
    Duration::try_from_secs_f64(millis / 1e3).ok().map(|took| (name, took))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: &'static str) -> Told {
        let mut headers = HeaderMap::new();
        headers.insert("server-timing", value.parse().expect("a header"));
        read(&headers)
    }

    #[test]
    fn the_gates_phases_are_added_up() {
        let read =
            told("check;dur=1, verify;dur=2.5, claim;dur=0.5, work;dur=10, commit;dur=1, settle;dur=900");
        assert_eq!(read.verify, Some(Duration::from_millis(4)));
        assert_eq!(read.serve, Some(Duration::from_millis(11)));
        assert_eq!(read.settle, Some(Duration::from_millis(900)));
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let read = told("cache;desc=\"hit\", db;dur=5, work, serve;dur=-1, verify;desc=x;dur=\"3\"");
        assert_eq!(read, Told { verify: Some(Duration::from_millis(3)), ..Told::default() });
    }
}
