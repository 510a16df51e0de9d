//! The sections of the page: tables, and charts with the tables that say the same.

use crate::domain::landing::Way;
use crate::domain::ledger::{Entry, Group};
use crate::domain::report::{self, End, Life, Measure, Period, Series, draw};
use crate::domain::schedule::Waiting;
use crate::domain::settlement::{A_PERSON, Tally};
use crate::domain::text::counted;
use crate::domain::time::{self, Time};
use crate::engine::report::{Facts, for_user, is_question};
use anyhow::Result;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many rows of a table are shown at once, and how many at most.
const SOME: usize = 12;
const MOST: usize = 200;

/// A table, whose first column names its rows.
#[derive(Serialize)]
pub(super) struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// Those that are shown once they are asked for.
    rest: Vec<Vec<String>>,
    /// What is said of rows that are left out.
    more: Option<String>,
}

/// A column: what is above it, and what is in it: `id`, `title`, `text`, `time`, `number`, or what has commands in it: `words`, or
/// `code` if it is nothing else.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Column {
    head: &'static str,
    kind: &'static str,
}

/// A drawing with what it says in words and as a table.
#[derive(Serialize)]
pub(super) struct Chart {
    id: &'static str,
    title: String,
    words: String,
    /// What is drawn with which mark.
    key: Vec<(u8, &'static str)>,
    svg: String,
    table: Table,
}

pub(super) fn usd(amount: f64) -> String {
    format!("${amount:.2}")
}

const fn column(head: &'static str, kind: &'static str) -> Column {
    Column { head, kind }
}

/// A table of these rows; `None` if there is none.
fn table(caption: &str, columns: &[Column], mut rows: Vec<Vec<String>>, command: &str) -> Option<Table> {
    if rows.is_empty() {
        return None;
    }
    let more = rows.len().checked_sub(MOST + 1).map(|more| format!("and {} more: `{command}`", more + 1));
    rows.truncate(MOST);
    let rest = rows.split_off(SOME.min(rows.len()));
    Some(Table { caption: caption.to_owned(), columns: columns.to_vec(), rows, rest, more })
}

/// What only the user can do, with the command.
pub(super) fn yours(facts: &Facts) -> Option<Table> {
    let mut rows = Vec::new();
    let mut row = |what: &str, about: String, command: String| rows.push(vec![what.to_owned(), about, command]);
    let overview = &facts.overview;
    for asked in &facts.questions {
        let task = asked.task.as_ref().map_or(String::new(), |task| format!(", for {task}"));
        let answer = format!("`scheduler message reply {} --body 'TEXT'`", asked.short);
        let how = if asked.ways.is_empty() { answer } else { asked.ways.join(" ") };
        row("Question", format!("{} ({}{task})", asked.title, asked.from), how);
    }
    for (task, waiting) in &facts.waiting {
        let is_asked = |command: &str| facts.questions.iter().any(|asked| command.contains(&asked.id));
        let command = waiting.as_ref().and_then(|waiting| for_user(&task.id, waiting));
        if let (Some(waiting), Some(command)) = (waiting, command.filter(|command| !is_asked(command))) {
            row(
                "Task",
                format!("{} {}, {}", task.id, task.title, for_what(waiting).trim_start_matches("you: ")),
                command,
            );
        }
    }
    let prs = overview.pull_requests.open.iter().flatten();
    for pr in prs.filter(|pr| pr.way.as_ref().is_some_and(Way::is_for_user)) {
        let way = pr.way.as_ref().map_or(String::new(), ToString::to_string);
        row("Pull request", format!("#{} {}: {way}", pr.number, pr.title), format!("`scheduler why PR-{}`", pr.number));
    }
    if overview.queue.failed > 0 {
        let what = counted(overview.queue.failed as usize, "failed task");
        row("Failed", what, "`scheduler task retry ID`, or `scheduler task list --state failed`".to_owned());
    }
    let done = overview.queue.done_tasks.len();
    if done > 0 {
        let what = format!("{} not looked at yet", counted(done, "finished task"));
        row("Results", what, "`scheduler task show ID`; `scheduler status --seen` once you have seen all".to_owned());
    }
    for problem in &overview.problems {
        row("Problem", problem.clone(), "`scheduler doctor`".to_owned());
    }
    let columns = [column("What", "id"), column("About", "title"), column("Do", "code")];
    table("What waits for you, with the command for it", &columns, rows, "scheduler status")
}

/// What a task waits for; on the page the user is you.
fn for_what(waiting: &Waiting) -> String {
    match waiting {
        Waiting::For(what) if what == A_PERSON => "you: it is held".to_owned(),
        Waiting::For(what) if is_question(what) => format!("your answer to {what}"),
        Waiting::For(what) => format!("you, and {what}"),
        Waiting::OverBudget { .. } => format!("you: it {waiting}"),
        others => others.to_string().trim_start_matches("waits for ").to_owned(),
    }
}

/// The local time; the page says once of which zone.
fn clock(at: Time) -> String {
    time::local(at).chars().take("2026-01-15 10:30".len()).collect()
}

/// The tasks that ended so, the latest first.
fn ended(facts: &Facts, is_done: bool) -> Vec<(&Life, &End)> {
    let mut ended: Vec<_> = facts.lives.iter().filter_map(|life| Some((life, life.end.as_ref()?))).collect();
    ended.retain(|(_, end)| end.is_done == is_done);
    ended.sort_by(|(one, a), (other, b)| b.at.cmp(&a.at).then_with(|| one.id.cmp(&other.id)));
    ended
}

fn took(life: &Life) -> String {
    life.lead_seconds().map_or("–".to_owned(), time::span)
}

pub(super) fn landed(facts: &Facts) -> Option<Table> {
    let open = facts.overview.pull_requests.open.as_deref().unwrap_or_default();
    let row = |(life, end): (&Life, &End)| {
        let is_open = end.pull_request.is_some_and(|number| open.iter().any(|pr| pr.number == number));
        let state = match (end.merged_at, end.pull_request) {
            (Some(at), _) => format!("merged {}", clock(at)),
            (None, Some(number)) if is_open => format!("#{number} is open"),
            (None, _) => "done".to_owned(),
        };
        vec![life.id.to_string(), life.title.clone(), end.words.clone(), clock(end.at), state, took(life)]
    };
    let columns = [
        column("Task", "id"),
        column("Title", "title"),
        column("What came of it", "text"),
        column("Done", "time"),
        column("State", "text"),
        column("Lead time", "number"),
    ];
    let rows = ended(facts, true).into_iter().map(row).collect();
    table("Tasks that were done, the latest first", &columns, rows, "scheduler task list --state done")
}

/// Tasks that failed, and the ways in which runs did.
pub(super) fn failed(facts: &Facts) -> Vec<Table> {
    let row = |(life, end): (&Life, &End)| {
        let again = format!("`scheduler task retry {}`", life.id);
        vec![life.id.to_string(), life.title.clone(), end.words.clone(), clock(end.at), again]
    };
    let columns = [
        column("Task", "id"),
        column("Title", "title"),
        column("Why", "words"),
        column("Failed", "time"),
        column("Again", "code"),
    ];
    let rows = ended(facts, false).into_iter().map(row).collect();
    let tasks = table("Tasks that failed, the latest first", &columns, rows, "scheduler task list --state failed");
    tasks.into_iter().chain(failed_runs(facts)).collect()
}

fn failed_runs(facts: &Facts) -> Option<Table> {
    let mut ways: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for run in facts.runs.iter().filter(|run| run.tally == Tally::Failure && run.time >= facts.since) {
        ways.entry(&run.outcome).or_default().push(run);
    }
    let mut ways: Vec<_> = ways.into_iter().collect();
    ways.sort_by_key(|(_, runs)| Reverse(runs.len()));
    let row = |(outcome, runs): (&str, Vec<&Entry>)| {
        let cost = runs.iter().filter_map(|run| run.cost_usd).fold(0.0, |sum, cost| sum + cost);
        let last = runs.iter().max_by_key(|run| run.time);
        let last = last.map_or(String::new(), |run| format!("{} {}", clock(run.time), run.agent));
        vec![outcome.replace('_', " "), runs.len().to_string(), usd(cost), last]
    };
    let columns = [column("How", "id"), column("Runs", "number"), column("Cost", "number"), column("Last", "text")];
    table("Runs that failed, by how they ended", &columns, ways.into_iter().map(row).collect(), "scheduler cost")
}

pub(super) fn waiting(facts: &Facts) -> Option<Table> {
    let now = facts.overview.time;
    let age = |at: Option<Time>| at.map_or("–".to_owned(), |at| time::between(at, now));
    let claimed = facts.overview.queue.claimed_tasks.iter().map(|task| {
        let by = task.claimed_by.as_deref().unwrap_or("an agent");
        let what = format!("{by}, which works on it: attempt {}", task.attempt.max(1));
        vec![task.id.to_string(), task.title.clone(), what, age(task.claimed_at)]
    });
    let waits = facts.waiting.iter().map(|(task, waiting)| {
        let what = match waiting {
            Some(waiting) => for_what(waiting),
            None => format!("an agent that claims {} tasks ({})", task.role_name(), task.priority),
        };
        vec![task.id.to_string(), task.title.clone(), what, age(task.created)]
    });
    let prs = facts.overview.pull_requests.open.iter().flatten().map(|pr| {
        let way = pr.way.as_ref().map_or("is open".to_owned(), ToString::to_string);
        vec![format!("#{}", pr.number), pr.title.clone(), way, "–".to_owned()]
    });
    let columns =
        [column("What", "id"), column("Title", "title"), column("For what", "text"), column("Since", "number")];
    let caption = "Tasks under way, those that wait, the next one first, and open pull requests";
    table(caption, &columns, claimed.chain(waits).chain(prs).collect(), "scheduler task list")
}

/// A chart whose table has a row for each label.
fn chart(
    id: &'static str,
    (title, words): (&str, String),
    (head, labels): (&'static str, &[String]),
    series: &[(&'static str, Series<'_>)],
    has_line: bool,
    measure: Measure,
) -> Result<Chart> {
    let (bars, line) = if has_line { series.split_at(series.len() - 1) } else { (series, &[][..]) };
    let all: Vec<_> = bars.iter().map(|(_, series)| *series).collect();
    let svg = draw(labels, &all, line.first().map(|(_, series)| *series), measure)?;
    let cell = |value: f64| if measure == Measure::Usd { usd(value) } else { value.to_string() };
    let row = |(at, label): (usize, &String)| {
        let values = series.iter().map(|(_, series)| cell(series.values.get(at).copied().unwrap_or_default()));
        std::iter::once(label.clone()).chain(values).collect()
    };
    let columns = [column(head, "id")].into_iter().chain(series.iter().map(|(name, _)| column(name, "number")));
    let table = Table {
        caption: title.to_owned(),
        columns: columns.collect(),
        rows: labels.iter().enumerate().map(row).collect(),
        rest: Vec::new(),
        more: None,
    };
    let key = series.iter().map(|(name, series)| (series.mark, *name)).collect();
    Ok(Chart { id, title: title.to_owned(), words, key, svg, table })
}

pub(super) fn flow(facts: &Facts, period: &Period) -> Result<Vec<Chart>> {
    let flow = report::flow(&facts.lives, period);
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    let unit = period.unit.word();
    let places = (unit, &period.labels[..]);
    let words = format!("{} done, {} failed, {} added", sum(&flow.done), sum(&flow.failed), sum(&flow.added));
    let series = |mark, values| Series { mark, values };
    let throughput = [
        ("Done", series(1, flow.done.as_slice())),
        ("Failed", series(2, &flow.failed)),
        ("Added", series(3, &flow.added)),
    ];
    let open = flow.open.last().copied().unwrap_or_default();
    let queue = [("Waiting or claimed", series(3, flow.open.as_slice()))];
    Ok(vec![
        chart("throughput", (&format!("Tasks, by {unit}"), words), places, &throughput, true, Measure::Count)?,
        chart(
            "queue",
            (&format!("Queue at the end of each {unit}"), format!("{open} at the end")),
            places,
            &queue,
            false,
            Measure::Count,
        )?,
    ])
}

pub(super) fn cost(facts: &Facts, period: &Period) -> Result<Chart> {
    let of = |is_failure: bool| {
        let runs = facts.runs.iter().filter(move |run| (run.tally == Tally::Failure) == is_failure);
        period.sums(runs.filter_map(|run| Some((run.time, run.cost_usd?))))
    };
    let (good, failed) = (of(false), of(true));
    let sum = &facts.cost;
    let mut words = format!("{} in {}", usd(sum.cost_usd), counted(sum.runs, "run"));
    if sum.failed_runs > 0 {
        words += &format!(", {} of it in {} that failed", usd(sum.failed_cost_usd), sum.failed_runs);
    }
    if sum.notional_cost_usd > 0.0 {
        words += &format!("; {} is notional: a subscription pays", usd(sum.notional_cost_usd));
    }
    let series =
        [("Other runs", Series { mark: 3, values: &good }), ("Failed runs", Series { mark: 2, values: &failed })];
    let title = format!("Cost, by {}", period.unit.word());
    chart("cost", (&title, words), (period.unit.word(), &period.labels), &series, false, Measure::Usd)
}

/// What roles and agents have cost.
pub(super) fn costs(facts: &Facts) -> Vec<Table> {
    let row = |group: &Group| {
        let sum = &group.sum;
        let failed = format!("{} ({})", sum.failed_runs, usd(sum.failed_cost_usd));
        vec![group.name.clone(), sum.runs.to_string(), usd(sum.cost_usd), failed]
    };
    let of = |caption: &str, head: &'static str, groups: &[Group], command: &str| {
        let columns =
            [column(head, "id"), column("Runs", "number"), column("Cost", "number"), column("Failed", "number")];
        table(caption, &columns, groups.iter().map(row).collect(), command)
    };
    let tables = [
        of("Cost of each role", "Role", &facts.by_role, "scheduler cost --by role"),
        of("Cost of each agent", "Agent", &facts.by_agent, "scheduler cost --by agent"),
    ];
    tables.into_iter().flatten().collect()
}

/// How long tasks took until they had landed, in words and as a chart.
pub(super) fn lead(facts: &Facts) -> Result<Option<(String, Chart)>> {
    let Some(lead) = report::lead(facts.lives.iter().filter_map(Life::lead_seconds).collect()) else { return Ok(None) };
    let [median, ninth, longest] = [lead.median, lead.ninth, lead.longest].map(time::span);
    let words = format!(
        "Half of {} took at most {median}, nine of ten at most {ninth}, the longest {longest}.",
        counted(lead.count, "task")
    );
    let labels: Vec<_> = lead.classes.iter().map(|(name, _)| (*name).to_owned()).collect();
    let values: Vec<_> = lead.classes.iter().map(|(_, count)| *count as f64).collect();
    let series = [("Tasks", Series { mark: 1, values: &values })];
    let title = "From the task to landed work, by how long it took at most";
    let chart = chart("lead", (title, words.clone()), ("took at most", &labels), &series, false, Measure::Count)?;
    Ok(Some((words, chart)))
}
