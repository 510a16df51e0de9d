//! Which files count as tests.

use super::glob::Globs;
use anyhow::{Error, Result};

/// The globs of `test_paths`, ready to be asked.
#[derive(Debug)]
pub struct TestPaths {
    globs: Globs,
}

impl TestPaths {
    /// Compiles the globs.
    ///
    /// # Errors
    /// The first that is none.
    pub fn new(globs: &[String]) -> Result<Self> {
        let globs = Globs::new(globs.iter().map(String::as_str));
        Ok(Self { globs: globs.map_err(|wrong| Error::msg(format!("test_paths: {wrong}")))? })
    }

    pub fn is_test(&self, path: &str) -> bool {
        self.globs.match_path(path)
    }

    /// The paths that are no tests.
    pub fn others(&self, paths: &[String]) -> Vec<String> {
        paths.iter().filter(|path| !self.is_test(path)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config;

    #[test]
    fn what_counts_as_a_test_unless_configured() {
        let (config, _) = config::read("agents: [{name: a, role: tester}]").unwrap();
        let tests = TestPaths::new(&config.test_paths).unwrap();
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        let are = paths(&[
            "tests/a.rs",
            "test/x/y.js",
            "src/__tests__/a.tsx",
            "a.test.ts",
            "src/a_test.go",
            "test_a.py",
            "pkg/test_b.py",
            "FooTest.java",
            "spec/a_spec.rb",
            "conftest.py",
            "src/foo/tests.rs",
            "e2e/login.ts",
        ]);
        let are_not = paths(&["src/a.rs", "latest.js", "src/contest.rs", "attestation.md", "README.md"]);
        assert_eq!(tests.others(&are), Vec::<String>::new());
        assert_eq!(tests.others(&are_not), are_not);
    }
}
