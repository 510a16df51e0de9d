//! Text of others made fit for a line, a branch name or a prompt.
//!
//! It never interprets what it is given.

/// The first `max` characters, with `…` in place of what was cut.
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => {
            let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
            short.push('…');
            short
        }
    }
}

/// One line: every run of white space and control characters becomes one blank, ends trimmed.
///
/// Characters that reorder or hide text on a terminal are dropped.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            continue;
        }
        if c.is_whitespace() || c.is_control() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else {
            line.push(c);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// Several lines, fit for a terminal: control characters other than newline and tab are dropped.
pub fn printable(text: &str) -> String {
    text.chars().filter(|&c| c == '\n' || c == '\t' || !(c.is_control() || is_invisible(c))).collect()
}

/// A markdown quotation: `> ` before every line, so that none can look like a heading.
pub fn quoted(text: &str) -> String {
    let lines: Vec<_> = printable(text).trim().lines().map(|line| format!("> {line}").trim_end().to_owned()).collect();
    lines.join("\n")
}

/// What [`quoted`] was given; lines without a quotation mark stay as they are.
pub fn unquoted(text: &str) -> String {
    let strip = |line: &str| line.strip_prefix("> ").or_else(|| line.strip_prefix('>')).unwrap_or(line).to_owned();
    let lines: Vec<_> = text.lines().map(|line| strip(line.trim_end())).collect();
    lines.join("\n").trim().to_owned()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// So many of something that takes an `s` if there are others than one: `1 issue`, `2 issues`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// All of them, separated by commas.
pub fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// The text in lines of at most `width` characters; a word that is longer stands alone.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    packed(text.split_whitespace(), " ", width)
}

/// The words in lines of at most `width` characters, with `gap` between two.
pub fn packed<'a>(words: impl IntoIterator<Item = &'a str>, gap: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut().filter(|line| line.chars().count() + gap.len() + word.chars().count() <= width) {
            Some(line) => {
                line.push_str(gap);
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The items in their order, without those that are there already.
pub fn each_once<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for item in items {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    once
}

/// `lint` → `Lint`.
pub fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Lower-case ASCII words joined by `-`, at most `max` bytes, for file names. Never empty: `untitled`.
pub fn slug(text: &str, max: usize) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if slug.len() >= max {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "untitled".to_owned() } else { slug.to_owned() }
}

/// The last `max` bytes of `text`, beginning at a character and, where it can, at a line.
pub fn tail(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let start = (text.len() - max..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let tail = &text[start..];
    match tail.find('\n') {
        Some(end) if end + 1 < tail.len() => &tail[end + 1..],
        _ => tail,
    }
}

/// The word of `words` nearest to `word`, if at most two edits away.
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    words
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|&(distance, _)| distance <= 2)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The word of `words` that was meant by `word`: the nearest, else the only one that begins so.
pub fn meant<'a>(word: &str, words: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let mut begun = words.clone().into_iter().filter(|known| !word.is_empty() && known.starts_with(word));
    let only = begun.next().filter(|_| begun.next().is_none());
    nearest(word, words).or(only)
}

/// The hash FNV-1a, which is the same in every version of the program.
pub fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The number of inserted, removed or replaced characters between two words (Levenshtein), without case.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(one_line("  a\n\tb\u{7}c \r\n"), "a b c");
        assert_eq!(one_line("x\u{202e}y"), "xy");
        assert_eq!(printable("a\u{1b}[31mb\nc"), "a[31mb\nc");
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(tail("one\ntwo\nthree", 8), "three");
        assert_eq!(tail("äöü", 3), "ü");
    }

    #[test]
    fn wrapped_lines_fit() {
        assert_eq!(wrapped("", 5), Vec::<String>::new());
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("äöü ß", 5), ["äöü ß"]);
        assert_eq!(wrapped("a longerword b", 4), ["a", "longerword", "b"]);
        assert_eq!(packed(["a b", "c", "d"], "  ", 6), ["a b  c", "d"]);
    }

    #[test]
    fn slugs() {
        for (text, slug_is) in [
            ("Add input validation!", "add-input-validation"),
            ("../../x", "x"),
            ("--help", "help"),
            ("🎉", "untitled"),
            ("$(touch x)", "touch-x"),
        ] {
            assert_eq!(slug(text, 40), slug_is);
        }
        assert!(slug(&"word ".repeat(100), 40).len() <= 40);
    }

    #[test]
    fn nearest_word() {
        let words = ["interval_seconds", "role", "name"];
        assert_eq!(nearest("intervall_second", words), Some("interval_seconds"));
        assert_eq!(nearest("rol", words), Some("role"));
        assert_eq!(nearest("colour", words), None);
        assert_eq!(meant("interval", words), Some("interval_seconds"));
        assert_eq!((meant("rol", words), meant("", words), meant("colour", words)), (Some("role"), None, None));
    }

    #[test]
    fn hashes_never_change() {
        assert_eq!(fnv1a(b"a".iter().copied()), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn one_needs_no_s() {
        let said = [0, 1, 2].map(|count| counted(count, "issue"));
        assert_eq!(said, ["0 issues", "1 issue", "2 issues"]);
    }
}
