//! Proposals that contradict each other, which only the user may decide, and what the user is told.

use super::{Category, Proposal, Score, files};
use crate::domain::message::{Message, MessageType};
use crate::domain::name::Name;
use crate::domain::text::{cut, one_line};

/// How the key of a question about a contradiction begins; the two ids follow.
const KEY: &str = "conflict ";

/// Whether two proposals contradict each other: a refactor and a feature that name the same file, or a pair that was
/// marked or told, whatever was changed in either since. Only the user ends that.
pub fn contradict(a: &Proposal, b: &Proposal) -> bool {
    a.id != b.id && (over(a, b).is_some() || is_noted(a, b))
}

/// The files over which two proposals contradict each other by themselves.
fn over(a: &Proposal, b: &Proposal) -> Option<Vec<String>> {
    let is_pair =
        |a: &Proposal, b: &Proposal| (a.idea.category, b.idea.category) == (Category::Refactor, Category::Feature);
    let shared = files::shared(&a.idea.files, &b.idea.files);
    ((is_pair(a, b) || is_pair(b, a)) && !shared.is_empty()).then_some(shared)
}

/// Whether one of the two says that the user was asked about them.
pub fn is_noted(a: &Proposal, b: &Proposal) -> bool {
    let knows = |a: &Proposal, b: &Proposal| a.conflicts.iter().any(|known| known.with == b.id);
    knows(a, b) || knows(b, a)
}

/// Whether nothing but such a note makes them contradict each other.
pub fn is_only_marked(a: &Proposal, b: &Proposal) -> bool {
    is_noted(a, b) && over(a, b).is_none()
}

/// Whether the user was told of these two as they are now.
fn is_told(a: &Proposal, b: &Proposal) -> bool {
    let knows = |a: &Proposal, b: &Proposal| {
        a.conflicts.iter().any(|known| known.with == b.id && (known.own, known.other) == (a.fingerprint, b.fingerprint))
    };
    knows(a, b) || knows(b, a)
}

/// The pairs that the user has to be told of, one of each active, with the files that both name.
///
/// Where several contradict several, each is told of with one other: deciding that brings up the rest.
pub fn to_escalate<'a>(
    active: &'a [Proposal],
    deferred: &'a [Proposal],
) -> Vec<(&'a Proposal, &'a Proposal, Vec<String>)> {
    let mut pairs: Vec<(&Proposal, &Proposal, Vec<String>)> = Vec::new();
    for (at, a) in active.iter().enumerate() {
        for b in active[at + 1..].iter().chain(deferred) {
            let named = |one: &Proposal| pairs.iter().any(|(a, b, _)| a.id == one.id || b.id == one.id);
            let is_told = is_told(a, b) || (named(a) && named(b));
            if let Some(shared) = over(a, b).filter(|_| !is_told) {
                pairs.push((a, b, shared));
            }
        }
    }
    pairs
}

/// The open proposals that contradict one. While there is one, no agent may judge it.
pub fn partners<'a>(one: &Proposal, active: &'a [Proposal], deferred: &'a [Proposal]) -> Vec<&'a Proposal> {
    active.iter().chain(deferred).filter(|other| contradict(one, other)).collect()
}

/// The two proposals that a question is about, if it is one about a contradiction.
pub fn question_of(message: &Message) -> Option<[Name; 2]> {
    let mut words = message.key.as_ref()?.strip_prefix(KEY)?.split(' ');
    Some([words.next()?.parse().ok()?, words.next()?.parse().ok()?])
}

/// How such a question is decided, a line each: an answer in words would reach nobody.
pub fn ways_to_decide([a, b]: [&Name; 2]) -> String {
    format!(
        "- The first: `scheduler proposal promote {a}`, then `scheduler proposal reject {b} --reason '...'`\n\
         - The second: `scheduler proposal promote {b}`, then `scheduler proposal reject {a} --reason '...'`\n\
         - Both, one after the other: promote both; the second one's task waits for the first one's where they name the \
         same files.\n\
         - Neither: reject both. Look at them whole: `scheduler proposal show {a}`, `scheduler proposal show {b}`\n"
    )
}

/// The message about a contradiction: both sides, what speaks for each, and the commands that decide it.
pub fn escalation(sides: [(&Proposal, &Score); 2], shared: &[String], reason: &str) -> Message {
    let [(a, score_a), (b, score_b)] = sides;
    let mut body = format!(
        "Two proposals contradict each other. Only you can decide which one it is to be. Both are deferred until then, \
         and agents may not judge them.\n\nWhy: {}\n",
        one_line(reason)
    );
    for (proposal, score) in sides {
        body.push_str(&side(proposal, score));
    }
    body.push_str("\n## Trade-offs\n\n");
    for line in trade_offs(a, score_a, b, score_b, shared) {
        body.push_str(&format!("- {line}\n"));
    }
    body.push_str(&format!("\n## Decide\n\n{}", ways_to_decide([&a.id, &b.id])));
    let title = cut(&format!("Decide between {} and {}: {} / {}", a.id, b.id, a.idea.title, b.idea.title), 160);
    let key = format!("{KEY}{} {} {:016x} {:016x}", a.id, b.id, a.fingerprint, b.fingerprint);
    Message::new(MessageType::Question, title, body).key(key)
}

fn side(proposal: &Proposal, score: &Score) -> String {
    let line = |text: &str| cut(&one_line(text), 400);
    let mut text = format!(
        "\n## {}: {}\n\n{}, {}, by {}, score {:.2}\n\n{}\n\n",
        proposal.id,
        line(&proposal.idea.title),
        proposal.idea.category,
        proposal.idea.complexity,
        proposal.idea.proposer,
        score.total,
        line(&proposal.idea.summary),
    );
    let files: Vec<_> = proposal.idea.files.iter().take(20).map(|file| format!("`{}`", line(file))).collect();
    text.push_str(&format!("- Files: {}\n", if files.is_empty() { "none named".to_owned() } else { files.join(", ") }));
    for (label, said) in proposal.idea.benefits() {
        text.push_str(&format!("- {label}: {}\n", line(said)));
    }
    for factor in &score.factors {
        text.push_str(&format!("- {}: {:.2}, {}\n", factor.name, factor.value, line(&factor.why)));
    }
    text
}

fn trade_offs(a: &Proposal, score_a: &Score, b: &Proposal, score_b: &Score, shared: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    if !shared.is_empty() {
        let shared: Vec<_> = shared.iter().take(20).map(|file| format!("`{}`", one_line(file))).collect();
        lines.push(format!("Both name {}.", shared.join(", ")));
    }
    let refactor = [(a, b), (b, a)].into_iter().find(|(one, _)| one.idea.category == Category::Refactor);
    if let Some((refactor, other)) = refactor {
        let (refactor, other) = (&refactor.id, &other.id);
        lines.push(format!("{refactor} first: {other} is then built on the simpler code, but has to wait for it."));
        lines.push(format!("{other} first: it comes sooner, and {refactor} has to carry the new code along."));
    }
    for (x, y, words) in [(score_a, score_b, a), (score_b, score_a, b)] {
        let ahead = x.factors.iter().zip(&y.factors).filter(|(x, y)| x.value > y.value + 0.005);
        let ahead: Vec<_> = ahead.map(|(x, y)| format!("{} ({:.2} against {:.2})", x.name, x.value, y.value)).collect();
        if !ahead.is_empty() {
            lines.push(format!("{} is ahead in {}.", words.id, ahead.join(", ")));
        }
    }
    if a.idea.complexity != b.idea.complexity {
        let (small, large) = if a.idea.complexity < b.idea.complexity { (a, b) } else { (b, a) };
        lines.push(format!(
            "{} is the smaller change: {} against {}.",
            small.id, small.idea.complexity, large.idea.complexity
        ));
    }
    lines
}
