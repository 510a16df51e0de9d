//! Which files count as tests.

use anyhow::{Context, Result};
use globset::{Glob, GlobSet, GlobSetBuilder};

/// The globs of `test_paths`, ready to be asked.
#[derive(Debug)]
pub struct TestPaths {
    globs: GlobSet,
}

impl TestPaths {
    /// Compiles the globs.
    ///
    /// # Errors
    /// The first that is none.
    pub fn new(globs: &[String]) -> Result<Self> {
        let mut builder = GlobSetBuilder::new();
        for glob in globs {
            builder.add(Glob::new(glob).with_context(|| format!("test_paths: {glob:?}"))?);
        }
        Ok(Self { globs: builder.build()? })
    }

    pub fn is_test(&self, path: &str) -> bool {
        self.globs.is_match(path)
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
