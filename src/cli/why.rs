//! `scheduler why`: the whole reasoning about an agent or a task, in a few lines.

use super::Context;
use super::completions::Source;
use super::tick::misconfigured;
use super::view::{Line, Tone};
use crate::domain::name::Name;
use crate::domain::text::meant;
use crate::domain::time::Time;
use crate::engine::project::Project;
use crate::engine::why::{self, Answer, Explanation};
use anyhow::{Result, bail};

/// Arguments of `scheduler why`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An agent, a task, a proposal, or a pull request as PR-7; every agent in one line if left out
    #[arg(value_name = "AGENT|ID", add = Source::Anything)]
    name: Option<Name>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Explains.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, _) = context.enter("why")?;
    let explained = answer(&project, args.name.as_ref(), context.now)?;
    if args.json {
        return context.json(&serde_json::json!({ "explanations": explained }));
    }
    context.lines(&explained.iter().flat_map(lines).collect::<Vec<_>>())
}

/// What there is to say of an agent or a task, or of every agent.
///
/// # Errors
/// agents.yaml is wrong (exit code 2); there is nothing of that name.
pub(super) fn answer(project: &Project, name: Option<&Name>, now: Time) -> Result<Vec<Explanation>> {
    match why::why(project, name, now)? {
        Answer::Explained(explained) => Ok(explained),
        Answer::Misconfigured(problems) => Err(misconfigured(project, &problems)),
        Answer::Unknown(agents) => {
            let name = name.map(Name::as_str).unwrap_or_default();
            match meant(name, agents.iter().map(Name::as_str)) {
                Some(near) => bail!("there is no agent, task, proposal or pull request {name}; did you mean {near}?"),
                None => bail!(
                    "there is no agent, task, proposal or pull request {name}; `scheduler agent list`, `task list`, \
                     `proposal list` and `pr list` name them"
                ),
            }
        }
    }
}

/// The reasoning as lines.
pub(super) fn lines(explanation: &Explanation) -> Vec<Line> {
    let line = |sentence: &why::Sentence| {
        let indent = "  ".repeat(sentence.depth);
        let tone = if sentence.depth == 0 { Tone::Strong } else { Tone::Plain };
        Line::new(&indent, Tone::Plain).and(&sentence.text, tone)
    };
    explanation.lines.iter().map(line).collect()
}
