//! What is said of a reason, in its three parts.

use crate::domain::name::Name;
use crate::domain::text::counted;

/// What is said of a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// A few words, for a column of a table: times are spans from now.
    pub summary: String,
    /// The reason as the rest of a sentence about the agent.
    pub explanation: String,
    /// What the user can do about it, or what will happen without it.
    pub remedy: String,
}

pub(super) fn words(summary: impl Into<String>, explanation: impl Into<String>, remedy: impl Into<String>) -> Words {
    Words { summary: summary.into(), explanation: explanation.into(), remedy: remedy.into() }
}

/// How the user raises a limit.
pub(super) fn raise(key: &str) -> String {
    format!("`scheduler limits set {key}=N` raises the limit")
}

pub(super) fn no_task(role: &Name, waiting: u32, unreadable: u32) -> Words {
    let wait = if waiting == 1 { "waits" } else { "wait" };
    let (brief, whole) = match waiting {
        0 => (String::new(), String::new()),
        _ => (format!(", {waiting} {wait}"), format!(" can be claimed; {waiting} {wait}")),
    };
    let left = match unreadable {
        0 => String::new(),
        _ => format!("; {} can't be read", counted(unreadable as usize, "file")),
    };
    let remedy = format!("`scheduler task add TITLE --role {role}` adds one");
    words(format!("no {role} task{brief}"), format!("no {role} task{whole}{left}"), remedy)
}

pub(super) fn overlaps(role: &Name, tasks: u32, prs: &[u64]) -> Words {
    let prs = prs.iter().map(|pr| format!("#{pr}")).collect::<Vec<_>>().join(", ");
    let wait = if tasks == 1 { "waits" } else { "wait" };
    let tasks = counted(tasks as usize, &format!("{role} task"));
    words(
        format!("{tasks} {wait} for {prs}"),
        format!("{tasks} {wait} for pull requests that the work would conflict with: {prs}"),
        format!("merge or close {prs}; a task with `PRIORITY: P0` in its file waits for none"),
    )
}

/// Proposals that would become tasks, if there was room: `full` is `6 of 6`.
pub(super) fn awaits_room(waiting: u32, full: &str, agent: &Name, raise: &str) -> Words {
    let wait = if waiting == 1 { "waits" } else { "wait" };
    let proposals = counted(waiting as usize, "proposal");
    words(
        format!("queue full, {full}"),
        format!("{proposals} {wait} for room in the queue: {full} tasks (max_incoming); none is new"),
        format!("{raise}; `scheduler agent run {agent}` has them judged again"),
    )
}

pub(super) fn untrusted(since: Option<String>) -> Words {
    let since = since.map_or(String::new(), |since| format!(" since {since}"));
    words(
        "git's settings changed",
        format!("git's settings or hooks are not as you accepted them{since}: nothing is fetched, pushed or started"),
        "`scheduler trust` shows what has changed, and accepts it",
    )
}

/// Without a check there is nothing that a gatekeeper could make.
pub(super) fn no_check_pending(agent: &Name, check: Option<&Name>, given_up: u32) -> Words {
    match (check, given_up) {
        (None, _) => {
            words("has no focus", "has no focus", "`focus: CHECK` in agents.yaml names the check that it makes")
        }
        (Some(check), 0) => words(
            "nothing to check",
            format!("no pull request needs the check {check}"),
            "nothing to do: it starts once one does",
        ),
        (Some(check), given_up) => words(
            format!("nothing to check, {given_up} given up"),
            format!("no pull request needs the check {check}; {given_up} were given up, see the messages"),
            format!("`scheduler agent run {agent}` tries one that was given up again"),
        ),
    }
}

/// For as long as `since` says, if that is known.
pub(super) fn running(agent: &Name, task: Option<&Name>, verifying: bool, since: Option<String>) -> Words {
    let (brief, doing) = if verifying { ("verifying ", "done, its work being verified") } else { ("", "at work") };
    let what = task.map_or(String::new(), |task| format!(" on {task}"));
    let started = since.as_ref().map_or(String::new(), |span| format!(", started {span} ago"));
    let name = format!("{brief}{}", task.map_or("running", Name::as_str));
    words(
        since.map_or(name.clone(), |span| format!("{name} {span}")),
        format!("{doing}{what}{started}"),
        format!("`scheduler logs {agent} -f` follows it, `scheduler agent stop {agent}` ends it"),
    )
}

pub(super) fn is_zero(count: &u32) -> bool {
    *count == 0
}
