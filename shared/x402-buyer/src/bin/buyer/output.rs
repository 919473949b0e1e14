//! Everything that is printed: data on stdout, what is about it on stderr.

use std::{
    fmt,
    io::{self, Write},
};

use serde::Serialize;

/// A line of data for a person.
pub(crate) fn line(line: impl fmt::Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}", printable(&line.to_string()))
}

/// Data as it is.
pub(crate) fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Data for a program: one object, indented, as a person may read it too.
pub(crate) fn json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout().lock(), "{}", serde_json::to_string_pretty(value)?)?)
}

/// A line about the data. Where stderr is gone there is nobody to tell.
pub(crate) fn note(line: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(&line.to_string()));
}

/// Without the control characters by which a seller's words could steer the terminal.
fn printable(text: &str) -> String {
    let shown = |letter: char| {
        if letter.is_control() && letter != '\n' { char::REPLACEMENT_CHARACTER } else { letter }
    };
    text.chars().map(shown).collect()
}

/// Rows under a heading, in columns; the last column is not padded.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heading[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let show = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        line(padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    show(heading)?;
    rows.iter().try_for_each(|row| show(row.each_ref().map(String::as_str)))
}
