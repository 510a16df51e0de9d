//! The words by which programs tell that the system fails them: no room, a disk that can't be written, too many open files.
//!
//! Such trouble would hit every run, and is nobody's fault. It only knows words; what follows is decided by others.

/// In small letters: the system's own words, which most programs pass on, and what git says in place of them.
const WORDS: [&str; 16] = [
    "no space left on device",
    "disk quota exceeded",
    "read-only file system",
    "too many open files",
    "input/output error",
    "i/o error",
    "cannot allocate memory",
    "out of memory",
    "out of diskspace",
    "unable to write",
    "failed to write new configuration file",
    "couldn't write '",
    "failed to insert into database",
    "insufficient permission for adding an object",
    "unable to fork",
    "cannot fork",
];

/// The names of errors, as programs in JavaScript begin with them. Paths may hold the same letters.
const NAMES: [&str; 6] = ["ENOSPC:", "EDQUOT:", "EROFS:", "EMFILE:", "ENFILE:", "ENOMEM:"];

/// Whether what a program said tells of the system it runs on. What it passes on from a remote is that one's trouble.
pub fn tells_of_system(said: &str) -> bool {
    said.lines().filter(|line| !line.trim_start().starts_with("remote:")).any(|line| {
        let small = line.to_lowercase();
        WORDS.iter().any(|words| small.contains(words)) || NAMES.iter().any(|name| line.contains(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_real_programs_said() {
        for said in [
            include_str!("../../tests/data/system_words/full_disk.txt"),
            include_str!("../../tests/data/system_words/read_only.txt"),
            include_str!("../../tests/data/system_words/open_files.txt"),
        ] {
            assert!(said.lines().count() > 5);
            for line in said.lines() {
                assert!(tells_of_system(line), "{line}");
            }
        }
        for line in include_str!("../../tests/data/system_words/no_fault_of_the_system.txt").lines() {
            assert!(!tells_of_system(line), "{line}");
        }
    }
}
