//! What must hold when everything has come to rest, whatever was done to the program before.

use crate::{
    subjects::{AGENT, ASIDE, End, PROPOSAL, Subject, TASK},
    support::Test,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What a person wrote into the task, which nobody may change.
const BODY: &str = "## Context\nSome context.\n\n## Acceptance Criteria\n- [ ] It works\n";

/// Whether the human may have been told of trouble.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// There was none that ticks could not put right by themselves.
    Nothing,
    /// A disk was full, say.
    Anything,
}

/// Every invariant, and the end that the subject must have come to.
#[track_caller]
pub fn check(subject: &Subject, told: Told) {
    let test = &subject.stage.test;
    let left = test.leftovers();
    assert!(left.is_empty(), "processes are left: {left:#?}");
    let messages = test.messages();
    let said =
        messages.iter().any(|(_, text)| ["not pushed", "no pull request"].iter().any(|words| text.contains(words)));
    let holds = queue(test).and_then(|()| repository(test)).and_then(|()| ledger(test));
    let holds = holds.and_then(|()| subject.end.reached(test, said));
    holds.unwrap_or_else(|why| panic!("{why}"));
    assert!(told == Told::Anything || messages.is_empty(), "the human was told: {messages:#?}");
}

/// Every task is in one directory, and whole.
pub fn queue(test: &Test) -> Result<(), String> {
    let doubled = test.doubled_tasks();
    ensure(doubled.is_empty(), || format!("in two directories: {doubled:?}"))?;
    ensure(everywhere(test).iter().any(|id| id == TASK), || format!("{TASK} is lost"))?;
    for id in everywhere(test) {
        let text = test.task_text(&id);
        // What a coordinator makes has words of its own.
        if id.starts_with("TASK-pr") || id.starts_with("TASK-issue") {
            continue;
        }
        let (title, body): (_, &[&str]) = if id == TASK {
            (format!("# [{TASK}] Work on {TASK}\n"), &[BODY])
        } else {
            (
                format!("# [{id}] Another\n"),
                &["\n## Context\n", "\nC\n", "\n## Acceptance Criteria\n", "\n- [ ] It works\n"],
            )
        };
        ensure(text.starts_with(&title) && body.iter().all(|part| text.contains(part)), || {
            format!("{id} is not whole:\n{text}")
        })?;
    }
    Ok(())
}

/// The ids of all tasks.
pub fn everywhere(test: &Test) -> Vec<String> {
    ["incoming", "claimed", "done", "failed"].iter().flat_map(|state| test.queue(state)).collect()
}

/// The main checkout is untouched, no lock and no half-made worktree is left.
pub fn repository(test: &Test) -> Result<(), String> {
    let status = test.git(["status", "--porcelain", "--untracked-files=no"]);
    ensure(status.is_empty(), || format!("the main checkout was changed: {status}"))?;
    let head = test.git(["symbolic-ref", "HEAD"]);
    ensure(head == "refs/heads/main", || format!("the main checkout stands on {head}"))?;
    let mut locks = Vec::new();
    find_locks(&test.path(".git"), &mut locks);
    ensure(locks.is_empty(), || format!("locks of git are left: {locks:?}"))?;
    let worktrees = test.git(["worktree", "list", "--porcelain"]);
    ensure(!worktrees.contains("prunable") && !worktrees.contains("locked"), || format!("half-made: {worktrees}"))?;
    for path in worktrees.lines().filter_map(|line| line.strip_prefix("worktree ")) {
        let top = test.git_in(path, ["rev-parse", "--show-toplevel"]);
        ensure(top == path, || format!("{path} is no worktree, git finds {top}"))?;
        test.git_in(path, ["status", "--porcelain"]);
    }
    Ok(())
}

/// Every run of claude has one line in the ledger.
pub fn ledger(test: &Test) -> Result<(), String> {
    let mut entered: Vec<_> = test.ledger().iter().map(|line| line["run"].as_str().unwrap().to_owned()).collect();
    entered.sort();
    let runs = test.agents_with_state().into_iter().flat_map(|agent| test.runs(&agent));
    let has_ended = |run: &PathBuf| {
        run.join("record.json").exists() && fs::metadata(run.join("output.jsonl")).is_ok_and(|output| output.len() > 0)
    };
    let ended = runs.filter(has_ended).map(|run| run.file_name().unwrap().to_string_lossy().into_owned());
    let mut ended: Vec<_> = ended.collect();
    ended.sort();
    let is_twice = entered.windows(2).any(|pair| pair[0] == pair[1]);
    let is_missing = ended.iter().any(|run| entered.binary_search(run).is_err());
    ensure(!is_twice && !is_missing, || format!("ended: {ended:?}, in the ledger: {entered:?}"))
}

fn find_locks(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find_locks(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "lock") {
            found.push(path.display().to_string());
        }
    }
}

impl End {
    /// Whether the project has come to this end. Work that the human was `told` to publish need not be published.
    fn reached(self, test: &Test, told: bool) -> Result<(), String> {
        let state = test.task_state(TASK);
        let at = |states: &[&str]| ensure(states.contains(&state), || format!("{TASK} is in {state}"));
        let others = everywhere(test).len() - 1;
        match self {
            Self::WorkIsDone => at(&["done"]).and_then(|()| work_is_done(test, told)),
            Self::WorkIsDoneAndRestAside => {
                at(&["done"]).and_then(|()| work_is_done(test, told)).and_then(|()| rest_is_aside(test))
            }
            Self::OneMoreOrNot => {
                ensure(others <= 1, || format!("{others} tasks were added"))?;
                at(&["incoming"])
            }
            Self::FailedOrIncoming => at(&["failed", "incoming"]),
            Self::MendedOnce => at(&["incoming"]).and_then(|()| mended_once(test)),
            Self::LandedOnce => at(&["incoming"]).and_then(|()| landed_once(test)),
            Self::CarriedOut => at(&["incoming"]).and_then(|()| carried_out(test)),
            Self::SetUp => Ok(()),
            Self::PromotedOrActive => at(&["incoming"]).and_then(|()| promoted_or_active(test)),
        }
    }
}

/// One task, one answer, the pause, and one file that was refused and told of; nothing is left to carry out.
fn carried_out(test: &Test) -> Result<(), String> {
    let text = test.task_text(TASK);
    let others: Vec<_> = test.queue("incoming").into_iter().filter(|id| id != TASK).collect();
    let answers = text.matches("PostgreSQL").count();
    ensure(others.len() == 1 && answers == 1, || format!("there are {others:?}, and {answers} answers:\n{text}"))?;
    let paused = fs::read_to_string(test.orchestrator("paused")).unwrap_or_default();
    ensure(paused.ends_with("for the night\n"), || format!("paused: {paused:?}"))?;
    let names = |dir: &str| {
        let entries = fs::read_dir(test.orchestrator(dir)).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let (left, refused, messages) = (names("inbox"), names("inbox/refused"), test.messages());
    let told = messages.iter().filter(|(_, text)| text.contains("A file in the inbox is refused")).count();
    ensure(left == ["refused"] && refused.len() == 1 && told == 1 && messages.len() == 2, || {
        format!("left: {left:?}, refused: {refused:?}, {messages:#?}")
    })
}

/// Two merges, two pull requests that have landed, one task of an issue, one answer to the other.
fn landed_once(test: &Test) -> Result<(), String> {
    let merges = test.git_in(test.origin(), ["rev-list", "--count", "--grep=^Merge pull request", "main"]);
    ensure(merges == "2", || format!("{merges} were merged"))?;
    for number in [1, 2] {
        let meta = test.meta(number);
        ensure(meta["landing"]["way"]["stage"] == "landed", || format!("#{number} has not landed: {meta}"))?;
    }
    let tasks = test.queue("incoming");
    ensure(tasks == ["TASK-1", "TASK-issue105"], || format!("there are {tasks:?}"))?;
    let answers = test.github.issue_now(106).1.len();
    ensure(answers == 1, || format!("the issue has {answers} answers"))
}

/// A task for each pull request that needs one, one rerun, one merge, one answer, one message and its label;
/// one pull request more, of which one message tells.
fn mended_once(test: &Test) -> Result<(), String> {
    let tasks: Vec<_> = test.queue("incoming").iter().map(|id| id.chars().take(8).collect::<String>()).collect();
    ensure(tasks == ["TASK-1", "TASK-pr1", "TASK-pr2"], || format!("there are {tasks:?}"))?;
    let calls = |words: &str| test.github.calls().iter().filter(|call| call.args.join(" ").contains(words)).count();
    let reruns = calls("rerun-failed-jobs");
    ensure(reruns == 1, || format!("the job was begun again {reruns} times"))?;
    let merges = test.git_in(test.origin(), ["rev-list", "--count", "--merges", "agent/TASK-old3-x"]);
    ensure(merges == "1", || format!("its base was merged {merges} times"))?;
    let answers = test.github.thread_remarks(4, "T1").len() - 1;
    ensure(answers == 1, || format!("the thread has {answers} answers"))?;
    let (messages, labels) = (test.messages(), test.github.pull_requests().remove(4).labels);
    ensure(messages.len() == 2 && labels == ["needs-human"], || format!("{messages:#?} {labels:?}"))?;
    let (made, left) = (test.github.pull_requests().len(), test.orchestrator("shared/unpublished.json"));
    let left = fs::read_to_string(left).unwrap_or_default();
    ensure(made == 6 && left.trim() == "[]", || format!("{made} pull requests, left is {left}"))
}

/// What the agent left is in a folder beside a run of it, with its place; what was set aside before stays as it is.
fn rest_is_aside(test: &Test) -> Result<(), String> {
    let folders = test.runs(AGENT).into_iter().map(|run| run.join("set-aside"));
    let folders: Vec<_> = folders.flat_map(|aside| [aside.clone(), aside.join("2"), aside.join("3")]).collect();
    for path in ASIDE {
        let is_there = |dir: &PathBuf| fs::read_to_string(dir.join(path)).is_ok_and(|text| text == "precious\n");
        ensure(folders.iter().any(is_there), || format!("{path} is lost"))?;
    }
    Ok(())
}

/// The proposal is in one directory, whole, and there is a task of it if and only if it is promoted.
pub fn promoted_or_active(test: &Test) -> Result<(), String> {
    let state = test.proposal_state(PROPOSAL);
    let text = test.proposal_text(PROPOSAL);
    let whole = text.starts_with("# Proposal: Another\n") && text.contains("\n## Rationale\nBecause of this.\n");
    ensure(whole, || format!("{PROPOSAL} is not whole:\n{text}"))?;
    let names = |line: &str| text.lines().find_map(|at| at.strip_prefix(line)).map(|value| value.trim().to_owned());
    let tasks: Vec<_> = everywhere(test).into_iter().filter(|id| id != TASK).collect();
    let task = names("**Task ID:**");
    match state {
        "active" => ensure(tasks.is_empty() && task.is_none(), || format!("still active, with {tasks:?}:\n{text}")),
        "promoted" => {
            let of = tasks.iter().filter_map(|id| test.task_line(id, "PROPOSAL")).collect::<Vec<_>>();
            let once = task.as_slice() == tasks && of == [PROPOSAL];
            ensure(once, || format!("promoted as {task:?}, and there are {tasks:?} of {of:?}"))
        }
        _ => Err(format!("{PROPOSAL} is {state}")),
    }
}

/// One line of commits with the work, on one branch, pushed with one pull request unless somebody was told to do it.
fn work_is_done(test: &Test, told: bool) -> Result<(), String> {
    let of_main = test.git(["rev-parse", "main"]);
    let tips: BTreeSet<_> = test.agent_branches().iter().map(|branch| test.git(["rev-parse", branch])).collect();
    let line = test.git(["rev-list", "--parents", "--branches=agent/*", "^main"]);
    let chain: Vec<_> = line.lines().collect();
    ensure(chain.len() == 1, || format!("the work was done {} times: {line}", chain.len()))?;
    let tip = chain[0].split(' ').next().unwrap_or_default();
    ensure(chain[0] == format!("{tip} {of_main}") && tips.contains(tip), || format!("no chain: {line}, {tips:?}"))?;
    let work = test.git(["show", &format!("{tip}:{TASK}.txt")]);
    ensure(work == "work", || format!("the work is {work:?}"))?;
    ensure(test.attempts(TASK) == 1, || format!("{} attempts were charged", test.attempts(TASK)))?;
    let pushed = test.pushed_branches();
    if pushed.is_empty() && told {
        return Ok(());
    }
    ensure(pushed.len() == 1, || format!("pushed branches: {pushed:?}"))?;
    let there = test.origin_tip(&pushed[0]);
    ensure(there.as_deref() == Some(tip), || format!("origin has {there:?}, the work is {tip}"))?;
    let pull_requests = test.github.pull_requests();
    if pull_requests.is_empty() && told {
        return Ok(());
    }
    ensure(pull_requests.len() == 1 && pull_requests[0].head == pushed[0], || format!("{pull_requests:#?}"))
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}
