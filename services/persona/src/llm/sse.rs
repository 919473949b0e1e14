//! Server-sent events out of pieces of a body (WHATWG HTML, "Server-sent events"), as far as models' APIs use them.

/// Reads events as bytes come in.
#[derive(Default)]
pub(super) struct Events {
    pending: Vec<u8>,
    data: String,
}

/// An event longer than this is nothing that a persona says.
const MOST_BYTES: usize = 1 << 20;

/// More bytes without the end of an event than any model sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endless;

impl Events {
    /// The data of every event that these bytes complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<String>, Endless> {
        self.pending.extend_from_slice(bytes);
        let mut complete = Vec::new();
        while let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            self.line(line.trim_end_matches(['\r', '\n']), &mut complete);
        }
        if self.pending.len() + self.data.len() > MOST_BYTES { Err(Endless) } else { Ok(complete) }
    }

    fn line(&mut self, line: &str, complete: &mut Vec<String>) {
        if line.is_empty() {
            if !self.data.is_empty() {
                complete.push(std::mem::take(&mut self.data));
            }
        } else if let Some(data) = line.strip_prefix("data:") {
            if !self.data.is_empty() {
                self.data.push('\n');
            }
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Endless, Events, MOST_BYTES};

    const BODY: &str = ": hello\r\nevent: x\r\ndata: {\"a\":1}\r\n\r\ndata: caf\u{e9}\ndata:two\n\nretry: 5\n\ndata: [DONE]\n\n";

    proptest! {
        #[test]
        fn events_are_the_same_wherever_the_body_is_cut(cuts in proptest::collection::vec(0..BODY.len(), 0..8)) {
            let mut cuts = cuts;
            cuts.extend([0, BODY.len()]);
            cuts.sort_unstable();
            let mut events = Events::default();
            let mut read = Vec::new();
            for pair in cuts.windows(2) {
                read.extend(events.feed(&BODY.as_bytes()[pair[0]..pair[1]]).expect("short"));
            }
            prop_assert_eq!(read, ["{\"a\":1}", "caf\u{e9}\ntwo", "[DONE]"]);
        }
    }

    #[test]
    fn a_body_without_end_is_not_kept() {
        let mut events = Events::default();
        assert_eq!(events.feed(&vec![b'x'; MOST_BYTES + 1]), Err(Endless));
    }
}
