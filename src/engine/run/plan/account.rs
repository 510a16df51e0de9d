//! The end of a run in words: why, where everything is, and what the user can do about it.

use super::Settling;
use crate::domain::outcome::Blame;
use crate::domain::settlement::{self, Tally, TaskStep};
use crate::domain::text::{cut, one_line};
use crate::domain::verify::Verdict;
use std::fmt::Write as _;

impl Settling<'_> {
    /// Why it ended as it did, and where everything is.
    pub(super) fn account(&self) -> String {
        let record = self.record;
        let mut text = format!("{}\n", record.settlement.reason);
        if record.settlement.reason != record.detail {
            line(&mut text, "Run", &record.detail);
        }
        if let Some(way_out) = self.way_out() {
            line(&mut text, "What you can do", &way_out);
        }
        text.push_str(&self.whereabouts());
        if let Some(report) = &record.report {
            let _ = write!(text, "\n{report}\n");
        }
        text
    }

    /// Where everything is that the run left, as lines of a list.
    pub(super) fn whereabouts(&self) -> String {
        let (record, mut text) = (self.record, String::new());
        if let (Some(branch), true) = (&record.branch, record.has_work()) {
            line(&mut text, "Branch", branch);
        }
        for salvage in &record.salvage {
            line(&mut text, "Set aside", &format!("{salvage} (see `git show {salvage}`)"));
        }
        if let Some(place) = self.set_aside() {
            line(&mut text, "Set aside", &place);
        }
        if let Some(verified) = record.verified.as_ref().filter(|verified| verified.verdict() != Verdict::Passed) {
            let log = self.folder.verify_log.display();
            line(&mut text, "Verify", &format!("`{}`, what it printed is in {log}", one_line(&verified.command)));
        }
        line(&mut text, "Log", &format!("{}{}", self.folder.log.display(), self.dropped()));
        text
    }

    /// Where that is which no commit could hold, and what it is.
    pub(super) fn set_aside(&self) -> Option<String> {
        let names = &self.record.set_aside;
        (!names.is_empty()).then(|| format!("{} ({})", self.folder.set_aside.display(), settlement::listed(names)))
    }

    /// What of the log is gone.
    pub(super) fn dropped(&self) -> String {
        let bytes = self.record.output_dropped;
        if bytes == 0 { String::new() } else { format!(" ({} MiB in its middle were too much to keep)", bytes >> 20) }
    }

    /// What the user can do about it, in lines.
    pub(super) fn remedies(&self) -> String {
        let mut text = String::new();
        let mut remedy = |what: &str, command: &str| {
            let _ = write!(text, "\n{what}: `{command}`\n");
        };
        let id = self.assignment.job.task().map(ToString::to_string).unwrap_or_default();
        match &self.record.settlement.task {
            Some(TaskStep::Failed) => remedy("To have it tried again", &format!("scheduler task retry {id}")),
            Some(TaskStep::Requeue { waits_for: Some(what), .. }) if what == settlement::A_PERSON => {
                remedy("It waits for you. To let it go on", &format!("scheduler task retry {id}"));
            }
            _ => {}
        }
        if self.record.settlement.cooldown.is_some() {
            let command = format!("scheduler agent run {}", self.assignment.agent);
            let whom =
                if self.record.outcome.blame() == Blame::Runner { "No agent of this runner" } else { "No agent" };
            remedy(&format!("{whom} is started for a while. Once it is mended, try at once"), &command);
        }
        text
    }

    /// How the user goes on with a check that is given up after this run.
    fn way_out(&self) -> Option<String> {
        let due = self.assignment.job.check()?;
        let given_up =
            self.record.settlement.tally == Tally::Failure && due.attempt >= self.assignment.settings.max_attempts;
        let (agent, pr, check) = (&self.assignment.agent, due.pr, &due.check);
        given_up.then(|| {
            format!(
                "`scheduler agent run {agent}` tries it once more; `scheduler check record --pr {pr} --check {check}` \
                 records what you see"
            )
        })
    }

    /// The title of a message, with that of the task or check that it is about.
    pub(super) fn of_its_task(&self, title: &str) -> String {
        match (self.task, self.assignment.job.check()) {
            (Some(task), _) => format!("{title}: {}", cut(&one_line(&task.title), 80)),
            (None, Some(due)) => format!("{title}: {} of #{}", due.check, due.pr),
            (None, None) => title.to_owned(),
        }
    }
}

fn line(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "- {label}: {value}");
}
