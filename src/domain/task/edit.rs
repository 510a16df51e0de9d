//! Changes to a task file that leave alone what the user wrote in it.

use super::answers::with_answer;
use super::appended::tidied;
use super::section::{with_section, without_section};
use super::{Answer, header_end, header_line, key, value};
use crate::domain::markdown::{newline_of, without_headings};
use crate::domain::text::{cut, one_line};

/// A change to the header of a task file: lines to set and lines to take away, and sections at the end.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Edit {
    lines: Vec<(&'static str, Option<String>)>,
    sections: Vec<(&'static str, Option<String>)>,
    answers: Vec<Answer>,
}

/// The most characters of a section that the program writes.
pub const SECTION_MAX: usize = 2_000;

impl Edit {
    /// An edit that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a header line, in its place if it is there, else after the last one.
    pub fn set(mut self, key: &'static str, value: impl ToString) -> Self {
        self.lines.push((key, Some(one_line(&value.to_string()))));
        self
    }

    /// Sets a header line to a number; no line stands for 0.
    pub fn count(self, key: &'static str, count: u32) -> Self {
        if count == 0 { self.clear(&[key]) } else { self.set(key, count) }
    }

    /// Takes header lines away.
    pub fn clear(mut self, keys: &[&'static str]) -> Self {
        self.lines.extend(keys.iter().map(|key| (*key, None)));
        self
    }

    /// Takes away what a claim wrote.
    pub fn unclaim(self) -> Self {
        self.clear(&[key::CLAIMED_BY, key::CLAIMED_AT, key::RUN])
    }

    /// Replaces the section `## name` at the end of the file, cut at [`SECTION_MAX`] characters.
    pub fn section(mut self, name: &'static str, text: &str) -> Self {
        self.sections.push((name, Some(cut(text.trim(), SECTION_MAX))));
        self
    }

    /// Takes the section `## name` away.
    pub fn without_section(mut self, name: &'static str) -> Self {
        self.sections.push((name, None));
        self
    }

    /// Notes an answer: its whole text in a section of its own, and in the header that the question is answered.
    /// A task that waited for it doesn't any more.
    pub fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// The text of the file after the edit. Line ends stay as they are; nothing else is touched, but that header lines which
    /// the Python system has appended come to stand in the header.
    pub fn apply(&self, text: &str) -> String {
        let newline = newline_of(text);
        let (text, appended) = tidied(text);
        let end = header_end(&text);
        let mut head: Vec<String> = text[..end].lines().map(str::to_owned).collect();
        for (key, value) in appended {
            set_line(&mut head, key, Some(value));
        }
        for (key, value) in &self.lines {
            set_line(&mut head, key, value.as_deref());
        }
        for answer in &self.answers {
            note_answer(&mut head, &answer.question);
        }
        head.iter_mut().for_each(|line| line.push_str(newline));
        let mut out = head.concat() + &text[end..];
        for (name, section) in &self.sections {
            out = match section {
                Some(section) => with_section(&out, name, &without_headings(section)),
                None => without_section(&out, name),
            };
        }
        self.answers.iter().fold(out, |text, answer| with_answer(&text, answer))
    }
}

fn set_line(head: &mut Vec<String>, key: &str, value: Option<&str>) {
    let key_of =
        |line: &String| header_line(line.trim_end()).and_then(|(word, _)| key::ALL.iter().find(|key| **key == word));
    let at = head.iter().position(|line| key_of(line).is_some_and(|known| *known == key));
    let Some(value) = value else {
        at.map(|at| head.remove(at));
        return;
    };
    let line = format!("{key}: {value}");
    if let Some(at) = at {
        head[at] = line;
    } else if let Some(last) = head.iter().rposition(|line| key_of(line).is_some()) {
        head.insert(last + 1, line);
    } else {
        let title = head.iter().position(|line| line.starts_with("# ")).map_or(0, |at| at + 1);
        let after = if title == head.len() { Some(String::new()) } else { None };
        head.splice(title..title, [String::new(), line].into_iter().chain(after));
    }
}

/// Adds a question to those that were answered; the task no longer waits for it.
fn note_answer(head: &mut Vec<String>, question: &str) {
    let value =
        |head: &[String], key| value(head.iter().map(|line| line.trim_end()), key).unwrap_or_default().to_owned();
    if value(head, key::WAITS_FOR) == question {
        set_line(head, key::WAITS_FOR, None);
    }
    let answered = value(head, key::ANSWERED);
    if !answered.split([',', ' ']).any(|known| known == question) {
        let separator = if answered.is_empty() { "" } else { ", " };
        set_line(head, key::ANSWERED, Some(&format!("{answered}{separator}{question}")));
    }
}
