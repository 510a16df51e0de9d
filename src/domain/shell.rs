//! Text as a word of a shell command, for lines that the user copies or sources; and which program such a line starts.

/// The text as one word of a POSIX shell.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+,=%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// What a command may begin with that the shell does itself.
const SHELL_WORDS: [&str; 28] = [
    ".", "[", "alias", "case", "cd", "command", "echo", "eval", "exec", "exit", "export", "false", "for", "if",
    "printf", "read", "set", "shift", "source", "test", "time", "trap", "true", "ulimit", "umask", "unset", "until",
    "while",
];

/// The program that a command starts first, if it is told by a plain name or a whole path, in quotes or not.
pub fn program(command: &str) -> Option<&str> {
    let command = command.trim_start();
    let quoted = ['"', '\''].into_iter().find_map(|quote| command.strip_prefix(quote)?.split_once(quote));
    let (word, is_quoted) = match quoted {
        // What follows at once belongs to the same word.
        Some((word, rest)) => (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some((word, true))?,
        None => (command.split_whitespace().next()?, false),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._+-".contains(c) || is_quoted && c == ' ';
    let is_told = !word.is_empty() && (word.starts_with('/') || !word.contains('/'));
    (is_told && word.chars().all(is_plain) && !SHELL_WORDS.contains(&word)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (text, expected) in
            [("/usr/bin", "/usr/bin"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("$(x)", "'$(x)'"), ("", "''")]
        {
            assert_eq!(word(text), expected);
        }
    }

    #[test]
    fn a_program_is_the_first_word() {
        for (command, program) in [
            ("git-lfs clean -- %f", Some("git-lfs")),
            (" nbstripout", Some("nbstripout")),
            ("'/opt/x y/crypt' clean", Some("/opt/x y/crypt")),
            ("\"/opt/x y/crypt\" %f", Some("/opt/x y/crypt")),
            ("/opt/crypt", Some("/opt/crypt")),
            ("\"$HOME/crypt\" %f", None),
            ("'/opt/x'y", None),
            ("\"crypt", None),
            ("KEY=1 crypt", None),
            ("test -e key && crypt", None),
            ("./tools/clean", None),
            ("", None),
        ] {
            assert_eq!(super::program(command), program, "{command}");
        }
    }
}
