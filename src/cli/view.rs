//! Lines of text with tones, which become colours on a terminal; cells that fit their column.
//!
//! Whatever is shown is made printable first: text of others can't move the cursor.

use crate::domain::text::{one_line, printable};
use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The width of a line that has no end: in a pipe nothing is cut.
pub const UNCUT: usize = 100_000;
/// What a wrapped text gets at least, in columns.
const LEAST: usize = 12;

/// What a piece of text is to look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// A heading.
    Strong,
    /// Beside the point.
    Dim,
    /// All is well, something is at work.
    Good,
    /// Wants to be seen.
    Warn,
    /// Something is wrong.
    Bad,
}

impl Tone {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Good => colour(AnsiColor::Green),
            Self::Warn => colour(AnsiColor::Yellow),
            Self::Bad => colour(AnsiColor::Red),
        }
    }
}

/// One line on a screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its pieces.
    pub spans: Vec<(String, Tone)>,
}

impl Line {
    /// An empty line.
    pub fn empty() -> Self {
        Self::default()
    }

    /// A line in one tone.
    pub fn new(text: &str, tone: Tone) -> Self {
        Self::empty().and(text, tone)
    }

    /// With a further piece.
    #[must_use]
    pub fn and(mut self, text: &str, tone: Tone) -> Self {
        self.spans.push((one_spaced(text), tone));
        self
    }

    /// With a further piece that takes exactly `width` columns: cut or filled up, and a blank after it.
    #[must_use]
    pub fn cell(self, text: &str, width: usize, tone: Tone) -> Self {
        let text = fit(text, width);
        let room = width.saturating_sub(text.width()) + 1;
        let mut line = self.and(&text, tone);
        line.spans.push((" ".repeat(room), Tone::Plain));
        line
    }

    /// How many columns it takes.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|(text, _)| text.width()).sum()
    }

    /// The line as it is printed, without blanks at its end.
    pub fn render(&self, colours: bool) -> String {
        let mut text = String::new();
        let last = self.spans.iter().rposition(|(span, _)| !span.trim_end().is_empty());
        for (at, (span, tone)) in self.spans.iter().enumerate().take(last.map_or(0, |last| last + 1)) {
            let span = if Some(at) == last { span.trim_end() } else { span };
            let style = tone.style();
            if colours && style != Style::new() {
                text.push_str(&format!("{style}{span}{style:#}"));
            } else {
                text.push_str(span);
            }
        }
        text
    }
}

/// Printable in one line, with its blanks as they are.
fn one_spaced(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

/// At most `width` columns of a text in one line, with `…` in place of what was cut.
pub fn fit(text: &str, width: usize) -> String {
    clip(one_line(text), width)
}

/// The same of a text that is in one line already, with its blanks as they are.
pub fn clip(text: String, width: usize) -> String {
    if text.width() <= width {
        return text;
    }
    let mut used = 0;
    let mut short: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used < width
        })
        .collect();
    short.push('…');
    short
}

/// A line as several of at most `width` columns, broken at blanks where there are any.
pub fn wrap(line: &Line, width: usize) -> Vec<Line> {
    let mut rest: Vec<(char, Tone)> =
        line.spans.iter().flat_map(|(text, tone)| text.chars().map(|c| (c, *tone))).collect();
    let mut wrapped = Vec::new();
    while let Some(end) = overflow(&rest, width.max(2)) {
        let blank = rest[..=end].iter().rposition(|(c, _)| *c == ' ').filter(|blank| *blank > end / 3);
        let tail = rest.split_off(blank.map_or(end, |blank| blank + 1));
        wrapped.push(joined(&rest));
        rest = tail;
    }
    wrapped.push(joined(&rest));
    wrapped
}

/// How many characters fit into `width` columns; none if all do.
fn overflow(chars: &[(char, Tone)], width: usize) -> Option<usize> {
    let mut used = 0;
    chars.iter().position(|(c, _)| {
        used += c.width().unwrap_or(0);
        used > width
    })
}

fn joined(chars: &[(char, Tone)]) -> Line {
    let mut line = Line::empty();
    for (c, tone) in chars {
        match line.spans.last_mut() {
            Some((text, last)) if last == tone => text.push(*c),
            _ => line.spans.push((c.to_string(), *tone)),
        }
    }
    line
}

/// A text behind its label, wrapped below its own beginning where it doesn't fit.
pub fn hanging(label: Line, text: &str, tone: Tone, width: usize) -> Vec<Line> {
    let indent = label.width();
    let mut label = Some(label);
    let place = |line: Line| {
        let mut placed = label.take().unwrap_or_else(|| Line::new(&" ".repeat(indent), Tone::Plain));
        placed.spans.extend(line.spans);
        placed
    };
    wrap(&Line::new(&one_line(text), tone), width.saturating_sub(indent).max(LEAST)).into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_with_their_tones() {
        for (text, width, lines) in [
            ("short", 10, &["short"][..]),
            ("several words that go on", 10, &["several", "words that", "go on"]),
            ("a_word_without_a_blank", 10, &["a_word_wit", "hout_a_bla", "nk"]),
            ("漢字漢字漢字", 5, &["漢字", "漢字", "漢字"]),
            ("漢字", 0, &["漢", "字"]),
            ("", 10, &[""]),
        ] {
            let wrapped: Vec<_> =
                wrap(&Line::new(text, Tone::Plain), width).iter().map(|line| line.render(false)).collect();
            assert_eq!(wrapped, lines, "{text:?} at {width}");
        }
        let line = Line::new("> ", Tone::Good).and("Edit the file", Tone::Dim);
        assert_eq!(wrap(&line, 8)[1].spans, [("the file".to_owned(), Tone::Dim)]);
        let label = Line::empty().cell("Cooldown", 11, Tone::Dim);
        let lines: Vec<_> =
            hanging(label, "claude is not logged in", Tone::Warn, 26).iter().map(|line| line.render(false)).collect();
        assert_eq!(lines, ["Cooldown    claude is not", "            logged in"]);
    }

    #[test]
    fn cells_fit_their_columns_whatever_they_hold() {
        for (text, fitted) in
            [("short", "short"), ("a long text", "a lon…"), ("漢字漢字", "漢字…"), ("a\n\u{1b}[31mb", "a [31m…")]
        {
            let cell = fit(text, 6);
            assert!(cell.width() <= 6, "{cell:?}");
            assert_eq!(cell, fit(fitted, 6));
        }
        let line = Line::empty().cell("漢字漢字", 6, Tone::Plain).cell("x", 4, Tone::Good).cell("", 3, Tone::Bad);
        assert_eq!(line.render(false), "漢字…  x");
        assert_eq!(line.render(true), "漢字…  \u{1b}[32mx\u{1b}[0m");
        assert_eq!(Line::new("Cost  $1", Tone::Plain).and(" of $2", Tone::Dim).render(false), "Cost  $1 of $2");
        assert_eq!(Line::new("\u{1b}]0;title\u{7}x", Tone::Plain).render(false), "]0;titlex");
    }
}
