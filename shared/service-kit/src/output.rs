//! What the process says to the person who started it, apart from its log. Data would go to stdout; there is none.

use std::io::Write as _;

/// One line on stderr. A closed stderr is no reason to fail.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
