//! The overview as lines: for `status`, and for the head of `top`.

use crate::{
    cli::view::{Line, Tone, fit},
    domain::{
        overview::{Activity, AgentLine, Overview},
        task::Task,
        time::{self, Time},
    },
};

/// How many lines of one kind are shown; the rest is counted.
const SOME: usize = 5;
/// The columns of `question-20260115-143000`.
const QUESTION: usize = 24;
/// How many agents are.
const AGENTS: usize = 30;

/// The whole screen.
pub fn lines(overview: &Overview, width: usize) -> Vec<Line> {
    let mut lines = head(overview, width);
    lines.push(Line::empty());
    lines.extend(agents(overview, width, AGENTS));
    for section in sections(overview, width).into_iter().filter(|section| !section.is_empty()) {
        lines.push(Line::empty());
        lines.extend(section);
    }
    lines
}

/// What there is beside the agents, each with its heading; empty where there is nothing of a kind.
pub fn sections(overview: &Overview, width: usize) -> [Vec<Line>; 5] {
    [
        claimed(overview, width),
        failed(overview, width),
        pull_requests(overview, width),
        questions(overview, width),
        problems(overview, width),
    ]
}

/// What concerns everybody: the tick, holds, cost, the queue in numbers.
pub fn head(overview: &Overview, width: usize) -> Vec<Line> {
    let line =
        |label: &str, text: String, tone| Line::empty().cell(label, 11, Tone::Dim).and(&fit(&text, width - 12), tone);
    let mut lines = vec![pulse(overview, &line)];
    let holds = &overview.holds;
    if holds.paused_by_marker {
        let since = holds.paused_since.map(|since| time::span((overview.time - since).num_seconds()));
        let since = since.map_or(String::new(), |since| format!(" for {since}"));
        let reason = holds.paused_reason.as_deref().map_or(String::new(), |reason| format!(": {reason}"));
        lines.push(line("Paused", format!("`scheduler resume` goes on; paused{since}{reason}"), Tone::Warn));
    } else if holds.paused_in_config {
        lines.push(line("Paused", "nothing starts: paused: true in agents.yaml".to_owned(), Tone::Warn));
    }
    if let Some(until) = holds.cooldown_until {
        let reason = holds.cooldown_reason.as_deref().unwrap_or_default();
        let left = time::span((until - overview.time).num_seconds());
        lines.push(line("Cooldown", format!("{left} more: {reason}"), Tone::Warn));
    }
    let limit = overview.cost_limit_usd.map_or("no limit".to_owned(), |limit| format!("of ${limit:.2}"));
    let spent = overview.cost_limit_usd.is_some_and(|limit| overview.cost_today_usd >= limit);
    let tone = if spent { Tone::Warn } else { Tone::Plain };
    lines.push(line("Cost today", format!("${:.2} {limit}", overview.cost_today_usd), tone));
    lines.push(line("Queue", queue(overview), Tone::Plain));
    if overview.queue.blocked > 0 {
        let (blocked, incoming) = (overview.queue.blocked, overview.queue.incoming);
        let wait = if blocked == 1 { "waits" } else { "wait" };
        let text = format!("{blocked} of {incoming} incoming {wait} for another task; see `scheduler why TASK`");
        lines.push(line("Blocked", text, Tone::Plain));
    }
    if overview.queue.held > 0 {
        let text = format!("{} came back too often; `scheduler task retry --all` lets them go on", overview.queue.held);
        lines.push(line("HELD", text, Tone::Warn));
    }
    lines.push(line("Open PRs", open_prs(overview), Tone::Plain));
    let proposals = &overview.proposals;
    if proposals.total() > 0 {
        let (active, deferred) = (proposals.active, proposals.deferred);
        let (promoted, rejected) = (proposals.promoted, proposals.rejected);
        let text = format!("{active} active, {deferred} deferred, {promoted} promoted, {rejected} rejected");
        lines.push(line("Proposals", text, Tone::Plain));
    }
    lines
}

fn pulse(overview: &Overview, line: &dyn Fn(&str, String, Tone) -> Line) -> Line {
    match overview.pulse.last_tick {
        None => line("Last tick", "never; `scheduler install cron` starts one every minute".to_owned(), Tone::Bad),
        Some(at) => {
            let age = time::span((overview.time - at).num_seconds());
            match overview.pulse.late {
                true => {
                    line("Last tick", format!("{age} ago: LATE, nothing is started; see `scheduler doctor`"), Tone::Bad)
                }
                false => line("Last tick", format!("{age} ago"), Tone::Good),
            }
        }
    }
}

fn queue(overview: &Overview) -> String {
    let queue = &overview.queue;
    let (pending, claimed) = (queue.incoming + queue.claimed, queue.claimed);
    let of = |limit: Option<u32>| limit.map_or(String::new(), |limit| format!(" of {limit}"));
    let incoming = of(queue.limits.map(|limits| limits.max_incoming.get()));
    let claims = of(queue.limits.map(|limits| limits.max_claimed.get()));
    format!(
        "{pending}{incoming} waiting or claimed, {claimed}{claims} claimed, {} done, {} failed",
        queue.done, queue.failed
    )
}

fn open_prs(overview: &Overview) -> String {
    let prs = &overview.pull_requests;
    let limit = prs.limit.map_or(String::new(), |limit| format!(" of {limit}"));
    let known = match &prs.open {
        Some(open) => format!("{}{limit}", open.len()),
        None => "not known yet".to_owned(),
    };
    let age = prs.asked_at.map(|at| time::span((overview.time - at).num_seconds()));
    match (&prs.error, age) {
        (Some(error), _) => format!("{known}; GitHub can't be asked: {error}"),
        (None, Some(age)) => format!("{known}, {age} ago"),
        (None, None) => known,
    }
}

/// The agents, at most `limit`: those at work first if they are more.
pub fn agents(overview: &Overview, width: usize, limit: usize) -> Vec<Line> {
    let heading = Line::empty()
        .cell("AGENT", 16, Tone::Strong)
        .cell("ROLE", 15, Tone::Strong)
        .cell("LAST RUN", 19, Tone::Strong)
        .cell("NOW", 3, Tone::Strong);
    let mut shown: Vec<&AgentLine> = overview.agents.iter().collect();
    if shown.len() > limit {
        shown.sort_by_key(|agent| !matches!(agent.doing, Activity::Running | Activity::Recovering));
    }
    let mut lines = vec![heading];
    lines.extend(shown.iter().take(limit).map(|agent| agent_line(agent, overview.time, width)));
    lines.extend(more(overview.agents.len(), limit, "agents; `scheduler agent list` shows all"));
    lines
}

fn agent_line(agent: &AgentLine, now: Time, width: usize) -> Line {
    let last = if agent.state.consecutive_failures > 0 { Tone::Bad } else { Tone::Plain };
    let role = agent.role.map_or_else(|| "-".to_owned(), |role| role.to_string());
    Line::empty()
        .cell(agent.name.as_str(), 16, Tone::Plain)
        .cell(&role, 15, Tone::Dim)
        .cell(&agent.last_run(now), 19, last)
        .and(&fit(&at_present(agent), width.saturating_sub(53)), tone(agent.doing))
}

/// What an agent does, or why it doesn't start, with what else is to be known of it at a glance.
pub fn at_present(agent: &AgentLine) -> String {
    let failures = agent.state.consecutive_failures;
    let mut text = agent.brief.clone();
    if failures > 1 && agent.doing != Activity::Waiting {
        text = format!("{text}; {failures} failures");
    }
    if agent.run_requested && agent.doing != Activity::Running {
        text = format!("{text}; run asked for");
    }
    text
}

/// The tone of what an agent does.
pub fn tone(doing: Activity) -> Tone {
    match doing {
        Activity::Running => Tone::Good,
        Activity::Ready => Tone::Plain,
        Activity::Waiting => Tone::Dim,
        Activity::Paused | Activity::NotConfigured => Tone::Warn,
        Activity::Recovering => Tone::Bad,
    }
}

fn claimed(overview: &Overview, width: usize) -> Vec<Line> {
    let tasks = &overview.queue.claimed_tasks;
    let lines = tasks.iter().take(SOME).map(|task| {
        let age = task.claimed_at.map(|at| time::span((overview.time - at).num_seconds())).unwrap_or_default();
        let attempt = if task.attempt > 1 { format!(" (attempt {})", task.attempt) } else { String::new() };
        Line::empty()
            .cell(task.id.as_str(), 16, Tone::Plain)
            .cell(task.claimed_by.as_deref().unwrap_or("-"), 15, Tone::Dim)
            .cell(&age, 7, Tone::Plain)
            .and(&fit(&format!("{}{attempt}", task.title), width.saturating_sub(41)), Tone::Plain)
    });
    section(&[("CLAIMED", 16), ("BY", 15), ("SINCE", 7), ("TITLE", 5)], lines.collect(), tasks.len(), "tasks")
}

/// The tasks that wait, all of them.
pub fn waiting(tasks: &[Task], width: usize) -> Vec<Line> {
    let line = |task: &Task| {
        Line::empty()
            .cell(task.id.as_str(), 16, Tone::Plain)
            .cell(task.role.word(), 15, Tone::Dim)
            .cell(&task.priority.to_string(), 7, Tone::Plain)
            .and(&fit(&task.title, width.saturating_sub(41)), Tone::Plain)
    };
    let headings = [("WAITING", 16), ("ROLE", 15), ("PRIO", 7), ("TITLE", 5)];
    section(&headings, tasks.iter().map(line).collect(), 0, "tasks")
}

fn failed(overview: &Overview, width: usize) -> Vec<Line> {
    let tasks = &overview.queue.failed_tasks;
    let lines = tasks.iter().take(SOME).map(|task| {
        let age = task.failed_at.map(|at| format!("{} ago", time::span((overview.time - at).num_seconds())));
        Line::empty()
            .cell(task.id.as_str(), 16, Tone::Plain)
            .cell(&age.unwrap_or_default(), 10, Tone::Dim)
            .and(&fit(&task.reason, width.saturating_sub(28)), Tone::Bad)
    });
    let all = usize::try_from(overview.queue.failed).unwrap_or(usize::MAX);
    section(&[("FAILED", 16), ("WHEN", 10), ("REASON", 6)], lines.collect(), all, "failed tasks")
}

fn pull_requests(overview: &Overview, width: usize) -> Vec<Line> {
    let open = overview.pull_requests.open.as_deref().unwrap_or_default();
    let lines = open.iter().take(SOME).map(|pr| {
        let title = fit(&pr.title, width.saturating_sub(17));
        Line::empty().cell(&format!("#{}", pr.number), 16, Tone::Plain).and(&title, Tone::Plain)
    });
    section(&[("PULL REQUEST", 16), ("TITLE", 5)], lines.collect(), open.len(), "pull requests")
}

fn questions(overview: &Overview, width: usize) -> Vec<Line> {
    let asked = &overview.questions;
    let lines = asked.iter().take(SOME).map(|question| {
        // Type and time name it; what follows are words of its title.
        let id: String = question.id.chars().take(QUESTION).collect();
        let about = question.task.as_ref().map_or(String::new(), |task| format!("{task}: "));
        Line::empty()
            .cell(&id, QUESTION, Tone::Plain)
            .cell(&question.from, 14, Tone::Dim)
            .and(&fit(&format!("{about}{}", question.title), width.saturating_sub(QUESTION + 16)), Tone::Warn)
    });
    let headings = [("QUESTION", QUESTION), ("FROM", 14), ("TITLE", 5)];
    section(&headings, lines.collect(), asked.len(), "questions; `scheduler message list` shows all")
}

fn problems(overview: &Overview, width: usize) -> Vec<Line> {
    let problem = |problem: &String| Line::new(&fit(problem, 4 * width), Tone::Bad);
    let lines: Vec<_> = overview.problems.iter().take(SOME).map(problem).collect();
    section(&[("PROBLEMS", 8)], lines, overview.problems.len(), "problems")
}

fn section(headings: &[(&str, usize)], lines: Vec<Line>, all: usize, what: &str) -> Vec<Line> {
    if lines.is_empty() {
        return lines;
    }
    let heading = headings.iter().fold(Line::empty(), |line, (text, width)| line.cell(text, *width, Tone::Strong));
    [vec![heading], lines, more(all, SOME, what)].concat()
}

fn more(all: usize, shown: usize, what: &str) -> Vec<Line> {
    if all <= shown { Vec::new() } else { vec![Line::new(&format!("... and {} more {what}", all - shown), Tone::Dim)] }
}
