//! What is on the disk after a power failure: contents are brought there before the name that shows them, and the
//! directory after it, before anything else is changed.

use crate::{sample, strace::Point, subjects::Subject};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

/// What the program itself keeps; caches can be computed again, and git's folders and worktrees are git's to sync.
fn is_durable(path: &Path) -> bool {
    let inside = |name: &str| path.components().any(|part| part.as_os_str() == name);
    inside(".orchestrator") && !["cache", "worktree", ".git"].into_iter().any(inside)
}

/// The paths between quotation marks, and that of the first descriptor.
fn paths(args: &str) -> Vec<PathBuf> {
    let quoted = args.split('"').skip(1).step_by(2);
    let descriptor = args.split_once('<').and_then(|(number, rest)| {
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| rest.split('>').next()).flatten()
    });
    descriptor.into_iter().chain(quoted).map(PathBuf::from).collect()
}

/// What was found out of order; and how many renames were looked at.
fn disorder(points: &[Point]) -> (Vec<String>, usize) {
    let (mut unsynced, mut dirs, mut found, mut renames) = (HashSet::new(), Vec::new(), Vec::new(), 0);
    for point in points {
        let paths: Vec<_> = paths(&point.args).into_iter().filter(|path| is_durable(path)).collect();
        if paths.is_empty() && !point.is_spawn() || point.args.contains("= -1 ") {
            continue;
        }
        match point.call.as_str() {
            "write" | "pwrite64" | "writev" => drop(unsynced.insert(paths[0].clone())),
            "fsync" | "fdatasync" => {
                unsynced.remove(&paths[0]);
                dirs.retain(|dir| *dir != paths[0]);
                continue;
            }
            // The rest of an exchange goes before its directory is synced.
            call if call.starts_with("unlink") || call.contains("chmod") => continue,
            _ => {}
        }
        if !dirs.is_empty() {
            found.push(format!("{dirs:?} was not synced before {point}"));
            dirs.clear();
        }
        match point.call.as_str() {
            call if call.starts_with("rename") && paths.len() == 2 => {
                renames += 1;
                if unsynced.contains(&paths[0]) {
                    found.push(format!("the contents were not synced before {point}"));
                }
                dirs.extend(paths.iter().rev().filter_map(|path| path.parent()).map(Path::to_owned));
                dirs.dedup();
            }
            // Into a folder where nothing is synced.
            call if call.starts_with("rename") => drop(unsynced.remove(&paths[0])),
            call if call.starts_with("mkdir") => dirs.extend(paths[0].parent().map(Path::to_owned)),
            _ => {}
        }
    }
    found.extend((!dirs.is_empty()).then(|| format!("{dirs:?} was not synced at the end")));
    found.extend(unsynced.into_iter().map(|path| format!("{} was not synced at all", path.display())));
    (found, renames)
}

#[test]
fn contents_before_the_name_and_the_directory_after() {
    for subject in [Subject::tick(), Subject::supervise(), Subject::add(), Subject::retry(), Subject::cancel()] {
        let points = subject.points();
        let (found, renames) = disorder(&points);
        assert!(found.is_empty(), "{}: {found:#?}", subject.name);
        sample::report(&format!("order of syncs, {}", subject.name), renames, renames);
    }
}

#[test]
fn disorder_is_found() {
    let point = |call: &str, args: &str| Point { call: call.to_owned(), ordinal: 1, args: args.to_owned() };
    let write = point("write", "4</p/.orchestrator/a/.tmp-1>, \"x\"..., 1) = 1");
    let sync = point("fsync", "4</p/.orchestrator/a/.tmp-1>) = 0");
    let rename = point("rename", "\"/p/.orchestrator/a/.tmp-1\", \"/p/.orchestrator/a/x\") = 0");
    let sync_dir = point("fsync", "4</p/.orchestrator/a>) = 0");
    let spawn = point("clone3", "{flags=CLONE_VM}, 88) = 7");
    let good = [&write, &sync, &rename, &sync_dir, &spawn];
    let bad: [&[&Point]; 4] = [
        &[&write, &rename, &sync_dir],
        &[&write, &rename, &sync, &sync_dir],
        &[&write, &sync, &rename],
        &[&write, &sync, &rename, &spawn, &sync_dir],
    ];
    let found = |points: &[&Point]| disorder(&points.iter().map(|point| (*point).clone()).collect::<Vec<_>>());
    assert_eq!(found(&good), (Vec::new(), 1));
    for points in bad {
        assert!(!found(points).0.is_empty(), "{points:#?}");
    }
}
