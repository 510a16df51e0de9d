//! What an account may do in a repository, in GitHub's words.

use super::words::words;

words! {
    "a permission"
    /// What an account may do; each may do what those before it may.
    #[derive(Default)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub enum Permission {
        /// Look.
        Read = "read",
        /// Sort issues and pull requests.
        Triage = "triage",
        /// Push.
        #[default]
        Write = "write",
        /// Push, and change some settings.
        Maintain = "maintain",
        /// Everything.
        Admin = "admin",
    }
}
