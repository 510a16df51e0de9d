//! The words for what the system refuses: what was tried, with which file, and what to do about it.
//!
//! The system's own error stays in the chain, so that a caller can still ask for its kind.

use std::{io, path::Path};

/// An error that reads `cannot <action> <path> (<remedy>): <the system's words>`.
pub fn cannot(action: &str, path: &Path, error: impl Into<io::Error>) -> anyhow::Error {
    let error = error.into();
    let path = path.display();
    let text = match remedy(&error) {
        Some(remedy) => format!("cannot {action} {path} ({remedy})"),
        None => format!("cannot {action} {path}"),
    };
    anyhow::Error::new(error).context(text)
}

/// Whether a full or read-only disk, or too many open files, is at the bottom of an error: it would hit every run.
pub fn is_disk_trouble(error: &anyhow::Error) -> bool {
    use io::ErrorKind as Kind;
    let kinds = [Kind::StorageFull, Kind::QuotaExceeded, Kind::ReadOnlyFilesystem];
    // In the words of a program that was started.
    let words = ["No space left on device", "Disk quota exceeded", "Read-only file system"];
    let is_one = |cause: &io::Error| kinds.contains(&cause.kind());
    let tells = |cause: String| words.iter().any(|words| cause.contains(words));
    error.chain().any(|cause| cause.downcast_ref().is_some_and(is_one) || tells(cause.to_string()))
}

fn remedy(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    Some(match error.kind() {
        Kind::StorageFull => "free some space on that disk",
        Kind::QuotaExceeded => "free some space: the disk quota is used up",
        Kind::PermissionDenied => "give the user who runs `scheduler` the right to it, or its owner back with chown",
        Kind::ReadOnlyFilesystem => "mount that disk writable, or move the project to one that is",
        Kind::NotADirectory => "a file stands where a directory belongs: move it away",
        Kind::IsADirectory => "a directory stands where a file belongs: move it away",
        _ if error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
            "raise the limit of open files: ulimit -n"
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
            "check that disk: the system's log says more"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn names_path_and_remedy_and_keeps_the_cause() {
        for (errno, word) in [
            (Errno::NOSPC, "free some space"),
            (Errno::ACCESS, "the right to it"),
            (Errno::ROFS, "mount that disk writable"),
            (Errno::MFILE, "ulimit -n"),
            (Errno::IO, "check that disk"),
        ] {
            let error = cannot("write", Path::new("/x/y"), errno);
            let text = format!("{error:#}");
            assert!(text.starts_with("cannot write /x/y (") && text.contains(word), "{text}");
            assert_eq!(error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error), Some(errno.raw_os_error()));
        }
    }
}
