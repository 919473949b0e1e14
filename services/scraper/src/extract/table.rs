//! Tables: those that hold data as a grid, those that only lay out as their text.

use super::markdown::Markdown;

pub(crate) fn render(writer: &Markdown<'_>, at: usize) -> Vec<String> {
    let flat = writer.flat;
    let rows: Vec<usize> = flat.named(at, "tr").filter(|row| owner(writer, *row) == Some(at)).collect();
    let grid: Vec<Vec<usize>> = rows.iter().map(|row| cells(writer, *row)).collect();
    let width = grid.iter().map(Vec::len).max().unwrap_or(0);
    let nested = (at + 1..flat.entries[at].end)
        .any(|inner| matches!(flat.entries[inner].name(), "table" | "pre" | "ul" | "ol" | "h1" | "h2"));
    if width < 2 || grid.len() < 2 || nested {
        return writer.blocks(at);
    }
    let mut lines = Vec::with_capacity(grid.len() + 1);
    for row in grid.iter().filter(|row| !row.is_empty()) {
        lines.push(line(row.iter().map(|cell| writer.inline(*cell)), width));
        if lines.len() == 1 {
            lines.push(line(std::iter::repeat_n("---".to_owned(), width), width));
        }
    }
    let caption = flat
        .children(at)
        .find(|child| flat.entries[*child].name() == "caption")
        .map(|caption| writer.inline(caption));
    let caption = caption.filter(|text| !text.is_empty());
    caption.into_iter().chain([lines.join("\n")]).collect()
}

fn line(cells: impl Iterator<Item = String>, width: usize) -> String {
    let mut cells: Vec<String> = cells.map(|cell| cell.replace('|', "\\|").replace("  \n", "<br>")).collect();
    cells.resize(width, String::new());
    format!("| {} |", cells.join(" | "))
}

/// The table that a row belongs to.
fn owner(writer: &Markdown<'_>, row: usize) -> Option<usize> {
    writer.flat.ancestors(row).find(|outer| writer.flat.entries[*outer].name() == "table")
}

/// A row's cells; one that spans columns leaves the next ones empty by position only.
fn cells(writer: &Markdown<'_>, row: usize) -> Vec<usize> {
    writer
        .flat
        .children(row)
        .filter(|cell| matches!(writer.flat.entries[*cell].name(), "td" | "th"))
        .filter(|cell| writer.is_kept(*cell))
        .collect()
}
