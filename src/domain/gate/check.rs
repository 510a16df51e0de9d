//! One check: what a gatekeeper found in one commit, and the text of its file.

use crate::domain::markdown::{below_heading, field_in, sections, to_fields, without_headings};
use crate::domain::name::Name;
use crate::domain::review::Issue;
use crate::domain::text::{capitalised, printable};
use crate::domain::time::{self, Time};
use crate::domain::words::words;
use serde::{Deserialize, Serialize};

words! {
    "a status"
    /// How a check stands.
    pub enum CheckStatus {
        /// Nobody has looked yet.
        Pending = "pending",
        /// A gatekeeper is at it.
        Running = "running",
        /// Nothing is wrong.
        Passed = "passed",
        /// Something must be mended.
        Failed = "failed",
        /// Something is worth knowing and blocks nothing.
        Warning = "warning",
    }
}

impl CheckStatus {
    /// Those that a gatekeeper may record.
    pub const RECORDED: [Self; 3] = [Self::Passed, Self::Failed, Self::Warning];

    /// The sign before a title.
    pub fn emoji(self) -> &'static str {
        match self {
            Self::Pending => "⏳",
            Self::Running => "🔄",
            Self::Passed => "✅",
            Self::Failed => "❌",
            Self::Warning => "⚠️",
        }
    }

    /// Whether it is the result of a look.
    pub fn is_recorded(self) -> bool {
        Self::RECORDED.contains(&self)
    }
}

/// What a gatekeeper recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which check.
    pub name: Name,
    /// How it ended.
    pub status: CheckStatus,
    /// The commit that was looked at.
    pub commit: String,
    /// When it was recorded.
    pub time: Time,
    /// One line.
    pub summary: String,
    /// Markdown; may be empty.
    pub details: String,
    /// The findings.
    pub issues: Vec<Issue>,
}

impl Check {
    /// The text of its file.
    pub fn to_text(&self) -> String {
        let header = to_fields([
            ("Status", Some(self.status.word())),
            ("Commit", Some(&self.commit)),
            ("Time", Some(&time::to_text(self.time))),
            ("Summary", Some(&self.summary)),
        ]);
        let issues: Vec<_> = self.issues.iter().map(Issue::to_string).collect();
        let details = without_headings(printable(&self.details).trim());
        let sections = [("Details", details), ("Issues", issues.join("\n"))];
        let mut text = format!("# {} {} Check\n\n{header}", self.status.emoji(), capitalised(self.name.as_str()));
        for (name, section) in sections.iter().filter(|(_, section)| !section.is_empty()) {
            text.push_str(&format!("\n## {name}\n\n{section}\n"));
        }
        text
    }
}

/// Reads the file of the check `name`; `None` if it is none.
pub fn parse(name: &Name, text: &str) -> Option<Check> {
    let text = text.trim_start_matches('\u{feff}');
    let sections = sections(text);
    let head = &text[..sections.first().map_or(text.len(), |(_, range)| range.start)];
    let section = |name: &str| {
        let found = sections.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, range)| below_heading(text, range.clone())).lines().map(str::trim_end)
    };
    let heading =
        |line: &'_ str| line.strip_prefix('\\').filter(|rest| rest.starts_with('#')).unwrap_or(line).to_owned();
    Some(Check {
        name: name.clone(),
        status: field_in(head, "Status")?.parse().ok()?,
        commit: field_in(head, "Commit").unwrap_or_default().to_owned(),
        time: time::parse(field_in(head, "Time")?)?,
        summary: field_in(head, "Summary").unwrap_or_default().to_owned(),
        details: section("Details").map(heading).collect::<Vec<_>>().join("\n"),
        issues: section("Issues").filter_map(Issue::from_line).collect(),
    })
}
