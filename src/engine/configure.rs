//! Carries out changes to agents.yaml: the domain makes the text, the store puts it in place of the old one.

use super::project::Project;
use crate::domain::config::{Change, Refusal, edit};
use crate::sys::atomic::{self, Rewritten};
use anyhow::{Context, Result, bail};

/// What became of a change.
#[derive(Debug, PartialEq)]
pub enum Configured {
    /// It is made.
    Done,
    Unchanged,
    /// It was refused; the file is as it was.
    Refused(Refusal),
}

/// Makes changes to agents.yaml, all or none. What the user saves meanwhile is respected: they are made to that.
///
/// # Errors
/// There is no agents.yaml, or it can't be read or written.
pub fn configure(project: &Project, changes: &[Change]) -> Result<Configured> {
    let path = project.paths.config();
    // A link stays one: what it leads to is rewritten.
    let real = path
        .canonicalize()
        .with_context(|| format!("{} can't be read: run `scheduler init` if it is missing", path.display()))?;
    let mut refusal = None;
    let rewritten = atomic::rewrite(&real, |text| {
        match changes.iter().try_fold(text.to_owned(), |text, change| edit(&text, change)) {
            Ok(after) => {
                refusal = None;
                Some(after)
            }
            Err(refused) => {
                refusal = Some(refused);
                None
            }
        }
    })?;
    match (refusal, rewritten) {
        (Some(refusal), _) => Ok(Configured::Refused(refusal)),
        (None, Rewritten::Written(_)) => Ok(Configured::Done),
        (None, Rewritten::Unchanged(_)) => Ok(Configured::Unchanged),
        (None, Rewritten::Gone) => bail!("{} was moved away meanwhile; nothing was changed", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::Step;
    use crate::store::paths::Paths;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_stays_one_and_a_refusal_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project { paths: Paths::new(dir.path()), common_dir: dir.path().join(".git") };
        let set = |value: &str| Change {
            path: vec![Step::key("queue_limits"), Step::key("max_claimed")],
            value: serde_yaml::from_str(value).ok(),
        };
        assert!(configure(&project, &[set("7")]).unwrap_err().to_string().contains("scheduler init"));
        fs::create_dir(project.paths.dot()).unwrap();
        let real = dir.path().join("real.yaml");
        fs::write(&real, "agents: [{name: a, role: tester}]\n").unwrap();
        symlink(&real, project.paths.config()).unwrap();
        assert_eq!(configure(&project, &[set("7")]).unwrap(), Configured::Done);
        assert_eq!(configure(&project, &[set("7")]).unwrap(), Configured::Unchanged);
        let text = fs::read_to_string(&real).unwrap();
        assert!(text.contains("max_claimed: 7") && project.paths.config().is_symlink(), "{text}");
        assert!(matches!(configure(&project, &[set("9"), set("many")]).unwrap(), Configured::Refused(_)));
        assert_eq!(fs::read_to_string(&real).unwrap(), text);
    }
}
