//! The judgement at the end of a proposal file: read, replaced, and never mixed up with what the proposer wrote.
//!
//! It stands below the last line `---` and holds nothing but its own lines. Text of a proposer is written so that no
//! line of it can pass for one of these, for a heading, or for the rule itself. The forms in which users and the Python
//! system write it, without the rule or as a section, are read as well, and never written.

mod section_form;

use super::{Judgement, KnownConflict, ProposalState, ProposalVerdict};
use crate::domain::markdown::{field, field_in, newline_of, to_field};
use crate::domain::task;
use crate::domain::text::{capitalised, fnv1a, printable};
use crate::domain::time;
use serde::Serializer;

/// The words of the judgement's lines, and those that only others write.
const WORDS: [&str; 20] = [
    "Promoted By",
    "Promoted At",
    "Promoted",
    "Task",
    "Rejected",
    "Deferred",
    REACTIVATED,
    "Task ID",
    "Task Role",
    "Task Priority",
    "Task Branch",
    "Rejected By",
    "Rejected At",
    "Rejection Reason",
    "Deferred By",
    "Deferred At",
    "Deferral Reason",
    "Revisit At",
    "Judged In Run",
    "Conflicts With",
];

/// What stands above it holds no more.
const REACTIVATED: &str = "Reactivated At";

/// What the proposer wrote, without the judgement.
pub fn body(text: &str) -> &str {
    split(text).0
}

/// What the proposer wrote, and the lines of the judgement; empty without one.
pub(super) fn split(text: &str) -> (&str, &str) {
    let mut offset = text.len();
    let mut first = offset;
    for line in text.split_inclusive('\n').rev() {
        offset -= line.len();
        let trimmed = line.trim_end();
        let after = &text[offset + line.len()..];
        // What the user wrote below a line of their own begins with no such word.
        if trimmed == "---" && after.lines().find(|line| !line.trim_end().is_empty()).is_some_and(is_ours) {
            return (&text[..offset], after);
        }
        if is_ours(line) {
            first = offset;
        } else if trimmed == "---" || (!trimmed.is_empty() && !line.starts_with("  ")) {
            break;
        }
    }
    // Without the rule it is a section, or a paragraph of its own.
    let is_apart = text[..first].lines().next_back().is_some_and(|line| line.trim_end().is_empty());
    text.split_at(section_form::begin(text).unwrap_or(if is_apart { first } else { text.len() }))
}

fn is_ours(line: &str) -> bool {
    field(line).is_some_and(|(word, _)| WORDS.contains(&word))
}

/// The text of the file with this judgement and these conflicts instead of what it said before.
pub fn with_judgement(text: &str, judgement: Option<&Judgement>, conflicts: &[KnownConflict]) -> String {
    let conflicts = conflicts.iter().map(|KnownConflict { with, own, other }| {
        to_field("Conflicts With", &format!("{with} (as of {own:016x} {other:016x})"))
    });
    let lines: Vec<String> = conflicts.chain(judgement.map(judgement_lines).unwrap_or_default()).collect();
    let rule: &[&str] = if lines.is_empty() { &[] } else { &["", "---", ""] };
    let mut out = body(text).trim_end().to_owned();
    let newline = newline_of(text);
    out.push_str(newline);
    for line in rule.iter().copied().chain(lines.iter().map(String::as_str)) {
        out.push_str(line);
        out.push_str(newline);
    }
    out
}

fn judgement_lines(judgement: &Judgement) -> Vec<String> {
    let state = capitalised(judgement.verdict.state().word());
    let at = judgement.at.map(time::to_text).unwrap_or_default();
    let mut lines = vec![to_field(&format!("{state} By"), &judgement.by), to_field(&format!("{state} At"), &at)];
    match &judgement.verdict {
        ProposalVerdict::Promoted { task, role, priority, branch } => {
            lines.push(to_field("Task ID", task.as_str()));
            lines.push(to_field("Task Role", role.word()));
            lines.push(to_field("Task Priority", priority.word()));
            lines.extend(branch.as_ref().map(|branch| to_field("Task Branch", branch)));
        }
        ProposalVerdict::Rejected { reason } => {
            lines.push(to_field("Rejection Reason", "|"));
            lines.extend(printable(reason.trim()).lines().map(|line| format!("  {}", line.trim_end())));
        }
        ProposalVerdict::Deferred { reason, until } => {
            lines.push(to_field("Deferral Reason", reason));
            lines.extend(until.map(|until| to_field("Revisit At", &time::to_text(until))));
        }
    }
    lines.extend(judgement.run.as_ref().map(|run| to_field("Judged In Run", run)));
    lines
}

/// What stands in a judgement's lines. Anything that can't be understood counts as not there.
pub(super) fn read(block: &str) -> (Option<Judgement>, Vec<KnownConflict>) {
    let conflicts = block.lines().filter_map(conflict).collect();
    let block = block.rsplit_once(&format!("\n**{REACTIVATED}:**")).map_or(block, |(_, after)| after);
    let value = |word: &str| field_in(block, word);
    let text = |word: &str| value(word).map(str::to_owned);
    let at = |word: &str| value(word).and_then(time::parse);
    let task = value("Task ID").or_else(|| value("Promoted").and(value("Task")));
    let verdict = if let Some((state, reason)) = section_form::read(block) {
        Some(match state {
            ProposalState::Rejected => ProposalVerdict::Rejected { reason },
            _ => ProposalVerdict::Deferred { reason, until: at("Revisit At") },
        })
    } else if let Some(task) = task.and_then(|id| task::id_from(id).parse().ok()) {
        Some(ProposalVerdict::Promoted {
            task,
            role: value("Task Role").and_then(|role| role.parse().ok()).unwrap_or_default(),
            priority: value("Task Priority").and_then(|priority| priority.parse().ok()).unwrap_or_default(),
            branch: text("Task Branch"),
        })
    } else if let Some(reason) = reason(block, "Rejection Reason") {
        Some(ProposalVerdict::Rejected { reason })
    } else {
        let deferral = reason(block, "Deferral Reason");
        deferral.map(|reason| ProposalVerdict::Deferred { reason, until: at("Revisit At") })
    };
    let judgement = verdict.map(|verdict| {
        let state = capitalised(verdict.state().word());
        let by = text(&format!("{state} By")).unwrap_or_default();
        Judgement { verdict, by, at: at(&format!("{state} At")).or_else(|| at(&state)), run: text("Judged In Run") }
    });
    (judgement, conflicts)
}

/// The reason in this field: on its line, or indented below a `|`.
fn reason(block: &str, word: &str) -> Option<String> {
    let inline = field_in(block, word)?;
    if inline != "|" {
        return Some(inline.to_owned());
    }
    let lines = block.lines().skip_while(|line| field(line).is_none_or(|(found, _)| found != word)).skip(1);
    let below = lines.take_while(|line| line.starts_with("  ") || line.trim().is_empty());
    let text: Vec<&str> = below.map(|line| line.strip_prefix("  ").unwrap_or("").trim_end()).collect();
    Some(text.join("\n").trim().to_owned())
}

fn conflict(line: &str) -> Option<KnownConflict> {
    let (_, value) = field(line).filter(|(word, _)| *word == "Conflicts With")?;
    let (with, rest) = value.split_once(" (as of ")?;
    let (own, other) = rest.strip_suffix(')')?.split_once(' ')?;
    let number = |hex: &str| u64::from_str_radix(hex, 16).ok();
    Some(KnownConflict { with: with.parse().ok()?, own: number(own)?, other: number(other)? })
}

/// Text of a proposer for a section of its own: no line of it can pass for a heading, a rule or a field.
pub(super) fn harmless(text: &str) -> String {
    let text = printable(text);
    let lines = text.trim().lines().map(|line| {
        let line = line.trim_end();
        let (blanks, rest) = line.split_at(line.len() - line.trim_start().len());
        let structural = ["#", "**", "---", "===", "***", "___"].iter().any(|start| rest.starts_with(start));
        if structural { format!("{blanks}\\{rest}") } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A hash of what the proposer wrote, however its lines end.
pub(super) fn fingerprint(text: &str) -> u64 {
    let words = body(text).lines().map(str::trim_end).filter(|line| !line.is_empty());
    fnv1a(words.flat_map(|line| line.bytes().chain([b'\n'])))
}

/// A fingerprint in JSON: sixteen hexadecimal digits, since JSON's numbers may lose some.
pub(super) fn as_hex<S: Serializer>(fingerprint: &u64, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&format!("{fingerprint:016x}"))
}
