//! Which files a text names, and whether two of them are one.

use crate::domain::text::each_once;

/// Words that users write where there is nothing to name.
const NOTHING: [&str; 6] = ["none", "n/a", "na", "-", "tbd", "nothing"];

/// Whether a text only says that there is nothing to say.
pub fn is_nothing(text: &str) -> bool {
    NOTHING.iter().any(|word| text.trim().trim_end_matches('.').eq_ignore_ascii_case(word))
}

/// A path in one spelling: without `./`, doubled slashes and `x/..`. A slash at the end stays: it names a folder.
///
/// `None` for what leads out of the repository, or names nothing.
pub fn normal(path: &str) -> Option<String> {
    let path = path.trim();
    if path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let folder = if path.ends_with('/') { "/" } else { "" };
    (!parts.is_empty()).then(|| parts.join("/") + folder)
}

/// The path in one line of a list of files; `None` if the line names none.
///
/// A heading, a checklist line or a sentence is no file; a line number and a remark are left out. What stands in back
/// quotes is a path, whatever it looks like.
pub fn in_line(line: &str) -> Option<String> {
    let line = line.trim();
    let item = ["- ", "* ", "+ "].iter().find_map(|bullet| line.strip_prefix(bullet))?.trim();
    if let Some((quoted, _)) = item.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        return normal(without_line_number(quoted.trim()));
    }
    if ["[ ]", "[x]", "[X]"].iter().any(|mark| item.starts_with(mark)) || item.starts_with('#') {
        return None;
    }
    let path =
        [" (", " - ", " – ", " — ", ": "].iter().fold(item, |rest, mark| rest.split(mark).next().unwrap_or(rest));
    let path = without_line_number(path.trim());
    // More than one blank is prose; a name with one is rare but real.
    let prose = path.split_whitespace().count() > 2;
    if is_nothing(path) || prose { None } else { normal(path) }
}

/// The paths in the lines of a list, each once.
pub fn in_list(list: &str) -> Vec<String> {
    each_once(list.lines().filter_map(in_line))
}

/// The line of a list that names a path: in back quotes if it would be taken for something else without.
pub fn to_line(path: &str) -> String {
    let bare = format!("- {path}");
    if in_line(&bare) == normal(path) { bare } else { format!("- `{path}`") }
}

/// `src/a.rs:42` and `src/a.rs:42-50` name the file `src/a.rs`.
pub fn without_line_number(path: &str) -> &str {
    match path.split_once(':') {
        Some((file, rest)) if !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit() || "-:".contains(c)) => file,
        _ => path,
    }
}

/// Whether two paths in their normal spelling name the same file, or one names a folder of the other.
pub fn same(a: &str, b: &str) -> bool {
    let holds = |folder: &str, path: &str| folder.ends_with('/') && path.starts_with(folder);
    a == b || holds(a, b) || holds(b, a)
}

/// The files of `a` that are among those of `b` too.
pub fn shared(a: &[String], b: &[String]) -> Vec<String> {
    a.iter().filter(|file| b.iter().any(|other| same(file, other))).cloned().collect()
}

/// Whether a text names a path, as a word of its own. A bare word such as `Makefile` could mean anything: no.
pub fn mentions(text: &str, path: &str) -> bool {
    if !path.contains(['/', '.']) {
        return false;
    }
    let part_of_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/');
    text.match_indices(path).any(|(at, _)| {
        let before = text[..at].strip_suffix("./").unwrap_or(&text[..at]);
        let mut after = text[at + path.len()..].chars();
        let begins = !before.ends_with(|c: char| part_of_path(c) || c == '.');
        let ends = match after.next() {
            Some('.') => !after.next().is_some_and(char::is_alphanumeric),
            Some(c) => path.ends_with('/') || !part_of_path(c),
            None => true,
        };
        begins && ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        for (written, path) in [
            ("a.ts", Some("a.ts")),
            ("./a.ts", Some("a.ts")),
            ("././src//a.ts", Some("src/a.ts")),
            ("src/x/../a.ts", Some("src/a.ts")),
            ("src/", Some("src/")),
            ("../a.ts", None),
            ("src/../../a.ts", None),
            ("/etc/passwd", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(normal(written).as_deref(), path, "{written}");
        }
    }

    #[test]
    fn lines_of_a_list() {
        for (line, path) in [
            ("- src/a.ts", Some("src/a.ts")),
            ("  * `./src/a.ts` (the parser)", Some("src/a.ts")),
            ("- src/a.ts:42", Some("src/a.ts")),
            ("- src/a.ts:42-50", Some("src/a.ts")),
            ("- src/a.ts - the parser", Some("src/a.ts")),
            ("- src/a.ts: the parser", Some("src/a.ts")),
            ("- docs/my file.md", Some("docs/my file.md")),
            ("- Makefile", Some("Makefile")),
            ("- [ ] a.ts is split", None),
            ("- [x] a.ts", None),
            ("- `[x].ts`", Some("[x].ts")),
            ("- `na`", Some("na")),
            ("- `src/a.ts:42` (the parser)", Some("src/a.ts")),
            ("- `docs/a - my long (copy) name.md`", Some("docs/a - my long (copy) name.md")),
            ("- `../x`", None),
            ("### src/a.ts", None),
            ("- ## a.ts", None),
            ("src/a.ts", None),
            ("- None", None),
            ("- n/a", None),
            ("- everything that has to do with it", None),
            ("- /etc/passwd", None),
            ("- ../../x", None),
            ("", None),
        ] {
            assert_eq!(in_line(line).as_deref(), path, "{line}");
        }
    }

    #[test]
    fn a_path_survives_its_line() {
        for (path, line) in [
            ("src/a.rs", "- src/a.rs"),
            ("./src/a.rs", "- ./src/a.rs"),
            ("docs/my file.md", "- docs/my file.md"),
            ("docs/my long file name.md", "- `docs/my long file name.md`"),
            ("docs/a - b.md", "- `docs/a - b.md`"),
            ("[x].ts", "- `[x].ts`"),
            ("na", "- `na`"),
        ] {
            assert_eq!(to_line(path), line);
            assert_eq!(in_line(line), normal(path), "{line}");
        }
    }

    #[test]
    fn what_two_name() {
        assert!(same("a.ts", "a.ts") && same("src/", "src/a.ts") && same("src/a.ts", "src/"));
        assert!(!same("src", "src/a.ts") && !same("a.ts", "A.ts") && !same("src/", "src2/a.ts"));
    }

    #[test]
    fn names_in_a_text() {
        for (text, named) in [
            ("see src/a.ts", true),
            ("see ./src/a.ts.", true),
            ("`src/a.ts:42`", true),
            ("(src/a.ts)", true),
            ("src/a.tsx", false),
            ("src/a.ts.bak", false),
            ("lib/src/a.ts", false),
            ("../src/a.ts", false),
            ("my-src/a.ts", false),
            ("", false),
        ] {
            assert_eq!(mentions(text, "src/a.ts"), named, "{text}");
        }
        assert!(mentions("in src/auth/x.rs", "src/auth/"));
        assert!(!mentions("run make or Makefile", "Makefile"));
    }
}
