//! Refs beyond those of agents that a run has moved: told by what they point at now.
//!
//! It moves none itself.

use std::collections::BTreeMap;

use crate::exec::git::{Git, GitError};

/// Every ref, with the object that it points at.
pub fn all(git: &Git) -> Result<BTreeMap<String, String>, GitError> {
    let listed = git.text(["for-each-ref", "--format=%(refname) %(objectname)"])?;
    let split = |line: &str| line.split_once(' ').map(|(name, object)| (name.to_owned(), object.to_owned()));
    Ok(listed.lines().filter_map(split).collect())
}
