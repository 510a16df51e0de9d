//! What the user wrote in the middle of a rewrite that was killed is put beside the file and told, never deleted.

use crate::support::Test;
use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

/// FNV-1a, by which the temporary file of a rewrite names the two texts of the program.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_user_s_text_survives_what_is_tidied_away() {
    let test = Test::new();
    test.agents(&[("rev-1", "reviewer")]).task_for("TASK-1", "implement");
    test.tick_and_wait();
    let (path, now) = (test.task_path("incoming", "TASK-1"), test.task_text("TASK-1"));
    let leave = |random: &str, text: &str| {
        let name = format!(".tmp-TASK-1.md.{:016x}.{:016x}.{random}", digest("as it was"), digest(&now));
        let left = path.with_file_name(name);
        fs::write(&left, text).unwrap();
        let age = Duration::from_secs(10 * 86_400);
        File::options().write(true).open(&left).unwrap().set_modified(SystemTime::now() - age).unwrap();
        left
    };
    let left =
        [leave("aaaaaa", "as it was, and a thought of mine"), leave("bbbbbb", "as it was"), leave("cccccc", &now)];
    test.later(2 * 86_400).tick_and_wait();
    assert!(left.iter().all(|left| !left.exists()));
    let names = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<_> = names.filter(|found| *found != path).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(fs::read_to_string(&kept[0]).unwrap(), "as it was, and a thought of mine");
    assert!(kept[0].file_name().unwrap().to_str().unwrap().starts_with("TASK-1.edit-"));
    let told = test.messages_of("warning");
    assert!(told.len() == 1 && told[0].contains(kept[0].to_str().unwrap()), "{told:?}");
    // It is no task, and nothing to complain of.
    let list = test.run(["task", "list"]).ok();
    assert!(!list.stdout.contains("edit-") && list.stderr.is_empty(), "{list}");
    test.later(2 * 86_400).tick_and_wait();
    assert!(kept[0].is_file());
}
