//! The sections of a task's file: where one begins and ends.

use super::{header_end, header_line, key};

/// The text of the last section `## name`, up to the next heading of its kind.
pub fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (start, end) = section_range(text, name)?;
    let section = &text[start..end];
    Some(section.split_once('\n').map_or("", |(_, rest)| rest).trim())
}

/// The text of a file without what earlier runs of the task came to. A section `Result` of a task that was never completed
/// is a person's, and stays.
pub fn without_outcome(text: &str) -> String {
    let completed = text[..header_end(text)].lines().filter_map(header_line).any(|(word, _)| word == key::COMPLETED_AT);
    let mut text = text.to_owned();
    for name in ["Error", "Result"].into_iter().filter(|name| completed || *name == "Error") {
        if let Some((start, end)) = section_range(&text, name) {
            text.replace_range(start..end, "");
        }
    }
    text
}

/// Where the last section of that name begins and ends, its heading included.
pub(super) fn section_range(text: &str, name: &str) -> Option<(usize, usize)> {
    let heading = format!("## {name}");
    let mut offset = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        match found {
            _ if line.trim_end() == heading => found = Some((offset, text.len())),
            Some((start, end)) if end == text.len() && line.starts_with("## ") => found = Some((start, offset)),
            _ => {}
        }
        offset += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_earlier_runs_came_to_goes_and_what_a_person_wrote_stays() {
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
}
