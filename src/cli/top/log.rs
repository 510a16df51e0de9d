//! The run of an agent in a pane, as `scheduler logs -f` tells it.

use crate::{
    cli::{
        logs,
        view::{Line, Tone},
    },
    domain::{name::Name, time::Time},
    engine::{
        project::Project,
        story::{self, Story},
    },
};
use anyhow::Result;

/// A run that is being told.
#[derive(Debug)]
pub struct Log {
    story: Story,
    ended: bool,
}

impl Log {
    /// The newest run of an agent, and which it is; `None` if it had none yet.
    ///
    /// # Errors
    /// As [`story::open`].
    pub fn open(project: &Project, agent: &Name, now: Time) -> Result<Option<(Self, Vec<Line>)>> {
        let Some(story) = story::open(project, agent, None)? else { return Ok(None) };
        let head = logs::head(&story, now);
        Ok(Some((Self { story, ended: false }, head)))
    }

    /// What was said since the last call, and at the end what became of it. What can't be read is told instead.
    pub fn news(&mut self, project: &Project) -> Vec<Line> {
        if self.ended {
            return Vec::new();
        }
        let mut lines = Vec::new();
        // Asked before the look: what was written until the end is then seen after it.
        let goes_on = self.story.goes_on(project).unwrap_or(true);
        let looked = self.story.look(|told| {
            lines.extend(told.iter().flat_map(logs::lines));
            Ok(())
        });
        match looked {
            Err(error) => {
                self.ended = true;
                lines.push(Line::new(&format!("{error:#}"), Tone::Bad));
            }
            // There may be more than one look reads.
            Ok(true) => {}
            Ok(false) if goes_on => {}
            Ok(false) => {
                self.ended = true;
                lines.extend(match self.story.record() {
                    Some(record) => logs::settled(&record),
                    None => vec![Line::new("= was cut off and left no record", Tone::Warn)],
                });
            }
        }
        lines
    }
}
