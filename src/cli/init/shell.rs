//! Paths as words of a shell command, for lines that a person copies.

use std::path::Path;

/// The text as one word of a POSIX shell.
pub(in crate::cli) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+,=%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The line of a crontab that does one tick a minute.
///
/// # Errors
/// A path that no crontab can hold.
pub(super) fn cron_line(search_path: &str, program: &Path, root: &Path, log: &Path) -> Result<String, String> {
    let mut words = Vec::new();
    for path in [program, root, log] {
        match path.to_str().filter(|text| !text.contains(['\n', '\r'])) {
            Some(text) => words.push(word(text)),
            None => return Err(format!("{path:?} can't stand in a crontab: give it a plain name")),
        }
    }
    let search_path = word(search_path);
    let command = format!("PATH={search_path} {} -C {} >> {} 2>&1", words[0], words[1], words[2]);
    // Cron ends the command at a bare percent sign, also inside quotes.
    Ok(format!("* * * * * {}", command.replace('%', r"\%")))
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
    fn cron() {
        let line = cron_line("/bin", Path::new("/s"), Path::new("/a b/100%"), Path::new("/a b/100%/log")).unwrap();
        assert_eq!(line, r"* * * * * PATH=/bin /s -C '/a b/100\%' >> '/a b/100\%/log' 2>&1");
        assert!(cron_line("/bin", Path::new("/s"), Path::new("/a\nb"), Path::new("/l")).is_err());
    }
}
