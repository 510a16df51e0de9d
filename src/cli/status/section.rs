//! Rows under their headings, as wide as what stands in them.

use crate::cli::view::{Line, Tone, UNCUT, fit, hanging};
use unicode_width::UnicodeWidthStr;

/// How many lines of one kind are shown; the rest is counted.
pub(super) const SOME: usize = 5;
/// The most that the columns of ids and names take where there is an end to the line.
pub(super) const ID: usize = 24;
/// The same of what a pull request waits for.
const WAY: usize = 40;
/// What becomes of a text in the last column that doesn't fit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    Cut,
    Wrapped,
}

/// Rows under their headings, each column as wide as what stands in it, within reason where the line has an end.
pub(super) fn section<const COLUMNS: usize>(
    columns: [(&str, Tone); COLUMNS],
    last: Last,
    width: usize,
    rows: impl Iterator<Item = [String; COLUMNS]>,
    all: usize,
    what: &str,
) -> Vec<Line> {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let most = |at: usize| if columns[at].0 == "WAY" { WAY } else { ID };
    let widest = |at: usize| {
        let cells = rows.iter().map(|row| row[at].width()).chain([columns[at].0.len()]).max().unwrap_or_default();
        if width < UNCUT { cells.min(most(at)) } else { cells }
    };
    let widths: Vec<_> = (0..COLUMNS.saturating_sub(1)).map(widest).collect();
    let start = |texts: [&str; COLUMNS], tones: [Tone; COLUMNS]| {
        let cells = widths.iter().zip(texts).zip(tones);
        cells.fold(Line::empty(), |line, ((width, text), tone)| line.cell(text, *width, tone))
    };
    let heading = start(columns.map(|(text, _)| text), [Tone::Strong; COLUMNS]);
    let mut lines = vec![heading.and(columns.last().map_or("", |(text, _)| text), Tone::Strong)];
    for row in &rows {
        let line = start(row.each_ref().map(String::as_str), columns.map(|(_, tone)| tone));
        let (text, tone) =
            (row.last().map_or("", String::as_str), columns.last().map_or(Tone::Plain, |(_, tone)| *tone));
        match last {
            Last::Wrapped => lines.extend(hanging(line, text, tone, width)),
            Last::Cut => {
                let left = width.saturating_sub(line.width());
                lines.push(line.and(&fit(text, left), tone));
            }
        }
    }
    lines.extend(more(all, SOME, what));
    lines
}

pub(super) fn more(all: usize, shown: usize, what: &str) -> Vec<Line> {
    if all <= shown { Vec::new() } else { vec![Line::new(&format!("... and {} more {what}", all - shown), Tone::Dim)] }
}
