use super::leftovers::Swept;
use super::rewrite::{Exchange, rewrite_by};
use super::*;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The system's, and that of a file system that has none.
const EXCHANGES: [Exchange; 2] = [renames::exchange, |_, _| Err(Errno::NOSYS)];

pub(super) fn leftovers(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(TEMPORARY)).collect()
}

pub(super) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn writes_replace_and_keep_permissions() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/x");
    write(&path, b"one").unwrap();
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    write(&path, b"two").unwrap();
    assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"two".to_vec(), 0o640));
    write_cache(&path, b"three").unwrap();
    assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"three".to_vec(), 0o600));
    let by_umask = dir.path().join("umask");
    fs::write(&by_umask, "").unwrap();
    let shared = ["written", "created"].map(|name| dir.path().join(name));
    write_shared(&shared[0], b"four").unwrap();
    create_shared(&shared[1], b"four").unwrap();
    assert_eq!(shared.map(|path| mode(&path)), [mode(&by_umask); 2]);
    assert!(leftovers(path.parent().unwrap()).is_empty());
    assert!(remove(&path).unwrap() && !remove(&path).unwrap());
}

#[test]
fn a_refused_write_leaves_everything() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    fs::create_dir(&path).unwrap();
    let error = format!("{:#}", write(&path, b"one").unwrap_err());
    assert!(error.contains(&*path.to_string_lossy()) && error.contains("move it away"), "{error}");
    assert!(path.is_dir() && leftovers(dir.path()).is_empty());
    let below_a_file = dir.path().join("file/x");
    fs::write(dir.path().join("file"), "").unwrap();
    let error = format!("{:#}", write(&below_a_file, b"one").unwrap_err());
    assert!(error.contains("a file stands where a directory belongs"), "{error}");
}

#[test]
fn only_one_creates() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    let winners: usize = std::thread::scope(|scope| {
        let path = &path;
        let threads: Vec<_> =
            (0..8).map(|n| scope.spawn(move || create_new(path, format!("{n}").as_bytes()).unwrap())).collect();
        threads.into_iter().map(|t| usize::from(t.join().unwrap() == Published::New)).sum()
    });
    assert_eq!(winners, 1);
    assert!(leftovers(dir.path()).is_empty());
}

#[test]
fn moves_replace_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("sub/b"));
    assert_eq!(move_no_replace(&a, &b).unwrap(), Moved::NotFound);
    fs::write(&a, "a").unwrap();
    assert_eq!(move_no_replace(&a, &b).unwrap(), Moved::Done);
    fs::write(&a, "other").unwrap();
    assert_eq!(move_no_replace(&a, &b).unwrap(), Moved::AlreadyExists);
    assert_eq!((fs::read(&a).unwrap(), fs::read(&b).unwrap()), (b"other".to_vec(), b"a".to_vec()));
}

#[test]
fn without_flags_a_move_is_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    assert_eq!(renames::link_and_unlink(&a, &b), Err(Errno::NOENT));
    fs::write(&a, "a").unwrap();
    fs::write(&b, "b").unwrap();
    assert_eq!(renames::link_and_unlink(&a, &b), Err(Errno::EXIST));
    fs::remove_file(&b).unwrap();
    // As if killed between the two calls.
    fs::hard_link(&a, &b).unwrap();
    assert_eq!(renames::link_and_unlink(&a, &b), Ok(()));
    assert!(!a.exists() && b.exists());
}

#[test]
fn one_of_many_movers_wins() {
    let dir = tempfile::tempdir().unwrap();
    let from = dir.path().join("from");
    for round in 0..20 {
        fs::write(&from, "x").unwrap();
        let done: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|n| {
                    let (from, to) = (&from, dir.path().join(format!("to-{round}-{n}")));
                    scope.spawn(move || usize::from(move_no_replace(from, &to).unwrap() == Moved::Done))
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).sum()
        });
        assert_eq!(done, 1);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 20);
}

#[test]
fn rewrites() {
    for swap in EXCHANGES {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let add = |old: &str| Some(format!("{old}+"));
        assert_eq!(rewrite_by(&path, add, swap).unwrap(), Rewritten::Gone);
        fs::write(&path, b"\xff").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o604)).unwrap();
        assert!(matches!(rewrite_by(&path, add, swap).unwrap(), Rewritten::Written(_)));
        assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"\xff+".to_vec(), 0o604));
        assert!(matches!(rewrite_by(&path, |_| None, swap).unwrap(), Rewritten::Unchanged(_)));
        assert!(leftovers(dir.path()).is_empty());
    }
}

/// What the user does between the read and the exchange, done from inside the change.
#[test]
fn an_edit_in_between_is_kept_and_changed_too() {
    for swap in EXCHANGES {
        for in_place in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x");
            fs::write(&path, "old").unwrap();
            let once = AtomicBool::new(true);
            let change = |old: &str| {
                if once.swap(false, Ordering::SeqCst) {
                    if !in_place {
                        fs::remove_file(&path).unwrap();
                    }
                    fs::write(&path, "edited").unwrap();
                }
                Some(format!("{old}+"))
            };
            assert_eq!(rewrite_by(&path, change, swap).unwrap(), Rewritten::Written("edited+".to_owned()));
            assert_eq!(fs::read_to_string(&path).unwrap(), "edited+");
            assert!(leftovers(dir.path()).is_empty());
        }
    }
}

#[test]
fn an_edit_that_the_change_must_not_touch_is_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    fs::write(&path, "old").unwrap();
    let change = |old: &str| {
        fs::write(&path, "edited").unwrap();
        (old == "old").then(|| "new".to_owned())
    };
    assert_eq!(rewrite(&path, change).unwrap(), Rewritten::Unchanged("edited".to_owned()));
    assert_eq!(fs::read_to_string(&path).unwrap(), "edited");
}

#[test]
fn a_file_that_never_rests_is_left_to_the_other() {
    for swap in EXCHANGES {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, "0").unwrap();
        let count = std::sync::atomic::AtomicU32::new(0);
        let change = |old: &str| {
            fs::write(&path, format!("edit {}", count.fetch_add(1, Ordering::SeqCst))).unwrap();
            Some(format!("{old}+"))
        };
        let error = rewrite_by(&path, change, swap).unwrap_err().to_string();
        assert!(error.contains("again and again"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "edit 19");
        assert!(leftovers(dir.path()).is_empty());
    }
}

#[test]
fn moved_in_between_means_gone() {
    for swap in EXCHANGES {
        let dir = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (dir.path().join("x"), dir.path().join("y"));
        fs::write(&path, "old").unwrap();
        let change = |old: &str| {
            fs::rename(&path, &elsewhere).unwrap();
            Some(format!("{old}+"))
        };
        assert_eq!(rewrite_by(&path, change, swap).unwrap(), Rewritten::Gone);
        assert!(!path.exists());
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "old");
    }
}

#[test]
fn edited_and_then_moved_in_between_loses_neither() {
    let dir = tempfile::tempdir().unwrap();
    let (path, elsewhere) = (dir.path().join("x"), dir.path().join("y"));
    fs::write(&path, "old").unwrap();
    // Between our exchange and the look at what came out: this is where the exchange is seen from.
    let moved_after: Exchange = |a, b| {
        fs::write(b, "edited").unwrap();
        renames::exchange(a, b)?;
        fs::rename(b, b.with_file_name("y")).map_err(|_| Errno::IO)
    };
    let error = rewrite_by(&path, |old| Some(format!("{old}+")), moved_after).unwrap_err().to_string();
    assert!(error.contains("kept in"), "{error}");
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "old+");
    let mut entries = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let kept = entries.find(|path| path.to_string_lossy().contains(".edit-")).unwrap();
    assert_eq!(fs::read_to_string(kept).unwrap(), "edited");
    assert!(leftovers(dir.path()).is_empty());
}

/// A second save lands between the exchange and its undoing: the later one stays.
#[test]
fn the_latest_save_wins() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    fs::write(&path, "old").unwrap();
    let saved_twice: Exchange = |a, b| {
        let save = |text: &str| {
            let saved = b.with_file_name("saved");
            fs::write(&saved, text).and_then(|()| fs::rename(&saved, b)).map_err(|_| Errno::IO)
        };
        if fs::read_to_string(b).is_ok_and(|text| text == "old") {
            save("first")?;
            renames::exchange(a, b)?;
            return save("second");
        }
        renames::exchange(a, b)
    };
    let written = rewrite_by(&path, |old| Some(format!("{old}+")), saved_twice).unwrap();
    assert_eq!(written, Rewritten::Written("second+".to_owned()));
    assert_eq!(fs::read_to_string(&path).unwrap(), "second+");
    assert!(leftovers(dir.path()).is_empty());
}

#[test]
fn something_else_put_in_its_place_is_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    fs::write(&path, "old").unwrap();
    let change = |_: &str| {
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        Some("new".to_owned())
    };
    assert!(rewrite(&path, change).is_err());
    assert!(path.is_dir() && leftovers(dir.path()).is_empty());
}

/// The user saves again and again, as editors do, while the program changes the file.
#[test]
fn no_save_of_a_person_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    fs::write(&path, "save 0").unwrap();
    let at_work = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while at_work.load(Ordering::SeqCst) {
                let mark = |old: &str| (!old.ends_with('+')).then(|| format!("{old}+"));
                if let Err(error) = rewrite(&path, mark) {
                    assert!(error.to_string().contains("again and again"), "{error:#}");
                }
            }
        });
        for n in 1..=500 {
            let saved = dir.path().join("saved");
            fs::write(&saved, format!("save {n}")).unwrap();
            fs::rename(&saved, &path).unwrap();
        }
        at_work.store(false, Ordering::SeqCst);
    });
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.trim_end_matches('+'), "save 500");
    assert!(leftovers(dir.path()).is_empty());
}

#[test]
fn lines_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs/x.log");
    append_line(&path, "one\ntwo").unwrap();
    fs::write(&path, "one two\ncut").unwrap();
    std::thread::scope(|scope| {
        for n in 0..4 {
            let path = &path;
            scope.spawn(move || (0..50).for_each(|_| append_line(path, &"x".repeat(100 + n)).unwrap()));
        }
    });
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["one two", "cut"]);
    let whole = lines.iter().filter(|line| (100..104).contains(&line.len())).count();
    assert_eq!(whole, 200);
    assert!(append_line(dir.path(), "x").is_err());
}

const HOUR: Duration = Duration::from_secs(3_600);

fn aged(path: &Path, hours: u32) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(std::time::SystemTime::now() - HOUR * hours).unwrap();
}

#[test]
fn old_leftovers_go() {
    let dir = tempfile::tempdir().unwrap();
    let dirs = [dir.path().to_owned(), dir.path().join("none")];
    let (old, other) = (dir.path().join(".tmp-a"), dir.path().join("x"));
    for path in [&old, &other] {
        fs::write(path, "").unwrap();
    }
    assert_eq!(sweep(&dirs, Duration::ZERO, HOUR).unwrap(), Swept::default());
    aged(&old, 2);
    assert_eq!(sweep(&dirs, Duration::ZERO, HOUR).unwrap().removed, std::slice::from_ref(&old));
    assert!(!old.exists() && other.exists());
}

/// What a rewrite that was killed leaves of a file `t.md`, from "old" to "new".
#[test]
fn of_what_a_killed_rewrite_left_the_user_s_text_is_kept() {
    // The text that is left, those that stand under the name meanwhile, whether it is the user's alone.
    for (left, there, is_edit) in [
        ("edited", &["new"][..], true),
        ("edited", &[], true),
        ("edited", &["", "new"], true),
        ("edited", &["edited"], false),
        ("edited", &["new", "edited"], false),
        ("old", &["new"], false),
        ("new", &["old"], false),
        ("", &["old"], false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let dirs = ["incoming", "claimed"].map(|name| dir.path().join(name));
        for (at, folder) in dirs.iter().enumerate() {
            fs::create_dir(folder).unwrap();
            if let Some(text) = there.get(at) {
                fs::write(folder.join("t.md"), text).unwrap();
            }
        }
        let name = format!("{}Xy1", leftovers::prefix(&dirs[0].join("t.md"), b"old", b"new"));
        let path = dirs[0].join(name);
        fs::write(&path, left).unwrap();
        assert_eq!(sweep(&dirs, HOUR, HOUR).unwrap(), Swept::default(), "its writer may live");
        aged(&path, 2);
        let swept = sweep(&dirs, HOUR, HOUR).unwrap();
        assert!(!path.exists(), "{left:?} {there:?}");
        assert_eq!(
            (swept.edits.len(), swept.removed.len()),
            if is_edit { (1, 0) } else { (0, 1) },
            "{left:?} {there:?}"
        );
        for (target, kept) in swept.edits {
            assert_eq!((target, fs::read_to_string(&kept).unwrap().as_str()), (dirs[0].join("t.md"), left));
            let name = kept.file_name().unwrap();
            assert!(
                is_kept_edit(name)
                    && name.to_str().unwrap().starts_with("t.edit-2")
                    && name.to_str().unwrap().ends_with(".md.txt")
            );
        }
    }
}
