use super::*;
use crate::domain::gate::DueCheck;
use crate::domain::{config, run};

/// A run of `role`, at a check if `check`, with a change from a fork or one that touches `claude_files`.
#[derive(Clone, Copy)]
struct Case<'a> {
    role: &'a str,
    check: bool,
    fork: bool,
    configured: Option<&'a [&'a str]>,
    claude_files: &'a [&'a str],
    own_skills: bool,
}

const CASE: Case<'static> =
    Case { role: "implementer", check: false, fork: false, configured: None, claude_files: &[], own_skills: false };

impl Case<'_> {
    fn tools(&self) -> Tools {
        let (config, _) = config::read(&format!("agents:\n  - name: a\n    role: {}\n", self.role)).unwrap();
        let mut agent = config.agents.into_iter().next().unwrap();
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        agent.settings.allowed_tools = self.configured.map(owned);
        let (commit, check) = ("c".to_owned(), "lint".parse().unwrap());
        let assignment = Assignment {
            run_id: "r".to_owned(),
            job: match agent.role.spec() {
                spec if spec.claims.is_some() => Job::Task { id: "TASK-1".parse().unwrap(), attempt: 1 },
                _ if self.check => {
                    Job::Check(DueCheck { pr: 1, commit, check, attempt: 1, fork: self.fork, waits: false })
                }
                _ => Job::Explore,
            },
            agent: agent.name,
            role: agent.role,
            settings: agent.settings,
            ..run::tests::assignment(Role::Implementer, Job::Explore)
        };
        let prepared = Prepared {
            branch: None,
            start: "b".to_owned(),
            base: "b".to_owned(),
            target: None,
            pull_request_branch: None,
            checked: None,
            fork: self.fork,
            claude_files: owned(self.claude_files),
        };
        of_run(&assignment, &prepared, self.own_skills, Path::new("/bin/my scheduler"))
    }
}

#[test]
fn each_role_is_offered_its_own_tools_and_bound_by_their_rules() {
    let gatekeeper = Case { role: "gatekeeper", check: true, ..CASE };
    for (case, offered, allowed) in [
        (Case { role: "product_manager", ..CASE }, "Read,Skill,Bash,Glob,Grep", "Read(./**),Skill"),
        (Case { role: "proposer", ..CASE }, "Read,Skill,Bash,Glob,Grep", "Read(./**),Skill"),
        (Case { role: "curator", ..CASE }, "Read,Bash", "Read(./**)"),
        (Case { role: "curator", own_skills: true, ..CASE }, "Read,Skill,Bash", "Read(./**),Skill"),
        (CASE, "Read,Skill,Bash,Glob,Grep,Edit,Write", "Read,Skill,Edit(./**),Bash"),
        (Case { role: "tester", ..CASE }, "Read,Skill,Bash,Glob,Grep,Edit,Write", "Read,Skill,Edit(./**),Bash"),
        (Case { role: "reviewer", ..CASE }, "Read,Skill,Bash,Glob,Grep", "Read(./**),Skill"),
        (gatekeeper, "Read,Skill,Bash,Glob,Grep", "Read,Skill,Bash"),
        (Case { fork: true, ..gatekeeper }, "Read,Skill,Bash,Glob,Grep", "Read(./**),Skill"),
        (
            Case { fork: true, configured: Some(&["Bash", "Monitor"]), ..gatekeeper },
            "Read,Skill,Bash,Glob,Grep",
            "Read(./**),Skill",
        ),
        (
            Case { configured: Some(&["Glob", "WebFetch(domain:a.b)"]), ..CASE },
            "Read,Skill,Bash,Glob,WebFetch",
            "Read(./**),Skill,WebFetch(domain:a.b)",
        ),
        (
            Case { configured: Some(&["mcp__x__y", "Monitor"]), ..CASE },
            "Read,Skill,Bash,Monitor",
            "Read(./**),Skill,mcp__x__y,Monitor",
        ),
    ] {
        let (tools, role) = (case.tools(), case.role);
        assert_eq!(tools.offered.join(","), offered, "{role}");
        let (rules, commands): (Vec<_>, Vec<_>) =
            tools.allowed.into_iter().partition(|rule| !rule.starts_with("Bash("));
        assert_eq!(rules.join(","), allowed, "{role}");
        assert!(
            commands.iter().all(|rule| rule.starts_with("Bash(scheduler ")) && !commands.is_empty(),
            "{commands:?}"
        );
        for place in ["~/.ssh/**", "~/.netrc", "~/.config/gh/**", "~/.claude/.credentials.json"] {
            assert!(tools.denied.contains(&format!("Read({place})")), "{role}: {place}");
        }
    }
}

#[test]
fn a_confined_role_has_a_guard_until_its_tools_are_configured() {
    for (role, configured, confined) in
        [("curator", None, true), ("curator", Some(["Bash"].as_slice()), false), ("implementer", None, false)]
    {
        let settings = Value::Object(Case { role, configured, ..CASE }.tools().settings);
        let hook = settings["hooks"]["PreToolUse"][0]["hooks"][0]["command"].as_str();
        assert_eq!(hook, confined.then_some("'/bin/my scheduler' guard curator || exit 2"), "{settings}");
    }
}

#[test]
fn what_a_change_brings_for_claude_does_not_hold_where_it_is_judged() {
    let gatekeeper = Case { role: "gatekeeper", check: true, configured: Some(&["Bash", "mcp__x__y"]), ..CASE };
    let reviewer = Case { role: "reviewer", configured: Some(&["mcp__x__y"]), ..CASE };
    let writer = Case { configured: Some(&["mcp__x__y"]), ..CASE };
    let (note, settings): (&[&str], &[&str]) = (&["CLAUDE.md"], &["CLAUDE.md", ".claude/settings.json"]);
    // Hooks, MCP servers, settings of the project.
    for (case, expected) in [
        (gatekeeper, (false, false, true)),
        (Case { claude_files: note, ..gatekeeper }, (false, false, false)),
        (Case { claude_files: settings, ..gatekeeper }, (false, false, false)),
        // It stands where a fork's change begins.
        (Case { fork: true, claude_files: settings, ..gatekeeper }, (false, false, true)),
        (reviewer, (false, false, true)),
        (Case { claude_files: note, ..reviewer }, (false, false, false)),
        (writer, (true, true, true)),
        (Case { claude_files: note, ..writer }, (true, true, true)),
        (Case { claude_files: settings, ..writer }, (true, true, false)),
        (CASE, (true, false, true)),
        (Case { role: "product_manager", configured: Some(&["mcp__x__y"]), ..CASE }, (true, true, true)),
    ] {
        let tools = case.tools();
        let hooks = tools.settings.get("disableAllHooks") != Some(&Value::Bool(true));
        let (role, files) = (case.role, case.claude_files);
        assert_eq!((hooks, tools.mcp_servers, tools.project_settings), expected, "{role} {files:?} {}", case.fork);
    }
}
