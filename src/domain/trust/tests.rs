use super::*;

fn found(all: &[(&str, &str, &str)]) -> Fingerprint {
    let mut found = Fingerprint::default();
    for (place, key, value) in all {
        found.add(place, key, |bytes| String::from_utf8_lossy(bytes).into_owned(), value);
    }
    found
}

#[test]
fn what_differs_is_told_with_old_and_new() {
    let before =
        found(&[("config", "core.sshcommand", "ssh"), ("config", "core.pager", "less"), ("hook", CONTENT, "1")]);
    let after =
        found(&[("config", "core.sshcommand", "evil"), ("hook", CONTENT, "2"), ("new", "filter.x.clean", "run")]);
    let told: Vec<_> = diff(&before, &after, "origin").iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the setting core.pager in config was removed; it was: less",
            "the setting core.sshcommand in config was changed from: ssh, to: evil",
            "the file hook was changed from: 1, to: 2",
            "the setting filter.x.clean in new was added: run",
        ]
    );
    assert_eq!(diff(&before, &before, "origin"), []);
}

#[test]
fn of_remotes_that_which_is_used_counts() {
    let before = found(&[("config", "remote.origin.url", "a"), ("config", "remote.fork.url", "b")]);
    let after = found(&[
        ("config", "remote.origin.url", "a"),
        ("config", "remote.fork.url", "c"),
        ("config", "remote.new.uploadpack", "d"),
        ("config", "branch.x.remote", "fork"),
    ]);
    let keys = |remote| diff(&before, &after, remote).into_iter().map(|change| change.key).collect::<Vec<_>>();
    assert_eq!(keys("origin"), ["branch.x.remote"]);
    assert_eq!(keys("fork"), ["remote.fork.url"]);
    assert_eq!(keys("new"), ["branch.x.remote", "remote.new.uploadpack"]);
}

#[test]
fn several_values_count_together_and_in_their_order() {
    let helpers =
        |values: &[&str]| found(&values.iter().map(|value| ("c", "credential.helper", *value)).collect::<Vec<_>>());
    assert_ne!(helpers(&["a", "b"]), helpers(&["b", "a"]));
    let added = diff(&helpers(&["a"]), &helpers(&["a", "b"]), "origin");
    assert_eq!(added[0].to_string(), "the setting credential.helper in c was changed from: a, to: a, b");
}

#[test]
fn secrets_are_told_apart_and_never_shown() {
    for (key, value) in [
        ("remote.origin.url", "https://me:s3cret@host/x"),
        ("http.extraheader", "Authorization: s3cret"),
        ("credential.helper", "!f() { echo password=s3cret; }; f"),
        ("http.proxy", "http://me:s3cret@proxy"),
    ] {
        let of = |value: &str| found(&[("config", key, value)]);
        let shown = diff(&Fingerprint::default(), &of(value), "origin")[0].to_string();
        assert!(!shown.contains("s3cret"), "{shown}");
        assert_eq!(diff(&of(value), &of(&value.replace("s3cret", "other")), "origin").len(), 1);
    }
}

#[test]
fn settings_that_git_cannot_read_are_one_change() {
    let after = Fingerprint { unreadable: Some("bad config line 1".to_owned()), ..Fingerprint::default() };
    let changes = diff(&found(&[("config", "core.pager", "less")]), &after, "origin");
    assert_eq!(changes.len(), 1);
    assert!(changes[0].to_string().contains("bad config line 1"));
}
