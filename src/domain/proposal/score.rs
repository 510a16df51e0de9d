//! What a proposal is worth: five factors, each computed from data and shown with where it comes from.
//!
//! Nothing is taken on a proposal's word but what it is about: no line of it can name a number.

use super::{Category, Complexity, Proposal, files};
use crate::domain::config::Config;
use crate::domain::glob::Globs;
use crate::domain::name::Name;
use crate::domain::task;
use crate::domain::text::{counted, cut, joined, one_line};
use serde::Serialize;
use std::fmt;

/// One of the five.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Factor {
    /// Its key under `curator_scoring`.
    pub name: &'static str,
    /// From 0 to 1, more is better; `voice_weight` is the configured weight itself.
    pub value: f64,
    /// Its share of the score; all five add up to 1.
    pub weight: f64,
    /// Where the value comes from.
    pub why: String,
}

/// The score of a proposal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The sum of value times weight.
    pub total: f64,
    /// In the order of the configuration.
    pub factors: [Factor; 5],
    /// What there is to say of the weights.
    pub note: Option<String>,
}

/// Work that is under way and could be in the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Busy {
    /// What it is, in words: `TASK-1 (claimed)`.
    pub label: String,
    /// The files that it changes, as far as known.
    pub files: Vec<String>,
    /// A text that may name further ones.
    pub text: String,
}

/// What a score depends on beside the proposal and the configuration.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Claimed tasks and open pull requests.
    pub busy: Vec<Busy>,
    /// The dependencies that are done: tasks, and proposals whose tasks are.
    pub done: Vec<Name>,
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:.2} x {:.2}: {}", self.name, self.value, self.weight, self.why)
    }
}

impl Busy {
    /// What the text of a task says of files: the list of its section, else whatever it names anywhere.
    pub fn of_task(label: String, text: &str) -> Self {
        match task::section(text, "Relevant Files") {
            Some(list) => Self { label, files: files::in_list(list), text: String::new() },
            None => Self { label, files: Vec::new(), text: text.to_owned() },
        }
    }

    /// The files of a list that this work touches.
    pub fn touches(&self, paths: &[String]) -> Vec<String> {
        let named =
            |path: &&String| self.files.iter().any(|file| files::same(file, path)) || files::mentions(&self.text, path);
        paths.iter().filter(named).cloned().collect()
    }
}

/// Scores a proposal.
pub fn score(proposal: &Proposal, config: &Config, surroundings: &Surroundings) -> Score {
    let weights = &config.curator_scoring;
    let factor = |name, weight, (value, why)| Factor { name, value, weight, why };
    let mut factors = [
        factor("priority_alignment", weights.priority_alignment.get(), priority_alignment(proposal, config)),
        factor("complexity_reduction", weights.complexity_reduction.get(), complexity_reduction(proposal)),
        factor("risk", weights.risk.get(), risk(proposal, surroundings)),
        factor("dependencies_met", weights.dependencies_met.get(), dependencies_met(proposal, surroundings)),
        factor("voice_weight", weights.voice_weight.get(), voice_weight(proposal, config)),
    ];
    let note = normalise(&mut factors);
    let total = factors.iter().map(|factor| factor.value * factor.weight).sum();
    Score { total, factors, note }
}

/// Makes the weights add up to 1; returns what there is to say of it.
fn normalise(factors: &mut [Factor; 5]) -> Option<String> {
    let sum: f64 = factors.iter().map(|factor| factor.weight).sum();
    if sum <= f64::EPSILON {
        factors.iter_mut().for_each(|factor| factor.weight = 0.2);
        return Some("the weights of curator_scoring are all 0: each counts a fifth".to_owned());
    }
    factors.iter_mut().for_each(|factor| factor.weight /= sum);
    let note = || format!("the weights of curator_scoring add up to {sum:.2}, not 1: each was divided by that");
    ((sum - 1.0).abs() > 0.000_1).then(note)
}

fn priority_alignment(proposal: &Proposal, config: &Config) -> (f64, String) {
    if config.priorities.is_empty() {
        return (0.5, "neutral: there are no priorities in agents.yaml".to_owned());
    }
    let fits: Vec<_> = config.priorities.iter().filter(|priority| fits(proposal, priority)).collect();
    let shown: Vec<_> = fits.iter().map(|priority| cut(&one_line(priority), 60)).collect();
    match fits.len() {
        0 => (0.2, "fits none of the priorities".to_owned()),
        1 => (0.8, format!("fits the priority {}", shown[0])),
        _ => (1.0, format!("fits the priorities {}", shown.join(", "))),
    }
}

/// Whether one of the priorities, words or a glob of paths, fits what a proposal is about.
fn fits(proposal: &Proposal, priority: &str) -> bool {
    // No path that one would write there has a blank; words in brackets have.
    if priority.contains(['*', '?', '[', '{']) && !priority.trim().contains(' ') {
        let Ok(glob) = Globs::new([priority]) else { return false };
        return proposal.idea.files.iter().any(|file| glob.match_path(file));
    }
    let path = files::normal(priority);
    let named = |path: &String| {
        let folder = format!("{}/", path.trim_end_matches('/'));
        proposal.idea.files.iter().any(|file| files::same(file, path) || file.starts_with(&folder))
    };
    if path.as_ref().is_some_and(named) {
        return true;
    }
    let words = |text: &str| -> Vec<String> {
        let words = text.to_lowercase();
        words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let wanted = words(priority);
    let said = [&proposal.idea.title, &proposal.idea.summary].map(|text| words(text));
    !wanted.is_empty() && said.iter().any(|said| said.windows(wanted.len()).any(|run| run == wanted))
}

fn complexity_reduction(proposal: &Proposal) -> (f64, String) {
    let by_category = match proposal.idea.category {
        Category::Refactor => 0.7,
        Category::Debt => 0.6,
        Category::Test | Category::PlanTask => 0.3,
        Category::Feature => 0.2,
    };
    let category = format!("category {}: {by_category}", proposal.idea.category);
    let says_something = |said: &&String| !files::is_nothing(said);
    match proposal.idea.complexity_reduction.as_ref().filter(says_something) {
        Some(_) => (f64::min(by_category + 0.3, 1.0), format!("{category}; says what it makes simpler: +0.3")),
        None => (by_category, format!("{category}; says nothing of what it makes simpler")),
    }
}

/// How little can go wrong: the mean of size, spread, and what is under way in the same files.
fn risk(proposal: &Proposal, surroundings: &Surroundings) -> (f64, String) {
    let size = match proposal.idea.complexity {
        Complexity::S => 1.0,
        Complexity::M => 0.75,
        Complexity::L => 0.5,
        Complexity::XL => 0.25,
    };
    let count = proposal.idea.files.len();
    let spread = match count {
        1..=2 => 1.0,
        3..=5 => 0.8,
        0 | 6..=10 => 0.5,
        _ => 0.2,
    };
    let count = if count == 0 { "names no file".to_owned() } else { counted(count, "file") };
    let touching: Vec<_> =
        surroundings.busy.iter().filter(|busy| !busy.touches(&proposal.idea.files).is_empty()).collect();
    let labels: Vec<_> = touching.iter().take(5).map(|busy| busy.label.as_str()).collect();
    let (free, overlap) = match touching.len() {
        0 => (1.0, "nothing under way touches them".to_owned()),
        1 => (0.5, format!("{} touches them", labels[0])),
        _ => (0.0, format!("{} touch them", labels.join(", "))),
    };
    let complexity = proposal.idea.complexity;
    let why = format!("less is riskier; complexity {complexity}: {size}; {count}: {spread}; {overlap}: {free}");
    ((size + spread + free) / 3.0, why)
}

fn dependencies_met(proposal: &Proposal, surroundings: &Surroundings) -> (f64, String) {
    let all = proposal.idea.depends_on.len();
    if all == 0 {
        return (1.0, "depends on nothing".to_owned());
    }
    let open: Vec<_> = proposal.idea.depends_on.iter().filter(|id| !surroundings.done.contains(id)).collect();
    let value = (all - open.len()) as f64 / all as f64;
    let why = format!("{} of {all} done", all - open.len());
    (value, if open.is_empty() { why } else { format!("{why}; not yet: {}", joined(open)) })
}

fn voice_weight(proposal: &Proposal, config: &Config) -> (f64, String) {
    match config.voice_weights.get(&proposal.idea.proposer) {
        Some(weight) => (weight.get(), format!("voice_weights of {}", proposal.idea.proposer)),
        None => (1.0, format!("{} is not in voice_weights", proposal.idea.proposer)),
    }
}

#[cfg(test)]
mod tests;
