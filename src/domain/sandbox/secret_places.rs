//! Where secrets lie in the user's home: what no agent is to read.

/// The places, from HOME on; what ends with `/` is a folder with all that is in it. What is not there does no harm.
pub const SECRET_PLACES: &[&str] = &[
    // Keys.
    ".ssh/",
    ".gnupg/",
    ".pki/",
    // Clouds and clusters.
    ".aws/",
    ".azure/",
    ".config/gcloud/",
    ".config/doctl/",
    ".config/hcloud/",
    ".config/rclone/",
    ".oci/",
    ".fly/",
    ".s3cfg",
    ".boto",
    ".kube/",
    ".docker/",
    ".config/containers/",
    ".terraform.d/",
    ".terraformrc",
    ".vault-token",
    // Forges and git.
    ".config/gh/",
    ".config/hub",
    ".config/glab-cli/",
    ".config/tea/",
    ".config/git/credentials",
    ".git-credentials",
    ".git-credential-cache/",
    ".cache/git/credential/",
    // Package registries.
    ".netrc",
    ".authinfo",
    ".authinfo.gpg",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".bundle/config",
    ".composer/auth.json",
    ".config/composer/auth.json",
    ".m2/settings.xml",
    ".m2/settings-security.xml",
    ".gradle/gradle.properties",
    ".nuget/NuGet/",
    // Databases.
    ".pgpass",
    ".my.cnf",
    ".mylogin.cnf",
    // Keyrings and password stores.
    ".local/share/keyrings/",
    ".local/share/kwalletd/",
    ".password-store/",
    ".config/op/",
    ".config/Bitwarden CLI/",
    ".config/sops/",
    ".config/age/",
    "Library/Keychains/",
    ".config/anthropic/",
    ".config/github-copilot/",
    ".config/heroku/",
    ".config/configstore/",
    ".config/netlify/",
    ".wrangler/",
    ".vercel/",
    ".codex/",
    ".gemini/",
    ".cache/huggingface/token",
    // Browsers, mail and messengers.
    ".config/Slack/",
    ".config/Signal/",
    ".config/discord/",
    ".local/share/TelegramDesktop/",
    ".mozilla/",
    ".thunderbird/",
    ".config/google-chrome/",
    ".config/chromium/",
    ".config/BraveSoftware/",
    ".config/microsoft-edge/",
    ".config/vivaldi/",
    ".config/opera/",
    "snap/firefox/",
    "snap/chromium/",
    "Library/Application Support/Firefox/",
    "Library/Application Support/Google/Chrome/",
    "Library/Application Support/BraveSoftware/",
    "Library/Cookies/",
    "Library/Safari/",
    // What was typed.
    ".bash_history",
    ".zsh_history",
    ".zsh_sessions/",
    ".sh_history",
    ".histfile",
    ".local/share/fish/",
    ".python_history",
    ".node_repl_history",
    ".psql_history",
    ".mysql_history",
    ".sqlite_history",
    ".rediscli_history",
    ".lesshst",
    ".viminfo",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_is_a_plain_place_below_home_and_in_no_other() {
        let all: BTreeSet<_> = SECRET_PLACES.iter().collect();
        assert_eq!(all.len(), SECRET_PLACES.len(), "one stands there twice");
        for place in SECRET_PLACES {
            let plain =
                |part: &str| !["", ".", ".."].contains(&part) && !part.contains(['*', '?', '[', '(', ')', ',', '\\']);
            assert!(place.trim_end_matches('/').split('/').all(plain), "{place}");
            let above = SECRET_PLACES.iter().filter(|other| other.ends_with('/') && place.starts_with(**other));
            assert_eq!(above.count(), usize::from(place.ends_with('/')), "{place} is in another one");
        }
    }
}
