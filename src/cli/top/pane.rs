//! A text that is longer than the screen: it is wrapped to its width and scrolled.

use crate::cli::view::{Line, wrap};

/// The most lines that are kept; of what grows beyond it the beginning is dropped.
const MAX_LINES: usize = 5_000;

/// A way to scroll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    /// By lines, up if negative.
    Lines(isize),
    /// By pages, up if negative.
    Pages(isize),
    /// To the first line.
    Start,
    /// To the last one, and with it as the text grows.
    End,
}

impl Scroll {
    /// Where it leads from `at`, with `last` as the end and so many lines to a page.
    pub fn from(self, at: usize, last: usize, height: usize) -> usize {
        let page = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
        match self {
            Self::Lines(lines) => at.saturating_add_signed(lines).min(last),
            Self::Pages(pages) => at.saturating_add_signed(pages * page).min(last),
            Self::Start => 0,
            Self::End => last,
        }
    }
}

/// The text and what is seen of it.
#[derive(Debug, Default)]
pub struct Pane {
    lines: Vec<Line>,
    wrapped: Vec<Line>,
    width: usize,
    height: usize,
    top: usize,
    /// Whether it stays at the end as the text grows.
    follows: bool,
}

impl Pane {
    /// A text that is read from its beginning.
    pub fn new(lines: Vec<Line>) -> Self {
        Self { lines, ..Self::default() }
    }

    /// A text that grows, seen from its end.
    pub fn following() -> Self {
        Self { follows: true, ..Self::default() }
    }

    /// Adds lines at the end.
    pub fn add(&mut self, lines: Vec<Line>) {
        self.wrapped.extend(lines.iter().flat_map(|line| wrap(line, self.width)));
        self.lines.extend(lines);
        if self.lines.len() > MAX_LINES {
            self.lines.drain(..self.lines.len() - MAX_LINES * 3 / 4);
            self.lay_out(self.width);
        }
    }

    /// Puts another text in place of it, seen from the same line on.
    pub fn replace(&mut self, lines: Vec<Line>) {
        self.lines = lines;
        self.lay_out(self.width);
    }

    /// What is seen of it in a window of this size.
    pub fn window(&mut self, width: usize, height: usize) -> &[Line] {
        if self.width != width {
            self.lay_out(width);
        }
        self.height = height;
        self.top = if self.follows { self.last_top() } else { self.top.min(self.last_top()) };
        &self.wrapped[self.top..(self.top + height).min(self.wrapped.len())]
    }

    /// How far it is scrolled: the number of the last line seen, and of all.
    pub fn position(&self) -> (usize, usize) {
        ((self.top + self.height).min(self.wrapped.len()), self.wrapped.len())
    }

    /// Moves what is seen.
    pub fn scroll(&mut self, scroll: Scroll) {
        self.top = scroll.from(self.top, self.last_top(), self.height);
        self.follows = self.height > 0 && self.top == self.last_top() && scroll != Scroll::Start;
    }

    fn last_top(&self) -> usize {
        self.wrapped.len().saturating_sub(self.height)
    }

    fn lay_out(&mut self, width: usize) {
        self.width = width;
        self.wrapped = self.lines.iter().flat_map(|line| wrap(line, width)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::view::Tone;

    fn shown(pane: &mut Pane, width: usize, height: usize) -> Vec<String> {
        pane.window(width, height).iter().map(|line| line.render(false)).collect()
    }

    fn numbered(range: std::ops::Range<usize>) -> Vec<Line> {
        range.map(|number| Line::new(&number.to_string(), Tone::Plain)).collect()
    }

    #[test]
    fn scrolling_and_following() {
        let mut pane = Pane::following();
        pane.add(numbered(0..10));
        assert_eq!(shown(&mut pane, 10, 3), ["7", "8", "9"]);
        pane.add(numbered(10..11));
        assert_eq!(shown(&mut pane, 10, 3), ["8", "9", "10"]);
        pane.scroll(Scroll::Lines(-1));
        pane.add(numbered(11..12));
        assert_eq!(shown(&mut pane, 10, 3), ["7", "8", "9"], "who looks back isn't pulled away");
        pane.scroll(Scroll::Pages(-9));
        assert_eq!(shown(&mut pane, 10, 3), ["0", "1", "2"]);
        pane.scroll(Scroll::End);
        pane.add(numbered(12..13));
        assert_eq!((shown(&mut pane, 10, 2), pane.position()), (vec!["11".to_owned(), "12".to_owned()], (13, 13)));
        pane.add(numbered(0..MAX_LINES));
        assert!(pane.lines.len() <= MAX_LINES);
        assert_eq!(shown(&mut pane, 10, 1), [(MAX_LINES - 1).to_string()]);
        pane.replace(numbered(0..1));
        assert_eq!(shown(&mut pane, 3, 5), ["0"]);
        pane.scroll(Scroll::Start);
        assert!(shown(&mut pane, 0, 0).is_empty());
    }
}
