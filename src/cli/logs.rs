//! `scheduler logs`: the transcript of a run.

use super::agent::find;
use super::completions::Source;
use super::view::{Line, Tone};
use super::{Context, config};
use crate::domain::name::Name;
use crate::domain::run::Record;
use crate::domain::text::one_line;
use crate::domain::time::{self, Time};
use crate::domain::verify::Verdict;
use crate::engine::project::Project;
use crate::engine::transcript::{self, Kind, Progress, Transcript};
use crate::engine::whereabouts::Whereabouts;
use anyhow::Result;
use std::thread;
use std::time::Duration;

/// How much of an output is read, and then printed, at a time.
const PAGE: u64 = 256 << 10;
/// How often a run that goes on is read.
const PAUSE: Duration = Duration::from_millis(500);

/// Arguments of `scheduler logs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The agent
    #[arg(add = Source::Agent)]
    agent: Name,
    /// Follow the run to its end
    #[arg(short, long)]
    follow: bool,
    /// An older run, by the beginning of its id; `scheduler agent show` lists them
    #[arg(long, value_name = "ID", add = Source::Run)]
    run: Option<String>,
}

/// Prints the newest run of an agent, or another one.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, _) = context.enter("logs")?;
    let Some(mut transcript) = transcript::open(&project, &args.agent, args.run.as_deref())? else {
        return no_run(&project, &args.agent, context);
    };
    context.lines(&head(&transcript, context.now))?;
    let mut told = None;
    loop {
        let (lines, progress) = transcript.read_page(&project, PAGE)?;
        context.lines(&lines.iter().flat_map(shown).collect::<Vec<_>>())?;
        if matches!(progress, Progress::GoesOn) {
            tell_place(&transcript, &mut told, context)?;
        }
        match progress {
            Progress::More => {}
            Progress::GoesOn if args.follow => thread::sleep(PAUSE),
            Progress::GoesOn => return context.lines(&[Line::new("... goes on; -f follows it", Tone::Dim)]),
            Progress::Ended(record) => return context.lines(&end(record.as_deref())),
        }
    }
}

/// Tells where a run is that another machine carries, whenever that has changed.
fn tell_place(transcript: &Transcript, told: &mut Option<Whereabouts>, context: &Context) -> Result<()> {
    let place = transcript.whereabouts();
    if let Some(place) = place.as_ref().filter(|place| told.as_ref() != Some(place)) {
        context.lines(&[Line::new(&format!("# {}", place.words(context.clock())), Tone::Dim)])?;
    }
    *told = place;
    Ok(())
}

fn no_run(project: &Project, agent: &Name, context: &Context) -> Result<()> {
    find(&config::read(project)?, agent)?;
    context.line(format!("{agent} had no run yet; `scheduler why {agent}` says why"))
}

/// Which run it is.
pub(super) fn head(transcript: &Transcript, now: Time) -> Vec<Line> {
    let Some(assignment) = &transcript.assignment else {
        return vec![Line::new(&format!("run {}", transcript.id), Tone::Strong)];
    };
    let what = match &assignment.job.task() {
        Some(task) => format!("{task}, attempt {}", assignment.job.attempt()),
        None => assignment.role_name().to_owned(),
    };
    let ago = time::between(assignment.assigned_at, now);
    vec![
        Line::new(&format!("{}: {what}, begun {ago} ago", assignment.agent), Tone::Strong),
        Line::new(&format!("run {}, {}", transcript.id, transcript.files.output().display()), Tone::Dim),
    ]
}

/// A line of the transcript; what is said stands out, everything else is marked at its beginning.
pub(super) fn shown(line: &transcript::Line) -> Vec<Line> {
    let (mark, tone) = match line.kind {
        Kind::Said => ("", Tone::Plain),
        Kind::Tool => ("> ", Tone::Good),
        Kind::Answer => ("    ", Tone::Dim),
        Kind::Failure => ("  ! ", Tone::Bad),
        Kind::Note => ("# ", Tone::Dim),
        Kind::End => ("= ", Tone::Strong),
    };
    let lines = line.text.lines().map(|line| Line::new(mark, tone).and(line, tone));
    match line.kind {
        Kind::Said => std::iter::once(Line::empty()).chain(lines).chain([Line::empty()]).collect(),
        _ => lines.collect(),
    }
}

/// What became of a run, from its record.
pub(super) fn end(record: Option<&Record>) -> Vec<Line> {
    let Some(record) = record else {
        return vec![Line::new("= was interrupted and left no record", Tone::Warn)];
    };
    let task = record.settlement.task.as_ref().map_or(String::new(), |step| format!("; task {}", step.word()));
    let branch = record.branch.iter().map(|branch| Line::new(&format!("= branch {branch}"), Tone::Dim));
    let end = Line::new(&format!("= {}{task}", record.in_short()), Tone::Strong);
    // What says no more than that isn't said again.
    let (reason, detail) = (record.settlement.reason.as_str(), record.detail.as_str());
    let said = if reason.starts_with(detail) { vec![reason] } else { vec![reason, detail] };
    let more =
        said.into_iter().filter(|text| *text != "finished").map(|text| Line::new(&format!("= {text}"), Tone::Dim));
    verified(record).into_iter().chain([end]).chain(more).chain(branch).collect()
}

/// What `verify` said of its work, and printed last if that doesn't pass.
pub(super) fn verified(record: &Record) -> Vec<Line> {
    let Some(verified) = &record.verified else { return Vec::new() };
    let passed = verified.verdict() == Verdict::Passed;
    let tone = if passed { Tone::Good } else { Tone::Bad };
    let head = Line::new(&format!("= verify `{}` {verified}", one_line(&verified.command)), tone);
    let tail = verified.work.tail.lines().filter(|_| !passed).map(|line| Line::new(&format!("    {line}"), Tone::Dim));
    std::iter::once(head).chain(tail).collect()
}
