//! The text of a proposal file, read.

use super::{
    Category, Complexity, Proposal,
    edit::{self, field},
    files,
};
use crate::domain::{
    name::Name,
    text::one_line,
    time::{self, Time},
};
use clap::ValueEnum;
use std::{fmt::Display, str::FromStr};

/// The words of header lines that are read.
const HEADER: [&str; 6] = ["ID", "Proposer", "Category", "Complexity", "Created", "Run"];

/// Reads a proposal file. A hand-written one needs only a title: it is then a feature of complexity M by `human`.
///
/// # Errors
/// What is wrong in it, one sentence each; the file is then shown with them and left alone.
pub fn parse(id: &Name, text: &str) -> Result<Proposal, Vec<String>> {
    let (body, block) = edit::split(text);
    let mut reader = Reader::new(body);
    if reader.title.is_empty() {
        reader.problems.push("no title: the first line must be `# Proposal: Title`".to_owned());
    }
    let (judgement, conflicts) = edit::read(block);
    let text_of = |name: &str| Some(section(body, name)).filter(|text| !text.is_empty());
    let human = || Name::from_str("human").ok();
    let proposer = reader.read("Proposer", Name::from_str).or_else(human);
    let category = reader.word("Category").unwrap_or(Category::Feature);
    let complexity = reader.word("Complexity").unwrap_or(Complexity::M);
    let created = reader.time("Created");
    let (Some(proposer), true) = (proposer, reader.problems.is_empty()) else { return Err(reader.problems) };
    Ok(Proposal {
        id: id.clone(),
        title: reader.title.clone(),
        proposer,
        category,
        complexity,
        created,
        run: reader.value("Run").map(str::to_owned),
        summary: one_line(&section(body, "Summary")),
        rationale: section(body, "Rationale"),
        criteria: criteria(&section(body, "Acceptance Criteria")),
        files: files::in_list(&section(body, "Relevant Files")),
        depends_on: section(body, "Dependencies").lines().filter_map(dependency).collect(),
        complexity_reduction: text_of("Complexity Reduction"),
        enables: text_of("Enables"),
        again: text_of("Proposed Again"),
        judgement,
        conflicts,
        fingerprint: edit::fingerprint(text),
    })
}

/// The lines before the first `##`.
struct Reader<'a> {
    title: String,
    lines: Vec<(&'a str, &'a str)>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(body: &'a str) -> Self {
        let mut reader = Self { title: String::new(), lines: Vec::new(), problems: Vec::new() };
        for line in body.trim_start_matches('\u{feff}').lines().take_while(|line| !line.starts_with("##")) {
            if let Some(heading) = line.strip_prefix("# ").filter(|_| reader.title.is_empty()) {
                let heading = heading.trim();
                reader.title = one_line(heading.strip_prefix("Proposal:").unwrap_or(heading));
            } else if let Some((word, value)) = field(line.trim_end()).filter(|(word, _)| HEADER.contains(word)) {
                if reader.value(word).is_some() {
                    reader.problems.push(format!("**{word}:** stands there twice: keep one"));
                }
                reader.lines.push((word, value));
            }
        }
        reader
    }

    fn value(&self, word: &str) -> Option<&'a str> {
        self.lines.iter().find(|(name, value)| *name == word && !value.is_empty()).map(|(_, value)| *value)
    }

    fn read<T, E: Display>(&mut self, word: &str, read: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        match read(self.value(word)?) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problems.push(format!("**{word}:** {problem}"));
                None
            }
        }
    }

    fn word<T: ValueEnum>(&mut self, word: &str) -> Option<T> {
        self.read(word, |value| T::from_str(value, true))
    }

    fn time(&mut self, word: &str) -> Option<Time> {
        let value = self.value(word)?;
        let time = time::parse(value);
        if time.is_none() {
            self.problems.push(format!("**{word}:** {value:?} is not a time such as 2024-01-15T10:30:00Z"));
        }
        time
    }
}

/// The text of the first section of that name, up to the next heading of its kind.
fn section(body: &str, name: &str) -> String {
    let is_heading =
        |line: &&str| line.strip_prefix("## ").is_some_and(|found| found.trim().eq_ignore_ascii_case(name));
    let lines = body.lines().skip_while(|line| !is_heading(line)).skip(1).take_while(|line| !line.starts_with("## "));
    lines.map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn criteria(section: &str) -> Vec<String> {
    let items = section.lines().filter_map(|line| {
        let item = line.trim().strip_prefix(['-', '*'])?.trim();
        let text = ["[ ]", "[x]", "[X]"].iter().find_map(|mark| item.strip_prefix(mark)).unwrap_or(item);
        Some(one_line(text)).filter(|text| !text.is_empty())
    });
    items.collect()
}

/// `- TASK-1: because` names `TASK-1`. A word such as `cleanup` names something only where it isn't the first one of a
/// sentence, and `none` nothing anywhere.
fn dependency(line: &str) -> Option<Name> {
    let item = line.trim().strip_prefix(['-', '*'])?.trim().trim_start_matches('`');
    let end = item.find([' ', ':', ',', '`', '(']).unwrap_or(item.len());
    let (word, rest) = (&item[..end], item[end..].trim_start());
    let is_sentence =
        rest.starts_with(char::is_alphanumeric) && !word.contains(|c: char| c.is_ascii_digit() || c == '-');
    word.parse().ok().filter(|_| !files::is_nothing(word) && !is_sentence)
}
