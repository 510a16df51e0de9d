//! The change that a reviewer or a gatekeeper is shown, and what a gatekeeper is to find out of it.

use super::write_own;
use crate::domain::gate::DueCheck;
use crate::domain::prompt::{CheckView, ReviewTarget};
use crate::domain::role::TaskRole;
use crate::domain::run::Prepared;
use crate::domain::text::one_line;
use crate::engine::run::context::Run;
use crate::exec::git::GitError;
use crate::exec::worktree::SKILLS;
use crate::store::prs::Prs;
use crate::sys::read::lossy;
use anyhow::{Context, Result, anyhow, bail};

/// The most of a diff that is kept in a file.
const MAX_DIFF_FILE: usize = 8 << 20;

/// The change, if the run is to look at one. That of a fork is also laid into a file.
pub fn under_review(run: &Run<'_>, prepared: &Prepared) -> Result<Option<ReviewTarget>> {
    let due = run.assignment.job.check();
    let (pr, head, description) = match (due, run.task()) {
        (Some(due), _) => {
            let head = prepared.checked.as_ref().context("the commit to check isn't known")?;
            (Some(due.pr), head, introduction(run, due)?)
        }
        (None, Some(task)) if task.role == TaskRole::Review => {
            let head = prepared.checked.as_ref().unwrap_or(&prepared.start);
            if *head == prepared.base {
                return Ok(None);
            }
            (task.pr, head, String::new())
        }
        _ => return Ok(None),
    };
    let git = run.worktree.git();
    let range = [prepared.base.as_str(), head.as_str(), "--"];
    let names = git.run(["diff", "--name-only", "-z", "--no-ext-diff"].into_iter().chain(range))?;
    let diff = match git.run(["diff", "--no-color", "--no-ext-diff", "--no-textconv"].into_iter().chain(range)) {
        Ok(output) => output.stdout,
        Err(GitError::TooMuchOutput(_)) => b"(larger than 64 MiB and not shown)\n".to_vec(),
        Err(error) => return Err(error.into()),
    };
    let mut diff = lossy(diff);
    if prepared.fork {
        // No word of an outsider's is in the prompt that needn't be.
        let mut text = std::mem::take(&mut diff);
        text.truncate(text.floor_char_boundary(MAX_DIFF_FILE));
        if let Some(obstacle) = write_own(run, &change_file(), &text)? {
            bail!("the change can't be laid into {SKILLS}: {} is in the way", obstacle.display());
        }
    }
    Ok(Some(ReviewTarget {
        pr,
        head: head.clone(),
        base: prepared.base.clone(),
        description,
        change_file: prepared.fork.then(change_file),
        changed_files: names.entries().iter().map(|path| one_line(path)).collect(),
        claude_files: prepared.claude_files.iter().map(|path| one_line(path)).collect(),
        // The template shows the beginning and says how much more there is.
        diff,
    }))
}

/// What is known of a pull request, and what its author says of it.
fn introduction(run: &Run<'_>, due: &DueCheck) -> Result<String> {
    let meta = Prs::new(run.paths()).load(due.pr)?.context("the pull request isn't known any more")?;
    let said = match run.github().description(due.pr) {
        Ok(said) => said.body.trim().to_owned(),
        // That gh can't hand over this one text is no reason not to check.
        Err(error) if error.is_of_one() => {
            tracing::warn!(number = due.pr, "{error}");
            "(its description can't be read)".to_owned()
        }
        Err(error) => return Err(anyhow!("{error}; {}", error.remedy())),
    };
    let (title, author) = (&meta.title, &meta.author);
    Ok(format!("Title: {title}\nAuthor: {author}\nFrom branch: {}\nInto branch: {}\n\n{said}", meta.branch, meta.base))
}

/// What the template of a gatekeeper says of its check.
pub fn check_view(run: &Run<'_>, due: &DueCheck) -> CheckView {
    CheckView { name: due.check.clone(), required: run.assignment.gatekeeper.required_checks.contains(&due.check) }
}

/// The file with the whole change from a fork, among the run's own files in the worktree.
fn change_file() -> String {
    format!("{SKILLS}/change.diff")
}
