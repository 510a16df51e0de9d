//! One check: what a gatekeeper found in one commit, and the text of its file.

use crate::domain::{
    name::Name,
    review::Issue,
    text::{one_line, printable},
    time::{self, Time},
    words::words,
};
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
    #[serde(with = "time::required")]
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
        let mut text = format!(
            "# {} {} Check\n\n**Status:** {}\n**Commit:** {}\n**Time:** {}\n**Summary:** {}\n",
            self.status.emoji(),
            capitalised(self.name.as_str()),
            self.status,
            one_line(&self.commit),
            time::to_text(self.time),
            one_line(&self.summary),
        );
        if !self.details.trim().is_empty() {
            text.push_str("\n## Details\n\n");
            for line in printable(&self.details).trim().lines() {
                // A heading inside would end the section for the next reader.
                let heading = if line.starts_with('#') { "\\" } else { "" };
                text.push_str(&format!("{heading}{line}\n"));
            }
        }
        if !self.issues.is_empty() {
            text.push_str("\n## Issues\n\n");
            self.issues.iter().for_each(|issue| text.push_str(&format!("{issue}\n")));
        }
        text
    }
}

/// Reads the file of the check `name`; `None` if it is none.
pub fn parse(name: &Name, text: &str) -> Option<Check> {
    let text = text.trim_start_matches('\u{feff}');
    let mut head = String::new();
    let mut sections: Vec<(&str, String)> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        match (line.strip_prefix("## "), sections.last_mut()) {
            (Some(title), _) => sections.push((title.trim(), String::new())),
            (None, Some((_, body))) => {
                body.push_str(line.strip_prefix('\\').filter(|rest| rest.starts_with('#')).unwrap_or(line));
                body.push('\n');
            }
            (None, None) => {
                head.push_str(line);
                head.push('\n');
            }
        }
    }
    let field = |label: &str| {
        let prefix = format!("**{label}:**");
        head.lines().find_map(|line| line.strip_prefix(&prefix)).map(|value| value.trim().to_owned())
    };
    let section = |title: &str| sections.iter().find(|(name, _)| *name == title).map(|(_, body)| body.trim());
    Some(Check {
        name: name.clone(),
        status: field("Status")?.parse().ok()?,
        commit: field("Commit").unwrap_or_default(),
        time: time::parse(&field("Time")?)?,
        summary: field("Summary").unwrap_or_default(),
        details: section("Details").unwrap_or_default().to_owned(),
        issues: section("Issues").unwrap_or_default().lines().filter_map(Issue::from_line).collect(),
    })
}

/// `lint` → `Lint`.
pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
