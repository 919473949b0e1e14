//! Numbers with their units, in as few digits as say something.

/// A time: `850 us`, `12.3 ms`, `1.25 s`.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        s if s >= 100.0 => format!("{s:.0} s"),
        s if s >= 0.9995 => format!("{s:.2} s"),
        s if s >= 0.1 => format!("{:.0} ms", s * 1e3),
        s if s >= 0.01 => format!("{:.1} ms", s * 1e3),
        s if s >= 0.000_999_5 => format!("{:.2} ms", s * 1e3),
        s => format!("{:.0} us", s * 1e6),
    }
}

/// A number of calls a second.
pub(crate) fn rate(per_second: f64) -> String {
    if per_second >= 100.0 { format!("{per_second:.0}/s") } else { format!("{per_second:.1}/s") }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_have_three_digits() {
        let shown = [0.000_85, 0.001_234, 0.0123, 0.123, 1.25, 120.0].map(time);
        assert_eq!(shown, ["850 us", "1.23 ms", "12.3 ms", "123 ms", "1.25 s", "120 s"]);
    }
}
