//! The runs of an agent for whoever wants to follow them: which there are, what was said so far, how they ended.
//!
//! It only reads, and takes each byte of an output once.

mod line;

pub use line::{Kind, Line, of_event};

use super::project::Project;
use super::whereabouts::Whereabouts;
use crate::domain::name::Name;
use crate::domain::run::{Assignment, Record};
use crate::domain::stream::parse_line;
use crate::exec::stream::{LineReader, MAX_AT_ONCE};
use crate::store::paths::RunPaths;
use crate::store::runs;
use crate::store::state::{self, Loaded};
use crate::sys::read;
use anyhow::{Context, Result, bail};

/// The transcript of one run, as far as it was read.
#[derive(Debug)]
pub struct Transcript {
    agent: Name,
    /// Its files.
    pub files: RunPaths,
    /// Its id.
    pub id: String,
    /// What it was started for; none if that was lost.
    pub assignment: Option<Assignment>,
    output: LineReader,
}

/// How far a transcript was read.
#[derive(Debug)]
pub enum Progress {
    /// There may be more to read.
    More,
    /// To its end for now; the run goes on.
    GoesOn,
    /// To its end, with the record of the run; none if it was interrupted.
    Ended(Option<Box<Record>>),
}

/// The newest run of an agent, or the one whose id begins with `run`; `None` if it had none yet.
///
/// # Errors
/// The runs can't be read; there is no run of that id, or more than one.
pub fn open(project: &Project, agent: &Name, run: Option<&str>) -> Result<Option<Transcript>> {
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
    let output = LineReader::new(&files.output());
    Ok(Some(Transcript { agent: agent.clone(), id: id(&files), assignment, output, files }))
}

fn id(files: &RunPaths) -> String {
    files.dir().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Transcript {
    /// The lines of what was written since the last call, but not too much at once.
    ///
    /// # Errors
    /// The output or the agent's state can't be read.
    pub fn read_new(&mut self, project: &Project) -> Result<(Vec<Line>, Progress)> {
        self.read_page(project, MAX_AT_ONCE)
    }

    /// The same, of about so many bytes at most: the lines are in memory until they are shown.
    ///
    /// # Errors
    /// As for [`Transcript::read_new`].
    pub fn read_page(&mut self, project: &Project, bytes: u64) -> Result<(Vec<Line>, Progress)> {
        // Asked before the output is read: what was written until the end is then seen after it.
        let goes_on = self.goes_on(project)?;
        let mut lines = Vec::new();
        let read = self.output.read_up_to(bytes, |line| lines.extend(parse_line(line).iter().flat_map(of_event)));
        let read = read.with_context(|| self.files.output().display().to_string())?;
        let progress = match goes_on {
            _ if read > 0 => Progress::More,
            true => Progress::GoesOn,
            false => Progress::Ended(self.record().map(Box::new)),
        };
        Ok((lines, progress))
    }

    /// How it ended; none while it goes on, or if it was interrupted.
    pub fn record(&self) -> Option<Record> {
        read::read_json(&self.files.record()).ok().flatten()
    }

    /// Where it is, if another machine carries it.
    pub fn whereabouts(&self) -> Option<Whereabouts> {
        Whereabouts::of_run(&self.files, self.assignment.as_ref()?)
    }

    /// Whether it goes on, as far as the agent's state says.
    fn goes_on(&self, project: &Project) -> Result<bool> {
        let state = state::load(&project.paths.agent(&self.agent))?;
        Ok(matches!(state, Loaded::State(state) if state.run_id.as_deref() == Some(self.id.as_str())))
    }
}
