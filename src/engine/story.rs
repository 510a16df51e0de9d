//! The runs of an agent for whoever wants to follow them: which there are, what was said so far, how they ended.
//!
//! It only reads, and takes each byte of an output once.

use super::project::Project;
use crate::{
    domain::{
        name::Name,
        run::{Assignment, Record},
        stream::parse_line,
        transcript::{self, Told},
    },
    exec::stream::LineReader,
    store::{
        paths::RunPaths,
        runs,
        state::{self, Loaded},
    },
    sys::read,
};
use anyhow::{Context, Result, bail};

/// A run that is being told.
#[derive(Debug)]
pub struct Story {
    agent: Name,
    /// Its files.
    pub files: RunPaths,
    /// Its id.
    pub id: String,
    /// What it was started for; none if that was lost.
    pub assignment: Option<Assignment>,
    lines: LineReader,
}

/// The newest run of an agent, or the one whose id begins with `run`; `None` if it had none yet.
///
/// # Errors
/// The runs can't be read; there is no run of that id, or more than one.
pub fn open(project: &Project, agent: &Name, run: Option<&str>) -> Result<Option<Story>> {
    let mut runs = runs::list(&project.paths.agent(agent))?;
    if let Some(run) = run {
        runs.retain(|files| !run.is_empty() && id(files).starts_with(run));
        match runs.len() {
            0 => bail!("{agent} had no run {run:?}; `scheduler agent show {agent}` lists the last ones"),
            1 => {}
            _ => bail!("{run:?} begins the id of several runs of {agent}: write more of it"),
        }
    }
    let Some(files) = runs.into_iter().next() else { return Ok(None) };
    let assignment = read::read_json(&files.assignment()).ok().flatten();
    let lines = LineReader::new(&files.output());
    Ok(Some(Story { agent: agent.clone(), id: id(&files), assignment, lines, files }))
}

fn id(files: &RunPaths) -> String {
    files.dir().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Story {
    /// Hands on what was said since the last look; whether there was anything.
    ///
    /// # Errors
    /// The output can't be read, or `on_told` fails.
    pub fn look(&mut self, mut on_told: impl FnMut(Vec<Told>) -> Result<()>) -> Result<bool> {
        let mut result = Ok(());
        let read = self.lines.look(|line| {
            if result.is_ok()
                && let Some(event) = parse_line(line)
            {
                result = on_told(transcript::tell(&event));
            }
        });
        let read = read.with_context(|| self.files.output().display().to_string())?;
        result.map(|()| read > 0)
    }

    /// How it ended; none while it goes on, or if it was cut off.
    pub fn record(&self) -> Option<Record> {
        read::read_json(&self.files.record()).ok().flatten()
    }

    /// Whether it goes on, as far as the agent's state says.
    ///
    /// # Errors
    /// The state can't be read.
    pub fn goes_on(&self, project: &Project) -> Result<bool> {
        let state = state::load(&project.paths.agent(&self.agent))?;
        Ok(matches!(state, Loaded::State(state) if state.run_id.as_deref() == Some(self.id.as_str())))
    }
}
