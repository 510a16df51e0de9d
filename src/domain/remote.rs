//! Which of a repository's remotes is used, and which repository on GitHub it is: one for fetching, pushing and pull requests.

use std::fmt;

/// The remote that is used, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// The repository has none.
    None,
    One(String),
    /// There are several, none is called `origin`, and nobody has chosen.
    Unclear(Vec<String>),
    /// agents.yaml names one that isn't there.
    Missing(String),
}

/// The one that agents.yaml names, else `origin`, else the only one.
pub fn choose(names: &[String], wanted: Option<&str>) -> Chosen {
    let is_there = |name: &str| names.iter().any(|other| other == name);
    match (wanted, names) {
        (Some(wanted), _) if is_there(wanted) => Chosen::One(wanted.to_owned()),
        (Some(wanted), _) => Chosen::Missing(wanted.to_owned()),
        (None, _) if is_there("origin") => Chosen::One("origin".to_owned()),
        (None, []) => Chosen::None,
        (None, [only]) => Chosen::One(only.clone()),
        (None, several) => Chosen::Unclear(several.to_vec()),
    }
}

impl Chosen {
    /// Its name, also where it isn't there: refs of an earlier one may be.
    pub fn name(&self) -> &str {
        if let Self::One(name) = self { name } else { "origin" }
    }

    /// Why nothing is fetched or pushed, and what to do.
    pub fn problem(&self) -> Option<(String, &'static str)> {
        const KEY: &str = "say which one to use: `remote: NAME` in agents.yaml";
        match self {
            Self::One(_) => None,
            Self::None => Some(("there is no remote".to_owned(), "add one with `git remote add origin URL`")),
            Self::Unclear(names) => {
                Some((format!("there are several remotes ({}) and none is called origin", names.join(", ")), KEY))
            }
            Self::Missing(name) => Some((format!("there is no remote {name:?}, which agents.yaml names"), KEY)),
        }
    }
}

/// The host that has no name in what gh is told.
const DEFAULT: &str = "github.com";

/// A repository on a GitHub. Its parts are plain words: they become part of options and addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub host: String,
    pub owner: String,
    pub name: String,
}

impl Repository {
    /// What a remote's address names; `None` for a folder, and for what no GitHub has. What follows in `others` is what git
    /// makes of it (`url.*.insteadOf`), and counts where the host is only an alias. Without it, it is taken for one of
    /// ssh's configuration, which stands for github.com.
    pub fn of_urls<'a>(urls: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut named: Vec<_> = urls.filter_map(Self::of_url).collect();
        let real = named.iter().position(|named| named.host.contains('.'));
        let named = (!named.is_empty()).then(|| named.swap_remove(real.unwrap_or(0)))?;
        Some(if named.host.contains('.') { named } else { Self { host: DEFAULT.to_owned(), ..named } })
    }

    fn of_url(url: &str) -> Option<Self> {
        let (host, path) = match url.split_once("://") {
            Some((_, rest)) => rest.split_once('/')?,
            None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
        };
        let host = host.rsplit('@').next()?.split(':').next()?.to_ascii_lowercase();
        let path = path.trim_matches('/');
        let is_default = ["ssh.github.com", "www.github.com"].contains(&host.as_str());
        Self::at(if is_default { DEFAULT } else { &host }, path.strip_suffix(".git").unwrap_or(path))
    }

    /// The repository `OWNER/NAME` on this host.
    pub fn at(host: &str, path: &str) -> Option<Self> {
        let is_plain = |part: &str| {
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !part.is_empty() && part.chars().all(is_word) && !part.starts_with('-') && !part.chars().all(|c| c == '.')
        };
        let (owner, name) = path.split_once('/')?;
        let [host, owner, name] = [host, owner, name].map(|part| is_plain(part).then(|| part.to_owned()));
        Some(Self { host: host?, owner: owner?, name: name? })
    }

    /// `OWNER/NAME`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Whether its host is a GitHub: the one that everybody knows, a company's on its cloud, or one that gh has an account on.
    pub fn is_on_github(&self, others: &[String]) -> bool {
        let host = self.host.as_str();
        host == DEFAULT || host.ends_with(".ghe.com") || others.iter().any(|other| other.eq_ignore_ascii_case(host))
    }
}

/// As `gh --repo` takes it: `[HOST/]OWNER/NAME`.
impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host != DEFAULT {
            write!(f, "{}/", self.host)?;
        }
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_one_else_origin_else_the_only_one() {
        let one = |name: &str| Chosen::One(name.to_owned());
        for (names, wanted, expected) in [
            (&[][..], None, Chosen::None),
            (&["upstream"], None, one("upstream")),
            (&["fork", "origin"], None, one("origin")),
            (&["fork", "origin"], Some("fork"), one("fork")),
            (&["fork", "mine"], None, Chosen::Unclear(vec!["fork".into(), "mine".into()])),
            (&["origin"], Some("fork"), Chosen::Missing("fork".into())),
        ] {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let chosen = choose(&names, wanted);
            assert_eq!(chosen.problem().is_none(), matches!(chosen, Chosen::One(_)));
            assert_eq!(chosen, expected);
        }
    }

    #[test]
    fn urls_name_repositories() {
        for (urls, expected) in [
            (&["git@github.com:acme/widgets.git"][..], Some("acme/widgets")),
            (&["https://me:secret@GitHub.com/acme/widgets"], Some("acme/widgets")),
            (&["ssh://git@ssh.github.com:443/acme/widgets.git"], Some("acme/widgets")),
            (&["ssh://git@ghe.example.com:2222/acme/widgets.git/"], Some("ghe.example.com/acme/widgets")),
            (&["work:acme/widgets"], Some("acme/widgets")),
            (&["work:acme/widgets", "https://ghe.example.com/acme/widgets"], Some("ghe.example.com/acme/widgets")),
            (&["w:widgets", "https://github.com/acme/widgets"], Some("acme/widgets")),
            (&["git@github.com:acme/widgets.git", "/srv/git/widgets.git"], Some("acme/widgets")),
            (&["https://gitlab.com/group/sub/x"], None),
            (&["/srv/git/widgets.git"], None),
            (&["../widgets.git"], None),
            (&["file:///srv/git/widgets.git"], None),
            (&["https://github.com/acme/../x"], None),
            (&["https://github.com/acme/a?b=c"], None),
            (&["https://github.com/-x/a"], None),
            (&[], None),
        ] {
            let named = Repository::of_urls(urls.iter().copied());
            assert_eq!(named.map(|named| named.to_string()).as_deref(), expected, "{urls:?}");
        }
    }

    #[test]
    fn which_hosts_are_githubs() {
        let known = ["ghe.example.com".to_owned()];
        for (host, expected) in
            [("github.com", true), ("acme.ghe.com", true), ("GHE.example.com", true), ("gitlab.com", false)]
        {
            assert_eq!(Repository::at(host, "a/b").unwrap().is_on_github(&known), expected, "{host}");
        }
    }
}
