//! The file of a proposal that is being added.

use super::{Category, Complexity, edit::harmless, files};
use crate::domain::{
    name::Name,
    text::one_line,
    time::{self, Time},
};

/// What a new proposal says; [`NewProposal::to_text`] is its file.
#[derive(Clone, Debug)]
pub struct NewProposal {
    /// One line.
    pub title: String,
    /// The agent whose idea it is, or `human`.
    pub proposer: Name,
    /// The agent's run.
    pub run: Option<String>,
    /// What kind of work it is.
    pub category: Category,
    /// How large it is.
    pub complexity: Complexity,
    /// One line.
    pub summary: String,
    /// Why it matters, markdown.
    pub rationale: String,
    /// One line each.
    pub criteria: Vec<String>,
    /// Paths in their normal spelling.
    pub files: Vec<String>,
    /// Tasks and proposals that must be done before.
    pub depends_on: Vec<Name>,
    /// How it makes the code simpler.
    pub complexity_reduction: Option<String>,
    /// What it makes possible.
    pub enables: Option<String>,
    /// Why it is proposed although one like it was rejected.
    pub again: Option<String>,
}

impl NewProposal {
    /// Whether its file says what others will rely on.
    ///
    /// # Errors
    /// The word for what the file says otherwise.
    pub fn is_kept_by(&self, id: &Name, text: &str) -> Result<(), &'static str> {
        let Ok(read) = super::parse(id, text) else { return Err("text") };
        let files: Vec<_> = self.files.iter().filter_map(|path| files::normal(path)).collect();
        match read {
            read if read.files != files => Err("files"),
            read if read.depends_on != self.depends_on => Err("dependencies"),
            read if (read.category, &read.proposer) != (self.category, &self.proposer) => Err("header"),
            _ => Ok(()),
        }
    }

    /// The file of the proposal.
    pub fn to_text(&self, id: &Name, now: Time) -> String {
        let mut text = format!("# Proposal: {}\n\n", one_line(&self.title));
        let mut field = |word: &str, value: &str| text.push_str(&format!("**{word}:** {}\n", one_line(value)));
        field("ID", id.as_str());
        field("Proposer", self.proposer.as_str());
        field("Category", self.category.word());
        field("Complexity", self.complexity.word());
        field("Created", &time::to_text(now));
        if let Some(run) = &self.run {
            field("Run", run);
        }
        let mut section = |name: &str, body: &str| {
            if !body.is_empty() {
                text.push_str(&format!("\n## {name}\n{body}\n"));
            }
        };
        let list = |lines: &[String], bullet: &str| -> String {
            lines.iter().map(|line| format!("{bullet}{}", one_line(line))).collect::<Vec<_>>().join("\n")
        };
        let optional = |text: &Option<String>| harmless(text.as_deref().unwrap_or_default());
        section("Summary", &harmless(&one_line(&self.summary)));
        section("Rationale", &harmless(&self.rationale));
        section("Complexity Reduction", &optional(&self.complexity_reduction));
        section("Dependencies", &list(&self.depends_on.iter().map(Name::to_string).collect::<Vec<_>>(), "- "));
        section("Enables", &optional(&self.enables));
        section("Proposed Again", &optional(&self.again));
        section("Acceptance Criteria", &list(&self.criteria, "- [ ] "));
        section("Relevant Files", &self.files.iter().map(|path| files::to_line(path)).collect::<Vec<_>>().join("\n"));
        text
    }
}
