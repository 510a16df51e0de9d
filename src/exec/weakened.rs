//! Which test files a change has taken something from.

use anyhow::Result;

use crate::domain::test_paths::TestPaths;
use crate::domain::verify::Weakened;
use crate::exec::git::{Git, GitError};

/// The tests that have less in them at `tip` than at `base`: files that are gone, or no longer where tests are; lines that are
/// gone or changed. What was only moved isn't named.
pub fn tests(git: &Git, base: &str, tip: &str, paths: &TestPaths) -> Result<Vec<Weakened>> {
    let diff = |what: [&str; 2]| {
        let fixed = ["diff", "-z", "--find-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"];
        let output = git.run(fixed.iter().chain(&what).chain(&[base, tip, "--"]))?.stdout;
        let texts = output.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
        Ok::<Vec<String>, GitError>(texts.collect())
    };
    let deleted = diff(["--name-only", "--diff-filter=D"])?;
    let mut entries = diff(["--numstat", "--diff-filter=DMRT"])?.into_iter();
    let mut weakened = Vec::new();
    // "added removed path"; of a file that was moved the path is empty, and its two names follow.
    while let Some(entry) = entries.next() {
        let fields: Vec<_> = entry.splitn(3, '\t').collect();
        let [_, removed, path] = fields[..] else { continue };
        let (old, new) = match path {
            "" => (entries.next().unwrap_or_default(), entries.next().unwrap_or_default()),
            path => (path.to_owned(), path.to_owned()),
        };
        // Of a file that isn't text it is a dash.
        let removed = removed.parse().ok();
        let deleted = deleted.contains(&old) || !paths.is_test(&new);
        if paths.is_test(&old) && (deleted || removed.is_some_and(|removed: u64| removed > 0)) {
            weakened.push(Weakened { path: if deleted { old } else { new }, removed, deleted });
        }
    }
    Ok(weakened)
}

#[cfg(test)]
mod scenes {
    use super::*;
    use crate::exec::test_project::TestProject;

    #[test]
    fn what_was_taken_from_tests_is_named() {
        let scratch = TestProject::plain();
        let lines = "one\ntwo\nthree\nfour\nfive\nsix\n";
        for name in ["tests/cut.rs", "tests/gone.rs", "tests/moved.rs", "tests/out.rs", "tests/more.rs", "src/a.rs"] {
            scratch.write(name, &format!("{name}\n{lines}"));
        }
        scratch.write("tests/data.bin", "\0a");
        scratch.commit_all("tests");
        let base = scratch.run(&["rev-parse", "HEAD"]);
        scratch.run(&["rm", "-q", "tests/gone.rs"]);
        scratch.run(&["mv", "tests/moved.rs", "tests/moved too.rs"]);
        std::fs::create_dir_all(scratch.project().join("old")).unwrap();
        scratch.run(&["mv", "tests/out.rs", "old/out.rs"]);
        scratch.write("tests/cut.rs", "tests/cut.rs\none\ntwo\nthree\nfour\n5\nsix\n");
        scratch.write("tests/more.rs", &format!("tests/more.rs\n{lines}seven\n"));
        scratch.write("tests/new.rs", "new\n");
        scratch.write("tests/data.bin", "\0b");
        scratch.write("src/a.rs", "");
        scratch.commit_all("work");
        let paths = TestPaths::new(&["tests/**".to_owned()]).unwrap();
        let mut found = tests(&scratch.git(), base.trim(), "HEAD", &paths).unwrap();
        found.sort_by(|a, b| a.path.cmp(&b.path));
        let found: Vec<_> =
            found.iter().map(|file| (file.path.as_str(), file.removed.unwrap(), file.deleted)).collect();
        assert_eq!(found, [("tests/cut.rs", 1, false), ("tests/gone.rs", 7, true), ("tests/out.rs", 0, true)]);
    }
}
