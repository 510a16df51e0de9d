//! How pull requests of ours stand at their head commits: as many as there are, in few calls.
//!
//! gh's own lists lack some of it, and its oldest version more; so GitHub's query language is used.

use super::{GhError, GitHub, Nodes};
use crate::domain::pull_request::{Base, CheckRun, Head, Mergeable, Ours, Rule, RunState, login};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How many are asked for in one call: the answer has a hundred checks of each.
const AT_ONCE: usize = 100;
/// The most base branches that are asked for.
const MAX_BASES: usize = 10;
/// What is asked of every pull request, check and branch.
const FRAGMENTS: &str = "fragment pull on PullRequest{number headRefOid baseRefName updatedAt mergeable mergeStateStatus \
    reviewDecision comments{totalCount} reviews{totalCount} autoMergeRequest{enabledAt} latestOpinionatedReviews(first:50,writersOnly:true){nodes{state author{login}}}} \
    fragment run on CheckRun{name status conclusion databaseId checkSuite{workflowRun{databaseId event workflow{name}}}} \
    fragment status on StatusContext{context state targetUrl}";
const RULE: &str =
    "branchProtectionRule{requiredStatusCheckContexts requiredApprovingReviewCount requiresStrictStatusChecks} ";

impl GitHub {
    /// The pull requests with these numbers, which are open, and the branches that they are meant for.
    ///
    /// # Errors
    /// gh's.
    pub fn ours(&self, numbers: &[u64], bases: &[&str]) -> Result<Ours, GhError> {
        let mut ours = Ours::default();
        let mut bases = &bases[..bases.len().min(MAX_BASES)];
        for numbers in numbers.chunks(AT_ONCE) {
            let answer = match self.query(&query(numbers, bases.len(), true), bases) {
                // How a branch is protected not every account may see.
                Err(error) if error.is_refusal() => self.query(&query(numbers, bases.len(), false), bases)?,
                answer => answer?,
            };
            for number in numbers {
                let pull: Pull = part(&answer, &format!("p{number}"))?;
                ours.heads.insert(*number, pull.into());
            }
            for (at, name) in bases.iter().enumerate() {
                if let Some(branch) = part::<Option<Branch>>(&answer, &format!("b{at}"))? {
                    ours.bases.insert((*name).to_owned(), branch.into());
                }
            }
            bases = &[];
        }
        Ok(ours)
    }

    fn query(&self, query: &str, bases: &[&str]) -> Result<Value, GhError> {
        let repository = &self.place()?.repository;
        let (owner, name) = (format!("owner={}", repository.owner), format!("name={}", repository.name));
        let mut fields = vec![format!("query={query}"), owner, name];
        fields.extend(bases.iter().enumerate().map(|(at, base)| format!("b{at}=refs/heads/{base}")));
        let fields = fields.iter().flat_map(|field| ["--raw-field", field.as_str()]);
        let mut answer: Value = self.json(&["api", "graphql"].into_iter().chain(fields).collect::<Vec<_>>())?;
        Ok(answer.pointer_mut("/data/repository").map(Value::take).unwrap_or_default())
    }
}

/// Whether a check is required GitHub says only of one pull request, whose number stands there.
fn query(numbers: &[u64], bases: usize, with_rules: bool) -> String {
    let mut text = String::from("query($owner:String!,$name:String!");
    for at in 0..bases {
        let _ = write!(text, ",$b{at}:String!");
    }
    text.push_str("){repository(owner:$owner,name:$name){");
    for number in numbers {
        let required = format!(" isRequired(pullRequestNumber:{number})");
        let _ = write!(
            text,
            "p{number}:pullRequest(number:{number}){{...pull commits(last:1){{nodes{{commit{{{}}}}}}}}}",
            rollup(&required)
        );
    }
    let rule = if with_rules { RULE } else { "" };
    for at in 0..bases {
        let _ = write!(text, "b{at}:ref(qualifiedName:$b{at}){{{rule}target{{...on Commit{{oid {}}}}}}}", rollup(""));
    }
    format!("{text}}}}}{FRAGMENTS}")
}

fn rollup(required: &str) -> String {
    format!(
        "statusCheckRollup{{contexts(first:100){{nodes{{__typename ...on CheckRun{{...run{required}}}...on \
         StatusContext{{...status{required}}}}}}}}}"
    )
}

fn part<T: for<'de> Deserialize<'de>>(answer: &Value, name: &str) -> Result<T, GhError> {
    T::deserialize(&answer[name]).map_err(|error| GhError::other(format!("gh gave an unexpected answer: {error}")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pull {
    head_ref_oid: String,
    base_ref_name: String,
    updated_at: String,
    #[serde(default)]
    mergeable: String,
    merge_state_status: Option<String>,
    review_decision: Option<String>,
    auto_merge_request: Option<Value>,
    comments: Option<Count>,
    reviews: Option<Count>,
    latest_opinionated_reviews: Option<Nodes<Opinion>>,
    commits: Nodes<Commits>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    total_count: u32,
}

#[derive(Deserialize)]
struct Opinion {
    state: String,
    #[serde(default, deserialize_with = "login")]
    author: String,
}

#[derive(Deserialize)]
struct Commits {
    commit: Commit,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Commit {
    oid: String,
    status_check_rollup: Option<Rollup>,
}

#[derive(Deserialize)]
struct Rollup {
    contexts: Nodes<Context>,
}

/// A check run, or the status that another service has set.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    name: String,
    status: String,
    conclusion: Option<String>,
    database_id: Option<u64>,
    check_suite: Option<Suite>,
    context: String,
    state: String,
    target_url: Option<String>,
    is_required: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Suite {
    workflow_run: Option<WorkflowRun>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WorkflowRun {
    database_id: Option<u64>,
    event: String,
    workflow: Workflow,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Workflow {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Branch {
    branch_protection_rule: Option<ProtectionRule>,
    target: Option<Commit>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ProtectionRule {
    required_status_check_contexts: Option<Vec<String>>,
    required_approving_review_count: Option<u32>,
    requires_strict_status_checks: bool,
}

impl From<Pull> for Head {
    fn from(pull: Pull) -> Self {
        // The last word of each account; an account that is gone has none.
        let mut opinions = BTreeMap::new();
        for opinion in pull.latest_opinionated_reviews.map(|reviews| reviews.nodes).unwrap_or_default() {
            opinions.insert(opinion.author, opinion.state);
        }
        let count = |state: &str| u32::try_from(opinions.values().filter(|said| *said == state).count()).unwrap_or(0);
        Self {
            commit: pull.head_ref_oid,
            base: pull.base_ref_name,
            mergeable: match pull.mergeable.as_str() {
                "MERGEABLE" => Mergeable::Yes,
                "CONFLICTING" => Mergeable::Conflicting,
                _ => Mergeable::Unknown,
            },
            merge_state: pull.merge_state_status.unwrap_or_default(),
            auto_merge: pull.auto_merge_request.is_some(),
            updated_at: pull.updated_at,
            remarks: [pull.comments, pull.reviews]
                .into_iter()
                .map(|count| count.map_or(1, |count| count.total_count))
                .sum(),
            runs: pull.commits.nodes.into_iter().next_back().map(|last| last.commit.runs()).unwrap_or_default(),
            approvals: count("APPROVED"),
            change_requests: count("CHANGES_REQUESTED"),
            review_decision: pull.review_decision.unwrap_or_default(),
        }
    }
}

impl From<Branch> for Base {
    fn from(branch: Branch) -> Self {
        let target = branch.target.unwrap_or_default();
        let rule = branch.branch_protection_rule.map(|rule| Rule {
            checks: rule.required_status_check_contexts.unwrap_or_default(),
            approvals: rule.required_approving_review_count.unwrap_or(0),
            is_strict: rule.requires_strict_status_checks,
        });
        Self { commit: target.oid.clone(), runs: target.runs(), rule }
    }
}

impl Commit {
    /// Of a check that was begun twice for the same event, the last one.
    fn runs(self) -> Vec<CheckRun> {
        let mut runs: Vec<(String, CheckRun)> = Vec::new();
        for context in self.status_check_rollup.map(|rollup| rollup.contexts.nodes).unwrap_or_default() {
            let (event, run) = context.run();
            runs.retain(|(other, known)| !(*other == event && known.is_as(&run) && known.job <= run.job));
            runs.push((event, run));
        }
        runs.into_iter().map(|(_, run)| run).collect()
    }
}

impl Context {
    /// The check, and by which event it was begun.
    fn run(self) -> (String, CheckRun) {
        let workflow = self.check_suite.and_then(|suite| suite.workflow_run).unwrap_or_default();
        let state = match (self.context.is_empty(), self.status.as_str()) {
            (true, "COMPLETED") => self.conclusion.unwrap_or_default(),
            (true, _) => String::new(),
            (false, _) => self.state,
        };
        let state = match state.as_str() {
            "SUCCESS" | "NEUTRAL" | "SKIPPED" => RunState::Passed,
            "FAILURE" | "ERROR" | "CANCELLED" | "TIMED_OUT" | "STARTUP_FAILURE" => RunState::Failed,
            _ => RunState::Pending,
        };
        let run = CheckRun {
            name: if self.context.is_empty() { self.name } else { self.context },
            workflow: workflow.workflow.name,
            state,
            is_required: self.is_required,
            job: workflow.database_id.zip(self.database_id),
            url: self.target_url.unwrap_or_default(),
        };
        (workflow.event, run)
    }
}
