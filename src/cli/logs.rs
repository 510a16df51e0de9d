//! `scheduler logs`: a run told in readable lines.

use super::{
    Context, config,
    view::{Line, Tone},
};
use crate::{
    domain::{
        name::Name,
        run::Record,
        text::nearest,
        time::{self, Time},
        transcript::{Kind, Told},
    },
    engine::{
        project::Project,
        story::{self, Story},
    },
};
use anyhow::{Result, bail};
use std::{thread, time::Duration};

/// How often a run that goes on is looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// Arguments of `scheduler logs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The agent
    agent: Name,
    /// Follow the run to its end
    #[arg(short, long)]
    follow: bool,
    /// An older run, by the beginning of its id; `scheduler agent show` lists them
    #[arg(long, value_name = "ID")]
    run: Option<String>,
}

/// Tells the newest run of an agent, or another one.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, _) = context.reading("logs")?;
    let Some(mut story) = story::open(&project, &args.agent, args.run.as_deref())? else {
        return nothing_yet(&project, &args.agent, context);
    };
    context.lines(&head(&story, context.now))?;
    loop {
        // Asked before the look: what was written until the end is then seen after it.
        let goes_on = story.goes_on(&project)?;
        while story.look(|told| context.lines(&told.iter().flat_map(lines).collect::<Vec<_>>()))? {}
        if !goes_on || !args.follow {
            return end(&story, goes_on, context);
        }
        thread::sleep(PAUSE);
    }
}

fn nothing_yet(project: &Project, agent: &Name, context: &Context) -> Result<()> {
    let config = config::read(project)?;
    if config.agent(agent).is_some() {
        return context.line(format!("{agent} had no run yet; `scheduler why {agent}` says why"));
    }
    match nearest(agent.as_str(), config.agents.iter().map(|agent| agent.name.as_str())) {
        Some(near) => bail!("there is no agent {agent}; did you mean {near}?"),
        None => bail!("there is no agent {agent}; `scheduler agent list` lists them"),
    }
}

/// Which run it is.
pub(super) fn head(story: &Story, now: Time) -> Vec<Line> {
    let Some(assignment) = &story.assignment else {
        return vec![Line::new(&format!("run {}", story.id), Tone::Strong)];
    };
    let what = match &assignment.job.task() {
        Some(task) => format!("{task}, attempt {}", assignment.job.attempt()),
        None => assignment.role.to_string(),
    };
    let ago = time::span((now - assignment.assigned_at).num_seconds());
    vec![
        Line::new(&format!("{}: {what}, begun {ago} ago", assignment.agent), Tone::Strong),
        Line::new(&format!("run {}, {}", story.id, story.files.output().display()), Tone::Dim),
    ]
}

/// A piece of the story; what is said stands out, everything else is marked at its beginning.
pub(super) fn lines(told: &Told) -> Vec<Line> {
    let (mark, tone) = match told.kind {
        Kind::Said => ("", Tone::Plain),
        Kind::Tool => ("> ", Tone::Good),
        Kind::Answer => ("    ", Tone::Dim),
        Kind::Trouble => ("  ! ", Tone::Bad),
        Kind::Note => ("# ", Tone::Dim),
        Kind::End => ("= ", Tone::Strong),
    };
    let lines = told.text.lines().map(|line| Line::new(mark, tone).and(line, tone));
    match told.kind {
        Kind::Said => std::iter::once(Line::empty()).chain(lines).chain([Line::empty()]).collect(),
        _ => lines.collect(),
    }
}

fn end(story: &Story, goes_on: bool, context: &Context) -> Result<()> {
    match story.record() {
        Some(record) => context.lines(&settled(&record)),
        None if goes_on => context.lines(&[Line::new("... goes on; -f follows it", Tone::Dim)]),
        None => context.lines(&[Line::new("= was cut off and left no record", Tone::Warn)]),
    }
}

/// What became of a run.
pub(super) fn settled(record: &Record) -> Vec<Line> {
    let task = record.settlement.task.as_ref().map_or(String::new(), |step| format!("; task {}", step.word()));
    let mut lines = vec![Line::new(&format!("= {}{task}: {}", record.detail, record.settlement.reason), Tone::Strong)];
    if let Some(branch) = &record.branch {
        lines.push(Line::new(&format!("= branch {branch}"), Tone::Dim));
    }
    lines
}
