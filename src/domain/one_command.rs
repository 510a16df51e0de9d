//! Whether a line for the shell is one call of this program and nothing else.
//!
//! It errs on the side of refusing: what it lets through has no second command, no redirection, no substitution, and no
//! pattern that the shell would fill in.

use super::role::Role;

/// The words of a line that is one simple command, a quoted heredoc allowed.
///
/// # Errors
/// What keeps it from being one.
pub fn words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.trim().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("a quote is not closed"),
                    }
                }
            }
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            '\\' => match chars.next() {
                Some('\n') => {}
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err("it ends with a backslash"),
            },
            '<' if chars.peek() == Some(&'<') => {
                chars.next();
                let rest: String = chars.collect();
                words.extend(word.take());
                return heredoc(&rest, words);
            }
            '\n' | ';' | '&' | '|' | '(' | ')' => return Err("it is more than one command"),
            '<' | '>' => return Err("it redirects"),
            '$' | '`' => return Err("it has the shell fill something in"),
            '*' | '?' | '[' | '{' | '~' => return Err("it has a pattern outside of quotes"),
            '#' if word.is_none() => return Err("it has a comment"),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn double_quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, word: &mut String) -> Result<(), &'static str> {
    loop {
        match chars.next() {
            Some('"') => return Ok(()),
            Some('`' | '$') => return Err("it has the shell fill something in"),
            Some('\\') => match chars.next() {
                Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                Some('\n') => {}
                Some(c) => word.extend(['\\', c]),
                None => return Err("a quote is not closed"),
            },
            Some(c) => word.push(c),
            None => return Err("a quote is not closed"),
        }
    }
}

/// A heredoc at the end: its word quoted, so that the shell leaves its lines alone, and nothing after it.
fn heredoc(rest: &str, words: Vec<String>) -> Result<Vec<String>, &'static str> {
    let (first, body) = rest.split_once('\n').ok_or("its heredoc has no lines")?;
    let first = first.trim();
    let end = ['\'', '"'].iter().find_map(|quote| first.strip_prefix(*quote)?.strip_suffix(*quote));
    let end = end.filter(|end| !end.is_empty() && end.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    let end = end.ok_or("its heredoc must begin as <<'EOF' at the end of the line")?;
    let mut lines = body.lines().skip_while(|line| *line != end);
    if lines.next().is_none() {
        return Err("its heredoc is not closed");
    }
    if lines.all(|line| line.trim().is_empty()) { Ok(words) } else { Err("it is more than one command") }
}

/// Whether a role that has no shell may run this line: one call of a command of its own.
///
/// # Errors
/// Why not, and what to do instead.
pub fn allowed(role: Role, line: &str) -> Result<(), String> {
    let commands = role.spec().commands.join(", ");
    let usage = format!("as {role} you may run one `scheduler` command per call and nothing else: {commands}");
    let words = words(line).map_err(|why| format!("{why}; {usage}"))?;
    match words.split_first() {
        Some((program, rest)) if program == "scheduler" && role.may_call(&rest.join(" ")) => Ok(()),
        _ => Err(usage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call() {
        for line in [
            "scheduler proposal list",
            "  scheduler proposal show PROP-1 \n",
            "scheduler proposal reject PROP-1 --reason 'It; is & too | large > $(x) `y` *'",
            "scheduler proposal reject PROP-1 --reason \"It's \\\"large\\\" \\$5\"",
            "scheduler proposal reject PROP-1 --reason 'it'\\''s large'",
            "scheduler proposal reject PROP-1 --reason - <<'EOF'\nToo large; $(x)\n# really\nEOF\n",
            "scheduler proposal reject PROP-1 \\\n --reason x#1",
        ] {
            assert_eq!(allowed(Role::Curator, line), Ok(()), "{line}");
        }
        let words = words("a 'b c' \"d e\"f ''").unwrap();
        assert_eq!(words, ["a", "b c", "d ef", ""]);
    }

    #[test]
    fn anything_else() {
        for line in [
            "",
            "ls",
            "cat src/main.rs",
            "grep -rn x .",
            "scheduler",
            "scheduler task list",
            "scheduler -C /x proposal list",
            "scheduler proposal add --title x",
            "scheduler proposalx",
            "./scheduler proposal list",
            "X=1 scheduler proposal list",
            "scheduler proposal list; cat x",
            "scheduler proposal list && cat x",
            "scheduler proposal list | cat x",
            "scheduler proposal list & cat x",
            "scheduler proposal list\ncat x",
            "scheduler proposal list # '\ncat x #'",
            "scheduler proposal list > x",
            "scheduler proposal list < x",
            "scheduler proposal show $(cat x)",
            "scheduler proposal show `cat x`",
            "scheduler proposal show \"$(cat x)\"",
            "scheduler proposal show \"`cat x`\"",
            "scheduler proposal show ${x:-$(cat x)}",
            "scheduler proposal show $'\\'' ; cat x; ''",
            "scheduler proposal show <(cat x)",
            "scheduler proposal show *",
            "scheduler proposal show {a,b}",
            "scheduler proposal show ~",
            "scheduler proposal show 'x",
            "scheduler proposal show \"x",
            "scheduler proposal show x\\",
            "scheduler proposal reject x --reason - <<EOF\n$(cat x)\nEOF",
            "scheduler proposal reject x --reason - <<'EOF'; cat x\nEOF",
            "scheduler proposal reject x --reason - <<'EOF'\nx\nEOF\ncat x",
            "scheduler proposal reject x --reason - <<'EOF'\nx",
            "scheduler proposal reject x --reason - <<'EOF'",
            "(scheduler proposal list)",
        ] {
            assert!(allowed(Role::Curator, line).is_err(), "{line}");
        }
    }
}
