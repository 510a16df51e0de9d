//! `scheduler proposal list` and `scheduler proposal show`. They only look.

use crate::{
    cli::{Context, config, table, view::fit, words::words},
    domain::{
        config::Config,
        name::Name,
        proposal::{self, Proposal, ProposalState, Score},
        text::{one_line, printable},
        time,
    },
    engine::{curation, project::Project},
    store::proposals::Proposals,
};
use anyhow::Result;
use serde::Serialize;

/// How many promoted proposals are listed among the others.
const PROMOTED: usize = 5;

/// Arguments of `scheduler proposal list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only those in this state: active, promoted, deferred or rejected
    #[arg(long, value_parser = words(ProposalState::ALL, ProposalState::word), hide_possible_values = true)]
    state: Option<ProposalState>,
    /// Only one's own
    #[arg(long)]
    mine: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One proposal with all there is to know of it.
#[derive(Serialize)]
struct Listed {
    state: ProposalState,
    score: Score,
    /// Open proposals that contradict it; only a person may decide then.
    contradicts: Vec<Name>,
    #[serde(flatten)]
    proposal: Proposal,
}

#[derive(Serialize)]
struct Unreadable {
    state: ProposalState,
    id: Name,
    path: String,
    problems: Vec<String>,
}

#[derive(Default, Serialize)]
struct Everything {
    proposals: Vec<Listed>,
    unreadable: Vec<Unreadable>,
}

/// Lists the proposals, state by state, the highest score first.
pub fn list(args: &ListArgs, context: &Context) -> Result<()> {
    let (project, caller) = context.reading("proposal list")?;
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
        context.line(format!("\n{left_out} more were promoted: `scheduler proposal list --state promoted`"))?;
    }
    for bad in &all.unreadable {
        context.warn(format!("{}: {}", bad.path, bad.problems.join("; ")));
    }
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
    for listed in proposals {
        let Listed { state, score, proposal, .. } = listed;
        rows.add_row([
            state.word(),
            proposal.id.as_str(),
            &fit(proposal.idea.proposer.as_str(), 12),
            proposal.idea.category.word(),
            proposal.idea.complexity.word(),
            &format!("{:.2}", score.total),
            &one_line(&proposal.idea.title),
        ]);
    }
    context.line(table::text(&rows))?;
    if let Some(note) = proposals.first().and_then(|listed| listed.score.note.as_ref()) {
        context.line(format!("\nScores: {note}"))?;
    }
    for listed in proposals {
        let id = &listed.proposal.id;
        if !listed.contradicts.is_empty() {
            let others: Vec<_> = listed.contradicts.iter().map(Name::as_str).collect();
            context
                .line(format!("\n{id} contradicts {}: you decide, see `scheduler message list`", others.join(", ")))?;
        }
        if waits_for_you(listed) {
            context.line(format!("\n{id} waits for you: promote, reject or reactivate it"))?;
        }
        if let Some(reason) = listed.proposal.reason().filter(|_| with_reasons) {
            let back = listed.proposal.returns_at().map(|at| format!(" (back {})", time::to_text(at)));
            context.line(format!("\n{id}{}: {}", back.unwrap_or_default(), printable(reason).trim()))?;
        }
    }
    Ok(())
}

/// Whether it is deferred without a date, and nothing else says what a person has to decide.
fn waits_for_you(listed: &Listed) -> bool {
    let no_date = listed.state == ProposalState::Deferred && listed.proposal.returns_at().is_none();
    no_date && listed.contradicts.is_empty()
}

fn read(project: &Project, config: &Config) -> Result<Everything> {
    let proposals = Proposals::new(&project.paths);
    let mut all = Everything::default();
    let mut found: Vec<(ProposalState, Proposal)> = Vec::new();
    for state in ProposalState::ALL {
        for one in proposals.all(state)? {
            match one {
                Ok(proposal) => found.push((state, proposal)),
                Err(bad) => {
                    let path = bad.path.display().to_string();
                    all.unreadable.push(Unreadable { state, id: bad.id, path, problems: bad.problems });
                }
            }
        }
    }
    let around = curation::surroundings(&project.paths, found.iter().map(|(_, proposal)| proposal))?;
    let of = |wanted: ProposalState| -> Vec<Proposal> {
        found.iter().filter(|(state, _)| *state == wanted).map(|(_, proposal)| proposal.clone()).collect()
    };
    let (active, deferred) = (of(ProposalState::Active), of(ProposalState::Deferred));
    for (state, proposal) in found {
        let contradicts = if state.is_open() { contradicting(&proposal, &active, &deferred) } else { Vec::new() };
        let score = proposal::score(&proposal, config, &around);
        all.proposals.push(Listed { state, score, contradicts, proposal });
    }
    all.proposals.sort_by(|a, b| a.state.cmp(&b.state).then_with(|| b.score.total.total_cmp(&a.score.total)));
    Ok(all)
}

fn contradicting(one: &Proposal, active: &[Proposal], deferred: &[Proposal]) -> Vec<Name> {
    proposal::partners(one, active, deferred).into_iter().map(|other| other.id.clone()).collect()
}

/// Shows one proposal: where it is, its score factor by factor, what it overlaps with, its file.
pub fn show(id: &Name, json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.reading("proposal show")?;
    let config = config::read(&project)?;
    let proposals = Proposals::new(&project.paths);
    let found = proposals.get(id)?;
    let around = curation::surroundings(&project.paths, [&found.proposal])?;
    let score = proposal::score(&found.proposal, &config, &around);
    let (active, deferred) = proposals.open()?;
    let open = found.state.is_open();
    let contradicts = if open { contradicting(&found.proposal, &active, &deferred) } else { Vec::new() };
    if json {
        return context.json(&Listed { state: found.state, score, contradicts, proposal: found.proposal });
    }
    let path = proposals.path(found.state, &found.proposal.id);
    context.line(format!("{}, {}", found.state, path.display()))?;
    context.line(format!("score {:.2}", score.total))?;
    for factor in &score.factors {
        context.line(format!("  {}", one_line(&factor.to_string())))?;
    }
    if let Some(note) = &score.note {
        context.line(format!("  {note}"))?;
    }
    if open {
        for other in contradicts {
            context.line(format!("contradicts {other}: only a person may decide"))?;
        }
        for overlap in curation::overlaps(&project.paths, &found.proposal, &[active, deferred].concat())? {
            context.line(format!("overlap: {}", one_line(&overlap)))?;
        }
    }
    context.line("")?;
    context.line(printable(&found.text).trim_end())
}
