//! Tells a file that was installed and left alone from one that the user has changed: by a last line with a hash of
//! the rest.
//!
//! The hash guards against accidents, not against attacks.

use super::text::fnv1a;

const BEGIN: &str = "<!-- installed by scheduler init, which updates this file until it is changed: ";
const END: &str = " -->";

/// What an installed file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// As it is to be.
    Current,
    /// As another version of the program installed it.
    Other,
    /// Changed by the user, or theirs from the start.
    Changed,
}

/// The text with a last line that says what it was.
pub fn with_hash(text: &str) -> String {
    let text = text.trim_end();
    format!("{text}\n\n{BEGIN}{:016x}{END}\n", fnv1a(text.bytes()))
}

/// What the file `installed` is, where `text` is to be installed. Line ends don't count: git may have changed them.
pub fn compare(installed: &str, text: &str) -> Installed {
    let installed = installed.replace("\r\n", "\n");
    if installed == with_hash(text) {
        return Installed::Current;
    }
    let signed = installed.trim_end().rsplit_once('\n').and_then(|(body, last)| {
        let hash = last.strip_prefix(BEGIN)?.strip_suffix(END)?;
        Some((body.trim_end(), u64::from_str_radix(hash, 16).ok()?))
    });
    match signed {
        Some((body, noted)) if noted == fnv1a(body.bytes()) => Installed::Other,
        _ => Installed::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_changed_is_known() {
        let old = with_hash("---\na: b\n---\nDo it.\n");
        for (installed, text, expected) in [
            (old.clone(), "---\na: b\n---\nDo it.", Installed::Current),
            (old.replace('\n', "\r\n"), "---\na: b\n---\nDo it.\n", Installed::Current),
            (old.clone(), "Do it better.\n", Installed::Other),
            (old.replace('\n', "\r\n"), "Do it better.\n", Installed::Other),
            (format!("{old}\n"), "Do it better.\n", Installed::Other),
            (old.replace("Do it", "Do that"), "Do it better.\n", Installed::Changed),
            (format!("{old}And that.\n"), "Do it better.\n", Installed::Changed),
            ("Mine.\n".to_owned(), "Do it.\n", Installed::Changed),
            ("Do it.\n".to_owned(), "Do it.\n", Installed::Changed),
            (String::new(), "Do it.\n", Installed::Changed),
        ] {
            assert_eq!(compare(&installed, text), expected, "{installed:?}");
        }
    }
}
