//! Which open pull request a task would conflict with: it waits for that one, so that nobody has to bring the two together.

use super::queue::Waiting;
use crate::domain::name::Name;
use crate::domain::proposal::Busy;
use crate::domain::role::TaskRole;
use crate::domain::task::{Priority, Task, without_outcome};
use crate::domain::time::Time;
use serde::{Deserialize, Serialize};

/// One open pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPr {
    /// Its number.
    pub number: u64,
    /// Its title: text of others.
    pub title: String,
    /// Its branch.
    pub head: String,
    /// When a run of ours opened it, until a refresh has found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noted_at: Option<Time>,
    /// The files that it changes, as far as the repository knows its branch.
    #[serde(default)]
    pub files: Vec<String>,
    /// The incoming tasks whose earlier work can't be merged with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Name>,
}

/// Why a task waits for one of the `open` pull requests; `text` is its file.
///
/// What changes nothing, mends a pull request or is the most urgent doesn't wait, nor what builds on that very one.
pub fn collision(task: &Task, text: &str, open: &[OpenPr]) -> Option<Waiting> {
    if task.role == TaskRole::Review || task.pr.is_some() || task.priority == Priority::P0 {
        return None;
    }
    let named = Busy::of_task(String::new(), &without_outcome(text));
    let builds_on = |pr: &OpenPr| [&task.work_branch, &task.branch].into_iter().flatten().any(|own| *own == pr.head);
    open.iter().filter(|pr| !builds_on(pr)).find_map(|pr| {
        let files = named.touches(&pr.files);
        (!files.is_empty() || pr.conflicts.contains(&task.id)).then_some(Waiting::Overlaps { pr: pr.number, files })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::task;

    #[test]
    fn a_task_waits_for_the_pull_request_that_it_would_conflict_with() {
        let pr = |number, head: &str, files: &[&str]| OpenPr {
            number,
            head: head.to_owned(),
            files: files.iter().map(|file| (*file).to_owned()).collect(),
            ..OpenPr::default()
        };
        let mut open = [pr(7, "agent/a", &["src/a.rs", "src/b.rs"]), pr(8, "agent/c", &["src/c.rs"])];
        open[1].conflicts = vec!["T2".parse().unwrap()];
        let list = "# x\n\n## Relevant Files\n\n- src/c.rs\n- src/b.rs:12\n";
        for (id, text, expected) in [
            ("T1", list.to_owned(), Some("waits for pull request #7, which changes src/b.rs too")),
            (
                "T1",
                "# x\n\nsee src/c.rs and src/d.rs\n".to_owned(),
                Some("waits for pull request #8, which changes src/c.rs too"),
            ),
            ("T1", "# x\n\n## Context\n\nno file\n\n## Error\n\nsrc/a.rs is wrong\n".to_owned(), None),
            ("T2", "# x\n".to_owned(), Some("waits for pull request #8, with which its earlier work conflicts")),
            ("T2", "# x\nWORK_BRANCH: agent/c\n".to_owned(), None),
            (
                "T1",
                format!("# x\nBRANCH: agent/a\n{}", &list[3..]),
                Some("waits for pull request #8, which changes src/c.rs too"),
            ),
            ("T1", format!("# x\nPR: 9\n{}", &list[3..]), None),
            ("T1", format!("# x\nROLE: review\n{}", &list[3..]), None),
            ("T1", format!("# x\nPRIORITY: P0\n{}", &list[3..]), None),
        ] {
            let task = task::parse(&id.parse().unwrap(), &text).unwrap();
            let waits = collision(&task, &text, &open).map(|waiting| waiting.to_string());
            assert_eq!(waits.as_deref(), expected, "{id} {text}");
        }
    }
}
