//! Tables as they are printed: no lines, two blanks between columns, not wider than a terminal as long as the last column has
//! something to give.

use super::view::{UNCUT, clip, fit};
use crate::domain::text::one_line;
use comfy_table::{ContentArrangement, Table, presets};

/// What is left of the last column at least, in columns of the terminal.
const LAST: usize = 12;

/// An empty table with these headings.
pub fn new(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().copied());
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// A cell of a column of little worth: at most `most` columns wide where lines have an end.
pub fn cell(text: &str, most: usize, width: usize) -> String {
    if width < UNCUT { fit(text, most) } else { one_line(text) }
}

/// Its lines, the last column cut where it doesn't fit.
pub fn text(table: &Table, width: usize) -> String {
    let widths = table.column_max_content_widths();
    let before: usize = widths.iter().rev().skip(1).map(|width| usize::from(*width) + 2).sum();
    let width = width.max(before + LAST);
    let lines: Vec<_> = table.lines().map(|line| clip(line.trim_end().to_owned(), width)).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_column_is_cut() {
        let long = "x".repeat(100);
        for (name, width) in [("short", 80), (long.as_str(), 114)] {
            let mut table = new(&["NAME", "TITLE"]);
            table.add_row([name, &long]).add_row(["b", "漢字"]);
            let text = text(&table, 80);
            let lines: Vec<_> = text.lines().collect();
            assert!(lines[1].starts_with(name) && lines[1].ends_with("x…"), "{text}");
            assert_eq!(lines[1].chars().count(), width);
            assert!(lines[2].ends_with("漢字") && lines[0].ends_with("TITLE"), "{text}");
        }
    }
}
