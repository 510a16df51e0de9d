//! `scheduler why`: the whole reasoning about an agent or a task, in a few lines.

use super::{
    Context,
    tick::misconfigured,
    view::{Line, Tone},
};
use crate::{
    domain::{name::Name, text::nearest},
    engine::why::{self, Answer, Explanation},
};
use anyhow::{Result, bail};

/// Arguments of `scheduler why`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An agent or a task; every agent in one line if left out
    #[arg(value_name = "AGENT|TASK")]
    name: Option<Name>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Explains.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, _) = context.reading("why")?;
    match why::why(&project, args.name.as_ref(), context.now)? {
        Answer::Explained(explained) if args.json => context.json(&explained),
        Answer::Explained(explained) => context.lines(&explained.iter().flat_map(lines).collect::<Vec<_>>()),
        Answer::Misconfigured(problems) => Err(misconfigured(&project, &problems)),
        Answer::Unknown(agents) => {
            let name = args.name.as_ref().map(Name::as_str).unwrap_or_default();
            match nearest(name, agents.iter().map(Name::as_str)) {
                Some(near) => bail!("there is no agent and no task {name}; did you mean {near}?"),
                None => bail!(
                    "there is no agent and no task {name}; `scheduler agent list` and `scheduler task list` name them"
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
