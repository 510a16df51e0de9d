//! What a demo ends with: the queue, the files, the branches; and where to look if the folder is kept.

use super::{play::Sum, show::Show, stage::Stage};
use crate::cli::Context;
use anyhow::Result;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders of which the tree shows only how much is in them.
const CLOSED: [&str; 2] = ["worktree", "logs"];

/// Shows what has come of it.
pub(super) fn show(stage: &Stage, show: &Show<'_>, sum: &Sum) -> Result<()> {
    show.heading("What has come of it", &format!("{:.1} s", sum.took.as_secs_f64()))?;
    show.text(&format!(
        "{} ticks and {} runs, for a pretended ${:.2}. Every task went from incoming to done, and its work is on a \
         pushed branch. With `gh` there would be pull requests too.",
        sum.ticks, sum.runs, sum.cost_usd
    ))?;
    show.heading("Branches in origin.git", "")?;
    let format = "--format=%C(auto)%h %s%n%D";
    show.line(graph(&stage.git(&["--git-dir", &stage.origin().display().to_string(), "log", "--graph", "--all", format])?).trim_end())?;
    show.heading("Files", "runtime state is ignored by git")?;
    tree(&stage.project(), "", &mut |line| show.line(line))
}

fn graph(text: &str) -> String {
    let lines = text.lines().map(str::trim_end).filter(|line| !matches!(*line, "|" | ""));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A folder's entries, folders last, two blanks deeper for each level.
fn tree(dir: &Path, indent: &str, line: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
    let (folders, files) = entries(dir);
    if !files.is_empty() {
        line(&format!("{indent}{}", files.join("  ")))?;
    }
    for folder in folders {
        let inside = dir.join(&folder);
        let (folders, files) = entries(&inside);
        if folders.is_empty() && files.is_empty() {
            continue;
        }
        if CLOSED.contains(&folder.as_str()) {
            line(&format!("{indent}{folder}/ …"))?;
        } else {
            line(&format!("{indent}{folder}/"))?;
            tree(&inside, &format!("{indent}  "), line)?;
        }
    }
    Ok(())
}

/// The names of the folders and of the files in a folder, sorted, without git's own.
fn entries(dir: &Path) -> (Vec<String>, Vec<String>) {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut all: Vec<(String, bool)> = entries
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.file_type().ok()?.is_dir())))
        .filter(|(name, _)| name != ".git")
        .collect();
    all.sort();
    let (folders, files): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, is_dir)| *is_dir);
    let names = |list: Vec<(String, bool)>| list.into_iter().map(|(name, _)| name).collect();
    (names(folders), names(files))
}

/// Says where to look in a folder that is kept.
pub(super) fn what_to_look_at(dir: &PathBuf, context: &Context) -> Result<()> {
    context.line(format!("\nThe folder is kept: {}", dir.display()))
}
