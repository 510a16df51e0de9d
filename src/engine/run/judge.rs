//! What came of a run: the work is saved, the evidence read, the outcome and the settlement decided and put on record.
//!
//! Git is asked first, the exit code second.

use super::{Run, held_task, launch::Ended};
use crate::{
    domain::{
        outcome::{self, End, Outcome},
        review::Review,
        role::{MayChange, TaskRole},
        run::{self, NewPullRequest, Prepared, Publication, Record, Usage},
        settlement::{self, CheckRun, Evidence, Findings, Publish, TaskRun},
        test_paths::TestPaths,
        text::{cut, one_line},
    },
    exec::{
        evidence::{self, Advance, Leftovers},
        fingerprint::{self, Fingerprint},
        nested, salvage,
    },
    store::{messages, proposals::Proposals, queue::Queue, runs},
    sys::read,
};
use anyhow::Result;
use std::ffi::{OsStr, OsString};

/// The most of an agent's last words that is kept, in characters.
const MAX_REPORT: usize = 1_500;
/// The most of stderr that is read for the last words of a program that failed.
const MAX_STDERR: usize = 16 << 10;

/// The work as git has it after the run.
#[derive(Debug, Default)]
struct Work {
    evidence: Evidence,
    tip: Option<String>,
}

impl Run<'_> {
    /// Judges an end, and writes the record before anything is settled.
    pub(super) fn judge(&self, ended: &Ended, hindrance: Option<Outcome>) -> Result<Record> {
        let now = (self.supervisor.clock)();
        let outcome = match hindrance {
            Some(outcome) => outcome,
            None => self.classify(ended)?,
        };
        let prepared: Option<Prepared> = read::read_json(&self.files.prepared())?;
        let work = match &prepared {
            Some(prepared) => self.save_work(prepared, &outcome, ended)?,
            None => Work::default(),
        };
        // A person may have cancelled or moved it since the run began.
        let held = held_task(self.project(), &self.assignment)?.is_some();
        let attempt = if self.task.is_some() { self.assignment.job.attempt() } else { 0 };
        let settlement = match (self.task.as_ref().filter(|_| held), &self.assignment.job) {
            (_, run::Job::Check(due)) => settlement::settle_check(&CheckRun {
                recorded: self.files.check().is_file(),
                attempt: due.attempt,
                max_attempts: self.assignment.settings.max_attempts,
                outcome: &outcome,
                tampered: work.evidence.tampered.as_deref(),
                now,
            }),
            (_, run::Job::Coordinate) => settlement::settle_coordination(&outcome),
            (None, run::Job::Task { .. }) => settlement::taken_away(&outcome, now),
            (Some(task), _) => settlement::settle_task(&TaskRun {
                role: task.head.role,
                attempt,
                max_attempts: self.assignment.settings.max_attempts,
                returns: task.head.returns,
                has_pull_request: task.head.pr.is_some(),
                outcome: &outcome,
                evidence: &work.evidence,
                now,
            }),
            (None, _) => settlement::settle_other(&outcome, self.findings()?, now),
        };
        let review: Option<Review> = read::read_json(&self.files.review())?;
        let report = ended.facts.result.as_ref().map(|result| cut(result.text().trim(), MAX_REPORT));
        let mut record = Record {
            run_id: self.id().to_owned(),
            detail: outcome.to_string(),
            publication: None,
            review,
            branch: prepared.as_ref().and_then(|prepared| prepared.branch.clone()),
            base: prepared.as_ref().map(|prepared| prepared.base.clone()),
            tip: work.tip,
            // Also what an earlier run had left in the worktree, which was saved when this one began.
            salvage: self.salvaged(prepared.is_some())?,
            attempt,
            usage: usage(ended),
            exit_code: ended.exit.number(),
            started_at: self.assignment.assigned_at,
            finished_at: now,
            report: report.filter(|report| !report.is_empty()),
            outcome,
            settlement,
        };
        if let Some(prepared) = prepared.filter(|_| record.settlement.publish == Publish::Work) {
            record.publication = self.publication(&prepared, &record);
        }
        runs::write_json(&self.files.record(), &record)?;
        tracing::debug!(outcome = record.outcome.word(), reason = record.settlement.reason, "judged");
        Ok(record)
    }

    /// What was set aside under this run's name. Where even git can't be called, nothing of this run was.
    fn salvaged(&self, was_prepared: bool) -> Result<Vec<String>> {
        match salvage::refs_of(&self.worktree().repository(), self.id()) {
            Err(error) if !was_prepared => {
                tracing::warn!("{error:#}");
                Ok(Vec::new())
            }
            refs => Ok(refs?),
        }
    }

    /// What a proposer or a curator left: counted, not believed.
    fn findings(&self) -> Result<Option<Findings>> {
        let paths = &self.project().paths;
        let proposals = Proposals::new(paths);
        Ok(match self.assignment.job {
            run::Job::Propose => Some(Findings::Proposed(proposals.added_in(self.id())?)),
            run::Job::Curate => {
                let queue_full = Queue::new(paths).pending()? >= self.assignment.max_incoming;
                Some(Findings::Judged { count: proposals.judged_in(self.id())?, queue_full })
            }
            run::Job::Task { .. } | run::Job::Explore | run::Job::Check(_) | run::Job::Coordinate => None,
        })
    }

    fn classify(&self, ended: &Ended) -> Result<Outcome> {
        let stderr = read::read_tail(&self.files.stderr(), MAX_STDERR)?;
        Ok(outcome::classify(&End {
            exit: ended.exit,
            stopped: ended.stopped,
            result: ended.facts.result.as_ref(),
            rate_limit: ended.facts.rate_limit.as_ref(),
            api_retry: ended.facts.api_retry.as_ref(),
            began: std::fs::metadata(self.files.output()).is_ok_and(|output| output.len() > 0),
            stderr: &stderr,
            now: (self.supervisor.clock)(),
            here: &zone_names(self.supervisor.environment.get(OsStr::new("TZ"))),
        }))
    }

    /// Brings everything that the run left to a ref, lets go of the branch, and reads the evidence.
    fn save_work(&self, prepared: &Prepared, outcome: &Outcome, ended: &Ended) -> Result<Work> {
        let worktree = self.worktree();
        worktree.ensure(&prepared.start)?;
        let may_change = self.assignment.role.spec().may_change;
        let mut work = Work::default();
        let before = evidence::read(&worktree, &prepared.start, prepared.branch.as_deref())?;
        let unfinished = *outcome != Outcome::Finished;
        if may_change != MayChange::Nothing && !before.dirty.is_empty() && (before.commits == 0 || unfinished) {
            let message = match &self.task {
                Some(task) => format!("{}: {}", task.head.id, cut(&one_line(&task.head.title), 60)),
                None => "Uncommitted changes".to_owned(),
            };
            let left = evidence::commit_leftovers(&worktree, &message, &self.files.set_aside())?;
            if let Leftovers::NotPossible(why) = left {
                tracing::warn!("uncommitted changes are set aside: {why}");
            }
        }
        let after = evidence::read(&worktree, &prepared.base, prepared.branch.as_deref())?;
        salvage::salvage(&worktree, self.id(), "Set aside at the end of a run", &self.files.set_aside())?;
        for link in &after.unfetchable {
            // Nothing else holds that commit.
            nested::move_if_filled(&worktree, &link.path, &self.files.set_aside())?;
        }
        if let Some(branch) = &prepared.branch {
            work.tip = Some(after.head.clone());
            match evidence::advance_branch(&worktree, branch, &after.head)? {
                Advance::Already | Advance::Moved => {}
                Advance::NotForward(tip) => {
                    // What is published is the branch; the other line of work is kept and named.
                    salvage::keep_commit(&worktree, self.id(), &after.head)?;
                    work.tip = Some(tip);
                }
            }
        }
        worktree.detach()?;
        work.evidence = self.evidence(prepared, &after, ended)?;
        Ok(work)
    }

    fn evidence(&self, prepared: &Prepared, found: &evidence::GitFacts, ended: &Ended) -> Result<Evidence> {
        let writes = prepared.branch.is_some();
        let forbidden = match self.assignment.role.spec().may_change {
            MayChange::TestFiles => TestPaths::new(&self.assignment.test_paths)?.others(&found.changed),
            MayChange::Nothing | MayChange::Code => Vec::new(),
        };
        let said =
            ended.facts.result.as_ref().is_some_and(|result| !result.is_error && !result.text().trim().is_empty());
        Ok(Evidence {
            commits: if writes { u32::try_from(found.commits).unwrap_or(u32::MAX) } else { 0 },
            forbidden,
            reviewed: self.files.review().is_file(),
            question: self.question()?,
            reported: said,
            tampered: self.tampered()?,
            unfetchable: found.unfetchable.first().map(|link| {
                format!("its commits name {} of the submodule {}, which no remote has", link.commit, link.path)
            }),
        })
    }

    /// The newest question that this run asked about its task and that nobody has answered yet.
    fn question(&self) -> Result<Option<String>> {
        let Some(task) = &self.task else { return Ok(None) };
        let asked = messages::questions(&self.project().paths)?.into_iter().find(|listed| {
            listed.answer.is_none()
                && listed.message.run.as_deref() == Some(self.id())
                && listed.message.task.as_deref() == Some(task.head.id.as_str())
        });
        Ok(asked.map(|asked| asked.stem))
    }

    /// What the run changed of that which decides what git does and sends.
    fn tampered(&self) -> Result<Option<String>> {
        let Some(before) = read::read_json::<Fingerprint>(&self.files.fingerprint())? else { return Ok(None) };
        let worktree = self.worktree();
        let git_dir = worktree.verify()?;
        let after = fingerprint::fingerprint(&worktree.repository(), &self.project().common_dir, Some(&git_dir))?;
        let changes = fingerprint::diff(&before, &after);
        for change in &changes {
            tracing::warn!("during the run {}", change.words);
        }
        let trusted: Vec<_> =
            changes.iter().filter(|change| change.trusted).map(|change| change.words.as_str()).collect();
        Ok((!trusted.is_empty()).then(|| format!("during the run {}", trusted.join("; "))))
    }

    /// What is to be pushed, and the pull request to open for it.
    fn publication(&self, prepared: &Prepared, record: &Record) -> Option<Publication> {
        let task = self.task.as_ref()?;
        let branch = prepared.branch.clone()?;
        let remote_branch = prepared.pull_request_branch.clone().unwrap_or_else(|| branch.clone());
        let pull_request = match (task.head.pr, &prepared.target) {
            (None, Some(base)) => Some(NewPullRequest {
                base: base.clone(),
                title: cut(&one_line(&task.head.title), 200),
                body: self.pull_request_body(record),
                draft: self.assignment.draft_pull_requests,
            }),
            _ => None,
        };
        Some(Publication { branch, remote_branch, pushed_before: None, pull_request })
    }

    fn pull_request_body(&self, record: &Record) -> String {
        let id = self.assignment.job.task().map(ToString::to_string).unwrap_or_default();
        let report = record.report.as_deref().unwrap_or("The agent left no description.");
        format!("{report}\n\n---\nTask `{id}`, by `{}` ({}).\n", self.assignment.agent, self.assignment.role)
    }

    /// Whether this run is a review.
    pub(super) fn reviews(&self) -> bool {
        self.task.as_ref().is_some_and(|task| task.head.role == TaskRole::Review)
    }
}

/// The names by which the local time zone may be called: by what TZ says, else by the system's setting.
fn zone_names(variable: Option<&OsString>) -> Vec<String> {
    let Some(variable) = variable.filter(|variable| !variable.is_empty()) else {
        let link = std::fs::read_link("/etc/localtime").unwrap_or_default();
        let name = link.to_string_lossy().split_once("zoneinfo/").map(|(_, name)| name.to_owned());
        return name.into_iter().collect();
    };
    let whole = variable.to_string_lossy().trim_start_matches(':').to_owned();
    // "CET-1CEST": what is written out is named by its first letters.
    let letters = whole.chars().take_while(char::is_ascii_alphabetic).collect();
    vec![letters, whole]
}

fn usage(ended: &Ended) -> Usage {
    let result = ended.facts.result.as_ref();
    let tokens = result.map(|result| result.usage);
    Usage {
        turns: result.map(|result| result.num_turns),
        cost_usd: result.and_then(|result| result.total_cost_usd),
        input_tokens: tokens
            .map(|usage| usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens),
        output_tokens: tokens.map(|usage| usage.output_tokens),
        duration_seconds: ended.duration.as_secs(),
    }
}
