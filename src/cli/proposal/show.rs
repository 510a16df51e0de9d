//! `scheduler proposal show`.

use super::list::{Listed, Others};
use crate::cli::{Context, config};
use crate::domain::name::Name;
use crate::domain::text::one_line;
use crate::engine::curation;
use crate::store::proposals::{FoundProposal, Proposals};
use anyhow::Result;

/// Shows one proposal: where it is, its score factor by factor, what it overlaps with, its file.
pub fn run(id: &Name, json: bool, context: &Context) -> Result<()> {
    let (project, _) = context.enter("proposal show")?;
    let config = config::read(&project)?;
    let proposals = Proposals::new(&project.paths);
    let FoundProposal { state, proposal, text } = proposals.get(&proposals.id_of(id)?)?;
    let around = curation::surroundings(&project.paths, [&proposal])?;
    let (active, deferred) = proposals.open()?;
    let others = Others { active, deferred, around };
    let listed = Listed::new(state, proposal, &config, &others);
    if json {
        return context.json(&listed);
    }
    let Listed { score, proposal, contradicts, .. } = listed;
    context.line(format!("{state}, {}", proposals.path(state, &proposal.id).display()))?;
    context.line(format!("score {:.2}", score.total))?;
    for factor in &score.factors {
        context.line(format!("  {}", one_line(&factor.to_string())))?;
    }
    if let Some(note) = &score.note {
        context.line(format!("  {note}"))?;
    }
    for other in contradicts {
        context.line(format!("contradicts {other}: only the user may decide"))?;
    }
    if state.is_open() {
        let open = [others.active, others.deferred].concat();
        for overlap in curation::overlaps(&project.paths, &proposal, &open)? {
            context.line(format!("overlap: {}", one_line(&overlap)))?;
        }
    }
    context.line("")?;
    context.line(text.trim_end())
}
