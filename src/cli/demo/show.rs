//! The look of the demo: headings, a column for who speaks, text that fits 80 columns.

use super::play::Play;
use crate::{cli::Context, domain::text::one_line};
use anyhow::Result;
use std::{
    cell::RefCell,
    io::{IsTerminal, stdout},
};

pub(super) const WIDTH: usize = 79;
/// Where the words begin that stand beside a name.
const COLUMN: usize = 14;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";
const PLAIN: &str = "\x1b[0m";

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// What the scheduler does.
    Scheduler,
    /// What an agent says or does.
    Agent,
    /// What answers it.
    Aside,
    /// What is settled.
    Settled,
}

/// Prints the demo.
pub(super) struct Show<'a> {
    context: &'a Context,
    colour: bool,
    /// Who spoke last: a name is not repeated.
    last: RefCell<String>,
}

impl<'a> Show<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        let colour = stdout().is_terminal() && context.env("NO_COLOR").is_none() && context.env("TERM") != Some("dumb");
        Self { context, colour, last: RefCell::default() }
    }

    pub(super) fn title(&self, play: &Play) -> Result<()> {
        self.line(&self.styled(BOLD, "scheduler demo"))?;
        self.line("")?;
        self.text(play.about)?;
        self.text(
            "The ticks, the runs and git are real. The agents are played by a stand-in: no claude, no account, no \
             network, and what a run costs is made up.",
        )
    }

    /// A heading after an empty line; `aside` stands at its end.
    pub(super) fn heading(&self, text: &str, aside: &str) -> Result<()> {
        self.last.borrow_mut().clear();
        let gap = " ".repeat(WIDTH.saturating_sub(text.chars().count() + aside.chars().count()).max(1));
        let aside = if aside.is_empty() { String::new() } else { format!("{gap}{}", self.styled(DIM, aside)) };
        self.line(&format!("\n{}{aside}", self.styled(BOLD, text)))
    }

    /// A paragraph.
    pub(super) fn text(&self, text: &str) -> Result<()> {
        wrap(text, WIDTH).iter().try_for_each(|line| self.line(line))
    }

    /// A line as it is.
    pub(super) fn line(&self, text: &str) -> Result<()> {
        self.context.line(text)
    }

    /// Words beside a name, at most `lines` lines of them.
    pub(super) fn says(&self, name: &str, tone: Tone, text: &str, lines: usize) -> Result<()> {
        let mut shown = wrap(&one_line(text), WIDTH - COLUMN);
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
            self.line(&format!("{name:<COLUMN$}{}", self.toned(tone, &line)))?;
        }
        Ok(())
    }

    fn toned(&self, tone: Tone, text: &str) -> String {
        match tone {
            Tone::Agent => text.to_owned(),
            Tone::Scheduler => self.styled(BOLD, text),
            Tone::Aside => self.styled(DIM, text),
            Tone::Settled => self.styled(GREEN, text),
        }
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.colour { format!("{style}{text}{PLAIN}") } else { text.to_owned() }
    }
}

/// The text in lines of at most `width` characters; a word that is longer stands alone.
fn wrap(text: &str, width: usize) -> Vec<String> {
    pack(text.split_whitespace(), " ", width)
}

/// The words in lines of at most `width` characters, with `gap` between two.
pub(super) fn pack<'a>(words: impl IntoIterator<Item = &'a str>, gap: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut().filter(|line| line.chars().count() + gap.len() + word.chars().count() <= width) {
            Some(line) => {
                line.push_str(gap);
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit() {
        assert_eq!(wrap("", 5), Vec::<String>::new());
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("äöü ß", 5), ["äöü ß"]);
        assert_eq!(wrap("a longerword b", 4), ["a", "longerword", "b"]);
        assert_eq!(pack(["a b", "c", "d"], "  ", 6), ["a b  c", "d"]);
    }
}
