use super::*;
use crate::domain::sandbox::profile::{Ports, Profile};
use crate::domain::sandbox::reach::Closed;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::Path;

/// What a thread can do that is confined, and the processes that it starts; none where the system can't confine.
fn confined<T: Send>(profile: &Profile, act: impl FnOnce() -> T + Send) -> Option<T> {
    support().missing().is_none().then(|| system::in_thread(profile, act).unwrap())
}

fn sh(script: &str) -> bool {
    Command::new("sh").args(["-c", script]).output().unwrap().status.success()
}

#[test]
fn nothing_is_reached_but_what_is_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    for folder in ["own", "seen", "other"] {
        fs::create_dir(base.join(folder)).unwrap();
        fs::write(base.join(folder).join("f"), "text").unwrap();
    }
    fs::write(base.join("file"), "text").unwrap();
    symlink(base.join("other/f"), base.join("own/link")).unwrap();
    let system = crate::domain::sandbox::profile::SYSTEM.iter().map(|place| Path::new(place).to_owned());
    let profile = Profile {
        write: vec![base.join("own"), base.join("file"), "/dev/null".into()],
        read: system.chain([base.join("seen"), base.join("none")]).collect(),
        ..Profile::default()
    };
    let at = base.display();
    let attempts = [
        ("echo x >AT/own/new && mkdir AT/own/d && mv AT/own/new AT/own/d/ && rm -r AT/own/d", true),
        ("cat AT/seen/f && ls AT/seen && echo x >AT/file && cat AT/file", true),
        ("echo x >/dev/null", true),
        ("echo x >AT/seen/f", false),
        ("rm AT/seen/f", false),
        (": >AT/seen/new", false),
        ("cat AT/other/f", false),
        ("ls AT/other", false),
        ("ls AT", false),
        ("echo x >AT/new", false),
        ("echo x >AT/own/link", false),
        ("cat AT/own/link", false),
        ("mv AT/own/f AT/other/", false),
        ("ln AT/seen/f AT/own/", false),
        ("kill -0 $PPID", false),
    ];
    let held = matches!(support(), Support::Full);
    let attempts = attempts.into_iter().filter(|(script, _)| held || !script.contains("kill"));
    confined(&profile, || {
        for (script, expected) in attempts {
            assert_eq!(sh(&script.replace("AT", &at.to_string())), expected, "{script}");
        }
    });
    assert!(sh(&format!("cat {at}/other/f")), "what isn't confined stays as it was");
    assert_eq!(fs::read_to_string(base.join("seen/f")).unwrap(), "text");
}

#[test]
fn a_trial_tells_whether_it_holds() {
    if support().missing().is_none() {
        assert_eq!(trial(), Ok(()));
    }
}

#[test]
fn other_ports_are_out_of_reach() {
    if matches!(support(), Support::Partial(what) if what.contains("TCP")) {
        return;
    }
    let [one, two] = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let [one, two] = [&one, &two].map(|listener| listener.local_addr().unwrap());
    let profile = Profile { ports: Some(Ports { connect: vec![one.port()], bind: vec![0] }), ..Profile::default() };
    confined(&profile, || {
        assert!(TcpStream::connect(one).is_ok());
        assert!(TcpStream::connect(two).is_err());
        assert!(TcpListener::bind("127.0.0.1:0").is_ok());
    });
    confined(&Profile::default(), || assert!(TcpStream::connect(two).is_ok()));
}

#[test]
fn tools_are_found_and_secrets_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    for file in [
        "home/.config/gh/hosts.yml",
        "home/.config/git/config",
        "home/.ssh/id",
        "home/.nvm/bin/node",
        "home/Documents/letter",
        "home/dots/vimrc",
        "packages/node_modules/claude/cli.js",
        "tools/bin/make",
        "tools/lib/x",
        "project/README.md",
        "bin/own",
    ] {
        let path = base.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    for (link, target) in [
        ("home/.everything", "home"),
        ("home/.vimrc", "home/dots/vimrc"),
        ("home/.keys", "home/.ssh"),
        ("bin/claude", "packages/node_modules/claude/cli.js"),
        ("bin/out", "project/README.md"),
    ] {
        symlink(base.join(target), base.join(link)).unwrap();
    }
    let closed = Closed {
        homes: vec![base.join("home")],
        places: ["home/.config/gh", "home/.ssh", "project"].map(|place| base.join(place)).to_vec(),
    };
    let search_path = std::env::join_paths(["bin", "tools/bin", "none"].map(|folder| base.join(folder))).unwrap();
    let mut found = reachable(Some(&base.join("home")), &search_path, &[], &closed);
    found.sort();
    let found: Vec<_> = found.iter().map(|place| place.strip_prefix(&base).unwrap().to_str().unwrap()).collect();
    assert_eq!(
        found,
        [
            "bin",
            "home/.config/git",
            "home/.nvm",
            "home/dots/vimrc",
            "packages/node_modules",
            "packages/node_modules/claude/cli.js",
            "tools",
            "tools/bin"
        ]
    );
}

#[test]
fn borrowed_objects_are_found_over_several_repositories() {
    let dir = tempfile::tempdir().unwrap();
    let objects = |name: &str| dir.path().join(name).join("objects");
    for (name, line) in [("a", "../../b/objects\n"), ("b", "# words\n../../c/objects\n"), ("c", "../../a/objects\n")] {
        fs::create_dir_all(objects(name).join("info")).unwrap();
        fs::write(objects(name).join("info/alternates"), line).unwrap();
    }
    let found = alternates(&dir.path().join("a"));
    let expected = ["b", "c", "a"].map(|name| objects(name).canonicalize().unwrap());
    assert_eq!(found, expected);
}
