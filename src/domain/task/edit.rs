//! Changes to a task file that leave alone what a person wrote in it.

use super::{Answer, answers::set_answer, header_end, header_line, key, section::section_range};
use crate::domain::text::{cut, one_line};

/// A change to the header of a task file: lines to set and lines to take away, and sections at the end.
#[derive(Clone, Debug, Default)]
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
    #[must_use]
    pub fn set(mut self, key: &'static str, value: impl ToString) -> Self {
        self.lines.push((key, Some(one_line(&value.to_string()))));
        self
    }

    /// Takes header lines away.
    #[must_use]
    pub fn clear(mut self, keys: &[&'static str]) -> Self {
        self.lines.extend(keys.iter().map(|key| (*key, None)));
        self
    }

    /// Takes away what a claim wrote.
    #[must_use]
    pub fn unclaim(self) -> Self {
        self.clear(&[key::CLAIMED_BY, key::CLAIMED_AT, key::RUN])
    }

    /// Replaces the section `## name` at the end of the file, cut at [`SECTION_MAX`] characters.
    #[must_use]
    pub fn section(mut self, name: &'static str, text: &str) -> Self {
        self.sections.push((name, Some(cut(text.trim(), SECTION_MAX))));
        self
    }

    /// Takes the section `## name` away.
    #[must_use]
    pub fn without_section(mut self, name: &'static str) -> Self {
        self.sections.push((name, None));
        self
    }

    /// Notes an answer: its whole text in a section of its own, and in the header that the question is answered.
    /// A task that waited for it doesn't any more.
    #[must_use]
    pub fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// The text of the file after the edit. Line ends stay as they are; nothing else is touched.
    pub fn apply(&self, text: &str) -> String {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let end = header_end(text);
        let mut head: Vec<String> = text[..end].lines().map(str::to_owned).collect();
        for (key, value) in &self.lines {
            set_line(&mut head, key, value.as_deref());
        }
        for answer in &self.answers {
            note_answer(&mut head, &answer.question);
        }
        let mut out = head.join(newline);
        out.push_str(newline);
        if text[..end].is_empty() && head.is_empty() {
            out.clear();
        }
        out.push_str(&text[end..]);
        for (name, section) in &self.sections {
            set_section(&mut out, name, section.as_deref(), newline);
        }
        for answer in &self.answers {
            set_answer(&mut out, answer, newline);
        }
        out
    }
}

fn set_line(head: &mut Vec<String>, key: &str, value: Option<&str>) {
    let is_key = |line: &String| header_line(line.trim_end()).is_some_and(|(word, _)| word == key);
    let at = head.iter().position(is_key);
    match (at, value) {
        (Some(at), Some(value)) => head[at] = format!("{key}: {value}"),
        (Some(at), None) => {
            head.remove(at);
        }
        (None, Some(value)) => {
            let after = head
                .iter()
                .rposition(|line| header_line(line.trim_end()).is_some_and(|(word, _)| key::ALL.contains(&word)));
            match after {
                Some(last) => head.insert(last + 1, format!("{key}: {value}")),
                None => {
                    let title = head.iter().position(|line| line.starts_with("# ")).map_or(0, |at| at + 1);
                    head.splice(title..title, [String::new(), format!("{key}: {value}")]);
                    if head.len() == title + 2 {
                        head.push(String::new());
                    }
                }
            }
        }
        (None, None) => {}
    }
}

/// Adds a question to those that were answered; the task no longer waits for it.
fn note_answer(head: &mut Vec<String>, question: &str) {
    let value = |head: &[String], wanted: &str| {
        let found = head.iter().find_map(|line| header_line(line.trim_end()).filter(|(word, _)| *word == wanted));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    if value(head, key::WAITS_FOR) == question {
        set_line(head, key::WAITS_FOR, None);
    }
    let answered = value(head, key::ANSWERED);
    if !answered.split([',', ' ']).any(|known| known == question) {
        let separator = if answered.is_empty() { "" } else { ", " };
        set_line(head, key::ANSWERED, Some(&format!("{answered}{separator}{question}")));
    }
}

/// Cuts the last section of that name, up to the next `##` heading, and appends the new one.
fn set_section(text: &mut String, name: &str, section: Option<&str>, newline: &str) {
    let found = section_range(text, name);
    if let Some((start, end)) = found {
        text.replace_range(start..end, "");
    }
    let Some(section) = section else { return };
    text.truncate(text.trim_end().len());
    for line in ["", "", &format!("## {name}"), ""] {
        text.push_str(line);
        text.push_str(newline);
    }
    // A heading inside would end the section for the next reader.
    let lines: Vec<String> =
        section.lines().map(|line| if line.starts_with('#') { format!("\\{line}") } else { line.to_owned() }).collect();
    text.push_str(&lines.join(newline));
    text.push_str(newline);
}
