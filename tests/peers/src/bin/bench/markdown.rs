//! Figures as Markdown, in the places that a text has for them.

use std::{fmt, fmt::Write, fs, path::Path};

use anyhow::{Context, ensure};

use crate::{
    data::{Data, Measured, Row, Table},
    stats::Spread,
};

const END: &str = "<!-- end -->";

/// Writes every section's tables between the lines `<!-- bench NAME -->` and `<!-- end -->` of a text.
pub(crate) fn fill(path: &Path, data: &Data) -> anyhow::Result<()> {
    let mut text = fs::read_to_string(path)?;
    for (name, measured) in &data.sections {
        let begin = format!("<!-- bench {name} -->\n");
        let (before, rest) = text.split_once(&begin).with_context(|| format!("no place for {name}"))?;
        let (old, after) = rest.split_once(END).with_context(|| format!("no end of {name}"))?;
        ensure!(!old.contains("<!-- bench"), "no end of {name}");
        text = format!("{before}{begin}{}\n{END}{after}", section(name, measured));
    }
    Ok(fs::write(path, text)?)
}

/// How and when a section was measured, and its tables.
pub(crate) fn section(name: &str, measured: &Measured) -> String {
    let Measured { date, cores, load, rounds, debug_build, tables } = measured;
    let load = load.map_or_else(String::new, |load| format!(", load {load:.2} before"));
    let build = if *debug_build { "; **debug build**" } else { "" };
    let mut text =
        format!("`make bench SECTIONS={name}`, {date}; {cores} cores{load}; {rounds} rounds{build}.\n");
    for Table { title, rows } in tables {
        if !title.is_empty() {
            let _ = write!(text, "\n{title}:\n");
        }
        let _ = write!(text, "\n{}", table(rows));
    }
    text
}

/// Columns that no row has anything for are left out.
fn table(rows: &[Row]) -> String {
    let (peers, goals) =
        (rows.iter().any(|row| row.peer.is_some()), rows.iter().any(|row| row.goal.is_some()));
    let line = |row: [&str; 7]| {
        let cells = row.into_iter().enumerate().filter(|(column, _)| match column {
            3..=5 => peers,
            6 => goals,
            _ => true,
        });
        cells.fold("|".to_owned(), |line, (_, cell)| line + " " + cell + " |") + "\n"
    };
    let mut text = line(["What", "Unit", "Ours", "Peer", "Theirs", "Ours / theirs", "Goal"]);
    text += &line(["---", "---", "--:", "---", "--:", "--:", "---"]);
    for Row { what, unit, ours, peer, goal } in rows {
        let [name, theirs, ratio] = match peer {
            Some(peer) => [peer.name.clone(), peer.theirs.to_string(), peer.ratio.to_string()],
            None => Default::default(),
        };
        let goal = goal.as_deref().unwrap_or_default();
        text += &line([what, unit, &ours.to_string(), &name, &theirs, &ratio, goal]);
    }
    text
}

/// The median, and in parentheses the least and the most.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { median, min, max, .. } = self;
        let digits = match median.abs() {
            100.0.. => 0,
            10.0.. => 1,
            _ => 2,
        };
        f.write_str(&grouped(*median, digits))?;
        if min < max {
            write!(f, " ({} to {})", grouped(*min, digits), grouped(*max, digits))?;
        }
        Ok(())
    }
}

/// A number with its thousands apart.
fn grouped(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    let whole = text.find('.').unwrap_or(text.len());
    let comma =
        |at: usize| at > 0 && at < whole && (whole - at).is_multiple_of(3) && !text[..at].ends_with('-');
    let grouped = |(at, digit)| comma(at).then_some(',').into_iter().chain([digit]);
    text.char_indices().flat_map(grouped).collect()
}
