//! Brings everything that a run left to refs, and reads what it is judged by.
//!
//! Git is asked first, claude's words second. It judges nothing.

use super::context::Run;
use super::ended::Ended;
use super::moved_refs;
use crate::domain::job::Job;
use crate::domain::outcome::Outcome;
use crate::domain::review::Review;
use crate::domain::role::MayChange;
use crate::domain::run::Prepared;
use crate::domain::settlement::{Evidence, Findings};
use crate::domain::test_paths::TestPaths;
use crate::domain::text::{cut, one_line};
use crate::exec::claude_files;
use crate::exec::evidence::{self, Advance, GitFacts, Leftovers};
use crate::exec::salvage;
use crate::exec::stream;
use crate::exec::worktree::{nested, set_aside};
use crate::store::messages;
use crate::store::proposals::Proposals;
use crate::store::queue::Queue;
use crate::sys::read;
use anyhow::Result;
use std::path::Path;

/// What a run left.
#[derive(Debug, Default)]
pub struct Left {
    pub evidence: Evidence,
    /// The newest commit of the work.
    pub tip: Option<String>,
    /// Refs that hold what belongs to no branch, also what an earlier run had left in the worktree.
    pub salvage: Vec<String>,
    /// The agent has made commits.
    pub has_commits: bool,
    /// What no commit could hold, by its place in the worktree.
    pub set_aside: Vec<String>,
    /// What directs claude in the work, or in the change that was looked at.
    pub claude_files: Vec<String>,
    /// How many bytes of its output are not kept.
    pub output_dropped: u64,
    pub review: Option<Review>,
}

pub fn collect(run: &Run<'_>, ended: &Ended, outcome: &Outcome) -> Result<Left> {
    let review: Option<Review> = read::read_json(&run.files.review())?;
    let recorded = review.is_some() || run.files.check().is_file();
    let mut evidence = Evidence { recorded, findings: findings(run)?, ..Evidence::default() };
    let (mut tip, mut claude_files, mut has_commits) = (None, Vec::new(), false);
    if let Some(prepared) = &ended.prepared {
        let (newest, facts, own) = save_work(run, prepared, outcome)?;
        has_commits = own > 0;
        if let Err(error) = moved_refs::tell(run) {
            tracing::warn!("{error:#}");
        }
        claude_files = match &newest {
            Some(tip) => claude_files::changed(&run.worktree.repository(), &prepared.base, tip)?,
            None => prepared.claude_files.clone(),
        };
        tip = newest;
        let result = ended.facts.result.as_ref();
        evidence = Evidence {
            commits: tip.as_ref().map_or(0, |_| u32::try_from(facts.commits).unwrap_or(u32::MAX)),
            forbidden: match run.assignment.may_change() {
                MayChange::TestFiles => TestPaths::new(&run.assignment.test_paths)?.others(&facts.changed),
                MayChange::Nothing | MayChange::Code => Vec::new(),
            },
            question: question(run)?,
            reported: result.is_some_and(|result| !result.is_error && !result.text().trim().is_empty()),
            unfetchable: facts.unfetchable.first().map(|link| {
                format!("its commits name {} of the submodule {}, which no remote has", link.commit, link.path)
            }),
            ..evidence
        };
    }
    let salvage = match salvage::refs_of(&run.worktree.repository(), run.id()) {
        // Where even git can't be called, nothing of this run was saved.
        Err(error) if ended.prepared.is_none() => {
            tracing::warn!("{error:#}");
            Vec::new()
        }
        refs => refs?,
    };
    let output_dropped = run.files.output().metadata().map_or(0, |output| stream::excess(output.len()));
    Ok(Left {
        evidence,
        tip,
        has_commits,
        salvage,
        set_aside: set_aside::names(&run.files.set_aside()),
        claude_files,
        output_dropped,
        review,
    })
}

/// What is known of a run whose worktree is out of reach: what its branch holds.
pub fn of_branch(run: &Run<'_>, ended: &Ended) -> Result<Left> {
    let git = run.worktree.repository();
    let branch = ended.prepared.as_ref().and_then(|prepared| prepared.branch.as_ref());
    let tip = branch.map_or(Ok(None), |branch| git.commit(&format!("refs/heads/{branch}")))?;
    Ok(Left {
        evidence: Evidence { question: question(run)?, findings: findings(run)?, ..Evidence::default() },
        tip,
        salvage: salvage::refs_of(&git, run.id())?,
        ..Left::default()
    })
}

/// Brings the work to its branch and all else to other refs, and lets go of the branch. The newest commit of the branch,
/// what git knows of the run, and how many commits the agent itself made in it.
fn save_work(run: &Run<'_>, prepared: &Prepared, outcome: &Outcome) -> Result<(Option<String>, GitFacts, u64)> {
    let worktree = &run.worktree;
    worktree.ensure(&prepared.start)?;
    nested::move_unseen(worktree, &nested::submodules(&worktree.git())?)?;
    let writes = run.assignment.role.spec().may_change != MayChange::Nothing;
    let before = evidence::read(worktree, &prepared.start)?;
    if writes && !before.dirty.is_empty() && (before.commits == 0 || *outcome != Outcome::Finished) {
        let message = match run.task() {
            Some(task) => format!("{}: {}", task.id, cut(&one_line(&task.title), 60)),
            None => "Uncommitted changes".to_owned(),
        };
        if let Leftovers::NotPossible(why) = evidence::commit_leftovers(worktree, run.id(), &message)? {
            tracing::warn!("uncommitted changes are set aside: {why}");
        }
    }
    let after = evidence::read(worktree, &prepared.base)?;
    salvage::salvage(worktree, run.id(), "Set aside at the end of a run")?;
    for link in &after.unfetchable {
        // Nothing else holds that commit.
        nested::move_if_filled(worktree, Path::new(&link.path))?;
    }
    let advance = |branch: &String| evidence::advance_branch(worktree, branch, &after.head);
    let tip = match prepared.branch.as_ref().map(advance).transpose()? {
        None => None,
        Some(Advance::Already | Advance::Moved) => Some(after.head.clone()),
        Some(Advance::NotForward(tip)) => {
            // What is published is the branch; the other line of work is kept and named.
            salvage::keep_commit(worktree, run.id(), &after.head)?;
            Some(tip)
        }
    };
    worktree.detach()?;
    Ok((tip, after, before.commits))
}

/// The newest question that this run asked about its task and that nobody has answered yet.
fn question(run: &Run<'_>) -> Result<Option<String>> {
    let Some(task) = run.task() else { return Ok(None) };
    let asked = messages::questions(run.paths())?.into_iter().find(|listed| {
        listed.answer.is_none()
            && listed.message.run.as_deref() == Some(run.id())
            && listed.message.task.as_deref() == Some(task.id.as_str())
    });
    Ok(asked.map(|asked| asked.stem))
}

/// What a proposer or a curator left: counted, not believed.
fn findings(run: &Run<'_>) -> Result<Option<Findings>> {
    let proposals = Proposals::new(run.paths());
    Ok(match run.assignment.job {
        Job::Propose => Some(Findings::Proposed(proposals.added_in(run.id())?)),
        Job::Curate => {
            let queue_full = Queue::new(run.paths()).pending()? >= run.assignment.max_incoming;
            Some(Findings::Judged { count: proposals.judged_in(run.id())?, queue_full })
        }
        Job::Task { .. } | Job::Explore | Job::Check(_) | Job::Coordinate => None,
    })
}
