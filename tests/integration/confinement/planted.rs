//! What an agent leaves where it may write, for its supervisor to stumble over: programs that git would run with the user's
//! credentials, links that lead out, refs that stand for others. None of it may act outside of the run.

use crate::support::Test;
use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// What every plant may use. `EVIL` notes where it ran, but for inside a run.
const PRELUDE: &str = r#"
ROOT=${PARENT_PROJECT%/*} EVIL=${PARENT_PROJECT%/*}/claude/evil OUT=$HOME/victim
G=$(git rev-parse --absolute-git-dir) C=$(git rev-parse --path-format=absolute --git-common-dir) B=$(git branch --show-current)
evil_settings() { # FILE
  for key in core.fsmonitor core.sshCommand core.pager core.editor core.askPass filter.x.clean filter.x.smudge filter.x.process \
    diff.x.textconv diff.external merge.x.driver gpg.program credential.helper uploadpack.packObjectsHook; do
    git config -f "$1" "$key" "$EVIL"
  done
  git config -f "$1" core.hooksPath "$WORKTREE/hooks"
  git config -f "$1" remote.origin.uploadpack "$EVIL"
  git config -f "$1" remote.origin.receivepack "$EVIL"
  mkdir -p hooks
  for hook in pre-commit post-checkout post-commit pre-push reference-transaction post-index-change; do cp "$EVIL" "hooks/$hook"; done
  printf '* filter=x diff=x merge=x\n.gitattributes -filter\n' >.gitattributes
}
evil_repository() { # FOLDER
  git init -q "$1" && echo a >"$1/a" && git -C "$1" add a && git -C "$1" -c user.name=A -c user.email=a@example.invalid commit -q -m first
  evil_settings "$1/.git/config"; cp .gitattributes "$1/"; echo b >"$1/a"
}
"#;

/// Name, and what the agent does before it ends.
const PLANTS: [(&str, &str); 32] = [
    (
        "common directory elsewhere",
        r#"cp -R "$C/refs" "$C/HEAD" "$C/config" "$TMPDIR/"; mkdir fake; mv "$TMPDIR/refs" "$TMPDIR/HEAD" "$TMPDIR/config" fake/
           ln -s "$C/objects" fake/objects; evil_settings fake/config; echo "$WORKTREE/fake" >"$G/commondir""#,
    ),
    (
        ".git that leads elsewhere",
        r#"git clone -q -s --bare . fake; evil_settings fake/config; git config -f fake/config core.bare false
           git config -f fake/config core.worktree "$WORKTREE"; echo "gitdir: $WORKTREE/fake" >.git"#,
    ),
    (
        "a repository of its own as .git",
        "rm .git; git init -q .; evil_settings .git/config; git add a.txt; git commit -q -m own",
    ),
    (
        "settings of the worktree",
        r#"evil_settings "$G/config.worktree"; mkdir -p "$G/info"; cp .gitattributes "$G/info/attributes""#,
    ),
    ("another place of the worktree", r#"git config -f "$G/config.worktree" core.worktree "$HOME"; echo x >left.txt"#),
    ("a repository as a submodule", "evil_repository sub; git add sub; git commit -q -m sub; touch sub/a"),
    ("a staged repository", "evil_repository sub; git add sub; touch sub/a"),
    ("a repository that git doesn't know", "evil_repository sub"),
    (
        "a submodule's git directory",
        r#"git init -q --separate-git-dir "$G/modules/sub" sub; git -C sub -c user.name=A -c user.email=a@example.invalid commit -q --allow-empty -m x; evil_settings "$G/modules/sub/config"
           printf '[submodule "sub"]\n\tpath = sub\n\turl = ext::%s\n\tupdate = !%s\n' "$EVIL" "$EVIL" >.gitmodules
           cp .gitattributes sub/; echo a >sub/a; git -C sub add a; git add .gitmodules sub; git commit -q -m sub; echo b >sub/a; turn_limit >&3"#,
    ),
    (
        "settings of the project's submodule",
        r#"evil_settings "$G/modules/lib/config"; cp .gitattributes lib/; rm .gitattributes; echo b >lib/a; turn_limit >&3"#,
    ),
    (
        "settings of the project's submodule, unchanged",
        r#"evil_settings "$G/modules/lib/config"; mkdir -p "$G/modules/lib/info" "$G/modules/lib/hooks"; cp hooks/* "$G/modules/lib/hooks/"
           git config -f "$G/modules/lib/config" --unset core.hooksPath; mv .gitattributes "$G/modules/lib/info/attributes"; touch lib/a"#,
    ),
    (
        "settings of the project's submodule for its worktree",
        r#"evil_settings "$G/modules/lib/config.worktree"; git -C lib config extensions.worktreeConfig true; cp .gitattributes lib/; echo b >lib/a"#,
    ),
    ("a submodule's files elsewhere", r#"git config -f "$G/modules/lib/config" core.worktree "$HOME"; echo b >lib/a"#),
    ("a repository in the project's submodule", "rm -rf lib; evil_repository lib; rm .gitattributes; turn_limit >&3"),
    (
        "a submodule's repository elsewhere",
        r#"evil_repository "$TMPDIR/r"; mv "$TMPDIR/r/.git" "$TMPDIR/fake"; echo "gitdir: $TMPDIR/fake" >lib/.git; cp .gitattributes lib/; echo b >lib/a"#,
    ),
    (
        "a submodule's settings elsewhere",
        r#"evil_repository fake; mkdir lib/.git2; cp fake/.git/HEAD lib/.git2/; echo "$WORKTREE/fake/.git" >lib/.git2/commondir
           rm lib/.git; mv lib/.git2 lib/.git; cp .gitattributes lib/; echo b >lib/a"#,
    ),
    ("a submodule that is the user's", r#"echo "gitdir: $HOME/own/.git" >lib/.git; echo b >lib/a"#),
    (
        "submodules behind a link",
        r#"ln -s "$HOME" deps; for path in own files; do git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),deps/$path"; done; echo x >left.txt"#,
    ),
    ("HEAD on the user's branch", r#"echo 'ref: refs/heads/main' >"$G/HEAD"; echo x >left.txt"#),
    ("a branch that stands for the user's", r#"echo 'ref: refs/heads/main' >"$C/refs/heads/$B"; echo x >left.txt"#),
    (
        "a branch that stands for the user's, with work",
        r#"git checkout -q --detach; echo 'ref: refs/heads/main' >"$C/refs/heads/$B"; echo x >x.txt; git add x.txt; git commit -q -m x"#,
    ),
    (
        "a branch that is a link",
        r#"rm "$C/refs/heads/$B"; ln -s "$C/refs/heads/main" "$C/refs/heads/$B"; git checkout -q --detach; echo x >left.txt"#,
    ),
    (
        "logs that are links",
        r#"mkdir -p "$G/logs"; ln -sf "$OUT" "$G/logs/HEAD"; ln -sf "$OUT" "$C/logs/refs/heads/$B"; echo x >left.txt"#,
    ),
    (
        "files of git that are links",
        r#"for f in COMMIT_EDITMSG ORIG_HEAD FETCH_HEAD MERGE_MSG AUTO_MERGE config.worktree locked scheduler-setup scheduler-baseline.json info/exclude; do
             mkdir -p "$(dirname "$G/$f")"; ln -sfn "$OUT" "$G/$f"; done; echo x >left.txt"#,
    ),
    ("an index that is a link", r#"ln -sf "$OUT" "$G/index"; ln -sf "$OUT" "$G/index.lock"; echo x >left.txt"#),
    ("an index that is the user's", r#"echo x >left.txt; ln -sf "$C/index" "$G/index""#),
    ("the place of the worktree", r#"echo "$HOME/.git" >"$G/gitdir"; echo x >left.txt"#),
    (
        "links in the worktree",
        r#"rm -rf .claude .agent-instructions.md; ln -s "$HOME" .claude; ln -s "$OUT" .agent-instructions.md; ln -s "$OUT" .env; ln -s "$HOME" conf"#,
    ),
    (
        "a hook in the tree",
        r#"mkdir -p .husky; cp "$EVIL" .husky/pre-push; cp "$EVIL" .husky/post-checkout; git add .husky; git commit -q -m hooks"#,
    ),
    (
        "a program on the way to git",
        r#"mkdir -p bin; for p in git gh sh claude ssh; do cp "$EVIL" "bin/$p"; cp "$EVIL" "$p"; done; git add .; git commit -q -m bin"#,
    ),
    (
        "settings of programs",
        r#"cp "$EVIL" .envrc; printf '[alias]\n\tstatus = !%s\n' "$EVIL" >.gitconfig; printf '{"scripts":{"postinstall":"%s"}}' "$EVIL" >package.json"#,
    ),
    (
        "a worktree with a bad name",
        r#"git checkout -q -b 'agent/--upload-pack=evil' && echo x >x.txt && git add . && git commit -q -m x"#,
    ),
];

fn project(mode: &str) -> Test {
    let test = Test::with_implementer();
    let root = test.root();
    let evil = format!(
        "#!/bin/sh\n[ -n \"$RUN_ID\" ] || echo \"$0 $* token=$GH_TOKEN\" >>'{}/evil.log'\ncat\n",
        root.display()
    );
    test.program("evil", &evil);
    fs::rename(root.join("bin/evil"), root.join("claude/evil")).unwrap();
    fs::write(root.join("home/victim"), "the user's\n").unwrap();
    let own = root.join("home/own");
    test.git(["clone", "-q", test.origin().to_str().unwrap(), own.to_str().unwrap()]);
    fs::create_dir(root.join("home/files")).unwrap();
    fs::write(root.join("home/files/one"), "the user's\n").unwrap();
    let ignored = fs::read_to_string(test.path(".gitignore")).unwrap();
    test.committed_file(".gitignore", &format!("{ignored}.env\n"));
    test.committed_file("a.txt", "a\n").file(".env", "KEY=1\n").file("conf/.env", "KEY=2\n");
    test.git(["push", "-q", "origin", "main"]);
    let library = root.join("library");
    test.git(["init", "-q", "-b", "main", library.to_str().unwrap()]);
    fs::write(library.join("a"), "a\n").unwrap();
    test.git_in(&library, ["add", "a"]);
    test.with_submodule();
    // Settings that are common and let more be planted.
    test.git(["config", "extensions.worktreeConfig", "true"]);
    test.git(["config", "core.hooksPath", ".husky"]);
    test.set_env("GH_TOKEN", "ghp_secret");
    test.agents_and(
        &[("impl-1", "implementer")],
        &format!(
            "worktree: {{include: ['.env', 'conf/.env']}}\ndefaults:\n  sandbox: {{mode: {mode}, write: ['{}']}}",
            root.join("claude").display()
        ),
    );
    test
}

/// What is wrong after the plant, a run that ends over it, and a run after that.
fn acted(mode: &str, name: &str, plant: &str) -> Vec<String> {
    let test = project(mode);
    let home = test.root().join("home");
    let before = (test.git(["rev-parse", "main"]), test.git(["status", "--porcelain"]), entries(&home));
    let (head, config) = (fs::read(test.path(".git/HEAD")).unwrap(), fs::read(test.path(".git/config")).unwrap());
    test.claude.plays("implementer.1", &format!("{PRELUDE}\nexec 3>&1\n{{ {plant}\n}} >/dev/null 2>&1\nfinish"));
    let mut wrong = Vec::new();
    let mut wrong_if = |is: bool, what: String| wrong.extend(is.then(|| format!("{mode}, {name}: {what}")));
    for turn in ["the run", "the next one", "one more"] {
        test.tick();
        let since = Instant::now();
        while !(test.all_idle() && test.leftovers().is_empty()) && since.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(50));
        }
        wrong_if(!test.all_idle(), format!("{turn} doesn't end"));
        test.end_all();
        if turn == "the run" {
            test.task_for("TASK-2", "implement");
        }
        test.later(7_200);
    }
    if let Ok(log) = fs::read_to_string(test.root().join("evil.log")) {
        wrong_if(true, format!("it was run outside: {log}"));
    }
    let after = (test.git(["rev-parse", "main"]), test.git(["status", "--porcelain"]), entries(&home));
    wrong_if(before != after, format!("from {before:?} to {after:?}"));
    wrong_if(head != fs::read(test.path(".git/HEAD")).unwrap(), "HEAD of the main checkout".to_owned());
    wrong_if(config != fs::read(test.path(".git/config")).unwrap(), "the settings of the main checkout".to_owned());
    let victim = fs::read_to_string(home.join("victim")).unwrap();
    wrong_if(victim != "the user's\n", format!("the user's file: {victim}"));
    wrong_if(test.task_state("TASK-2") != "done", format!("no more work is done: {}", test.task_text("TASK-2")));
    wrong
}

/// What is in the user's home.
fn entries(dir: &Path) -> Vec<String> {
    let names = |dir: &Path| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path().display().to_string());
    let own = ["own", "own/.git", "files"].into_iter().map(|name| dir.join(name)).filter(|place| place.is_dir());
    let mut names: Vec<_> = names(dir).chain(own.flat_map(|place| names(&place).collect::<Vec<_>>())).collect();
    names.sort();
    names
}

fn nothing_acts(mode: &str, share: usize) {
    let mine = PLANTS.iter().enumerate().filter(|(at, _)| at % 3 == share);
    let wrong: Vec<_> = mine.flat_map(|(_, (name, plant))| acted(mode, name, plant)).collect();
    assert_eq!(wrong, [] as [&str; 0]);
}

// Three shares, so that they run at the same time.
#[test]
fn what_a_confined_run_planted_does_nothing_1() {
    nothing_acts("auto", 0);
}

#[test]
fn what_a_confined_run_planted_does_nothing_2() {
    nothing_acts("auto", 1);
}

#[test]
fn what_a_confined_run_planted_does_nothing_3() {
    nothing_acts("auto", 2);
}
