//! What a proposer writes, and the file that it becomes.

use super::edit::harmless;
use super::{Category, Complexity, files};
use crate::domain::markdown::{checklist, to_fields};
use crate::domain::name::Name;
use crate::domain::text::one_line;
use crate::domain::time::{self, Time};
use serde::Serialize;

/// The proposer's part of a proposal; [`Idea::to_text`] is its file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Idea {
    /// One line.
    pub title: String,
    /// The agent whose idea it is, or `human`.
    pub proposer: Name,
    pub category: Category,
    pub complexity: Complexity,
    /// The run that proposed it.
    pub run: Option<String>,
    /// One line.
    pub summary: String,
    /// Why it matters, markdown.
    pub rationale: String,
    /// What must hold when it is done, one line each.
    pub criteria: Vec<String>,
    /// The files that it is about, in their normal spelling.
    pub files: Vec<String>,
    /// Tasks and proposals that must be done before.
    pub depends_on: Vec<Name>,
    /// How it makes the code simpler, if it says so.
    pub complexity_reduction: Option<String>,
    /// What it makes possible, if it says so.
    pub enables: Option<String>,
    /// Why it is proposed although one like it was rejected.
    pub again: Option<String>,
}

impl Idea {
    /// Whether its file says what others will rely on.
    ///
    /// # Errors
    /// The word for what the file says otherwise.
    pub fn is_kept_by(&self, id: &Name, text: &str) -> Result<(), &'static str> {
        let Ok(read) = super::parse(id, text) else { return Err("text") };
        let files: Vec<_> = self.files.iter().filter_map(|path| files::normal(path)).collect();
        match read.idea {
            read if read.files != files => Err("files"),
            read if read.depends_on != self.depends_on => Err("dependencies"),
            read if (read.category, &read.proposer) != (self.category, &self.proposer) => Err("header"),
            _ => Ok(()),
        }
    }

    /// What speaks for it, in its own words, each with a label.
    pub fn benefits(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let said = [("Makes simpler", &self.complexity_reduction), ("Makes possible", &self.enables)];
        said.into_iter().filter_map(|(label, said)| Some((label, said.as_ref()?)))
    }

    /// The file of the proposal.
    pub fn to_text(&self, id: &Name, now: Time) -> String {
        let header = to_fields([
            ("ID", Some(id.as_str())),
            ("Proposer", Some(self.proposer.as_str())),
            ("Category", Some(self.category.word())),
            ("Complexity", Some(self.complexity.word())),
            ("Created", Some(&time::to_text(now))),
            ("Run", self.run.as_deref()),
        ]);
        let optional = |text: &Option<String>| harmless(text.as_deref().unwrap_or_default());
        let depends_on: Vec<_> = self.depends_on.iter().map(|id| format!("- {id}")).collect();
        let files: Vec<_> = self.files.iter().map(|path| files::to_line(path)).collect();
        let sections = [
            ("Summary", harmless(&one_line(&self.summary))),
            ("Rationale", harmless(&self.rationale)),
            ("Complexity Reduction", optional(&self.complexity_reduction)),
            ("Dependencies", depends_on.join("\n")),
            ("Enables", optional(&self.enables)),
            ("Proposed Again", optional(&self.again)),
            ("Acceptance Criteria", checklist(&self.criteria)),
            ("Relevant Files", files.join("\n")),
        ];
        let mut text = format!("# Proposal: {}\n\n{header}", one_line(&self.title));
        for (name, section) in sections.iter().filter(|(_, section)| !section.is_empty()) {
            text.push_str(&format!("\n## {name}\n{section}\n"));
        }
        text
    }
}
