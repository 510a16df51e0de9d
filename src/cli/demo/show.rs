//! The look of the demo: headings, a column for who speaks, text that fits 80 columns.

use super::play::Play;
use crate::cli::Context;
use crate::cli::view::{Line, Tone};
use crate::domain::text::{one_line, wrapped};
use anyhow::Result;
use std::cell::RefCell;

pub(super) const WIDTH: usize = 79;
/// Where the words begin that stand beside a name.
const COLUMN: usize = 14;

/// Prints the demo.
pub(super) struct Show<'a> {
    context: &'a Context,
    /// Who spoke last: a name is not repeated.
    last: RefCell<String>,
}

impl<'a> Show<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        Self { context, last: RefCell::default() }
    }

    pub(super) fn title(&self, play: &Play) -> Result<()> {
        self.context.lines(&[Line::new("scheduler demo", Tone::Strong), Line::empty()])?;
        self.text(play.about)?;
        self.text(
            "The ticks, the runs and git are real. The agents are played by a stand-in: no claude, no account, no \
             network, and what a run costs is made up.",
        )
    }

    /// A heading after an empty line; `aside` stands at its end.
    pub(super) fn heading(&self, text: &str, aside: &str) -> Result<()> {
        self.last.borrow_mut().clear();
        let gap = WIDTH.saturating_sub(text.chars().count() + aside.chars().count()).max(1);
        let heading = Line::new(text, Tone::Strong).and(&" ".repeat(gap), Tone::Plain).and(aside, Tone::Dim);
        self.context.lines(&[Line::empty(), heading])
    }

    /// A paragraph.
    pub(super) fn text(&self, text: &str) -> Result<()> {
        wrapped(text, WIDTH).iter().try_for_each(|line| self.line(line))
    }

    /// A line as it is.
    pub(super) fn line(&self, text: &str) -> Result<()> {
        self.context.styled(text)
    }

    /// Words beside a name, at most `lines` lines of them: what the scheduler does is strong, what an agent says or does
    /// plain, what answers it dim, what is settled good.
    pub(super) fn says(&self, name: &str, tone: Tone, text: &str, lines: usize) -> Result<()> {
        let mut shown = wrapped(&one_line(text), WIDTH - COLUMN);
        if shown.len() > lines {
            shown.truncate(lines);
            if let Some(last) = shown.last_mut() {
                let kept: String = last.chars().take(WIDTH - COLUMN - 2).collect();
                *last = format!("{} …", kept.trim_end());
            }
        }
        for line in shown {
            let known = self.last.replace(name.to_owned()) == name;
            let name = if known { "" } else { name };
            self.context.lines(&[Line::empty().cell(name, COLUMN - 1, Tone::Plain).and(&line, tone)])?;
        }
        Ok(())
    }
}
