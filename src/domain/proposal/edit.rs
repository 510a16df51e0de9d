//! The judgement at the end of a proposal file: read, replaced, and never mixed up with what the proposer wrote.
//!
//! It stands below the last line `---` and holds nothing but its own lines. Text of a proposer is written so that no
//! line of it can pass for one of these, for a heading, or for the rule itself.

use super::{Judgement, KnownConflict, ProposalVerdict};
use crate::domain::{
    name::Name,
    text::{fnv1a, one_line, printable},
    time,
};
use serde::Serializer;
use std::str::FromStr;

/// The words of the judgement's lines.
pub(super) mod key {
    pub const PROMOTED_BY: &str = "Promoted By";
    pub const PROMOTED_AT: &str = "Promoted At";
    pub const TASK_ID: &str = "Task ID";
    pub const TASK_ROLE: &str = "Task Role";
    pub const TASK_PRIORITY: &str = "Task Priority";
    pub const TASK_BRANCH: &str = "Task Branch";
    pub const REJECTED_BY: &str = "Rejected By";
    pub const REJECTED_AT: &str = "Rejected At";
    pub const REJECTION_REASON: &str = "Rejection Reason";
    pub const DEFERRED_BY: &str = "Deferred By";
    pub const DEFERRED_AT: &str = "Deferred At";
    pub const DEFERRAL_REASON: &str = "Deferral Reason";
    pub const REVISIT_AT: &str = "Revisit At";
    pub const JUDGED_IN: &str = "Judged In Run";
    pub const CONFLICTS_WITH: &str = "Conflicts With";
    /// Every word.
    pub const ALL: [&str; 15] = [
        PROMOTED_BY,
        PROMOTED_AT,
        TASK_ID,
        TASK_ROLE,
        TASK_PRIORITY,
        TASK_BRANCH,
        REJECTED_BY,
        REJECTED_AT,
        REJECTION_REASON,
        DEFERRED_BY,
        DEFERRED_AT,
        DEFERRAL_REASON,
        REVISIT_AT,
        JUDGED_IN,
        CONFLICTS_WITH,
    ];
}

/// `**Word:** value` → both, trimmed.
pub(super) fn field(line: &str) -> Option<(&str, &str)> {
    let (word, value) = line.strip_prefix("**")?.split_once(":**")?;
    Some((word.trim(), value.trim()))
}

/// What the proposer wrote, without the judgement.
pub fn body(text: &str) -> &str {
    split(text).0
}

/// What the proposer wrote, and the lines of the judgement; empty without one.
pub(super) fn split(text: &str) -> (&str, &str) {
    let mut offset = text.len();
    for line in text.split_inclusive('\n').rev() {
        offset -= line.len();
        let trimmed = line.trim_end();
        let after = || &text[offset + line.len()..];
        if trimmed == "---" {
            // What a person wrote below a line of their own begins with no such word.
            let first = after().lines().map(str::trim_end).find(|line| !line.is_empty());
            let is_block = first.and_then(field).is_some_and(|(word, _)| key::ALL.contains(&word));
            return if is_block { (&text[..offset], after()) } else { (text, "") };
        }
        let ours = trimmed.is_empty()
            || line.starts_with("  ")
            || field(trimmed).is_some_and(|(word, _)| key::ALL.contains(&word));
        if !ours {
            break;
        }
    }
    (text, "")
}

/// The text of the file with this judgement and these conflicts instead of what it said before.
pub fn with_judgement(text: &str, judgement: Option<&Judgement>, conflicts: &[KnownConflict]) -> String {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<String> = Vec::new();
    for conflict in conflicts {
        let KnownConflict { with, own, other } = conflict;
        lines.push(line(key::CONFLICTS_WITH, &format!("{with} (as of {own:016x} {other:016x})")));
    }
    if let Some(judgement) = judgement {
        lines.extend(judgement_lines(judgement));
    }
    let mut out = body(text).trim_end().to_owned();
    out.push_str(newline);
    if !lines.is_empty() {
        let block: String = ["", "---", ""].into_iter().map(str::to_owned).chain(lines).map(|l| l + newline).collect();
        out.push_str(&block);
    }
    out
}

fn line(word: &str, value: &str) -> String {
    format!("**{word}:** {}", one_line(value))
}

fn judgement_lines(judgement: &Judgement) -> Vec<String> {
    let at = judgement.at.map(time::to_text).unwrap_or_default();
    let mut lines = match &judgement.verdict {
        ProposalVerdict::Promoted { task, role, priority, branch } => {
            let mut lines = vec![
                line(key::PROMOTED_BY, &judgement.by),
                line(key::PROMOTED_AT, &at),
                line(key::TASK_ID, task.as_str()),
                line(key::TASK_ROLE, role.word()),
                line(key::TASK_PRIORITY, &priority.to_string()),
            ];
            lines.extend(branch.as_ref().map(|branch| line(key::TASK_BRANCH, branch)));
            lines
        }
        ProposalVerdict::Rejected { reason } => {
            let mut lines = vec![
                line(key::REJECTED_BY, &judgement.by),
                line(key::REJECTED_AT, &at),
                format!("**{}:** |", key::REJECTION_REASON),
            ];
            lines.extend(printable(reason.trim()).lines().map(|line| format!("  {}", line.trim_end())));
            lines
        }
        ProposalVerdict::Deferred { reason, until } => {
            let mut lines = vec![
                line(key::DEFERRED_BY, &judgement.by),
                line(key::DEFERRED_AT, &at),
                line(key::DEFERRAL_REASON, reason),
            ];
            lines.extend(until.map(|until| line(key::REVISIT_AT, &time::to_text(until))));
            lines
        }
    };
    lines.extend(judgement.run.as_ref().map(|run| line(key::JUDGED_IN, run)));
    lines
}

/// What stands in a judgement's lines. Anything that can't be understood counts as not there.
pub(super) fn read(block: &str) -> (Option<Judgement>, Vec<KnownConflict>) {
    let lines: Vec<&str> = block.lines().collect();
    let value = |word: &str| {
        lines.iter().filter_map(|line| field(line.trim_end())).find(|(name, _)| *name == word).map(|(_, value)| value)
    };
    let text = |word: &str| value(word).map(str::to_owned);
    let at = |word: &str| value(word).and_then(time::parse);
    let judged = |verdict, by: &str, when: &str| {
        Some(Judgement { verdict, by: text(by).unwrap_or_default(), at: at(when), run: text(key::JUDGED_IN) })
    };
    let judgement = if let Some(task) = value(key::TASK_ID).and_then(|id| id.parse().ok()) {
        let verdict = ProposalVerdict::Promoted {
            task,
            role: parsed(value(key::TASK_ROLE)).unwrap_or_default(),
            priority: parsed(value(key::TASK_PRIORITY)).unwrap_or_default(),
            branch: text(key::TASK_BRANCH),
        };
        judged(verdict, key::PROMOTED_BY, key::PROMOTED_AT)
    } else if value(key::REJECTION_REASON).is_some() {
        judged(ProposalVerdict::Rejected { reason: reason(&lines) }, key::REJECTED_BY, key::REJECTED_AT)
    } else if let Some(reason) = text(key::DEFERRAL_REASON) {
        let verdict = ProposalVerdict::Deferred { reason, until: at(key::REVISIT_AT) };
        judged(verdict, key::DEFERRED_BY, key::DEFERRED_AT)
    } else {
        None
    };
    let conflicts = lines.iter().filter_map(|line| conflict(field(line.trim_end())?)).collect();
    (judgement, conflicts)
}

fn parsed<T: FromStr>(value: Option<&str>) -> Option<T> {
    value?.parse().ok()
}

/// The reason of a rejection: on its line, or indented below a `|`.
fn reason(lines: &[&str]) -> String {
    let is_reason = |line: &&str| field(line.trim_end()).is_some_and(|(word, _)| word == key::REJECTION_REASON);
    let Some(at) = lines.iter().position(is_reason) else { return String::new() };
    let inline = field(lines[at].trim_end()).map_or("", |(_, value)| value);
    if inline != "|" {
        return inline.to_owned();
    }
    let below = lines[at + 1..].iter().take_while(|line| line.starts_with("  ") || line.trim().is_empty());
    let text: Vec<&str> = below.map(|line| line.strip_prefix("  ").unwrap_or("").trim_end()).collect();
    text.join("\n").trim().to_owned()
}

fn conflict((word, value): (&str, &str)) -> Option<KnownConflict> {
    let (with, rest) = value.split_once(" (as of ").filter(|_| word == key::CONFLICTS_WITH)?;
    let (own, other) = rest.strip_suffix(')')?.split_once(' ')?;
    let number = |hex: &str| u64::from_str_radix(hex, 16).ok();
    Some(KnownConflict { with: with.parse::<Name>().ok()?, own: number(own)?, other: number(other)? })
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
