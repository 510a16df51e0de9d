//! `scheduler proposal list`, and what there is to know of one proposal among the others.

use crate::cli::{Context, config, table};
use crate::domain::config::Config;
use crate::domain::name::Name;
use crate::domain::proposal::{self, Proposal, ProposalState, Score, Surroundings};
use crate::domain::text::{joined, one_line};
use crate::domain::time;
use crate::engine::curation;
use crate::engine::project::Project;
use crate::store::proposals::Proposals;
use crate::store::state_dirs::{BadFile, InState};
use anyhow::Result;
use serde::Serialize;

/// How many promoted proposals are listed among the others.
const PROMOTED: usize = 5;

/// Arguments of `scheduler proposal list`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only those in this state
    #[arg(long, ignore_case = true)]
    state: Option<ProposalState>,
    /// Only your own; for an agent, its own
    #[arg(long)]
    mine: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One proposal with all there is to know of it.
#[derive(Serialize)]
pub(super) struct Listed {
    pub(super) state: ProposalState,
    pub(super) score: Score,
    /// Open proposals that contradict it; only the user may decide then.
    pub(super) contradicts: Vec<Name>,
    #[serde(flatten)]
    pub(super) proposal: Proposal,
}

/// What one proposal is compared with.
pub(super) struct Others {
    pub(super) active: Vec<Proposal>,
    pub(super) deferred: Vec<Proposal>,
    pub(super) around: Surroundings,
}

impl Listed {
    pub(super) fn new(state: ProposalState, proposal: Proposal, config: &Config, others: &Others) -> Self {
        let partners = proposal::partners(&proposal, &others.active, &others.deferred).into_iter();
        let contradicts = partners.filter(|_| state.is_open()).map(|other| other.id.clone()).collect();
        Self { state, score: proposal::score(&proposal, config, &others.around), contradicts, proposal }
    }

    /// Whether it is deferred without a date, and nothing else says what the user has to decide.
    fn waits_for_you(&self) -> bool {
        let no_date = self.state == ProposalState::Deferred && self.proposal.returns_at().is_none();
        no_date && self.contradicts.is_empty()
    }
}

#[derive(Serialize)]
struct Everything {
    proposals: Vec<Listed>,
    unreadable: Vec<InState<ProposalState, BadFile>>,
}

/// Lists the proposals, state by state, the highest score first.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, caller) = context.enter("proposal list")?;
    let mut all = read(&project, &config::read(&project)?)?;
    let own = caller.by().name;
    let newest = newest_promoted(&all.proposals);
    let mut left_out = 0;
    all.proposals.retain(|listed| {
        let old = listed.state == ProposalState::Promoted && !newest.contains(&listed.proposal.id);
        if old && args.state.is_none() && !args.json {
            left_out += 1;
            return false;
        }
        let fits = args.state.is_none_or(|state| state == listed.state);
        fits && (!args.mine || listed.proposal.idea.proposer.as_str().eq_ignore_ascii_case(&own))
    });
    if args.json {
        return context.json(&all);
    }
    if all.proposals.is_empty() {
        context.line("no proposals")?;
    } else {
        print(&all.proposals, args.state.is_some(), context)?;
    }
    if left_out > 0 {
        let were = if left_out == 1 { "was" } else { "were" };
        context.line(format!("\n{left_out} more {were} promoted: `scheduler proposal list --state promoted`"))?;
    }
    all.unreadable.iter().for_each(|bad| context.warn(&bad.what));
    Ok(())
}

/// Those that became a task last.
fn newest_promoted(proposals: &[Listed]) -> Vec<Name> {
    let mut promoted: Vec<_> = proposals.iter().filter(|listed| listed.state == ProposalState::Promoted).collect();
    promoted.sort_by_key(|listed| std::cmp::Reverse(listed.proposal.judgement.as_ref().and_then(|judged| judged.at)));
    promoted.into_iter().take(PROMOTED).map(|listed| listed.proposal.id.clone()).collect()
}

fn print(proposals: &[Listed], with_reasons: bool, context: &Context) -> Result<()> {
    let mut rows = table::new(&["STATE", "PROPOSAL", "PROPOSER", "CATEGORY", "SIZE", "SCORE", "TITLE"]);
    for Listed { state, score, proposal, .. } in proposals {
        rows.add_row([
            state.word(),
            proposal.id.as_str(),
            &table::cell(proposal.idea.proposer.as_str(), 12, context.width()),
            proposal.idea.category.word(),
            proposal.idea.complexity.word(),
            &format!("{:.2}", score.total),
            &one_line(&proposal.idea.title),
        ]);
    }
    context.line(table::text(&rows, context.width()))?;
    if let Some(note) = proposals.first().and_then(|listed| listed.score.note.as_ref()) {
        context.line(format!("\nScores: {note}"))?;
    }
    for listed in proposals {
        let id = &listed.proposal.id;
        if !listed.contradicts.is_empty() {
            let others = joined(&listed.contradicts);
            context.line(format!("\n{id} contradicts {others}: you decide, see `scheduler message list`"))?;
        }
        if listed.waits_for_you() {
            context.line(format!("\n{id} waits for you: promote, reject or reactivate it"))?;
        }
        if let Some(reason) = listed.proposal.reason().filter(|_| with_reasons) {
            let back = listed.proposal.returns_at().map(|at| format!(" (back {})", time::local(at)));
            context.line(format!("\n{id}{}: {}", back.unwrap_or_default(), reason.trim()))?;
        }
    }
    Ok(())
}

fn read(project: &Project, config: &Config) -> Result<Everything> {
    let (found, unreadable) = Proposals::new(&project.paths).everywhere()?;
    let of = |state: ProposalState| -> Vec<Proposal> {
        found.iter().filter(|one| one.state == state).map(|one| one.what.clone()).collect()
    };
    let around = curation::surroundings(&project.paths, found.iter().map(|one| &one.what))?;
    let others = Others { active: of(ProposalState::Active), deferred: of(ProposalState::Deferred), around };
    let mut proposals: Vec<_> =
        found.into_iter().map(|one| Listed::new(one.state, one.what, config, &others)).collect();
    proposals.sort_by(|a, b| a.state.cmp(&b.state).then_with(|| b.score.total.total_cmp(&a.score.total)));
    Ok(Everything { proposals, unreadable })
}
