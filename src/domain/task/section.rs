//! The sections of a task's file: where one begins and ends.

use super::{header, key, value};
use crate::domain::markdown::{below_heading, newline_of, sections};
use crate::domain::text::unquoted;
use std::ops::Range;

/// The section that holds what an issue says.
pub(super) const ISSUE: &str = "Issue";

/// The section that holds what GitHub's CI and people say of a pull request.
pub(super) const FEEDBACK: &str = "Feedback from GitHub";

/// What is said of the pull request that a task mends; and the text without that.
pub fn feedback_text(text: &str) -> (Option<String>, String) {
    match section(text, FEEDBACK) {
        Some(said) => (Some(unquoted(said)), without_section(text, FEEDBACK)),
        None => (None, text.to_owned()),
    }
}

/// What the issue says that a task came from, if it came from one; and the text without that.
pub fn issue_text(text: &str) -> (Option<String>, String) {
    match value(header(text), key::ISSUE).and_then(|_| section(text, ISSUE)) {
        Some(said) => (Some(unquoted(said)), without_section(text, ISSUE)),
        None => (None, text.to_owned()),
    }
}

/// The text of the last section `## name`, up to the next heading of its kind. Of one that is a block of code, as the Python
/// system writes an error, what stands in that.
pub fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    section_range(text, name).map(|range| unfenced(below_heading(text, range)))
}

fn unfenced(text: &str) -> &str {
    let code = text.strip_prefix("```\n").or_else(|| text.strip_prefix("```\r\n"));
    code.map_or(text, |code| code.split_once("\n```").map_or(code, |(code, _)| code).trim_end())
}

/// What a task is to fulfil, a line each.
pub fn criteria(text: &str) -> Vec<String> {
    let lines = section(text, "Acceptance Criteria").unwrap_or_default().lines();
    let lines = lines.map(|line| line.trim().trim_start_matches(['-', '*']).trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The text of a file without what earlier runs of the task came to. A section `Result` of a task that was never completed
/// is the user's, and stays.
pub fn without_outcome(text: &str) -> String {
    let completed = value(header(text), key::COMPLETED_AT).is_some();
    let text = without_section(text, "Error");
    if completed { without_section(&text, "Result") } else { text }
}

pub(super) fn without_section(text: &str, name: &str) -> String {
    match section_range(text, name) {
        Some(Range { start, end }) => [&text[..start], &text[end..]].concat(),
        None => text.to_owned(),
    }
}

/// The text with this section at its end, in place of the last one of that name.
pub(super) fn with_section(text: &str, name: &str, section: &str) -> String {
    let newline = newline_of(text);
    let mut text = without_section(text, name);
    text.truncate(text.trim_end().len());
    for line in ["", "", &format!("## {name}"), ""].into_iter().chain(section.lines()) {
        text.push_str(line);
        text.push_str(newline);
    }
    text
}

/// Where the last section of that name begins and ends, its heading included.
fn section_range(text: &str, name: &str) -> Option<Range<usize>> {
    sections(text).into_iter().rfind(|(known, _)| *known == name).map(|(_, range)| range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_earlier_runs_came_to_goes_and_what_the_user_wrote_stays() {
        let task = "# T\n\nROLE: implement\n\n## Context\nWhy.\n\n## Result\nA table.\n\n## Error\nwas stopped\n";
        assert!(
            without_outcome(task).ends_with("## Context\nWhy.\n\n## Result\nA table.\n\n"),
            "{}",
            without_outcome(task)
        );
        let again = task.replace("ROLE", "COMPLETED_AT: 2026-01-01T00:00:00Z\nROLE");
        assert!(without_outcome(&again).ends_with("## Context\nWhy.\n\n"), "{}", without_outcome(&again));
        assert_eq!(without_outcome("# T\n\n## Context\nWhy.\n"), "# T\n\n## Context\nWhy.\n");
    }

    #[test]
    fn criteria_are_the_lines_of_their_section() {
        let task = "# T\n\n## Acceptance Criteria\n\n- [ ] one\n* two\n\nthree\n\n## Context\n- four\n";
        assert_eq!(criteria(task), ["[ ] one", "two", "three"]);
        assert!(criteria("# T\n").is_empty());
    }
}
