//! What a demo ends with: branches, messages, files; and where to look if the folder is kept.

use super::course::Sum;
use super::follow::Page;
use super::play::{NUMBER, Play};
use super::show::{Show, WIDTH};
use super::stage::Stage;
use crate::cli::Context;
use crate::domain::proposal::ProposalState;
use crate::domain::shell::word;
use crate::domain::text::{counted, cut, one_line, packed};
use crate::store::proposals::Proposals;
use anyhow::Result;
use std::path::Path;

/// Folders that the tree doesn't open.
const CLOSED: [&str; 2] = ["worktree", "logs"];
/// Folders of which one is like the other: the tree opens the first.
const ALIKE: [&str; 2] = ["agents", "runs"];

/// Shows what has come of it.
pub(super) fn show(stage: &Stage, show: &Show<'_>, sum: &Sum) -> Result<()> {
    let without_gh = match stage.play.pull_request {
        Some(_) => "",
        None => " There is no `gh` here: with it there were pull requests too, and no warnings in messages/.",
    };
    show.heading("What has come of it", &format!("{:.1} s", sum.took.as_secs_f64()))?;
    show.text(&format!(
        "{} ticks, {} runs, a pretended ${:.2}. {} The checkout of the project is as it was.{}",
        sum.ticks, sum.runs, sum.cost_usd, stage.play.sum, without_gh
    ))?;
    proposals(stage, show)?;
    pull_request(stage, show)?;
    show.heading("Branches of origin.git", "")?;
    let origin = format!("--git-dir={}", stage.origin().display());
    let log = stage.git(&[&origin, "log", "--graph", "--all", "--format=%h %s%n        %D"])?;
    let lines = log.lines().map(|line| line.trim_end().replace("HEAD -> ", ""));
    lines.filter(|line| !matches!(line.as_str(), "" | "|")).try_for_each(|line| show.line(&line))?;
    show.heading("Files of the project", "without .git and locks")?;
    tree(&stage.project(), "", false, &mut |line| show.line(line))
}

/// Every proposal with its state, if there are any.
fn proposals(stage: &Stage, show: &Show<'_>) -> Result<()> {
    let paths = stage.paths();
    let mut lines = Vec::new();
    for state in ProposalState::ALL {
        let all = Proposals::new(&paths).good(state)?;
        lines.extend(all.iter().map(|one| format!("{:<9} {}  {}", state.word(), one.id, one_line(&one.idea.title))));
    }
    if lines.is_empty() {
        return Ok(());
    }
    show.heading("Proposals", "")?;
    lines.iter().try_for_each(|line| show.line(&cut(line, WIDTH)))
}

/// The pull request as its page shows it, if there is one.
fn pull_request(stage: &Stage, show: &Show<'_>) -> Result<()> {
    if stage.play.pull_request.is_none() {
        return Ok(());
    }
    let page = Page::read(stage)?;
    let state = match () {
        () if page.is_merged => "merged",
        () if page.is_ready => "ready for review",
        () => "a draft",
    };
    show.heading(&format!("Pull request #{NUMBER}"), state)?;
    show.line(&page.title)?;
    let (comments, reviews) = (counted(page.comments.len(), "comment"), counted(page.reviews.len(), "review"));
    show.line(&format!("  {comments}, {reviews}; labels: {}", page.labels.join(" ")))
}

/// A folder's files, then its folders, two blanks deeper for each level. With `one` only the first folder is opened.
fn tree(dir: &Path, indent: &str, one: bool, line: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
    let (folders, files) = entries(dir);
    for files in packed(files.iter().map(String::as_str), "  ", WIDTH - indent.len()) {
        line(&format!("{indent}{files}"))?;
    }
    for (at, folder) in folders.iter().enumerate() {
        let inside = dir.join(folder);
        if entries(&inside) == (Vec::new(), Vec::new()) {
            continue;
        }
        if CLOSED.contains(&folder.as_str()) || (one && at > 0) {
            line(&format!("{indent}{folder}/ …"))?;
        } else {
            line(&format!("{indent}{folder}/"))?;
            tree(&inside, &format!("{indent}  "), ALIKE.contains(&folder.as_str()), line)?;
        }
    }
    Ok(())
}

/// The names of the folders and of the files in a folder, sorted, without git's own and locks.
fn entries(dir: &Path) -> (Vec<String>, Vec<String>) {
    let entries = crate::sys::dir::readable(dir);
    let mut all: Vec<(String, bool)> = entries
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.file_type().ok()?.is_dir())))
        .filter(|(name, _)| name != ".git" && name != "lock" && !name.ends_with(".lock"))
        .collect();
    all.sort();
    let (folders, files): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, is_dir)| *is_dir);
    let names = |list: Vec<(String, bool)>| list.into_iter().map(|(name, _)| name).collect();
    (names(folders), names(files))
}

/// Says where to look in a folder that is kept.
pub(super) fn what_to_look_at(play: &Play, dir: &Path, program: &Path, context: &Context) -> Result<()> {
    let path = |path: &Path| word(&path.display().to_string());
    let program = path(program);
    context.line(format!(
        "\nThe folder is kept. Look around, and remove it when you have seen enough:\n\n  cd {}",
        path(&dir.join("project"))
    ))?;
    let runs = format!(".orchestrator/agents/{}/runs", play.star);
    for (what, command) in [
        ("the tasks with their results", "cat .orchestrator/shared/queue/done/*.md"),
        ("what an agent was told", &format!("less {runs}/*/prompt.md")),
        ("what it said", &format!("less {runs}/*/output.jsonl")),
        ("how its run was judged", &format!("less {runs}/*/record.json")),
        ("the work", "git log --patch --branches='agent/*' --not main"),
        ("the state of everything", &format!("{program} status")),
        ("messages to you", &format!("{program} message list")),
    ] {
        context.line(format!("  {command}\n      {what}"))?;
    }
    context.line(format!("  rm -rf {}", path(dir)))
}
