//! A reviewer's verdict on a change.

use super::text::{cut, one_line};
use super::words::words;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

words! {
    "a verdict"
    /// What a reviewer thinks of a change as a whole.
    pub enum ReviewVerdict {
        /// It may be merged.
        Approve = "approve",
        /// It may not be merged as it is.
        RequestChanges = "request-changes",
        /// Neither.
        Comment = "comment",
    }
}

/// How grave a finding is.
const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];

/// The word of a severity. The Python system, and linters, know `error` and `warning`.
fn severity(word: &str) -> Option<&'static str> {
    let word = match word.trim().to_lowercase().as_str() {
        "error" => "high".to_owned(),
        "warning" => "medium".to_owned(),
        word => word.to_owned(),
    };
    SEVERITIES.into_iter().find(|known| *known == word)
}

/// One finding, given as `severity|file:line|text`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// critical, high, medium or low.
    pub severity: String,
    /// `file:line`, `file`, or empty.
    pub place: String,
    /// What is wrong.
    pub text: String,
}

impl FromStr for Issue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, '|').map(one_line);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(severity), Some(place), Some(text)) if !severity.is_empty() && !text.is_empty() => {
                let Some(known) = self::severity(&severity) else {
                    let known = SEVERITIES.join(", ");
                    return Err(format!("{:?} is no severity: use one of {known}", cut(&severity.to_lowercase(), 40)));
                };
                Ok(Self { severity: known.to_owned(), place: cut(&place, 300), text })
            }
            _ => Err(format!("{:?} is not an issue: write 'severity|file:line|text'", cut(text, 80))),
        }
    }
}

impl Issue {
    /// Reads the line that an issue is shown as; `None` if it is none.
    pub fn from_line(line: &str) -> Option<Self> {
        let (severity, rest) = line.trim().strip_prefix("- **")?.split_once("**")?;
        let (place, text) = match rest.trim_start().strip_prefix('`').and_then(|rest| rest.split_once("`:")) {
            Some((place, text)) => (place, text),
            None => ("", rest.trim_start().strip_prefix(':')?),
        };
        let severity = self::severity(severity).unwrap_or(severity).to_owned();
        Some(Self { severity, place: place.to_owned(), text: text.trim().to_owned() })
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            write!(f, "- **{}**: {}", self.severity, self.text)
        } else {
            write!(f, "- **{}** `{}`: {}", self.severity, self.place.replace('`', "'"), self.text)
        }
    }
}

/// What a reviewer recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The change as a whole.
    pub verdict: ReviewVerdict,
    /// Why, in a few sentences.
    pub summary: String,
    /// The findings.
    pub issues: Vec<Issue>,
}

impl Review {
    /// The review as markdown.
    pub fn to_text(&self) -> String {
        let mut text = format!("**Verdict:** {}\n\n{}\n", self.verdict, self.summary.trim());
        if !self.issues.is_empty() {
            text.push('\n');
            for issue in &self.issues {
                text.push_str(&format!("{issue}\n"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issues() {
        let issue: Issue = "high|src/a.rs:7|does not | check\nits input".parse().unwrap();
        assert_eq!(issue.to_string(), "- **high** `src/a.rs:7`: does not | check its input");
        assert_eq!(Issue::from_line(&issue.to_string()), Some(issue));
        let nowhere: Issue = "low||odd: `x`: y".parse().unwrap();
        assert_eq!(Issue::from_line(&nowhere.to_string()), Some(nowhere));
        assert_eq!(Issue::from_line("- something"), None);
        assert_eq!("low||odd".parse::<Issue>().unwrap().to_string(), "- **low**: odd");
        for (word, severity) in [("High", "high"), ("error", "high"), ("Warning", "medium")] {
            assert_eq!(format!("{word}|a|b").parse::<Issue>().unwrap().severity, severity);
            assert_eq!(Issue::from_line(&format!("- **{word}** `a:1`: b")).unwrap().severity, severity);
        }
        for bad in ["", "high", "high|a", "|a|b", "high|a|  ", "urgent|a|b", "fn main() {|a|b"] {
            assert!(bad.parse::<Issue>().is_err(), "{bad:?}");
        }
    }
}
