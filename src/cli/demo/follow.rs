//! Follows one agent: what it says and does while it does it, and what is settled in the end.

use super::{
    github::PullRequest,
    play::NUMBER,
    show::{Show, Tone},
    stage::Stage,
};
use crate::{
    domain::{
        outcome::Outcome,
        run::Record,
        state::Phase,
        stream::{Part, StreamEvent, parse_line},
        text::one_line,
    },
    exec::stream::LineReader,
    store::{
        paths::{AgentPaths, RunPaths},
        state::{self, Loaded},
    },
    sys::read,
};
use anyhow::{Context, Result};

/// One agent.
pub(super) struct Follower {
    name: String,
    files: AgentPaths,
    run: Option<Following>,
}

/// Its run.
struct Following {
    id: String,
    files: RunPaths,
    output: LineReader,
    /// What was used last is a command, whose answer is worth a line.
    command: bool,
}

impl Follower {
    pub(super) fn new(name: &str, files: AgentPaths) -> Self {
        Self { name: name.to_owned(), files, run: None }
    }

    /// Whether a run is under way, as far as was seen.
    pub(super) fn is_busy(&self) -> bool {
        self.run.is_some()
    }

    /// Shows what is new. Returns what the run cost, in US dollars, if it has come to its end.
    pub(super) fn look(&mut self, stage: &Stage, show: &Show<'_>) -> Result<Option<f64>> {
        // The state first: what says idle afterwards has written everything before.
        let Loaded::State(state) = state::load(&self.files)? else { return Ok(None) };
        if let Some(id) = state.run_id.filter(|id| self.run.as_ref().is_none_or(|run| run.id != *id)) {
            let files = self.files.run(&id)?;
            let output = LineReader::new(&files.output());
            self.run = Some(Following { id, files, output, command: false });
        }
        let Some(run) = &mut self.run else { return Ok(None) };
        let mut events = Vec::new();
        run.output.read_new(|line| events.extend(parse_line(line))).context("the output of the stand-in")?;
        for event in events {
            run.show(&self.name, event, stage, show)?;
        }
        if state.phase != Phase::Idle {
            return Ok(None);
        }
        let cost_usd = run.settled(&self.name, stage, show)?;
        self.run = None;
        Ok(Some(cost_usd))
    }
}

impl Following {
    fn show(&mut self, name: &str, event: StreamEvent, stage: &Stage, show: &Show<'_>) -> Result<()> {
        match event {
            StreamEvent::Assistant(parts) => parts.into_iter().try_for_each(|part| match part {
                Part::Text(text) => show.says(name, Tone::Agent, &format!("“{text}”"), 3),
                Part::ToolUse { name: tool, target } => {
                    self.command = tool == "Bash";
                    let verb = match tool.as_str() {
                        "Bash" => "$",
                        "Read" => "reads",
                        "Edit" => "edits",
                        "Write" => "writes",
                        other => other,
                    };
                    show.says(name, Tone::Agent, &format!("{verb} {}", short(&target, name, stage)), 3)
                }
            }),
            StreamEvent::ToolResults(results) => results.iter().try_for_each(|result| {
                let first = result.text.lines().next().unwrap_or_default();
                let shown = (self.command || result.is_error) && !first.starts_with(['{', '[']) && !first.is_empty();
                if shown {
                    show.says(name, Tone::Aside, &format!("→ {}", short(first, name, stage)), 2)
                } else {
                    Ok(())
                }
            }),
            _ => Ok(()),
        }
    }

    /// Shows how the run ended; what it cost.
    fn settled(&self, name: &str, stage: &Stage, show: &Show<'_>) -> Result<f64> {
        let Some(record) = read::read_json::<Record>(&self.files.record())? else { return Ok(0.0) };
        let cost_usd = record.usage.cost_usd.unwrap_or_default();
        // Whoever works without claude has nothing to tell but what is seen of its work.
        let Some(turns) = record.usage.turns.or((record.outcome != Outcome::Finished).then_some(0)) else {
            return Ok(cost_usd);
        };
        let task = record.settlement.task.as_ref().map_or("settled", |step| step.word());
        let reason = &record.settlement.reason;
        let line = format!("{task}: {reason}; {turns} turns, ${cost_usd:.2}");
        show.says(name, Tone::Settled, &line, 3)?;
        if let Some(publication) = &record.publication {
            let pushed = stage.git(&["ls-remote", "--heads", "origin", &publication.remote_branch])?;
            let how = if pushed.trim().is_empty() { "not pushed:" } else { "pushed" };
            show.says(name, Tone::Settled, &format!("{how} {}", publication.remote_branch), 2)?;
        }
        Ok(cost_usd)
    }
}

/// Follows the pull request, if there is one.
#[derive(Default)]
pub(super) struct Page {
    seen: Option<PullRequest>,
}

impl Page {
    /// Shows what is new on it.
    pub(super) fn look(&mut self, stage: &Stage, show: &Show<'_>) -> Result<()> {
        let Some(now) = PullRequest::load(&stage.root)? else { return Ok(()) };
        let before = self.seen.replace(now.clone()).unwrap_or_else(|| now.clone());
        let says = |text: &str| show.says("GitHub", Tone::Aside, &format!("#{NUMBER} {text}"), 2);
        let first = |text: &str| one_line(text.lines().find(|line| !line.is_empty()).unwrap_or_default());
        for review in now.reviews.iter().skip(before.reviews.len()) {
            says(&format!("has a review: {}", first(review)))?;
        }
        for comment in now.comments.iter().skip(before.comments.len()) {
            says(&format!("has a comment: {}", first(comment)))?;
        }
        for label in now.labels.iter().filter(|label| !before.labels.contains(label)) {
            says(&format!("has the label {label}"))?;
        }
        if before.draft && !now.draft {
            says("is marked ready for review")?;
        }
        Ok(())
    }
}

/// The text with short names of files: those of the worktree from its top, others from the project's or the queue's.
fn short(text: &str, name: &str, stage: &Stage) -> String {
    let project = stage.project().display().to_string();
    let worktree = format!("{project}/.orchestrator/agents/{name}/worktree/");
    text.replace(&worktree, "").replace(&format!("{project}/.orchestrator/shared/"), "").replace(&project, ".")
}
