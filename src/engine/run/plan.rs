//! What settling a run takes, step by step, worked out from its record before anything of it is done.
//!
//! It is pure: what there is to know is handed in.

mod account;
mod receipt;
mod results;

pub use receipt::Effort;

use super::publish::PublishError;
use crate::domain::explored::Explored;
use crate::domain::gate::{Check, DueCheck};
use crate::domain::job::Job;
use crate::domain::ledger::Entry;
use crate::domain::message::Message;
use crate::domain::name::Name;
use crate::domain::outcome::{Blame, Cooldown, Outcome};
use crate::domain::quota::Quota;
use crate::domain::receipt::Row;
use crate::domain::review::Review;
use crate::domain::run::{Assignment, NewPullRequest, Publication, Record};
use crate::domain::session;
use crate::domain::settlement::{self, Notice, Publish, Tally, TaskStep};
use crate::domain::state::AgentState;
use crate::domain::task::{Edit, NewTask, Task, TaskState, key};
use crate::domain::text::one_line;
use crate::domain::time;
use crate::domain::verify::{Verdict, Verified};
use crate::store::events::{Event, EventKind};
use std::path::PathBuf;

/// One step of settling a run. Done again it does nothing.
#[derive(Debug)]
pub enum Step<'a> {
    /// Push this commit.
    Push(&'a Publication, &'a str),
    /// For this branch, once it is pushed, with the receipt.
    OpenPullRequest(&'a str, NewPullRequest, Vec<Row>),
    /// Write this into the receipt of the pull request that the work goes on with. If it was a draft only because that said that
    /// the work fails: whether it isn't so any more.
    UpdateReceipt {
        pr: u64,
        rows: Vec<Row>,
        is_ready: bool,
    },
    /// On the pull request of this number.
    PostReview(u64, &'a Review),
    Send(Message),
    /// How the run ended, with what became of its work.
    Report(Message),
    MoveTask(TaskMove<'a>),
    /// Of this name, unless there is or was one.
    AddTask(Name, Box<NewTask>),
    /// Name the saved work, lines of a list, in the file of a task that was cancelled under this run.
    NoteCancelled(&'a Name, String),
    RecordCheck(&'a DueCheck, &'a Check),
    /// A check that wasn't recorded is due again.
    ReturnCheck {
        due: &'a DueCheck,
        charged: bool,
    },
    /// What a curator was shown needs no second look.
    NoteCuration,
    CoolDown(&'a Cooldown),
    LiftCooldown,
    /// Note in the ledger what it has cost.
    Enter(Entry),
    /// Remember how much of the account's usage limits is used.
    NoteQuota(&'a Quota),
    Log(Event),
    /// Let the agent go: always the last step.
    Release(AgentState),
}

/// Where the task of a run goes, with what is changed in its file.
#[derive(Debug)]
pub struct TaskMove<'a> {
    pub task: &'a Name,
    pub to: TaskState,
    pub edit: Edit,
    pub section: Section,
    /// What came of it, a few words each; the pull request that was opened is added.
    pub result: Vec<String>,
}

/// The section of the task's file that says what came of it; what was published is added.
#[derive(Debug)]
pub enum Section {
    None,
    Result(String),
    Error(String),
}

/// What the folder of a run holds beside its record.
#[derive(Debug, Default)]
pub struct Folder {
    /// Where what no commit could hold was moved to.
    pub set_aside: PathBuf,
    /// Where it says most of what happened.
    pub log: PathBuf,
    /// What `verify` printed.
    pub verify_log: PathBuf,
    pub check: Option<Check>,
    /// What the task asks for.
    pub criteria: Vec<String>,
    /// What the task has taken, this run included.
    pub effort: Effort,
    /// What an agent that looks for work had before its eyes.
    pub explored: Option<Explored>,
    /// The system confined what the run started.
    pub is_confined: bool,
}

/// A run that is to be settled.
#[derive(Clone, Copy)]
pub struct Settling<'a> {
    pub assignment: &'a Assignment,
    /// Its task as it was when the run began or is being recovered.
    pub task: Option<&'a Task>,
    pub record: &'a Record,
    pub folder: &'a Folder,
}

impl<'a> Settling<'a> {
    /// All steps, in their order: what goes out first, the agent's state last.
    pub fn steps(&self, state: AgentState) -> Vec<Step<'a>> {
        let (record, job) = (self.record, &self.assignment.job);
        let state = AgentState { explored: self.explored().map(Box::new), ..counted(state, record) };
        let mut steps = self.publication();
        steps.extend(record.settlement.notice.as_ref().map(|notice| Step::Report(self.notice(notice))));
        steps.extend(self.follow_up().into_iter().flatten());
        if let Some(task) = job.task() {
            steps.extend(record.settlement.task.as_ref().map(|step| Step::MoveTask(self.task_move(task, step))));
            steps.push(Step::NoteCancelled(task, self.whereabouts()));
        }
        if let Some(due) = job.check() {
            let charged = record.settlement.tally == Tally::Failure;
            let check = self.folder.check.as_ref();
            steps.push(check.map_or(Step::ReturnCheck { due, charged }, |check| Step::RecordCheck(due, check)));
        }
        if *job == Job::Curate && record.settlement.tally == Tally::Success {
            steps.push(Step::NoteCuration);
        }
        // A cause that would hit every run stops all agents for a while; a run that got through lifts that.
        match &record.settlement.cooldown {
            _ if !self.assignment.role.uses_claude() => {}
            Some(cooldown) => steps.push(Step::CoolDown(cooldown)),
            None if record.outcome.blame() == Blame::Run || record.outcome == Outcome::Finished => {
                steps.push(Step::LiftCooldown);
            }
            None => {}
        }
        steps.extend(self.set_aside().map(|place| Step::Send(self.set_aside_notice(&place))));
        steps.extend(self.claude_files_notice().map(Step::Send));
        steps.extend(self.budget_notice().map(Step::Send));
        if !record.usage.quota.is_empty() {
            steps.push(Step::NoteQuota(&record.usage.quota));
        }
        if self.assignment.role.uses_claude() {
            let pr = self.task.and_then(|task| task.pr);
            steps.push(Step::Enter(Entry::of(self.assignment, record, pr)));
        }
        steps.push(Step::Log(self.event()));
        let failures = settlement::row_of_failures(record.settlement.tally, &state);
        steps.extend(failures.map(|notice| Step::Send(self.failures(&notice))));
        steps.push(Step::Release(state));
        steps
    }

    /// What needn't be looked at again: after a run that ended badly, nothing.
    fn explored(&self) -> Option<Explored> {
        self.folder.explored.clone().filter(|_| self.record.settlement.tally == Tally::Success)
    }

    fn publication(&self) -> Vec<Step<'a>> {
        let record = self.record;
        let pr = self.task.and_then(|task| task.pr);
        match (record.settlement.publish, &record.publication, &record.tip, &record.review) {
            (Publish::Work, Some(publication), Some(commit), _) => {
                let (branch, wanted) = (&publication.remote_branch, publication.pull_request.as_ref());
                let verdict = record.verified.as_ref().map(Verified::verdict);
                let next = match (wanted, pr) {
                    (Some(wanted), _) => {
                        let draft = wanted.draft || verdict == Some(Verdict::Failed);
                        Some(Step::OpenPullRequest(branch, NewPullRequest { draft, ..wanted.clone() }, self.receipt()))
                    }
                    (None, Some(pr)) => {
                        let is_ready = !self.assignment.gatekeeper.enabled && verdict == Some(Verdict::Passed);
                        Some(Step::UpdateReceipt { pr, rows: self.round(), is_ready })
                    }
                    (None, None) => None,
                };
                [Step::Push(publication, commit)].into_iter().chain(next).collect()
            }
            (Publish::Review, _, _, Some(review)) => pr.map(|pr| Step::PostReview(pr, review)).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn task_move(&self, task: &'a Name, step: &TaskStep) -> TaskMove<'a> {
        let record = self.record;
        let now = time::to_text(record.finished_at);
        let work_branch = record.branch.as_ref().filter(|_| record.has_work());
        let edit = work_branch.map_or_else(Edit::new, |branch| Edit::new().set(key::WORK_BRANCH, branch));
        let cost = Some(self.cost_of_task()).filter(|cost| *cost > 0.0);
        let edit = cost.map_or(edit.clone(), |cost| edit.set(key::COST_USD, format!("{cost:.4}")));
        let (to, edit, section) = match step {
            TaskStep::Done => {
                let edit =
                    edit.set(key::COMPLETED_AT, now).clear(&[key::RETURNS, key::RESUMED_BY]).without_section("Error");
                (TaskState::Done, edit, Section::Result(self.result()))
            }
            TaskStep::Failed => (
                TaskState::Failed,
                edit.set(key::FAILED_AT, now).clear(&[key::RESUMED_BY]),
                Section::Error(self.account()),
            ),
            TaskStep::Requeue { attempts, returns, waits_for } => {
                let edit = count(count(edit, key::ATTEMPTS, *attempts), key::RETURNS, *returns);
                let edit = waits_for.iter().fold(edit, |edit, what| edit.set(key::WAITS_FOR, what));
                let goes_on = record.session.as_ref().is_some_and(|left| {
                    left.usable().is_ok() && session::was_cut_short(&record.outcome, Some(step), left)
                });
                let edit = match goes_on {
                    true => edit.set(key::RESUMED_BY, &self.assignment.agent),
                    false => edit.clear(&[key::RESUMED_BY]),
                };
                // What doesn't count is no news for the next attempt, unless there is work to go on from.
                let is_news = record.outcome.blame() == Blame::Run
                    || record.outcome == Outcome::Finished
                    || record.has_work()
                    || !record.salvage.is_empty()
                    || !record.set_aside.is_empty();
                (TaskState::Incoming, edit, if is_news { Section::Error(self.account()) } else { Section::None })
            }
        };
        TaskMove { task, to, edit, section, result: self.in_short(to) }
    }

    /// What the result of a task that is done says, below what was published.
    fn result(&self) -> String {
        let record = self.record;
        let review = record.review.as_ref().filter(|_| self.reviews());
        let mut lines: Vec<_> = review.map(|review| format!("\n{}", review.to_text().trim())).into_iter().collect();
        lines.extend(record.salvage.iter().map(|salvage| format!("Set aside: {salvage}")));
        lines.extend(self.set_aside().map(|place| format!("Set aside: {place}")));
        let log = || format!("Log: {}{}", self.folder.log.display(), self.dropped());
        lines.extend((record.output_dropped > 0).then(log));
        lines.extend(record.report.as_ref().map(|report| format!("\n{report}")));
        lines.join("\n")
    }

    fn notice(&self, notice: &Notice) -> Message {
        let text = format!("{}{}", self.account(), self.remedies());
        // What would hit every run has a key of its own and is no matter of this task.
        match &notice.key {
            Some(key) => self.message(notice, notice.title.clone(), text).key(key),
            None => self.message(notice, self.of_its_task(&notice.title), text),
        }
    }

    /// One message for a row of failures, however long it gets.
    fn failures(&self, notice: &Notice) -> Message {
        let agent = &self.assignment.agent;
        let body = format!(
            "The last time: {}\nIt goes on trying, at most once an hour. If nothing changes: `scheduler agent pause \
             {agent}`.\n",
            self.account()
        );
        self.message(notice, format!("{agent}: {}", notice.title), body).key(format!("failures {}", self.record.run_id))
    }

    /// What no commit could hold is told whatever came of the run.
    fn set_aside_notice(&self, place: &str) -> Message {
        let text = format!(
            "The agent left what git could not take into a commit: a name that it refuses, a filter that fails, a repository \
             inside the worktree; or what it had git ignore, or what an earlier run left to direct Claude Code. Everything else is saved as usual; this was moved, as it was: {place}\n"
        );
        let message = Message::warning(self.of_its_task("Files are set aside"), text);
        self.sent(message).key(format!("set aside {}", self.record.run_id))
    }

    /// What would direct the user's own claude is told before it is merged or checked out.
    fn claude_files_notice(&self) -> Option<Message> {
        let files = &self.record.claude_files;
        let (what, key) = match (self.assignment.job.check(), self.task.and_then(|task| task.pr)) {
            _ if files.is_empty() || !matches!(self.record.settlement.task, None | Some(TaskStep::Done)) => {
                return None;
            }
            (Some(due), _) => (format!("Pull request #{}", due.pr), format!("claude files #{} {}", due.pr, due.commit)),
            (None, Some(pr)) => (format!("Pull request #{pr}"), format!("claude files #{pr} {}", self.record.run_id)),
            (None, None) => ("The change".to_owned(), format!("claude files {}", self.record.run_id)),
        };
        let text = format!(
            "{what} touches files that Claude Code acts on by itself: it runs the hooks and starts the servers that they name, and \
             takes their notes for instructions. Look at them before you merge it or start Claude Code on it:\n\n{}\n\nIn agents' \
             runs they don't hold until they are merged.\n",
            files.iter().map(|path| format!("- {}", one_line(path))).collect::<Vec<_>>().join("\n")
        );
        let message = Message::warning(self.of_its_task("Files that direct Claude Code are changed"), text);
        Some(self.sent(message).key(key))
    }

    /// A check that never meets the head that GitHub names is held: each run of it would be for nothing.
    pub fn missed(&self, due: &DueCheck, found: &str) -> Message {
        let (number, check, agent) = (due.pr, &due.check, &self.assignment.agent);
        let text = format!(
            "{} runs looked at {}, which the remote has as the head of #{number}; GitHub names {}, so what they recorded \
             doesn't count. It isn't tried again.\n\n`scheduler agent run {agent}` tries it once more; `scheduler check record \
             --pr {number} --check {check}` records what you see.\n",
            due.attempt,
            one_line(found),
            due.commit
        );
        let message = Message::error(self.of_its_task("A check of a pull request never counts"), text);
        self.sent(message).key(format!("check missed {number} {check} {}", due.commit))
    }

    /// What the runs of its task have cost, this one included.
    fn cost_of_task(&self) -> f64 {
        let before = self.task.map_or(0.0, |task| task.cost_usd);
        before + self.record.usage.cost_usd.unwrap_or_default()
    }

    /// A task that comes back and isn't claimed any more is told once.
    fn budget_notice(&self) -> Option<Message> {
        let limit = self.assignment.max_cost_usd_per_task.filter(|limit| self.cost_of_task() >= *limit)?;
        let id = self.assignment.job.task()?;
        matches!(self.record.settlement.task, Some(TaskStep::Requeue { .. })).then(|| {
            let text = format!(
                "Its runs have cost ${:.2} of ${limit:.2} (max_cost_usd_per_task); it isn't claimed any more, and what was done is \
                 saved.\n\n`scheduler task retry {id}` gives it a new budget; `scheduler limits set max_cost_usd_per_task=N` \
                 raises that of all tasks.\n",
                self.cost_of_task()
            );
            let message = Message::warning(self.of_its_task("The budget of a task is spent"), text);
            self.sent(message).key(format!("task budget {}", self.record.run_id))
        })
    }

    /// What couldn't be published.
    pub fn publish_error(&self, error: &PublishError) -> Message {
        let title = if error.key.is_some() { error.title.to_owned() } else { self.of_its_task(error.title) };
        let key = error.key.map_or_else(|| format!("publish {}", self.record.run_id), str::to_owned);
        self.sent(Message::warning(title, error.text.clone())).key(key)
    }

    fn message(&self, notice: &Notice, title: String, body: String) -> Message {
        self.sent(Message::new(notice.kind, title, body)).key(format!("run {}", self.record.run_id))
    }

    fn sent(&self, message: Message) -> Message {
        message.from(&self.assignment.agent).task(self.assignment.job.task()).run(&self.record.run_id)
    }

    fn event(&self) -> Event {
        let record = self.record;
        Event {
            task: self.assignment.job.task().cloned(),
            outcome: Some(record.outcome.word().to_owned()),
            settlement: record.settlement.task.as_ref().map(|step| step.word().to_owned()),
            ..Event::new(record.finished_at, EventKind::Finished, &self.assignment.agent, &record.run_id)
        }
    }
}

/// Sets a count; a zero needs no line.
fn count(edit: Edit, key: &'static str, count: u32) -> Edit {
    if count == 0 { edit.clear(&[key]) } else { edit.set(key, count) }
}

/// The agent's state with this run counted, and none under way.
fn counted(state: AgentState, record: &Record) -> AgentState {
    let tally = record.settlement.tally;
    AgentState {
        last_finished: Some(record.finished_at),
        last_exit_code: record.exit_code,
        last_outcome: Some(record.outcome.word().to_owned()),
        last_result: Some(record.in_short()),
        consecutive_failures: match tally {
            Tally::Success => 0,
            Tally::Failure => state.consecutive_failures + 1,
            Tally::Neutral => state.consecutive_failures,
        },
        total_runs: state.total_runs + 1,
        total_successes: state.total_successes + u64::from(tally == Tally::Success),
        total_failures: state.total_failures + u64::from(tally == Tally::Failure),
        ..state.at_rest()
    }
}
