//! Globs of paths, as agents.yaml has them: `*`, `**`, `?`, `[ab]` and `{a,b}`. A `*` goes over folders, too.

use glob::Pattern;

/// More than this one glob with braces may not stand for.
const MAX_PATTERNS: usize = 1_000;

/// Globs that are ready to be asked.
#[derive(Debug, Default)]
pub struct Globs(Vec<Pattern>);

impl Globs {
    /// # Errors
    /// What is wrong with the first that is no glob.
    pub fn new<'a>(globs: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut patterns = Vec::new();
        for glob in globs {
            let wrong = |what: &str| format!("{glob:?} is not a glob: {what}");
            let from = patterns.len();
            let mut open = vec![glob.to_owned()];
            while let Some(next) = open.pop() {
                match alternatives(&next).map_err(wrong)? {
                    Some(alternatives) => open.extend(alternatives),
                    None => patterns.push(Pattern::new(&next).map_err(|error| wrong(in_words(error.msg)))?),
                }
                if open.len() + patterns.len() - from > MAX_PATTERNS {
                    return Err(wrong("its braces stand for too many alternatives"));
                }
            }
        }
        Ok(Self(patterns))
    }

    /// Whether one of them matches.
    pub fn match_path(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(path))
    }
}

fn in_words(error: &'static str) -> &'static str {
    if error.starts_with("invalid range") { "unclosed character class; missing ']'" } else { error }
}

/// What a glob stands for by its first braces, if it has any.
fn alternatives(glob: &str) -> Result<Option<Vec<String>>, &'static str> {
    let (mut open, mut depth, mut cuts) = (0, 0, Vec::new());
    let mut class_ends = 0;
    for (at, c) in glob.char_indices() {
        match c {
            _ if at < class_ends => {}
            '[' => class_ends = at + end_of_class(&glob[at..]),
            '{' => {
                depth += 1;
                if depth == 1 {
                    open = at;
                    cuts.push(at);
                }
            }
            ',' if depth == 1 => cuts.push(at),
            '}' if depth == 0 => return Err("unopened alternation; missing '{'"),
            '}' => {
                depth -= 1;
                if depth == 0 {
                    cuts.push(at);
                    let (before, after) = (&glob[..open], &glob[at + 1..]);
                    let between = cuts.windows(2).map(|cut| &glob[cut[0] + 1..cut[1]]);
                    return Ok(Some(between.map(|part| format!("{before}{part}{after}")).collect()));
                }
            }
            _ => {}
        }
    }
    if depth > 0 { Err("unclosed alternation; missing '}'") } else { Ok(None) }
}

/// How long a class in brackets is, in bytes; the first character in it may be `]`.
fn end_of_class(class: &str) -> usize {
    let first = if class[1..].starts_with('!') { 2 } else { 1 };
    let mut rest = class.char_indices().skip(first + 1);
    rest.find(|(_, c)| *c == ']').map_or(0, |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches() {
        for (glob, matching, other) in [
            ("tests/*", &["tests/a", "tests/a/b"][..], &["test/a", "x/tests/a"][..]),
            ("**/tests/**", &["tests/a", "x/tests/a", "x/y/tests/a/b"], &["tests", "atests/b"]),
            ("src/?.rs", &["src/a.rs", "src/ä.rs"], &["src/ab.rs"]),
            ("[ab]/[!c-e]", &["a/x", "b/f"], &["c/x", "a/d"]),
            ("a{b,c{d,e}}f", &["abf", "acdf", "acef"], &["af", "acf", "a{b,c{d,e}}f"]),
            ("*{_,.,}{t,s}.*", &["a_t.c", "b.s.js", "at.c"], &["a_u.c"]),
            ("[{]a,b[}]", &["{a,b}"], &["a", "b"]),
            ("a[]]{b,c}", &["a]b", "a]c"], &["ab"]),
            ("a,b", &["a,b"], &["a"]),
        ] {
            let globs = Globs::new([glob]).unwrap();
            assert_eq!(matching.iter().find(|path| !globs.match_path(path)), None, "{glob}");
            assert_eq!(other.iter().find(|path| globs.match_path(path)), None, "{glob}");
        }
    }

    #[test]
    fn what_is_no_glob() {
        let many = "{a,b}".repeat(10);
        for (glob, what) in [
            ("a[", "unclosed character class; missing ']'"),
            ("{a,b", "unclosed alternation; missing '}'"),
            ("a}", "unopened alternation; missing '{'"),
            ("a**/b", "recursive wildcards must form a single path component"),
            (&many, "its braces stand for too many alternatives"),
        ] {
            assert_eq!(Globs::new(["fine", glob]).unwrap_err(), format!("{glob:?} is not a glob: {what}"));
        }
    }
}
