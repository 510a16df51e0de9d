//! The skills that an agent finds in its worktree: files for `.claude/commands/`, embedded in the binary, and the project's own.

use crate::domain::name::Name;
use crate::domain::role::Role;
use crate::domain::text::one_line;
use serde::Serialize;

/// A skill of a run. claude knows it as `scheduler:<name>`, for that is the folder in which it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skill {
    pub name: String,
    /// What it is for, in a line.
    pub about: String,
    /// It is the project's own.
    pub own: bool,
    #[serde(skip)]
    pub text: String,
}

impl Skill {
    fn new(name: &str, text: String, own: bool) -> Self {
        Self { name: name.to_owned(), about: about(&text), own, text }
    }
}

/// The skills of a run: those of its role, each replaced by the project's own of that name, then those that are only the
/// project's. One that replaces a skill of other roles is for these.
pub fn skills_of(role: Role, own: Vec<(Name, String)>) -> Vec<Skill> {
    let built_in = |role| skills(role).iter().map(|(file, text)| (file.trim_end_matches(".md"), *text));
    let mut all: Vec<_> = built_in(role).map(|(name, text)| Skill::new(name, text.to_owned(), false)).collect();
    for (name, text) in own {
        let skill = Skill::new(name.as_str(), text, true);
        match all.iter_mut().find(|known| known.name == skill.name) {
            Some(known) => *known = skill,
            None if Role::ALL.into_iter().flat_map(built_in).any(|(known, _)| known == skill.name) => {}
            None => all.push(skill),
        }
    }
    all
}

/// What a skill says of itself: `description` in its front matter, else its first line.
fn about(text: &str) -> String {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_end);
    let said = match lines.next().unwrap_or_default() {
        "---" => description(&lines.take_while(|line| *line != "---").collect::<Vec<_>>()).unwrap_or_default(),
        heading => heading.trim_start_matches('#').to_owned(),
    };
    one_line(&said)
}

/// That of a front matter; where it isn't YAML to the letter, as a line with a colon in its text, what stands in its line.
fn description(front: &[&str]) -> Option<String> {
    let yaml: Option<serde_yaml::Value> = serde_yaml::from_str(&front.join("\n")).ok();
    let said = yaml.as_ref().and_then(|yaml| yaml.get("description")?.as_str());
    let line = || front.iter().find_map(|line| line.strip_prefix("description:"));
    Some(said.or_else(line)?.trim_matches(['"', '\'', ' ']).to_owned())
}

macro_rules! skill {
    ($name:literal) => {
        (concat!($name, ".md"), include_str!(concat!("../../../commands/agent/", $name, ".md")))
    };
}

const SEND_MESSAGE: (&str, &str) = skill!("send-message");

/// The skills of a role: file name and text of each.
fn skills(role: Role) -> &'static [(&'static str, &'static str)] {
    match role {
        Role::ProductManager => &[skill!("create-task"), SEND_MESSAGE],
        Role::Implementer => &[skill!("implement"), SEND_MESSAGE],
        Role::Tester => &[skill!("test"), SEND_MESSAGE],
        Role::Reviewer => &[skill!("review"), SEND_MESSAGE],
        Role::Proposer => &[skill!("create-proposal"), skill!("review-rejections"), SEND_MESSAGE],
        Role::Curator => &[
            skill!("promote-proposal"),
            skill!("reject-proposal"),
            skill!("defer-proposal"),
            skill!("escalate-conflict"),
            SEND_MESSAGE,
        ],
        Role::Gatekeeper => &[skill!("record-check"), SEND_MESSAGE],
        Role::GatekeeperCoordinator => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::role::MayChange;

    fn tools(text: &str) -> impl Iterator<Item = &str> {
        text.lines().find_map(|line| line.strip_prefix("allowed-tools: ")).unwrap().split(", ")
    }

    /// The commands of this program that a skill allows itself.
    fn allowed(text: &str) -> Vec<&str> {
        tools(text).filter_map(|tool| tool.strip_prefix("Bash(scheduler ")?.strip_suffix(":*)")).collect()
    }

    #[test]
    fn the_projects_own_replace_and_are_added() {
        let own = [
            ("implement", "---\r\ndescription: \"Ours\"\r\n---\r\nDo it.\n"),
            ("release-notes", "# Write a note\nfor each change\n"),
            ("review", "not this role's"),
            ("empty", ""),
        ];
        let own = own.map(|(name, text)| (name.parse().unwrap(), text.to_owned())).to_vec();
        let found = skills_of(Role::Implementer, own.clone());
        let shown: Vec<_> = found.iter().map(|skill| (skill.name.as_str(), skill.about.as_str(), skill.own)).collect();
        let message = "Tell the user something that they must know, or ask them a question";
        let expected = [
            ("implement", "Ours", true),
            ("send-message", message, false),
            ("release-notes", "Write a note", true),
            ("empty", "", true),
        ];
        assert_eq!(shown, expected);
        assert_eq!(found[2].text, own[1].1);
        assert!(skills_of(Role::Reviewer, own).iter().any(|skill| skill.name == "review" && skill.own));
    }

    #[test]
    fn lend_no_program_to_who_may_change_nothing() {
        for role in Role::ALL.into_iter().filter(|role| role.spec().may_change == MayChange::Nothing) {
            for (name, text) in skills(role) {
                // `git log --output=FILE` writes wherever it likes.
                let foreign =
                    tools(text).find(|tool| tool.starts_with("Bash(") && !tool.starts_with("Bash(scheduler "));
                assert_eq!(foreign, None, "{role}: {name}");
            }
        }
    }

    #[test]
    fn allow_only_what_the_role_may_call() {
        for role in Role::ALL {
            for (name, text) in skills(role) {
                assert!(text.starts_with("---\ndescription: "), "{name}");
                let commands = allowed(text);
                assert!(!commands.is_empty(), "{name}");
                for command in commands {
                    // Skills lend their tools to the run: bare writing would reach beyond the worktree.
                    assert!(!tools(text).any(|tool| ["Write", "Edit", "Bash"].contains(&tool)), "{name}");
                    assert!(role.may_call(command), "{role}: {name} allows {command}");
                    let calls = text.matches(&format!("scheduler {command}")).count();
                    assert!(calls > 1, "{name} never says how to call {command}");
                }
            }
        }
    }
}
