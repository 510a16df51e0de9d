//! A git that fails as long as a test wants it to.

use crate::support::Test;
use std::fs;

/// Makes every git command whose arguments match the shell pattern end with these words, until [`git_works`].
pub fn git_fails(test: &Test, pattern: &str, words: &str) {
    let real = fs::read_link(test.root().join("tools/git")).unwrap();
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in {pattern}) [ -e \"$HOME/fails\" ] && {{ echo {words:?} >&2; exit 128; }} ;; esac\n\
         exec '{}' \"$@\"\n",
        real.display()
    );
    test.program("git", &text);
    fs::write(test.root().join("home/fails"), "").unwrap();
}

pub fn git_works(test: &Test) {
    fs::remove_file(test.root().join("home/fails")).unwrap();
}
