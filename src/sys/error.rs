//! The words for what the system refuses: what was tried, with which file, and what to do about it.
//!
//! The system's own error stays in the chain, so that a caller can still ask for its kind.

use crate::domain::system_trouble::tells_of_system;
use rustix::io::Errno;
use std::io;
use std::path::Path;

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

/// Whether the system is what failed: no room, a disk that can't be written, too many open files.
pub fn is_system_trouble(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::StorageFull | Kind::QuotaExceeded | Kind::ReadOnlyFilesystem | Kind::OutOfMemory)
        || [Errno::MFILE, Errno::NFILE, Errno::IO].iter().any(|own| error.raw_os_error() == Some(own.raw_os_error()))
}

/// Whether that is at the bottom of an error, also in the words of a program that was started.
pub fn is_of_system(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref().is_some_and(is_system_trouble) || tells_of_system(&cause.to_string()))
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
        _ if error.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => "raise the limit of open files: ulimit -n",
        _ if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => "check that disk: the system's log says more",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn the_system_is_told_from_a_file_that_is_in_the_way() {
        for (errno, expected) in [
            (Errno::NOSPC, true),
            (Errno::DQUOT, true),
            (Errno::ROFS, true),
            (Errno::MFILE, true),
            (Errno::NFILE, true),
            (Errno::ACCESS, false),
            (Errno::NOENT, false),
        ] {
            let error = io::Error::from(errno);
            assert_eq!(is_system_trouble(&error), expected, "{error}");
            let said = anyhow::anyhow!("git said: {error}").context("cannot save");
            assert!(
                is_of_system(&cannot("write", Path::new("/x"), errno)) == expected && is_of_system(&said) == expected
            );
        }
    }
}
