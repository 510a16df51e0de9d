//! Follows one agent: what it says and does while it does it, and what is settled in the end; and the pull request.

use super::play::NUMBER;
use super::show::Show;
use super::stage::Stage;
use crate::cli::view::Tone;
use crate::domain::name::Name;
use crate::domain::outcome::Outcome;
use crate::domain::run::Record;
use crate::domain::text::one_line;
use crate::engine::project::Project;
use crate::engine::transcript::{self, Kind, Line, Progress, Transcript};
use crate::store::state::{self, Loaded};
use crate::sys::read;
use anyhow::Result;

/// One agent.
pub(super) struct Follower {
    name: Name,
    run: Option<Transcript>,
    /// What was used last is a command, whose answer is worth a line.
    command: bool,
}

impl Follower {
    pub(super) fn new(name: Name) -> Self {
        Self { name, run: None, command: false }
    }

    /// Whether a run is under way, as far as was seen.
    pub(super) fn is_busy(&self) -> bool {
        self.run.is_some()
    }

    /// Shows what is new. Returns what the run cost, in US dollars, if it has come to its end.
    pub(super) fn look(&mut self, project: &Project, stage: &Stage, show: &Show<'_>) -> Result<Option<f64>> {
        if self.run.is_none() {
            let Loaded::State(state) = state::load(&project.paths.agent(&self.name))? else { return Ok(None) };
            let Some(id) = state.run_id else { return Ok(None) };
            self.run = transcript::open(project, &self.name, Some(&id))?;
        }
        let Some(run) = &mut self.run else { return Ok(None) };
        let (lines, progress) = run.read_new(project)?;
        for line in lines {
            self.show(&line, stage, show)?;
        }
        let Progress::Ended(record) = progress else { return Ok(None) };
        self.run = None;
        record.map_or(Ok(Some(0.0)), |record| self.settled(&record, stage, show).map(Some))
    }

    fn show(&mut self, line: &Line, stage: &Stage, show: &Show<'_>) -> Result<()> {
        let text = short(&line.text, &self.name, stage);
        let is_worth_it = (self.command || line.kind == Kind::Failure) && !text.starts_with(['{', '[']);
        let (tone, text, lines) = match line.kind {
            Kind::Said => (Tone::Plain, format!("“{text}”"), 3),
            Kind::Tool => {
                let (tool, target) = text.split_once(' ').unwrap_or((&text, ""));
                self.command = tool == "Bash";
                let verb = match tool {
                    "Bash" => "$",
                    "Read" => "reads",
                    "Edit" => "edits",
                    "Write" => "writes",
                    other => other,
                };
                (Tone::Plain, format!("{verb} {target}"), 3)
            }
            Kind::Answer | Kind::Failure if is_worth_it => (Tone::Dim, format!("→ {text}"), 2),
            _ => return Ok(()),
        };
        show.says(self.name.as_str(), tone, &text, lines)
    }

    /// Shows how the run ended; what it cost.
    fn settled(&self, record: &Record, stage: &Stage, show: &Show<'_>) -> Result<f64> {
        let cost_usd = record.usage.cost_usd.unwrap_or_default();
        // Whoever works without claude has nothing to tell but what is seen of its work.
        let Some(turns) = record.usage.turns.or((record.outcome != Outcome::Finished).then_some(0)) else {
            return Ok(cost_usd);
        };
        let task = record.settlement.task.as_ref().map_or("settled", |step| step.word());
        let reason = &record.settlement.reason;
        let line = format!("{task}: {reason}; {turns} turns, ${cost_usd:.2}");
        show.says(self.name.as_str(), Tone::Good, &line, 3)?;
        if let Some(publication) = &record.publication {
            let pushed = stage.git(&["ls-remote", "--heads", "origin", &publication.remote_branch])?;
            let how = if pushed.trim().is_empty() { "not pushed:" } else { "pushed" };
            show.says(self.name.as_str(), Tone::Good, &format!("{how} {}", publication.remote_branch), 2)?;
        }
        Ok(cost_usd)
    }
}

/// What is on the page of the pull request, in the order of its kinds, as the stand-in for gh keeps it.
#[derive(Default)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) reviews: Vec<String>,
    pub(super) comments: Vec<String>,
    pub(super) labels: Vec<String>,
    pub(super) is_ready: bool,
    pub(super) is_merged: bool,
}

impl Page {
    /// As it is now; empty where there is none.
    pub(super) fn read(stage: &Stage) -> Result<Self> {
        let dir = stage.root.join(format!("github/prs/{NUMBER}"));
        let text = |name: &str| read::read_text(&dir.join(name));
        let remarks = |kind: &str| -> Result<Vec<_>> {
            (1..).map_while(|at| text(&format!("{kind}/{at}/body")).transpose()).collect()
        };
        Ok(Self {
            title: text("title")?.unwrap_or_default(),
            reviews: remarks("reviews")?,
            comments: remarks("comments")?,
            labels: text("labels")?.unwrap_or_default().lines().map(str::to_owned).collect(),
            is_ready: text("draft")?.is_some_and(|word| word == "false"),
            is_merged: text("state")?.is_some_and(|word| word == "MERGED"),
        })
    }

    /// Shows what is new on it.
    pub(super) fn look(&mut self, stage: &Stage, show: &Show<'_>) -> Result<()> {
        let before = std::mem::replace(self, Self::read(stage)?);
        let first = |text: &String| one_line(text.lines().find(|line| !line.is_empty()).unwrap_or_default());
        let reviews =
            self.reviews.iter().skip(before.reviews.len()).map(|text| format!("has a review: {}", first(text)));
        let comments =
            self.comments.iter().skip(before.comments.len()).map(|text| format!("has a comment: {}", first(text)));
        let labels = self.labels.iter().filter(|label| !before.labels.contains(label));
        let labels = labels.map(|label| format!("has the label {label}"));
        let ready = (self.is_ready && !before.is_ready).then(|| "is marked ready for review".to_owned());
        let merged = (self.is_merged && !before.is_merged).then(|| "is merged".to_owned());
        let mut news = reviews.chain(comments).chain(labels).chain(ready).chain(merged);
        news.try_for_each(|text| show.says("GitHub", Tone::Dim, &format!("#{NUMBER} {text}"), 2))
    }
}

/// The text with short names of files: those of the worktree from its top, others from the project's or the queue's.
fn short(text: &str, name: &Name, stage: &Stage) -> String {
    let project = stage.project().display().to_string();
    let worktree = format!("{project}/.orchestrator/agents/{name}/worktree/");
    text.replace(&worktree, "").replace(&format!("{project}/.orchestrator/shared/"), "").replace(&project, ".")
}
