//! The words of the tasks that mend a pull request, and of what is said of them. What others wrote stands in a section of its
//! own, behind marks.

use super::{About, CheckRun, Kind, Remark};
use crate::domain::gate::{Meta, title_of_pr};
use crate::domain::name::Name;
use crate::domain::role::TaskRole;
use crate::domain::task::{NewTask, Priority};
use crate::domain::text::{cut, one_line, slug, tail};
use std::fmt::Write as _;

/// The last lines of a log that are shown, how long each may be, and all of them together.
const LOG_LINES: usize = 100;
const LINE_MAX: usize = 400;
const LOG_MAX: usize = 16_000;
/// The longest remark, and the most remarks.
const REMARK_MAX: usize = 8_000;
pub const REMARKS_MAX: usize = 40;
/// Failed checks of which the log is shown.
pub const LOGS_MAX: usize = 4;
/// How long the name of a branch may be in that of the task that mends it.
const SLUG_MAX: usize = 20;
/// The most files that are named.
const FILES_MAX: usize = 50;

/// A check that failed, with the end of its log; `None` where there is none to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCheck {
    pub run: CheckRun,
    pub log: Option<String>,
}

/// The task that resolves a conflict with the base, whose commit is `base`.
pub fn conflict_task(meta: &Meta, base: &str, files: &[String], created_by: &Name) -> (NewTask, About) {
    let context = format!(
        "Pull request #{} ({}) can't be merged: its base branch {} has changed the same places. Merge {} ({}) into the branch of \
         the pull request, resolve the conflicts so that what both sides meant holds, and commit the merge. Change nothing else. \
         Your commits are pushed to it, and it is checked again by itself.",
        meta.pr_number,
        one_line(&meta.title),
        one_line(&meta.base),
        base,
        one_line(&meta.base),
    );
    let listed: Vec<_> = files.iter().take(FILES_MAX).map(|file| format!("- {}", cut(&one_line(file), 300))).collect();
    let feedback =
        if listed.is_empty() { String::new() } else { format!("Files in conflict:\n\n{}", listed.join("\n")) };
    let criteria = vec![
        format!("The branch contains {base}, without a mark of a conflict left"),
        "The tests of what both sides changed pass".to_owned(),
    ];
    (
        NewTask { context, feedback, criteria, ..task(meta, "the conflict with its base", created_by) },
        About::of(Kind::Conflict),
    )
}

/// The task that mends failed checks.
pub fn checks_task(meta: &Meta, failed: &[FailedCheck], created_by: &Name) -> (NewTask, About) {
    let context = format!(
        "Checks of pull request #{} ({}) failed at commit {}. Mend what they found, on the branch of the pull request, and change \
         nothing else. Your commits are pushed to it, and it is checked again by itself.",
        meta.pr_number,
        one_line(&meta.title),
        meta.head_sha,
    );
    let criteria = failed.iter().map(|failed| format!("The check {} passes", name(&failed.run))).collect();
    (
        NewTask { context, feedback: logs(failed), criteria, ..task(meta, "failed checks", created_by) },
        About::of(Kind::Checks),
    )
}

/// The task that deals with what people said.
pub fn words_task(meta: &Meta, remarks: &[&Remark], created_by: &Name) -> (NewTask, About) {
    let context = format!(
        "People who may write in the repository want something changed in pull request #{} ({}). Deal with each of their remarks, on \
         the branch of the pull request, and change nothing else. Where a remark asks a question, or you see it differently, say so \
         in your last words. Your commits are pushed to it, and the threads get an answer that names the commit.",
        meta.pr_number,
        one_line(&meta.title),
    );
    let title = |remark: &Remark| {
        format!("{}, by {}", cut(&one_line(&remark.place()), 300), cut(&one_line(&remark.author), 60))
    };
    let mut feedback = String::new();
    for remark in remarks {
        let _ = write!(feedback, "{}:\n\n{}\n\n", title(remark), cut(remark.text().trim(), REMARK_MAX));
    }
    let criteria = remarks.iter().map(|remark| format!("Dealt with: {}", title(remark))).collect();
    let mut threads: Vec<String> = remarks.iter().filter_map(|remark| remark.thread()).cloned().collect();
    threads.dedup();
    let about = About {
        remarks: remarks.iter().map(|remark| remark.id.clone()).collect(),
        is_answered: threads.is_empty(),
        threads,
        ..About::of(Kind::Words)
    };
    (NewTask { context, feedback, criteria, ..task(meta, "what people said", created_by) }, about)
}

/// The name of the task that mends a branch at this commit.
pub fn mending(branch: &str, commit: &str) -> String {
    format!("{}{}", mending_prefix(branch), commit.chars().take(8).collect::<String>())
}

fn mending_prefix(branch: &str) -> String {
    format!("TASK-red-{}-", slug(branch, SLUG_MAX))
}

/// Whether a task is one that mends this branch, by its name.
pub fn mends(task: &str, branch: &str) -> bool {
    let commit = task.strip_prefix(&mending_prefix(branch));
    commit.is_some_and(|commit| commit.len() == 8 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether the branch of a pull request, `agent/<task>-<date>-<time>`, is the work on such a task.
pub fn mends_branch(head: &str, branch: &str) -> bool {
    let task = head.strip_prefix("agent/").and_then(|work| work.rsplitn(3, '-').nth(2));
    task.is_some_and(|task| mends(task, branch))
}

/// The task that mends a branch that fails by itself.
pub fn base_task(branch: &str, commit: &str, failed: &[FailedCheck], created_by: &Name) -> NewTask {
    let branch_line = one_line(branch);
    NewTask {
        title: cut(&format!("Mend {branch_line}: {}", names(failed)), 200),
        role: TaskRole::Implement,
        priority: Priority::P0,
        branch: Some(branch.to_owned()),
        context: format!(
            "Checks of the branch {branch_line} itself fail at commit {commit}, and so do those of every pull request into it. Find \
             the cause, mend it, and change nothing else."
        ),
        feedback: logs(failed),
        criteria: failed.iter().map(|failed| format!("The check {} passes", name(&failed.run))).collect(),
        created_by: created_by.to_string(),
        ..NewTask::default()
    }
}

/// Why a pull request waits for the user, by the kind of what is left.
pub fn exhausted(meta: &Meta, kind: Kind, rounds: u32, url: &str) -> (String, String) {
    let what = match kind {
        Kind::Conflict => "it still conflicts with its base",
        Kind::Checks => "its checks still fail",
        Kind::Words => "people still want something changed",
    };
    let text = format!(
        "{rounds} tasks were made to mend it, which is the limit (pull_requests.max_rounds), and {what}: please look at it.\n\n{url}\n"
    );
    (format!("A pull request needs you: {}", title_of_pr(meta)), text)
}

/// The answer in a thread that a push has dealt with.
pub fn answer(commit: &str) -> String {
    format!("Dealt with in {commit}. Resolve this if you agree, or say what is missing.")
}

/// What all tasks have that mend a pull request.
fn task(meta: &Meta, what: &str, created_by: &Name) -> NewTask {
    NewTask {
        title: format!("Mend pull request #{}: {what}", meta.pr_number),
        role: TaskRole::Implement,
        priority: Priority::P1,
        branch: Some(meta.branch.clone()),
        created_by: created_by.to_string(),
        pr: Some(meta.pr_number),
        ..NewTask::default()
    }
}

fn name(run: &CheckRun) -> String {
    cut(&one_line(&run.title()), 120)
}

fn names(failed: &[FailedCheck]) -> String {
    failed.iter().map(|failed| name(&failed.run)).collect::<Vec<_>>().join(", ")
}

fn logs(failed: &[FailedCheck]) -> String {
    let mut text = String::new();
    for FailedCheck { run, log } in failed {
        let _ = match log {
            Some(log) => write!(text, "{}, the end of its log:\n\n{log}\n\n", name(run)),
            None if run.url.is_empty() => write!(text, "{}: its log can't be had.\n\n", name(run)),
            None => write!(text, "{}: see {}\n\n", name(run), cut(&one_line(&run.url), 300)),
        };
    }
    text
}

/// The end of a job's log: without times and colours, up to where the last step failed, for what follows only clears up.
pub fn end_of_log(log: &str) -> String {
    let lines: Vec<String> = log.trim_start_matches('\u{feff}').lines().map(plain).collect();
    let end = lines.iter().rposition(|line| line.starts_with("##[error]")).map_or(lines.len(), |at| at + 1);
    let begin = end.saturating_sub(LOG_LINES);
    let text = lines[begin..end].join("\n");
    tail(&text, LOG_MAX).trim().to_owned()
}

/// A line without the time at its beginning, and without what colours it.
fn plain(line: &str) -> String {
    let line = line.trim_start_matches('\u{feff}');
    let is_time = |word: &str| word.len() >= 20 && word.ends_with('Z') && word.as_bytes().get(10) == Some(&b'T');
    let line = match line.split_once(' ') {
        Some((first, rest)) if is_time(first) => rest,
        _ => line,
    };
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        text.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic()).map_or(after.len(), |at| at + 1);
        rest = &after[end..];
    }
    text.push_str(rest);
    cut(text.trim_end(), LINE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_mends_one_branch() {
        let task = mending("main", "0123abcdef");
        for (task, branch, mends_it) in [
            (task.as_str(), "main", true),
            (&mending("main-2", "0123abcdef"), "main-2", true),
            (&mending("main-2", "0123abcdef"), "main", false),
            (&mending("release/1.0", "0123abcdef"), "release/1.0", true),
            ("TASK-red-main-0123abcg", "main", false),
            ("TASK-red-main", "main", false),
        ] {
            assert_eq!(mends(task, branch), mends_it, "{task} {branch}");
            let head = format!("agent/{task}-20260101-000000");
            assert_eq!(mends_branch(&head, branch), mends_it, "{head} {branch}");
        }
    }

    #[test]
    fn the_end_of_a_log_is_where_it_failed() {
        let stamp = "2024-01-15T10:30:00.1234567Z";
        let log = format!(
            "\u{feff}{stamp} begin\n{stamp} \u{1b}[31mred\u{1b}[0m text\n{stamp} ##[error]exit code 1\n{stamp} Cleaning up\n"
        );
        assert_eq!(end_of_log(&log), "begin\nred text\n##[error]exit code 1");
        assert_eq!(end_of_log("no times here\n"), "no times here");
        assert_eq!(end_of_log("20 lines passed\n"), "20 lines passed");
        let long: String = (1..=500).map(|at| format!("line {at}\n")).collect();
        let end = end_of_log(&long);
        assert_eq!((end.lines().count(), end.lines().next_back()), (100, Some("line 500")));
        assert!(end_of_log(&"ä".repeat(5_000)).chars().count() <= LINE_MAX);
    }
}
