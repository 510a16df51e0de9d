//! Which pocket pays for claude: a subscription, or a key of the API.
//!
//! claude takes a key before a login, so that one left in the environment by chance is used without a word.

use super::words::words;

words! {
    "a way of billing"
    /// Which pocket may pay.
    #[derive(Default)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub enum Billing {
        /// The login of claude: keys are kept from the run.
        Subscription = "subscription",
        /// A key: without one nothing starts.
        Api = "api",
        /// Whatever claude finds.
        #[default]
        Any = "any",
    }
}

/// Variables that have something else than a subscription pay, those that claude obeys first in front.
pub const KEYS: [&str; 5] = [
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_API_KEY",
];

/// The variable with the login of a subscription.
pub const LOGIN: &str = "CLAUDE_CODE_OAUTH_TOKEN";

/// Whether a variable has a say in it.
pub fn pays(name: &str) -> bool {
    name == LOGIN || KEYS.contains(&name)
}

/// What pays for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pocket {
    /// By this variable.
    Key(&'static str),
    /// By this variable, or by the files of claude.
    Subscription(Option<&'static str>),
    /// Nothing that is known of.
    Unknown,
}

impl Billing {
    /// Whether a variable is kept from the run.
    pub fn withholds(self, name: &str) -> bool {
        self == Self::Subscription && (name.starts_with("ANTHROPIC_") || KEYS.contains(&name))
    }

    /// What pays, where `has` says which variables are set, and `is_logged_in` whether claude's files hold a login.
    pub fn pocket(self, has: &dyn Fn(&str) -> bool, is_logged_in: bool) -> Pocket {
        let key = KEYS.into_iter().find(|name| !self.withholds(name) && has(name));
        match key {
            Some(key) => Pocket::Key(key),
            None if self == Self::Api => Pocket::Unknown,
            None if has(LOGIN) => Pocket::Subscription(Some(LOGIN)),
            None if is_logged_in => Pocket::Subscription(None),
            None => Pocket::Unknown,
        }
    }
}

impl Pocket {
    /// As the rest of a sentence about a run.
    pub fn words(self) -> String {
        match self {
            Self::Key(name) => format!("the API pays ({name})"),
            Self::Subscription(Some(name)) => format!("the subscription pays ({name})"),
            Self::Subscription(None) => "the subscription pays (the login of claude)".to_owned(),
            Self::Unknown => "no key and no login is found".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_pocket_pays() {
        use Billing::{Any, Api, Subscription};
        let login = Pocket::Subscription;
        for (billing, set, is_logged_in, expected) in [
            (Any, "", false, Pocket::Unknown),
            (Any, "", true, login(None)),
            (Any, "CLAUDE_CODE_OAUTH_TOKEN", true, login(Some(LOGIN))),
            (Any, "ANTHROPIC_API_KEY CLAUDE_CODE_OAUTH_TOKEN", true, Pocket::Key("ANTHROPIC_API_KEY")),
            (Any, "ANTHROPIC_API_KEY CLAUDE_CODE_USE_VERTEX", true, Pocket::Key("CLAUDE_CODE_USE_VERTEX")),
            (Subscription, "ANTHROPIC_API_KEY CLAUDE_CODE_USE_BEDROCK", true, login(None)),
            (Subscription, "ANTHROPIC_AUTH_TOKEN", false, Pocket::Unknown),
            (Api, "CLAUDE_CODE_OAUTH_TOKEN ANTHROPIC_BASE_URL", true, Pocket::Unknown),
            (Api, "ANTHROPIC_AUTH_TOKEN", true, Pocket::Key("ANTHROPIC_AUTH_TOKEN")),
        ] {
            let has = |name: &str| set.split(' ').any(|one| one == name);
            assert_eq!(billing.pocket(&has, is_logged_in), expected, "{billing} {set}");
        }
    }

    #[test]
    fn what_is_kept_from_a_run_that_a_subscription_pays_for() {
        for (name, withheld) in [
            ("ANTHROPIC_API_KEY", true),
            ("ANTHROPIC_BASE_URL", true),
            ("CLAUDE_CODE_USE_BEDROCK", true),
            ("CLAUDE_CODE_OAUTH_TOKEN", false),
            ("PATH", false),
        ] {
            assert_eq!(Billing::Subscription.withholds(name), withheld, "{name}");
            assert!(!Billing::Any.withholds(name) && !Billing::Api.withholds(name));
        }
    }
}
