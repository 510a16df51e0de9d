//! The overview as lines: for `status`, and for the head of `top`.

use super::section::{ID, Last, SOME, more, section};
use crate::cli::view::{Line, Tone, fit, hanging};
use crate::domain::quota;
use crate::domain::task::Task;
use crate::domain::text::counted;
use crate::domain::time::{self, Time};
use crate::engine::overview::{Activity, AgentLine, DoneLine, Overview, PullRequestLine, QuotaLine, RunnerLine};
use unicode_width::UnicodeWidthStr;

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
pub fn sections(overview: &Overview, width: usize) -> [Vec<Line>; 6] {
    [
        claimed(overview, width),
        done(overview, width),
        failed(overview, width),
        pull_requests(overview, width),
        questions(overview, width),
        problems(overview, width),
    ]
}

/// What concerns everybody: the tick, pauses, cost, the queue in numbers.
pub fn head(overview: &Overview, width: usize) -> Vec<Line> {
    let lines = |(label, tone, text): (&str, Tone, String)| {
        hanging(Line::empty().cell(label, 11, Tone::Dim), &text, tone, width)
    };
    facts(overview).into_iter().flat_map(lines).collect()
}

/// The same, each under its label.
pub fn facts(overview: &Overview) -> Vec<(&'static str, Tone, String)> {
    let mut facts = Vec::new();
    let mut line = |label, tone, text| facts.push((label, tone, text));
    let span = |at: Time| time::between(at, overview.time);
    let on = overview.tick.ticks_on.as_ref().map_or(String::new(), |host| format!(" on {host}"));
    let (tone, text) = match overview.tick.last_tick {
        None => (Tone::Bad, "never; `scheduler install cron` starts one every minute".to_owned()),
        Some(at) if overview.tick.late => {
            (Tone::Bad, format!("{} ago{on}: LATE, nothing is started; see `scheduler doctor`", span(at)))
        }
        Some(at) => (Tone::Good, format!("{} ago{on}", span(at))),
    };
    line("Last tick", tone, text);
    let pause = &overview.pause;
    if pause.paused_by_marker {
        let since = pause.paused_since.map_or(String::new(), |since| format!(" for {}", span(since)));
        let reason = pause.paused_reason.as_deref().map_or(String::new(), |reason| format!(": {reason}"));
        line("Paused", Tone::Warn, format!("`scheduler resume` goes on; paused{since}{reason}"));
    } else if pause.paused_in_config {
        line("Paused", Tone::Warn, "nothing starts: paused: true in agents.yaml".to_owned());
    }
    if let Some(until) = pause.cooldown_until {
        let reason = pause.cooldown_reason.as_deref().unwrap_or_default();
        line("Cooldown", Tone::Warn, format!("{} more: {reason}", span(until)));
    }
    let (today, week) = (overview.cost_today_usd, overview.cost_week_usd);
    let (limit, of_week) = (overview.cost_limit_usd, overview.cost_week_limit_usd);
    let is_spent = limit.is_some_and(|limit| today >= limit) || of_week.is_some_and(|limit| week >= limit);
    let limit = limit.map_or(", no limit".to_owned(), |limit| format!(" of ${limit:.2}"));
    let of_week = of_week.map_or(String::new(), |limit| format!(" of ${limit:.2}"));
    let tone = if is_spent { Tone::Warn } else { Tone::Plain };
    line("Cost today", tone, format!("${today:.2}{limit}; ${week:.2}{of_week} in seven days"));
    for QuotaLine { window, state, stop_at } in &overview.quota {
        let is_spent = stop_at.is_some_and(|limit| state.used_percent >= limit);
        let tone = if is_spent { Tone::Warn } else { Tone::Plain };
        let limit = stop_at.map_or(String::new(), |limit| format!("; yours from {limit} % on"));
        let (used, resets) = (state.used_percent, span(state.resets_at));
        line("Quota", tone, format!("{}: {used} % used, resets in {resets}{limit}", quota::words(window)));
    }
    let queue = &overview.queue;
    let (pending, claimed, incoming) = (queue.incoming + queue.claimed, queue.claimed, queue.incoming);
    let (max_incoming, max_claimed) = queue.limits.map_or((String::new(), String::new()), |limits| {
        (format!(" of {}", limits.max_incoming.get()), format!(" of {}", limits.max_claimed.get()))
    });
    let counts = format!("{pending}{max_incoming} waiting or claimed, {claimed}{max_claimed} claimed");
    line("Queue", Tone::Plain, format!("{counts}, {} done, {} failed", queue.done, queue.failed));
    if queue.blocked > 0 {
        let text = format!(
            "{} of {incoming} incoming {} for another task; see `scheduler why TASK`",
            queue.blocked,
            wait(queue.blocked)
        );
        line("Blocked", Tone::Plain, text);
    }
    if queue.overlapping > 0 {
        let text = format!(
            "{} of {incoming} incoming {} for an open pull request; see `scheduler why TASK`",
            queue.overlapping,
            wait(queue.overlapping)
        );
        line("Overlaps", Tone::Plain, text);
    }
    if queue.held > 0 {
        let text = format!("{} came back too often; `scheduler task retry --all` lets them go on", queue.held);
        line("HELD", Tone::Warn, text);
    }
    if queue.over_budget > 0 {
        let has = if queue.over_budget == 1 { "has" } else { "have" };
        let text = format!(
            "{} of {incoming} incoming {has} spent max_cost_usd_per_task; see `scheduler why TASK`",
            queue.over_budget
        );
        line("Budget", Tone::Warn, text);
    }
    let prs = &overview.pull_requests;
    let limit = prs.limit.map_or(String::new(), |limit| format!(" of {limit}"));
    let known = prs.open.as_ref().map_or("not known yet".to_owned(), |open| format!("{}{limit}", open.len()));
    let asked = match (&prs.error, prs.asked_at) {
        (Some(error), _) => format!("; GitHub can't be asked: {error}"),
        (None, Some(at)) => format!(", {} ago", span(at)),
        (None, None) => String::new(),
    };
    line("Open PRs", Tone::Plain, format!("{known}{asked}"));
    for runner in &overview.runners {
        let (tone, text) = of_runner(runner, overview.time);
        line("Runner", tone, text);
    }
    if let Some(problem) = overview.last_fetch.as_ref().and_then(|last| last.brief(overview.time)) {
        line("Offline", Tone::Warn, problem);
    }
    if let Some(why) = &overview.unconfined {
        line("Sandbox", Tone::Warn, format!("agents work unconfined: {why}"));
    }
    let proposals = &overview.proposals;
    if proposals.total() > 0 {
        let (active, deferred) = (proposals.active, proposals.deferred);
        let (promoted, rejected) = (proposals.promoted, proposals.rejected);
        let text = format!("{active} active, {deferred} deferred, {promoted} promoted, {rejected} rejected");
        line("Proposals", Tone::Plain, text);
    }
    facts
}

/// `cluster: 4 of 12 running, 1 of them waits`
fn of_runner(runner: &RunnerLine, now: Time) -> (Tone, String) {
    let limit = runner.limit.map_or(String::new(), |limit| format!(" of {limit}"));
    let waiting = match runner.waiting {
        0 => String::new(),
        1 => ", 1 of them waits".to_owned(),
        waiting => format!(", {waiting} of them wait"),
    };
    let text = format!("{}: {}{limit} running{waiting}", runner.name, runner.running);
    match (runner.cooldown_until, &runner.cooldown_reason) {
        (Some(until), Some(reason)) => {
            (Tone::Warn, format!("{text}; cooldown, {} more: {reason}", time::between(now, until)))
        }
        _ => (Tone::Plain, text),
    }
}

/// The widths of the columns before the last one in the list of agents: name, role, last run. One of width 0 is left out.
pub type AgentWidths = [usize; 3];

fn wait(count: usize) -> &'static str {
    if count == 1 { "waits" } else { "wait" }
}

/// The agents, at most `limit`: those at work first if they are more. What they do, or why they don't, is told whole.
pub fn agents(overview: &Overview, width: usize, limit: usize) -> Vec<Line> {
    let mut shown: Vec<&AgentLine> = overview.agents.iter().collect();
    if shown.len() > limit {
        shown.sort_by_key(|agent| !matches!(agent.doing, Activity::Running | Activity::Recovering));
        shown.truncate(limit);
    }
    let widths = agent_widths(&shown, overview.time, width);
    let row = |agent: &AgentLine| {
        hanging(agent_start(agent, overview.time, widths), &at_present(agent), tone(agent.doing), width)
    };
    let mut lines = vec![agents_heading(widths, "NOW")];
    lines.extend(shown.into_iter().flat_map(row));
    lines.extend(more(overview.agents.len(), limit, "agents; `scheduler agent list` shows all"));
    lines
}

/// As wide as what stands there; where that is too much, the roles shrink first, then the last runs, then the names.
fn agent_widths(agents: &[&AgentLine], now: Time, width: usize) -> AgentWidths {
    /// What the last column wants, and below what the others don't shrink.
    const NOW: usize = 24;
    const LEAST: [(usize, usize); 3] = [(1, 8), (2, 20), (0, 12)];
    let widest = |heading: &str, text: &dyn Fn(&AgentLine) -> String| {
        agents.iter().map(|agent| text(agent).width()).chain([heading.len()]).max().unwrap_or_default()
    };
    let mut widths = [
        widest("AGENT", &|agent| agent.name.to_string()),
        widest("ROLE", &|agent| role(agent).to_owned()),
        widest("LAST RUN", &|agent| agent.last_run(now)),
    ];
    for (at, least) in LEAST {
        let over = (widths.iter().sum::<usize>() + widths.len() + NOW).saturating_sub(width);
        widths[at] = widths[at].saturating_sub(over).max(least.min(widths[at]));
    }
    widths
}

/// The heading of the list of agents.
pub fn agents_heading(widths: AgentWidths, now: &str) -> Line {
    agent_cells(widths, ["AGENT", "ROLE", "LAST RUN"], [Tone::Strong; 3]).and(now, Tone::Strong)
}

/// An agent in the list.
pub fn agent_row(agent: &AgentLine, now: Time, widths: AgentWidths, width: usize) -> Line {
    let line = agent_start(agent, now, widths);
    let left = width.saturating_sub(line.width());
    line.and(&fit(&at_present(agent), left), tone(agent.doing))
}

/// The same without what it does.
fn agent_start(agent: &AgentLine, now: Time, widths: AgentWidths) -> Line {
    let last = match &agent.state {
        state if state.consecutive_failures > 0 => Tone::Bad,
        state if state.last_outcome.as_deref().is_some_and(|outcome| outcome != "finished") => Tone::Warn,
        _ => Tone::Plain,
    };
    let texts = [agent.name.as_str(), role(agent), &agent.last_run(now)];
    agent_cells(widths, texts, [Tone::Plain, Tone::Dim, last])
}

fn role(agent: &AgentLine) -> &str {
    agent.role.as_deref().unwrap_or("-")
}

fn agent_cells(widths: AgentWidths, texts: [&str; 3], tones: [Tone; 3]) -> Line {
    let cells = widths.into_iter().zip(texts).zip(tones).filter(|((width, _), _)| *width > 0);
    cells.fold(Line::empty(), |line, ((width, text), tone)| line.cell(text, width, tone))
}

/// What an agent does, or why it doesn't start, with what else is to be known of it at a glance.
pub fn at_present(agent: &AgentLine) -> String {
    let failures = agent.state.consecutive_failures;
    let mut text = agent.brief.clone();
    if failures > 1 && agent.doing != Activity::Waiting {
        text = format!("{text}; {}", counted(failures as usize, "failure"));
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
    let rows = tasks.iter().take(SOME).map(|task| {
        let attempt = if task.attempt > 1 { format!(" (attempt {})", task.attempt) } else { String::new() };
        [
            task.id.to_string(),
            task.claimed_by.clone().unwrap_or_else(|| "-".to_owned()),
            task.claimed_at.map_or(String::new(), |at| time::between(at, overview.time)),
            format!("{}{attempt}", task.title),
        ]
    });
    let columns = [("CLAIMED", Tone::Plain), ("BY", Tone::Dim), ("SINCE", Tone::Plain), ("TITLE", Tone::Plain)];
    section(columns, Last::Cut, width, rows, tasks.len(), "tasks")
}

/// Finished work that the user hasn't said to have seen: each task with where its work is and what came of it.
fn done(overview: &Overview, width: usize) -> Vec<Line> {
    let tasks = &overview.queue.done_tasks;
    let rows = tasks.iter().take(SOME).map(|task| {
        let age = task.completed_at.map(|at| format!("{} ago", time::between(at, overview.time)));
        [task.id.to_string(), age.unwrap_or_default(), task.title.clone()]
    });
    let columns = [("TO LOOK AT", Tone::Plain), ("DONE", Tone::Dim), ("TITLE", Tone::Plain)];
    let mut lines = Vec::new();
    for (at, line) in section(columns, Last::Cut, width, rows, tasks.len(), "tasks; `scheduler task list --state done`")
        .into_iter()
        .enumerate()
    {
        lines.push(line);
        // The heading is the first of them.
        let outcome = at.checked_sub(1).filter(|at| *at < SOME).and_then(|at| tasks.get(at)).map(DoneLine::outcome);
        let outcome = outcome.filter(|outcome| !outcome.is_empty());
        lines.extend(outcome.iter().flat_map(|text| hanging(Line::new("  ", Tone::Plain), text, Tone::Dim, width)));
    }
    if !lines.is_empty() {
        let words = "`scheduler task show ID` says how to look at one; `scheduler status --seen` empties this list";
        lines.extend(hanging(Line::empty(), words, Tone::Dim, width));
    }
    lines
}

/// The tasks that wait, all of them.
pub fn waiting(tasks: &[Task], width: usize) -> Vec<Line> {
    let row =
        |task: &Task| [task.id.to_string(), task.role_name().to_owned(), task.priority.to_string(), task.title.clone()];
    let columns = [("WAITING", Tone::Plain), ("ROLE", Tone::Dim), ("PRIO", Tone::Plain), ("TITLE", Tone::Plain)];
    section(columns, Last::Cut, width, tasks.iter().map(row), 0, "tasks")
}

fn failed(overview: &Overview, width: usize) -> Vec<Line> {
    let rows = overview.queue.failed_tasks.iter().take(SOME).map(|task| {
        let age = task.failed_at.map(|at| format!("{} ago", time::between(at, overview.time)));
        [task.id.to_string(), age.unwrap_or_default(), task.reason.clone()]
    });
    let all = usize::try_from(overview.queue.failed).unwrap_or(usize::MAX);
    let columns = [("FAILED", Tone::Plain), ("WHEN", Tone::Dim), ("REASON", Tone::Bad)];
    section(columns, Last::Wrapped, width, rows, all, "failed tasks")
}

fn pull_requests(overview: &Overview, width: usize) -> Vec<Line> {
    let open = overview.pull_requests.open.as_deref().unwrap_or_default();
    let way = |pr: &PullRequestLine| pr.way.as_ref().map_or(String::new(), ToString::to_string);
    let columns = [("PULL REQUEST", Tone::Plain), ("WAY", Tone::Plain), ("TITLE", Tone::Plain)];
    if open.iter().all(|pr| pr.way.is_none()) {
        let rows = open.iter().take(SOME).map(|pr| [format!("#{}", pr.number), pr.title.clone()]);
        return section([columns[0], columns[2]], Last::Cut, width, rows, open.len(), "pull requests");
    }
    let rows = open.iter().take(SOME).map(|pr| [format!("#{}", pr.number), way(pr), pr.title.clone()]);
    section(columns, Last::Cut, width, rows, open.len(), "pull requests")
}

fn questions(overview: &Overview, width: usize) -> Vec<Line> {
    let asked = &overview.questions;
    let rows = asked.iter().take(SOME).map(|question| {
        // Type and time name it; what follows are words of its title.
        let id = question.id.chars().take(ID).collect();
        let about = question.task.as_ref().map_or(String::new(), |task| format!("{task}: "));
        [id, question.from.clone(), format!("{about}{}", question.title)]
    });
    let columns = [("QUESTION", Tone::Plain), ("FROM", Tone::Dim), ("TITLE", Tone::Warn)];
    let what = "questions; `scheduler message list` shows all";
    section(columns, Last::Wrapped, width, rows, asked.len(), what)
}

fn problems(overview: &Overview, width: usize) -> Vec<Line> {
    let rows = overview.problems.iter().take(SOME).map(|problem| [problem.clone()]);
    section([("PROBLEMS", Tone::Bad)], Last::Wrapped, width, rows, overview.problems.len(), "problems")
}
