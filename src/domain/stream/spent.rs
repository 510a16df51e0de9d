//! What a run has used up so far, counted from claude's messages: for a run that never says its result.
//!
//! Where there is a result line, that one counts.

use super::{ResultLine, Usage};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::VecDeque;

/// How many messages may be told alternately, as by subagents.
const AT_ONCE: usize = 16;

/// US dollars for a million tokens of each kind, as of a large model: a guess, rather too high than too low.
const PRICES: [f64; 4] = [5.0, 25.0, 6.25, 0.5];

/// Tokens and turns. A message is told in several lines, each with its usage so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spent {
    pub usage: Usage,
    /// Answers of the model.
    pub turns: u64,
    /// The messages that were told last.
    last: VecDeque<(String, Usage)>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    usage: Usage,
}

impl Spent {
    /// Counts what one line says, if it is a message of the model.
    pub fn add(&mut self, line: &str) {
        if !line.contains("\"assistant\"") {
            return;
        }
        let Ok(Line { message: Message { id, usage } }) = serde_json::from_str(line) else { return };
        if usage == Usage::default() {
            // Errors of the service are worded as messages, too.
            return;
        }
        let known = self.last.iter().position(|(known, _)| *known == id).and_then(|at| self.last.remove(at));
        self.turns += u64::from(known.is_none());
        let before = known.map(|(_, usage)| usage).unwrap_or_default();
        let now = before.combined(&usage, u64::max);
        self.usage = self.usage.combined(&now.combined(&before, |now, before| now - before), |sum, more| sum + more);
        self.last.push_back((id.into_owned(), now));
        if self.last.len() > AT_ONCE {
            self.last.pop_front();
        }
    }

    /// How many tokens the last message had before it and in it; 0 if there was none.
    pub fn context(&self) -> u64 {
        self.last.back().map_or(0, |(_, usage)| usage.all())
    }

    /// What it may have cost, in US dollars; `None` if nothing was used.
    pub fn estimate(&self) -> Option<f64> {
        let Usage { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens } = self.usage;
        let counts = [input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens];
        #[expect(clippy::cast_precision_loss, reason = "a guess")]
        let cost: f64 = counts.iter().zip(PRICES).map(|(count, price)| *count as f64 * price / 1e6).sum();
        (self.turns > 0).then_some(cost)
    }

    /// Turns and tokens, by the result line if there is one.
    pub fn with_result(&self, result: Option<&ResultLine>) -> Option<(u64, Usage)> {
        let said = result.map(|result| (result.num_turns, result.usage));
        said.or((self.turns > 0).then_some((self.turns, self.usage)))
    }
}

impl Usage {
    fn combined(&self, other: &Self, each: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            input_tokens: each(self.input_tokens, other.input_tokens),
            output_tokens: each(self.output_tokens, other.output_tokens),
            cache_creation_input_tokens: each(self.cache_creation_input_tokens, other.cache_creation_input_tokens),
            cache_read_input_tokens: each(self.cache_read_input_tokens, other.cache_read_input_tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_counts_once_with_the_most_that_it_says() {
        let line = |id: &str, read: u64, written: u64| {
            format!(
                r#"{{"type":"assistant","message":{{"id":"{id}","usage":{{"input_tokens":{read},"output_tokens":{written}}}}}}}"#
            )
        };
        let mut spent = Spent::default();
        for line in [
            line("a", 100, 1),
            line("b", 10, 2),
            line("a", 100, 5),
            line("b", 10, 2),
            line("synthetic", 0, 0),
            r#"{"type":"user","message":{"content":"\"assistant\""}}"#.to_owned(),
            "no JSON".to_owned(),
        ] {
            spent.add(&line);
        }
        assert_eq!((spent.turns, spent.usage.input_tokens, spent.usage.output_tokens), (2, 110, 7));
        assert!(spent.estimate().is_some_and(|cost| (cost - 0.000_725).abs() < 1e-9));
        assert_eq!(Spent::default().estimate(), None);
    }

    #[test]
    fn the_messages_of_a_real_output_add_up() {
        let mut spent = Spent::default();
        include_str!("../../../tests/data/claude/finished.jsonl").lines().for_each(|line| spent.add(line));
        assert_eq!((spent.turns, spent.usage.output_tokens), (5, 5));
    }
}
