use super::*;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

fn shell(script: &str, tag: Option<&str>) -> Child {
    let mut cmd = Command::new("sh");
    cmd.args(["-c", script]).process_group(0).stdin(Stdio::null()).stdout(Stdio::null());
    if let Some(value) = tag {
        cmd.env("PROC_TEST_MARK", value);
    }
    cmd.spawn().unwrap()
}

fn poll(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_identity_is_of_one_process_only() {
    let mut child = shell("sleep 60", None);
    let id = identity(child.id()).unwrap();
    assert!(is_alive(&id));
    assert!(!is_alive(&ProcessId { start: "1".to_owned(), ..id.clone() }));
    assert!(!is_alive(&ProcessId { boot: "another".to_owned(), ..id.clone() }));
    assert_eq!(identity(id.pid), Some(id.clone()));
    child.kill().unwrap();
    poll("a zombie counts as alive", || !is_alive(&id));
    child.wait().unwrap();
    assert_eq!(identity(id.pid), None);
}

#[test]
fn another_process_with_the_number_of_the_recorded_one_is_spared() {
    let mut child = shell("sleep 60", None);
    let real = identity(child.id()).unwrap();
    let old = ProcessId { start: "1".to_owned(), ..real.clone() };
    let family = Family { leader: Some(&old), ..Family::default() };
    assert_eq!(members(&family), []);
    assert_eq!(end(&family, &Grace::new(Duration::ZERO)), Ended::default());
    assert!(!signal(&old, Signal::KILL));
    assert!(is_alive(&real));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn this_process_and_those_above_it_are_never_members() {
    let me = identity(own_pid()).unwrap();
    let above = system::row(own_pid()).unwrap().parent;
    let family = Family { leader: Some(&me), ..Family::default() };
    assert!(members(&family).iter().all(|id| id.pid != me.pid && id.pid != above));
    assert!(!signal(&me, Signal::CONT));
    assert!(identity(above).is_none_or(|above| !signal(&above, Signal::CONT)));
}

#[cfg(target_os = "linux")]
#[test]
fn marked_processes_are_found_in_every_session_and_ended() {
    let value = uuid::Uuid::new_v4().to_string();
    let mut child = shell("setsid sleep 60 & sleep 60", Some(&value));
    let mut untagged = shell("sleep 60", None);
    poll("three tagged processes", || tagged("PROC_TEST_MARK", &value).len() == 3);
    assert!(tagged("PROC_TEST_MARK", &value[1..]).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    let ended = end(
        &Family { tag: Some(("PROC_TEST_MARK", &value)), ..Family::default() },
        &Grace::new(Duration::from_secs(5)),
    );
    assert_eq!(ended.left, []);
    assert!(tagged("PROC_TEST_MARK", &value).is_empty());
    assert!(untagged.try_wait().unwrap().is_none(), "a process without the tag was ended");
    untagged.kill().unwrap();
    untagged.wait().unwrap();
}

#[test]
fn a_group_that_ignores_term_is_killed_with_all_below_it() {
    let dir = tempfile::tempdir().unwrap();
    let (ready, inner) = (dir.path().join("ready"), dir.path().join("inner"));
    let script = format!(
        "trap '' TERM; sh -c 'echo $$ > {}; sleep 60' & touch {}; while :; do sleep 0.05; done",
        inner.display(),
        ready.display()
    );
    let mut child = shell(&script, None);
    let id = identity(child.id()).unwrap();
    let inner_pid = || std::fs::read_to_string(&inner).ok().and_then(|text| text.trim().parse().ok());
    poll("the script starts", || ready.exists() && inner_pid().is_some());
    let inner = identity(inner_pid().unwrap()).unwrap();
    let family = Family { leader: Some(&id), ..Family::default() };
    assert!(members(&family).contains(&inner));
    let waiter = thread::spawn(move || child.wait().unwrap());
    let begun = Instant::now();
    let ended = end(&family, &Grace::new(Duration::from_millis(300)));
    assert!(begun.elapsed() < Duration::from_secs(50));
    assert_eq!(ended.left, []);
    assert!(!is_alive(&inner) && !is_alive(&id));
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&waiter.join().unwrap()), Some(9));
}

#[test]
fn the_parts_of_an_ending_share_their_time() {
    let dir = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let patience = Duration::from_secs(4);
    let grace = Grace::new(patience);
    for name in ["first", "second", "third"] {
        let ready = dir.path().join(name);
        let mut child = shell(&format!("trap '' TERM; touch {}; while :; do sleep 0.05; done", ready.display()), None);
        let id = identity(child.id()).unwrap();
        poll("the script starts", || ready.exists());
        let waiter = thread::spawn(move || child.wait().unwrap());
        assert_eq!(end(&Family { leader: Some(&id), ..Family::default() }, &grace).left, []);
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&waiter.join().unwrap()), Some(9));
    }
    assert!(begun.elapsed() >= patience && begun.elapsed() < patience * 2, "{:?}", begun.elapsed());
    assert!(grace.left() < patience * 3 && !grace.lasts() && !grace.is_over());
}

#[test]
fn a_leader_that_obeys_is_given_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let (ready, tidy) = (dir.path().join("ready"), dir.path().join("tidy"));
    let script = format!(
        "trap 'sleep 0.3; touch {}; exit 7' TERM; touch {}; while :; do sleep 0.05; done",
        tidy.display(),
        ready.display()
    );
    let mut child = shell(&script, None);
    let id = identity(child.id()).unwrap();
    poll("the script starts", || ready.exists());
    let waiter = thread::spawn(move || child.wait().unwrap());
    end(&Family { leader: Some(&id), ..Family::default() }, &Grace::new(Duration::from_secs(60)));
    assert_eq!(waiter.join().unwrap().code(), Some(7));
    assert!(tidy.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_with_parentheses_is_read() {
    let stat = "7 (a b) c) S 3 5 5 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 1";
    let row = system::parse_stat(7, stat, 0).unwrap();
    assert_eq!((row.parent, row.group, row.start.as_str(), row.zombie, row.stopped), (3, 5, "4711", false, false));
    assert!(system::parse_stat(7, "7 (x", 0).is_none());
}
