//! What a run writes into the receipt of its pull request.

use super::Settling;
use crate::domain::receipt::{self, Row, code};
use crate::domain::role::MayChange;
use crate::domain::text::{counted, joined, one_line};
use crate::domain::verify::{Verdict, Weakened, short};

/// What a task has taken so far, over all its runs that are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Effort {
    pub runs: usize,
    pub turns: u64,
    pub cost_usd: f64,
}

/// How much of the end of `verify` a pull request shows, in lines.
const SHOWN: usize = 20;

impl Settling<'_> {
    /// The rows of a new pull request.
    pub(super) fn receipt(&self) -> Vec<Row> {
        let (assignment, gate) = (self.assignment, &self.assignment.gatekeeper);
        let task =
            self.task.map_or(String::new(), |task| format!("{} ({})", code(task.id.as_str()), one_line(&task.title)));
        let checks = match gate.enabled {
            true => format!("to come: {}", joined(gate.required_checks.iter().chain(&gate.optional_checks))),
            false => "no gatekeepers".to_owned(),
        };
        let criteria = match self.folder.criteria.len() {
            0 => Row::new(receipt::CRITERIA, "the task names none"),
            _ => Row::new(receipt::CRITERIA, "as the task names them; nobody has ticked them off")
                .list(&self.folder.criteria),
        };
        let by = format!("{task}, by {} ({})", code(assignment.agent.as_str()), assignment.role_name());
        let all = [Row::new(receipt::TASK, &by), criteria, Row::new(receipt::CHECKS, &checks)];
        all.into_iter().chain([Row::new(receipt::EFFORT, &self.effort())]).chain(self.state_of_work()).collect()
    }

    /// The rows of a run that goes on with a pull request.
    pub(super) fn round(&self) -> Vec<Row> {
        let Some(task) = self.task else { return Vec::new() };
        let text = format!("{}, by {}; {}", one_line(&task.title), code(self.assignment.agent.as_str()), self.effort());
        let round = Row::new(&format!("Round {}", code(task.id.as_str())), &text);
        [round].into_iter().chain(self.state_of_work()).collect()
    }

    /// What holds of the work as it is now.
    fn state_of_work(&self) -> Vec<Row> {
        let set_aside: Vec<_> =
            self.record.salvage.iter().chain(&self.record.set_aside).map(|name| code(name)).collect();
        let said = if set_aside.is_empty() {
            "nothing"
        } else {
            "not in this pull request, and kept on the machine of the agent:"
        };
        vec![self.verify(), self.tests(), self.limits(), Row::new(receipt::SET_ASIDE, said).list(set_aside)]
    }

    fn verify(&self) -> Row {
        let row = |text: &str| Row::new(receipt::VERIFY, text);
        let Some(verified) = &self.record.verified else { return row("not configured") };
        let (command, commit) = (code(&verified.command), short(&verified.work.commit));
        match verified.verdict() {
            Verdict::Passed => row(&format!("{command} {verified}, on {commit}")),
            verdict => {
                let mark =
                    if verdict == Verdict::Failed { receipt::FAILED } else { "failed, through no fault of this work" };
                let lines: Vec<_> = verified.work.tail.lines().collect();
                let end = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
                let how = verified.to_string();
                let how = how.strip_prefix("failed: ").unwrap_or(&how);
                row(&format!("{mark}: {command}, {how}, on {commit}")).output(&end)
            }
        }
    }

    fn tests(&self) -> Row {
        let weakened = &self.record.weakened_tests;
        let told = |file: &Weakened| match (file.deleted, file.removed) {
            (true, _) => format!("{}: deleted", code(&file.path)),
            (false, lines) => format!("{}: {} removed or changed", code(&file.path), counted_lines(lines)),
        };
        match weakened.len() {
            0 => Row::new(receipt::TESTS, "no test file lost a line"),
            count => Row::new(receipt::TESTS, &format!("look at {}", counted(count, "test file")))
                .list(weakened.iter().map(told)),
        }
    }

    /// What was beyond the reach of the agent, and what of that it touched all the same.
    fn limits(&self) -> Row {
        let reach = match self.folder.is_confined {
            true => "confined to its worktree and its branch, without credentials",
            false => "not confined by the system; without credentials",
        };
        let files = match self.assignment.may_change() {
            MayChange::TestFiles if self.assignment.custom.is_some() => "; changed only files that its role may",
            MayChange::TestFiles => "; changed test files only",
            MayChange::Nothing | MayChange::Code => "",
        };
        let directing = &self.record.claude_files;
        let directs = match directing.is_empty() {
            true => "no file that directs Claude Code is changed",
            false => "files that direct Claude Code are changed:",
        };
        Row::new(receipt::LIMITS, &format!("{reach}{files}; {directs}")).list(directing.iter().map(|path| code(path)))
    }

    fn effort(&self) -> String {
        let (record, effort) = (self.record, self.folder.effort);
        let attempt = format!("attempt {} of {}", record.attempt, self.assignment.settings.max_attempts);
        let estimate = if record.usage.is_estimate { ", partly a guess" } else { "" };
        let (runs, turns) = (counted(effort.runs, "run"), effort.turns);
        format!("{attempt}; {runs}, {turns} turns, ${:.2}{estimate}", effort.cost_usd)
    }
}

fn counted_lines(lines: Option<u64>) -> String {
    counted(lines.and_then(|lines| usize::try_from(lines).ok()).unwrap_or_default(), "line")
}
