//! The verdict in the last answer of a role that judges: the form in which claude is asked for it, and what it asks for where
//! the agent has recorded none.
//!
//! It becomes the very commands that the agent would have called, so that their checks hold for it.

use super::name::Name;
use super::request::Request;
use super::role::Role;
use serde_json::{Value, json};

/// What a run without a verdict answers.
const NONE: &str = "none";
/// The judgements of a proposal alone.
const JUDGEMENTS: [&str; 3] = ["promote", "reject", "defer"];

/// The JSON Schema of the answer; `None` for a role that isn't asked for one.
pub fn form(role: Role) -> Option<Value> {
    let text = json!({"type": "string"});
    let (key, values): (_, &[&str]) = match role {
        Role::Reviewer => ("verdict", &["approve", "request-changes", "comment", NONE]),
        Role::Gatekeeper => ("status", &["passed", "failed", "warning", NONE]),
        Role::Curator => {
            let judgement = json!({"type": "object", "required": ["id", "judgement", "reason"], "properties": {
                "id": text, "judgement": {"enum": JUDGEMENTS}, "reason": text}});
            let properties = json!({"summary": text, "judgements": {"type": "array", "items": judgement}});
            return Some(json!({"type": "object", "required": ["summary", "judgements"], "properties": properties}));
        }
        _ => return None,
    };
    let issue = json!({"type": "object", "required": ["severity", "place", "text"], "properties": {
        "severity": {"enum": ["critical", "high", "medium", "low"]}, "place": text, "text": text}});
    let issues = json!({"type": "array", "items": issue});
    let properties = json!({key: {"enum": values}, "summary": text, "issues": issues});
    Some(json!({"type": "object", "required": [key, "summary"], "properties": properties}))
}

/// What is to be asked for in the agent's name. `is_open` tells whether a proposal still waits to be judged.
pub fn requests(role: Role, answer: &Value, is_open: &dyn Fn(&Name) -> bool) -> Vec<Request> {
    let word = |key: &str| text(answer, key).filter(|word| *word != NONE);
    let commands = match role {
        Role::Reviewer => {
            word("verdict").map(|verdict| record("review", &[("verdict", verdict)], answer)).into_iter().collect()
        }
        Role::Gatekeeper => {
            word("status").map(|status| record("check", &[("status", status)], answer)).into_iter().collect()
        }
        Role::Curator => {
            items(answer, "judgements").filter_map(|judgement| judge(judgement, is_open)).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    commands.into_iter().map(|arguments| Request { arguments, ..Request::default() }).collect()
}

/// What it says for people to read.
pub fn summary(answer: &Value) -> Option<&str> {
    text(answer, "summary")
}

fn record(what: &str, options: &[(&str, &str)], answer: &Value) -> Vec<String> {
    let summary = summary(answer).map(|summary| ("summary", summary));
    let words = options.iter().copied().chain(summary).map(|(name, value)| option(name, value));
    let issues = items(answer, "issues").map(|issue| {
        let part = |key| text(issue, key).unwrap_or_default();
        // What stands behind the second bar is text, bars and all.
        option("issue", &format!("{}|{}|{}", part("severity"), part("place").replace('|', "/"), part("text")))
    });
    [what.to_owned(), "record".to_owned()].into_iter().chain(words).chain(issues).collect()
}

fn judge(judgement: &Value, is_open: &dyn Fn(&Name) -> bool) -> Option<Vec<String>> {
    let word = text(judgement, "judgement").filter(|word| JUDGEMENTS.contains(word))?;
    let id = text(judgement, "id")?.parse::<Name>().ok().filter(is_open)?;
    let reason = text(judgement, "reason").filter(|_| word != "promote").map(|reason| option("reason", reason));
    Some(["proposal", word, id.as_str()].into_iter().map(str::to_owned).chain(reason).collect())
}

/// In one word: its value is never taken for another option.
fn option(name: &str, value: &str) -> String {
    format!("--{name}={value}")
}

fn items<'a>(answer: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    answer.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(answer: &'a Value, key: &str) -> Option<&'a str> {
    answer.get(key).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_the_commands_that_it_stands_for() {
        let issue = json!({"severity": "high", "place": "a|b.rs:7", "text": "--force | it"});
        let judgements = json!([
            {"id": "PROP-1", "judgement": "reject", "reason": "--no"},
            {"id": "PROP-1", "judgement": "conflict", "reason": "x"},
            {"id": "PROP-2", "judgement": "promote", "reason": "good"},
            {"id": "--help", "judgement": "promote", "reason": ""},
            {"judgement": "defer"},
        ]);
        for (role, answer, expected) in [
            (
                Role::Reviewer,
                json!({"verdict": "request-changes", "summary": "-s", "issues": [issue]}),
                vec!["review record --verdict=request-changes --summary=-s --issue=high|a/b.rs:7|--force | it"],
            ),
            (Role::Reviewer, json!({"verdict": "none", "summary": "asked"}), vec![]),
            (
                Role::Gatekeeper,
                json!({"status": "passed", "summary": "ok"}),
                vec!["check record --status=passed --summary=ok"],
            ),
            (
                Role::Curator,
                json!({"judgements": judgements, "summary": ""}),
                vec!["proposal reject PROP-1 --reason=--no"],
            ),
            (Role::Curator, json!({"status": "passed"}), vec![]),
            (Role::Gatekeeper, json!([1]), vec![]),
            (Role::Implementer, json!({"verdict": "approve", "summary": "x"}), vec![]),
        ] {
            let found = requests(role, &answer, &|id| id.as_str() != "PROP-2");
            let found: Vec<_> = found.into_iter().map(|request| request.arguments.join(" ")).collect();
            assert_eq!(found, expected, "{role}: {answer}");
        }
    }

    #[test]
    fn who_judges_is_asked_and_may_call_what_the_answer_stands_for() {
        let asked: Vec<_> = Role::ALL.into_iter().filter(|role| form(*role).is_some()).collect();
        assert_eq!(asked, [Role::Curator, Role::Reviewer, Role::Gatekeeper]);
        for (role, command) in [(Role::Reviewer, "review record"), (Role::Gatekeeper, "check record")] {
            assert!(role.may_call(command));
        }
        assert!(JUDGEMENTS.iter().all(|word| Role::Curator.may_call(&format!("proposal {word}"))));
    }
}
