//! Which repository the calls of gh speak of.

use super::GhError;
use crate::domain::pull_request::PullRequest;
use crate::domain::remote::{Chosen, Repository};
use crate::exec::remote::Remotes;
use crate::sys::read;
use std::path::PathBuf;

/// Where the pull requests are, and whose branches are ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The repository that pull requests go to.
    pub repository: Repository,
    /// Who owns the repository that is pushed to, where that is another one.
    head_owner: Option<String>,
}

impl Place {
    /// That of the remote that is pushed to; `to` is the repository, `OWNER/NAME`, that pull requests go to instead.
    ///
    /// # Errors
    /// There is no remote, or it isn't on GitHub.
    pub fn of(remotes: &Remotes, to: Option<&str>) -> Result<Self, GhError> {
        if remotes.chosen == Chosen::None {
            return Err(GhError::NoRemote);
        }
        let pushed = remotes.repository().filter(|found| found.is_on_github(&known_hosts()));
        let pushed = pushed.ok_or(GhError::ForeignRemote)?;
        let to = to.and_then(|to| Repository::at(&pushed.host, to)).filter(|to| *to != pushed);
        Ok(match to {
            Some(repository) => Self { repository, head_owner: Some(pushed.owner) },
            None => Self { repository: pushed, head_owner: None },
        })
    }

    #[cfg(test)]
    pub fn at(repository: Repository) -> Self {
        Self { repository, head_owner: None }
    }

    /// Whether pull requests go to another repository than is pushed to.
    pub fn is_of_parent(&self) -> bool {
        self.head_owner.is_some()
    }

    /// A branch that was pushed, as the head of a pull request.
    pub fn head(&self, branch: &str) -> String {
        self.head_owner.as_ref().map_or_else(|| branch.to_owned(), |owner| format!("{owner}:{branch}"))
    }

    /// A pull request as gh shows it, with whether its branch is in a repository that isn't pushed to.
    pub(super) fn seen(&self, pr: PullRequest) -> PullRequest {
        let elsewhere = |owner: &String| !owner.eq_ignore_ascii_case(&pr.head_owner);
        PullRequest { fork: self.head_owner.as_ref().map_or(pr.fork, elsewhere), ..pr }
    }

    /// The arguments of a call, with the repository that they are about.
    pub(super) fn addressed(&self, arguments: &[&str]) -> Vec<String> {
        let (at, address) = match arguments.first() {
            // What it asks for names the repository by itself.
            Some(&"api") => (1, format!("--hostname={}", self.repository.host)),
            _ => (2, format!("--repo={}", self.repository)),
        };
        let mut all: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        all.insert(at.min(all.len()), address);
        all
    }
}

/// The hosts beside github.com that gh has an account on: gh isn't asked, for it would be a call about nothing of GitHub's.
#[expect(clippy::disallowed_methods, reason = "gh itself looks there")]
fn known_hosts() -> Vec<String> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let config = set("GH_CONFIG_DIR").map(PathBuf::from);
    let config = config.or_else(|| set("XDG_CONFIG_HOME").map(|dir| PathBuf::from(dir).join("gh")));
    let config = config.or_else(|| set("HOME").map(|dir| PathBuf::from(dir).join(".config/gh")));
    let file = config.and_then(|dir| read::read_linked_text(&dir.join("hosts.yml")).ok().flatten());
    let hosts = file.and_then(|text| serde_yaml::from_str::<serde_json::Map<String, serde_json::Value>>(&text).ok());
    let named = hosts.unwrap_or_default().into_iter().map(|(host, _)| host);
    named.chain(set("GH_HOST").and_then(|host| host.into_string().ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_ours_where_it_was_pushed() {
        let repository = |path| Repository::at("github.com", path).unwrap();
        let own = Place { repository: repository("acme/widgets"), head_owner: None };
        let parent = Place { repository: repository("big/widgets"), head_owner: Some("acme".to_owned()) };
        for (place, owner, cross, fork) in [
            (&own, "acme", false, false),
            (&own, "they", true, true),
            (&parent, "Acme", true, false),
            (&parent, "big", false, true),
            (&parent, "they", true, true),
        ] {
            let seen = PullRequest { head_owner: owner.to_owned(), fork: cross, ..PullRequest::default() };
            assert_eq!(place.seen(seen).fork, fork, "{place:?} {owner}");
        }
        assert_eq!((own.head("agent/a"), parent.head("agent/a")), ("agent/a".to_owned(), "acme:agent/a".to_owned()));
        assert_eq!(parent.addressed(&["pr", "view", "7"]), ["pr", "view", "--repo=big/widgets", "7"]);
        assert_eq!(parent.addressed(&["api", "graphql"]), ["api", "--hostname=github.com", "graphql"]);
    }
}
