//! Whether an idea was had, and turned down, before.

use super::{Proposal, files};
use std::collections::BTreeSet;

/// How much of two titles must be the same words.
const TITLE: f64 = 0.6;
/// The same where one of the two names no file to tell them apart by.
const TITLE_ALONE: f64 = 0.8;
/// How many of the files of two proposals must be the same.
const FILES: f64 = 0.5;

/// Words that say nothing of what a proposal is about.
const EMPTY_WORDS: [&str; 16] =
    ["a", "an", "and", "be", "by", "for", "from", "in", "into", "is", "of", "on", "should", "the", "to", "with"];

/// The rejected proposal that an idea repeats: nearly the same words in the title, and mostly the same files.
pub fn rejected_before<'a>(title: &str, paths: &[String], rejected: &'a [Proposal]) -> Option<&'a Proposal> {
    let words = words(title);
    rejected.iter().find(|old| is_close(&words, paths, &self::words(&old.title), &old.files))
}

fn is_close(words: &BTreeSet<String>, paths: &[String], old_words: &BTreeSet<String>, old_paths: &[String]) -> bool {
    let title = share(words.intersection(old_words).count(), words.len(), old_words.len());
    if paths.is_empty() || old_paths.is_empty() {
        return title >= TITLE_ALONE;
    }
    let common = files::shared(paths, old_paths).len();
    // A folder may hold several of the other's files.
    let all = common.max(1) + (paths.len() - common) + old_paths.len().saturating_sub(common);
    title >= TITLE && common as f64 / all as f64 >= FILES
}

/// The part of two sets that they share (Jaccard); two empty ones share nothing.
fn share(common: usize, a: usize, b: usize) -> f64 {
    match a + b - common {
        0 => 0.0,
        all => common as f64 / all as f64,
    }
}

/// The words of a title that carry meaning, without endings that make no difference.
fn words(title: &str) -> BTreeSet<String> {
    let lower = title.to_lowercase();
    let split = lower.split(|c: char| !c.is_alphanumeric());
    split.filter(|word| !word.is_empty() && !EMPTY_WORDS.contains(word)).map(stem).collect()
}

/// `split`, `splits` and `splitting` are one word here, as are `validate` and `validated`; short words stay as they are.
fn stem(word: &str) -> String {
    let ending = ["ing", "ed", "es", "s", "e"].iter().find_map(|ending| word.strip_suffix(ending));
    let Some(rest) = ending.filter(|rest| rest.chars().count() >= 3) else { return word.to_owned() };
    let last = rest.chars().next_back();
    let doubled = last.and_then(|last| rest.strip_suffix(last)).filter(|short| short.chars().next_back() == last);
    doubled.unwrap_or(rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: (&str, &[&str]), b: (&str, &[&str])) -> bool {
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        is_close(&words(a.0), &paths(a.1), &words(b.0), &paths(b.1))
    }

    #[test]
    fn repeats() {
        let split: (&str, &[&str]) = ("Split the parser into modules", &["src/parse.rs"]);
        for (idea, repeats) in [
            (split, true),
            (("split parser into module", &["src/parse.rs"][..]), true),
            (("Splitting the parser into modules!", &["src/parse.rs"]), true),
            (("Split the parser into smaller modules", &["src/parse.rs", "src/lex.rs"]), true),
            (("Split the parser into modules", &[]), true),
            (("Split the parser into modules", &["src/print.rs"]), false),
            (("Split the printer into modules", &["src/print.rs"]), false),
            (("Test the parser", &["src/parse.rs"]), false),
            (("Make the parser faster", &["src/parse.rs"]), false),
            (("Split the parser", &[]), false),
            (("", &[]), false),
            (("the", &["src/parse.rs"]), false),
            (("Split the parser into modules", &["src/"]), true),
        ] {
            assert_eq!(close(idea, split), repeats, "{idea:?}");
            assert_eq!(close(split, idea), repeats, "{idea:?}, the other way round");
        }
        assert!(!close(("", &[]), ("", &[])), "nothing says nothing");
    }
}
