//! Which of a repository's remotes is used: one for fetching, pushing and GitHub alike.

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

/// What `gh --repo` is given for a remote's URL: `[HOST/]OWNER/NAME`. `None` for a folder. A host without a dot is an alias
/// of ssh's configuration, and taken for github.com.
pub fn github_repository(url: &str) -> Option<String> {
    let (host, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    let host = host.rsplit('@').next()?.split(':').next()?;
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let (owner, name) = path.split_once('/')?;
    if host.is_empty() || owner.is_empty() || name.is_empty() || name.contains('/') {
        return None;
    }
    let is_default = !host.contains('.') || ["github.com", "ssh.github.com", "www.github.com"].contains(&host);
    Some(if is_default { path.to_owned() } else { format!("{host}/{path}") })
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
        for (url, expected) in [
            ("git@github.com:acme/widgets.git", Some("acme/widgets")),
            ("https://me:secret@github.com/acme/widgets", Some("acme/widgets")),
            ("ssh://git@ghe.example.com:2222/acme/widgets.git/", Some("ghe.example.com/acme/widgets")),
            ("work:acme/widgets", Some("acme/widgets")),
            ("https://gitlab.com/group/sub/x", None),
            ("/srv/git/widgets.git", None),
            ("../widgets.git", None),
            ("file:///srv/git/widgets.git", None),
        ] {
            assert_eq!(github_repository(url).as_deref(), expected, "{url}");
        }
    }
}
