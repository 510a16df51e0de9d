//! The same profile in the words of macOS: the text that `sandbox-exec` takes.
//!
//! There everything is allowed that isn't forbidden, and a later rule wins.

use super::profile::Profile;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The text of a profile.
pub fn text(profile: &Profile) -> String {
    let mut text = "(version 1)\n(allow default)\n(deny file-write*)\n".to_owned();
    rule(&mut text, "allow file-write*", &profile.write);
    text.push_str("(allow file-write* (literal \"/dev/null\") (literal \"/dev/tty\") (regex #\"^/dev/fd/\"))\n");
    rule(&mut text, "deny file-read*", &profile.closed);
    // What is allowed below what is closed: the worktree below the main checkout.
    let inside = |place: &&PathBuf| profile.closed.iter().any(|closed| place.starts_with(closed));
    rule(&mut text, "allow file-read*", profile.write.iter().chain(&profile.read).filter(inside));
    if let Some(ports) = &profile.ports {
        text.push_str("(deny network-outbound (remote tcp))\n(deny network-bind (local tcp))\n");
        for (operation, end, ports) in
            [("network-outbound", "remote", &ports.connect), ("network-bind", "local", &ports.bind)]
        {
            for port in ports {
                let _ = writeln!(text, "(allow {operation} ({end} tcp \"*:{port}\"))");
            }
        }
    }
    text.push_str("(deny signal)\n(allow signal (target same-sandbox))\n");
    text
}

fn rule<'a>(text: &mut String, operation: &str, places: impl IntoIterator<Item = &'a PathBuf>) {
    let places: Vec<_> = places.into_iter().map(|place| format!("(subpath {})", quoted(place))).collect();
    if !places.is_empty() {
        let _ = writeln!(text, "({operation} {})", places.join(" "));
    }
}

fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sandbox::profile::Ports;

    #[test]
    fn a_profile_as_macos_reads_it() {
        let profile = Profile {
            write: vec!["/p/.o/worktree".into(), "/h/a\"b\\".into()],
            read: vec!["/usr".into(), "/p/.git".into()],
            closed: vec!["/h/.ssh".into(), "/p".into()],
            ports: Some(Ports { connect: vec![443], bind: vec![4100] }),
        };
        let expected = r#"(version 1)
(allow default)
(deny file-write*)
(allow file-write* (subpath "/p/.o/worktree") (subpath "/h/a\"b\\"))
(allow file-write* (literal "/dev/null") (literal "/dev/tty") (regex #"^/dev/fd/"))
(deny file-read* (subpath "/h/.ssh") (subpath "/p"))
(allow file-read* (subpath "/p/.o/worktree") (subpath "/p/.git"))
(deny network-outbound (remote tcp))
(deny network-bind (local tcp))
(allow network-outbound (remote tcp "*:443"))
(allow network-bind (local tcp "*:4100"))
(deny signal)
(allow signal (target same-sandbox))
"#;
        assert_eq!(text(&profile), expected);
        assert!(!text(&Profile::default()).contains("network"));
    }
}
