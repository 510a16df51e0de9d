//! `scheduler install` and `uninstall`: every other line of a crontab stays, and what is printed can be parsed.

use crate::support::Test;

/// A crontab that is a file in the home folder, as Debian's program treats it.
const CRONTAB: &str = r#"#!/bin/sh
file=$HOME/crontab
case $1 in
  -l) if [ -f "$file" ]; then cat "$file"; else echo "no crontab for tester" >&2; exit 1; fi ;;
  /*) cat "$1" > "$file" ;;
  *) echo "crontab: usage error" >&2; exit 1 ;;
esac
"#;

fn test() -> Test {
    let test = Test::new();
    test.agents(&[("impl", "implementer")]);
    test.program("crontab", CRONTAB);
    test
}

#[test]
fn a_crontab_keeps_every_other_line() {
    let test = test();
    let crontab = test.root().join("home").join("crontab");
    let old = "MAILTO=me\n# mine\n0 5 * * * backup 100\\% done\n";
    std::fs::write(&crontab, old).unwrap();
    test.run(["install", "cron"]).ok().says("* * * * * PATH=");
    let installed = std::fs::read_to_string(&crontab).unwrap();
    assert!(installed.starts_with(old), "{installed}");
    assert!(installed.contains("/.orchestrator/logs/cron.log' 2>&1\n"), "{installed}");
    test.run(["install", "cron"]).ok().says("already");
    assert_eq!(std::fs::read_to_string(&crontab).unwrap(), installed);
    test.run(["uninstall", "cron", "--print"]).ok().says("* * * * * PATH=");
    assert_eq!(std::fs::read_to_string(&crontab).unwrap(), installed);
    test.run(["uninstall", "cron"]).ok();
    assert_eq!(std::fs::read_to_string(&crontab).unwrap(), old);
    test.run(["uninstall", "cron"]).ok().says("no line");
}

#[test]
fn without_a_crontab_one_is_begun() {
    let test = test();
    test.run(["install", "cron"]).ok();
    assert!(test.root().join("home").join("crontab").exists());
}

#[test]
fn printing_changes_nothing() {
    let test = test();
    for kind in ["cron", "launchd", "systemd"] {
        let output = test.run(["install", kind, "--print"]).ok();
        output.says("scheduler");
    }
    test.run(["uninstall", "cron", "--print"]).ok().says("no line for this project");
    test.run(["uninstall", "systemd", "--print"]).ok().says("isn't there: ").says("/.config/systemd/user/scheduler-");
    test.run(["install", "launchd", "--print"]).ok().says("<key>AbandonProcessGroup</key><true/>");
    test.run(["install", "systemd", "--print"]).ok().says("KillMode=process").says("AccuracySec=1s");
    assert!(!test.root().join("home").join("crontab").exists());
    assert!(!test.root().join("home").join(".config").exists());
}

#[test]
fn a_line_written_by_hand_is_left_alone() {
    let test = test();
    let printed = test.run(["install", "cron", "--print"]).ok().stdout;
    let crontab = test.root().join("home").join("crontab");
    std::fs::write(&crontab, &printed).unwrap();
    test.run(["install", "cron"]).code(1).complains("remove this line first");
    assert_eq!(std::fs::read_to_string(&crontab).unwrap(), printed);
}

#[test]
fn launchd_is_refused_where_there_is_none() {
    if cfg!(target_os = "macos") {
        return;
    }
    test().run(["install", "launchd"]).code(1).complains("use `scheduler install cron`");
}
