//! A run with what it left, told in words, judged and settled without a process and without a file.

use super::super::ended::Ended;
use super::super::evidence::Left;
use super::super::judge::Case;
use super::super::plan::{Folder, Section, Settling, Step};
use super::super::verify::amended;
use crate::domain::gate::{Check, CheckStatus};
use crate::domain::job::Job;
use crate::domain::message::Message;
use crate::domain::name::Name;
use crate::domain::outcome::{Exit, Outcome};
use crate::domain::review::{Review, ReviewVerdict};
use crate::domain::role::Role;
use crate::domain::run::tests::assignment;
use crate::domain::run::{Assignment, Prepared, Record, Usage};
use crate::domain::settlement::{Evidence, Findings};
use crate::domain::state::{AgentState, Phase};
use crate::domain::stream::{ResultLine, StreamFacts};
use crate::domain::task::{self, Task};
use crate::domain::time::{self, Time};
use crate::domain::verify::{Trial, Verified};

pub const BRANCH: &str = "agent/TASK-1-20260115-100000";

fn now() -> Time {
    time::parse("2026-01-15T10:05:00Z").unwrap()
}

/// A run with what it left, in words.
pub struct Scene {
    pub assignment: Assignment,
    pub task: Option<Task>,
    pub text: String,
    pub outcome: Outcome,
    pub left: String,
    pub holds_task: bool,
    pub state: AgentState,
}

impl Scene {
    pub fn new(role: Role, job: Job, outcome: Outcome, left: &str) -> Self {
        let state = AgentState { phase: Phase::Running, ..AgentState::default() };
        let (assignment, left) = (assignment(role, job), left.to_owned());
        Self { assignment, task: None, text: String::new(), outcome, left, holds_task: true, state }
    }

    /// A run of a task whose file has these header lines too.
    pub fn of_task(header: &str, attempt: u32, outcome: Outcome, left: &str) -> Self {
        let id: Name = "TASK-1".parse().unwrap();
        let text = format!("# Fix it\n\n{header}ATTEMPTS: {attempt}\nRUN: 0190d1c2\n\n## Notes\n\nSoon.\n");
        let task = task::parse(&id, &text).unwrap();
        let role = match task.role.word() {
            "implement" => Role::Implementer,
            "test" => Role::Tester,
            _ => Role::Reviewer,
        };
        Self { task: Some(task), text, ..Self::new(role, Job::Task { id, attempt }, outcome, left) }
    }

    fn has(&self, word: &str) -> bool {
        self.left.split(' ').any(|one| one == word)
    }

    pub fn record(&self) -> Record {
        let (words, is_error) = ("I did it.".to_owned(), self.outcome != Outcome::Finished);
        let result = ResultLine { is_error, num_turns: 9, result: Some(words), ..ResultLine::default() };
        let reviewed = self.has("verdict");
        let issues = Vec::new();
        let review = Review { verdict: ReviewVerdict::Approve, summary: "Fine.".to_owned(), issues };
        let writes = matches!(self.assignment.role, Role::Implementer | Role::Tester);
        let prepared = Prepared {
            branch: writes.then(|| BRANCH.to_owned()),
            start: "base".to_owned(),
            base: "base".to_owned(),
            target: Some("main".to_owned()),
            pull_request_branch: self.task.as_ref().and_then(|task| task.pr).map(|_| "feature/x".to_owned()),
            checked: None,
            fork: false,
            claude_files: Vec::new(),
        };
        let ended = Ended {
            prepared: Some(prepared),
            exit: Exit { code: Some(0), signal: None },
            facts: StreamFacts { result: self.has("report").then_some(result), ..StreamFacts::default() },
            ..Ended::default()
        };
        let evidence = Evidence {
            commits: u32::from(self.has("commits")),
            forbidden: if self.has("forbidden") { vec!["src/a.rs".to_owned()] } else { Vec::new() },
            recorded: reviewed || self.has("check"),
            question: self.has("question").then(|| "question-1".to_owned()),
            reported: self.has("report"),
            unfetchable: None,
            goes_on: false,
            findings: self.has("judged").then_some(Findings::Judged { count: 1, queue_full: false }),
        };
        let tip = writes.then(|| if self.has("commits") { "tip" } else { "base" }.to_owned());
        let salvage = if self.has("salvage") { vec!["refs/salvage/0190d1c2".to_owned()] } else { Vec::new() };
        let set_aside = if self.has("refused") { vec!["data.enc".to_owned()] } else { Vec::new() };
        let claude_files = if self.has("settings") { vec![".mcp.json".to_owned()] } else { Vec::new() };
        let left = Left {
            evidence,
            tip,
            has_commits: self.has("commits"),
            salvage,
            set_aside,
            claude_files,
            output_dropped: 0,
            review: reviewed.then_some(review),
        };
        let (task, outcome) = (self.task.as_ref(), self.outcome.clone());
        let usage = Usage { turns: Some(9), cost_usd: Some(2.5), is_estimate: true, ..Usage::default() };
        let case = Case { assignment: &self.assignment, task, ended, outcome, left, session: None, usage, now: now() };
        let settlement = case.settlement(self.holds_task);
        let record = Record { verified: self.verified(), ..case.record(settlement) };
        match record.verified {
            Some(_) => amended(&self.assignment, task.filter(|_| self.holds_task), record, self.has("stopped"), now()),
            None => record,
        }
    }

    /// `work:2`, `work:2 base:0`: the exit codes of `verify`.
    fn verified(&self) -> Option<Verified> {
        let trial = |what: &str| {
            let code = self.left.split(' ').find_map(|word| word.strip_prefix(what)?.strip_prefix(':'))?;
            let (commit, tail) = (format!("{what}-of-the-task"), "1 test failed".to_owned());
            Some(Trial { commit, exit_code: code.parse().ok(), seconds: 3, tail })
        };
        Some(Verified { command: "make check".to_owned(), work: trial("work")?, base: trial("base") })
    }

    /// Calls `look` with the steps of settling it.
    pub fn with_steps<T>(&self, look: impl FnOnce(&[Step<'_>]) -> T) -> T {
        let record = self.record();
        let check = self.has("check").then(|| Check {
            name: "lint".parse().unwrap(),
            status: CheckStatus::Passed,
            commit: "head".to_owned(),
            time: now(),
            summary: "Fine.".to_owned(),
            details: String::new(),
            issues: Vec::new(),
        });
        let (set_aside, log) = ("/runs/1/set-aside".into(), "/runs/1/output.jsonl".into());
        let folder = Folder { set_aside, log, check, ..Folder::default() };
        let task = self.task.as_ref();
        let settling = Settling { assignment: &self.assignment, task, record: &record, folder: &folder };
        look(&settling.steps(self.state.clone()))
    }

    /// The steps that tell runs apart, in words.
    pub fn plan(&self) -> String {
        self.with_steps(|steps| {
            let ends_well = matches!(steps, [.., Step::Log(_), Step::Release(state)] if state.is_idle());
            assert!(ends_well || matches!(steps, [.., Step::Log(_), Step::Send(_), Step::Release(_)]), "{steps:?}");
            let notes = steps.iter().filter(|step| matches!(step, Step::NoteCancelled(..))).count();
            assert_eq!(notes, usize::from(self.task.is_some()), "{steps:?}");
            steps.iter().filter_map(|step| self.word(step)).collect::<Vec<_>>().join(", ")
        })
    }

    fn word(&self, step: &Step<'_>) -> Option<String> {
        Some(match step {
            Step::Push(publication, commit) => format!("push {commit} to {}", publication.remote_branch),
            Step::OpenPullRequest(_, wanted, _) if wanted.draft => format!("draft into {}", wanted.base),
            Step::OpenPullRequest(_, wanted, _) => format!("pull request into {}", wanted.base),
            Step::UpdateReceipt { pr, is_ready, .. } => {
                format!("receipt of #{pr}{}", if *is_ready { ", ready" } else { "" })
            }
            Step::PostReview(number, review) => format!("{} #{number}", review.verdict),
            Step::Send(message) | Step::Report(message) => format!("{} {:?}", message.kind, message.title),
            Step::MoveTask(step) => {
                let task = task::parse(step.task, &step.edit.apply(&self.text)).unwrap();
                let holds = task.waits_for.map(|what| format!(" waits for {what}")).unwrap_or_default();
                format!("{} {}/{}{holds}", step.to, task.attempts, task.returns)
            }
            Step::RecordCheck(_, check) => format!("record {} {}", check.name, check.status),
            Step::ReturnCheck { charged, .. } => if *charged { "return, charged" } else { "return" }.to_owned(),
            Step::AddTask(id, _) => format!("add {id}"),
            Step::NoteCuration => "note curation".to_owned(),
            Step::CoolDown(_) => "cool down".to_owned(),
            Step::NoteQuota(_) => "note quota".to_owned(),
            Step::LiftCooldown | Step::NoteCancelled(..) | Step::Enter(_) | Step::Log(_) | Step::Release(_) => {
                return None;
            }
        })
    }

    pub fn messages(&self) -> Vec<Message> {
        let message = |step: &Step<'_>| match step {
            Step::Send(message) | Step::Report(message) => Some(message.clone()),
            _ => None,
        };
        self.with_steps(|steps| steps.iter().filter_map(message).collect())
    }

    /// The task's file after the settlement.
    pub fn task_text(&self) -> String {
        self.with_steps(|steps| {
            let step = steps.iter().find_map(|step| if let Step::MoveTask(step) = step { Some(step) } else { None });
            let step = step.unwrap();
            let edit = step.edit.clone();
            match &step.section {
                Section::None => edit,
                Section::Result(text) => edit.section("Result", text),
                Section::Error(text) => edit.section("Error", text),
            }
            .apply(&self.text)
        })
    }
}
