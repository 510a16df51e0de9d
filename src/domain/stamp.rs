//! Tells a file that was installed and left alone from one that a person has changed: by a last line with a hash
//! of the rest.
//!
//! The hash guards against accidents, not against anybody.

const BEGIN: &str = "<!-- installed by scheduler init, which updates this file until it is changed: ";
const END: &str = " -->";

/// What an installed file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// As it is to be.
    Current,
    /// As another version of the program installed it.
    Other,
    /// Changed by a person, or theirs from the start.
    Changed,
}

/// The text with a last line that says what it was.
pub fn stamped(text: &str) -> String {
    let text = text.trim_end();
    format!("{text}\n\n{BEGIN}{:016x}{END}\n", hash(text))
}

/// What the file `installed` is, where `text` is to be installed. Line ends don't count: git may have changed them.
pub fn compare(installed: &str, text: &str) -> Installed {
    let installed = installed.replace("\r\n", "\n");
    if installed == stamped(text) {
        return Installed::Current;
    }
    let stamp = installed.trim_end().rsplit_once('\n').and_then(|(body, last)| {
        let stamp = last.strip_prefix(BEGIN)?.strip_suffix(END)?;
        Some((body.trim_end(), u64::from_str_radix(stamp, 16).ok()?))
    });
    match stamp {
        Some((body, stamp)) if stamp == hash(body) => Installed::Other,
        _ => Installed::Changed,
    }
}

/// FNV-1a, which is the same in every version of the program.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_changed_is_known() {
        let old = stamped("---\na: b\n---\nDo it.\n");
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
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
