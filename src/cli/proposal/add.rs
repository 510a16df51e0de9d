//! `scheduler proposal add`.

use crate::cli::completions::Source;
use crate::cli::input::{self, Given, line, said};
use crate::cli::{Context, config, usage};
use crate::domain::name::{Name, RESERVED};
use crate::domain::proposal::{Category, Complexity, Idea, files};
use crate::domain::text::{cut, each_once};
use crate::store::paths::Paths;
use crate::store::proposals::Proposals;
use crate::store::queue::Queue;
use anyhow::{Context as _, Result, bail};
use std::path::Path;

const MAX_TITLE: usize = 200;
const MAX_LINE: usize = 500;
/// The longest text, in characters: a curator reads all of it.
const MAX_TEXT: usize = 10_000;
/// The most of anything that can be given several times.
const MAX_ITEMS: usize = 50;

/// Arguments of `scheduler proposal add`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What is to be done, in one line
    #[arg(long, allow_hyphen_values = true)]
    title: String,
    /// What kind of work it is
    #[arg(long, ignore_case = true)]
    category: Category,
    /// How large it is
    #[arg(long, ignore_case = true)]
    complexity: Complexity,
    /// The same in a sentence
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    summary: String,
    /// Why it matters, markdown; - for standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = Given::text)]
    rationale: Given,
    /// An acceptance criterion; repeatable
    #[arg(long = "criterion", value_name = "TEXT", required = true, allow_hyphen_values = true)]
    criteria: Vec<String>,
    /// A file that it is about, from the top of the repository; repeatable
    #[arg(long = "file", value_name = "PATH", allow_hyphen_values = true)]
    files: Vec<String>,
    /// A task or proposal that must be done before; repeatable
    #[arg(long, value_name = "ID", add = Source::Work)]
    depends_on: Vec<Name>,
    /// How it makes the code simpler
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    complexity_reduction: Option<String>,
    /// What it makes possible
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    enables: Option<String>,
    /// Propose what was rejected before: what has changed since
    #[arg(long, value_name = "REASON", allow_hyphen_values = true)]
    again: Option<String>,
    /// Whose idea it is; not for agents, which propose in their own names
    #[arg(long, value_name = "NAME", add = Source::Agent)]
    proposer: Option<Name>,
    /// Add it also beyond the proposer's limits; not for agents
    #[arg(long)]
    force: bool,
}

/// Adds a proposal, within the limits of its proposer.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, caller) = context.enter("proposal add")?;
    if caller.agent().is_some() && (args.force || args.proposer.is_some()) {
        bail!("an agent proposes in its own name and within its limits: leave out --proposer and --force");
    }
    let by = caller.by();
    let proposer = match &args.proposer {
        Some(name) if RESERVED.iter().any(|word| name.as_str().eq_ignore_ascii_case(word)) => {
            return Err(usage(format!("--proposer {name}: that name is reserved")));
        }
        Some(name) => name.clone(),
        None => by.name.parse().context("the name of the caller")?,
    };
    let depends_on = exist(&project.paths, &args.depends_on)?;
    let new = Idea {
        title: line("--title", &args.title, MAX_TITLE)?,
        proposer,
        run: by.run,
        category: args.category,
        complexity: args.complexity,
        summary: line("--summary", &args.summary, MAX_LINE)?,
        rationale: said("--rationale", &args.rationale.strict(context)?, MAX_TEXT)?,
        criteria: items("--criterion", &args.criteria, |text| line("--criterion", text, MAX_LINE))?,
        files: paths(project.root(), &args.files)?,
        depends_on,
        complexity_reduction: optional("--complexity-reduction", args.complexity_reduction.as_deref())?,
        enables: optional("--enables", args.enables.as_deref())?,
        again: optional("--again", args.again.as_deref())?,
    };
    let limits = config::read(&project)?.limits_of(&new.proposer);
    let limits = (!args.force).then_some(limits);
    let (id, path) = Proposals::new(&project.paths).add(&new, limits, context.now)?;
    context.line(format!("{id}: {}", path.display()))
}

fn optional(option: &str, given: Option<&str>) -> Result<Option<String>> {
    given.map(|given| said(option, given, MAX_TEXT)).transpose()
}

fn items(option: &str, given: &[String], one: impl Fn(&str) -> Result<String>) -> Result<Vec<String>> {
    input::at_most(option, given, MAX_ITEMS, "propose a smaller step")?;
    given.iter().map(|text| one(text)).collect()
}

/// The paths in one spelling, each once; a folder of the checkout ends with a slash.
fn paths(root: &Path, given: &[String]) -> Result<Vec<String>> {
    let paths = items("--file", given, |path| {
        let one = line("--file", path, MAX_LINE)?;
        let fits = one == *path && !path.starts_with('-') && !path.contains('`');
        let normal = files::normal(files::without_line_number(path)).filter(|_| fits).ok_or_else(|| {
            let path = cut(&one, 80);
            usage(format!("--file {path:?} is not a path from the top of the repository, such as src/a.rs"))
        })?;
        let is_bare_folder = !normal.ends_with('/') && root.join(&normal).is_dir();
        Ok(if is_bare_folder { normal + "/" } else { normal })
    })?;
    Ok(each_once(paths))
}

/// The tasks and proposals, each once and as their files are spelled.
fn exist(paths: &Paths, ids: &[Name]) -> Result<Vec<Name>> {
    let known = ids.iter().map(|id| {
        if let Some(found) = Proposals::new(paths).called(id)? {
            return Ok(found.id);
        }
        let known = Queue::new(paths).called(id)?.map(|found| found.id);
        known.ok_or_else(|| usage(format!("--depends-on {id}: there is no such task or proposal")))
    });
    Ok(each_once(known.collect::<Result<Vec<_>>>()?))
}
