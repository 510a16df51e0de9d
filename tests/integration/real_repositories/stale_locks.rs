//! Locks that a git which died long ago has left keep nobody from fetching.

use super::push_elsewhere;
use crate::support::Test;
use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

#[test]
fn the_first_run_of_an_agent_starts_from_the_newest_base() {
    for lock in ["refs/remotes/origin/main.lock", "packed-refs.lock"] {
        let test = Test::with_implementer();
        let theirs = push_elsewhere(&test, "main", "new.txt");
        let path = test.path(".git").join(lock);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(&path).unwrap().set_modified(SystemTime::now() - Duration::from_secs(7_200)).unwrap();
        test.tick_and_wait();
        assert_eq!(test.task_state("TASK-1"), "done", "{}", test.task_text("TASK-1"));
        let branch = test.pushed_branches().pop().unwrap();
        assert_eq!(test.git(["rev-parse", &format!("{branch}~1")]), theirs, "{lock}");
        assert!(!path.exists());
    }
}
