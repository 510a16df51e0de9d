use super::*;
use crate::exec::environment::tests::environment;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A launch whose claude is a shell script in `dir`.
pub(crate) fn launch(dir: &Path, script: &str) -> Launch {
    let program = dir.join("claude");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for folder in ["worktree", "gh"] {
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    fs::write(dir.join("prompt.md"), "the prompt\n").unwrap();
    Launch {
        // Through the shell: a script that was only just written may still be held open by a sibling's fork.
        command: vec!["sh".to_owned(), program.display().to_string()],
        worktree: dir.join("worktree"),
        prompt_file: dir.join("prompt.md"),
        output_file: dir.join("output.jsonl"),
        stderr_file: dir.join("stderr.log"),
        session_id: "11111111-2222-4333-8444-555555555555".to_owned(),
        resumes: false,
        model: None,
        fallback_model: None,
        effort: None,
        claude_args: Vec::new(),
        max_turns: 20,
        max_budget_usd: None,
        permission_mode: "dontAsk".to_owned(),
        tools: Tools {
            offered: vec!["Read".to_owned(), "Bash".to_owned()],
            allowed: vec!["Read".to_owned(), "Bash(git log *)".to_owned()],
            mcp_servers: true,
            project_settings: true,
            ..Tools::default()
        },
        form: None,
        flags: KnownFlags::default(),
        environment: environment(dir),
    }
}

fn finish(launch: &Launch) -> (String, String) {
    let code = start(launch).unwrap().child.wait().unwrap().code();
    let errors = fs::read_to_string(&launch.stderr_file).unwrap();
    assert_eq!(code, Some(0), "{errors}");
    (fs::read_to_string(&launch.output_file).unwrap(), errors)
}

#[test]
fn command_lines() {
    let dir = tempfile::tempdir().unwrap();
    let base = Launch { command: vec!["claude".to_owned()], ..launch(dir.path(), "") };
    let head = "claude -p --verbose --output-format stream-json --session-id 11111111-2222-4333-8444-555555555555";
    let table = [
        (
            base.clone(),
            "--max-turns 20 --permission-mode dontAsk --tools Read,Bash --allowedTools Read,Bash(git log *)",
        ),
        (
            Launch {
                model: Some("opus".to_owned()),
                fallback_model: Some("sonnet,haiku".to_owned()),
                effort: Some("high".to_owned()),
                claude_args: vec!["--append-system-prompt".to_owned(), "Be brief.".to_owned()],
                max_turns: 50,
                max_budget_usd: Some(1.5),
                permission_mode: "acceptEdits".to_owned(),
                tools: Tools {
                    offered: vec!["Read".to_owned(), "Bash".to_owned()],
                    denied: vec!["Read(~/.ssh/**)".to_owned()],
                    mcp_config: Some("/r/mcp.json".into()),
                    settings: [("disableAllHooks".to_owned(), true.into())].into_iter().collect(),
                    ..Tools::default()
                },
                flags: KnownFlags::from_help(
                    "  --print\n  --effort\n  --exclude-dynamic-system-prompt-sections\n  --fallback-model\n",
                ),
                ..base.clone()
            },
            "--max-turns 50 --max-budget-usd 1.5 --model opus --fallback-model sonnet,haiku --effort high --permission-mode \
             acceptEdits --disallowedTools Read(~/.ssh/**) --mcp-config /r/mcp.json --setting-sources user \
             --settings {\"disableAllHooks\":true} --strict-mcp-config --exclude-dynamic-system-prompt-sections \
             --append-system-prompt Be brief.",
        ),
        (
            Launch {
                fallback_model: Some("haiku".to_owned()),
                effort: Some("high".to_owned()),
                tools: Tools { mcp_servers: true, project_settings: true, ..Tools::default() },
                flags: KnownFlags::from_help("  --print\n"),
                ..base
            },
            "--max-turns 20 --permission-mode dontAsk",
        ),
    ];
    for (launch, tail) in &table {
        assert_eq!(command_line(launch).join(" "), format!("{head} {tail}"));
    }
    // Nothing that stands there may be said in agents.yaml, too.
    let lines = table.iter().flat_map(|(launch, _)| command_line(launch));
    let said: Vec<_> = lines.filter(|word| word.starts_with("--") && word != "--append-system-prompt").collect();
    assert!(said.len() > 10, "{said:?}");
    for option in said {
        let text = format!("agents: [{{name: a, role: tester, claude_args: ['{option}=x']}}]");
        let problems = crate::domain::config::read(&text).unwrap_err();
        assert!(problems[0].message.contains("may not stand here"), "{option}: {problems:?}");
    }
    let wrapped = Launch { command: vec!["nice".to_owned(), "claude".to_owned()], ..launch(dir.path(), "") };
    assert_eq!(command_line(&wrapped)[..3], ["nice", "claude", "-p"]);
    let with_blank = command_line(&launch(dir.path(), ""));
    assert_eq!(with_blank.last().unwrap(), "Read,Bash(git log *)", "one value, blanks and all");
}

#[test]
fn prompt_files_and_folder_are_handed_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut launch = launch(
        dir.path(),
        "pwd; cat; echo \"$RUN_TAG_OF_TEST $OWN ${GH_TOKEN-none}\"; echo \"$PATH\" | cut -d: -f1; echo oops >&2",
    );
    launch.environment.env = vec![("OWN".to_owned(), "x y".to_owned()), ("PATH_LIKE".to_owned(), String::new())];
    let (output, errors) = finish(&launch);
    let worktree = launch.worktree.canonicalize().unwrap();
    let expected = format!(
        "{}\nthe prompt\n{} x y none\n{}\n",
        worktree.display(),
        launch.environment.tag.1,
        launch.environment.path_first[0].display()
    );
    assert_eq!(output, expected);
    assert_eq!(errors, "oops\n");
}

#[test]
fn git_commits_and_fetches_but_does_not_push() {
    let dir = tempfile::tempdir().unwrap();
    let script = r#"
        set -eu
        export HOME="$PWD" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
        git init -q --bare ../remote.git
        git init -q -b main .
        git remote add origin ../remote.git
        git commit -q --allow-empty -m first
        git fetch -q origin
        git log --format='%an <%ae>'
        for to in origin ../remote.git git@example.invalid:a/b.git https://example.invalid/a.git; do
            if git push -q "$to" HEAD:refs/heads/main; then echo "pushed to $to"; fi
        done
        git ls-remote ../remote.git
    "#;
    let mut launch = launch(dir.path(), script);
    launch.environment.identity = Some(("Agent".to_owned(), "agent@example.invalid".to_owned()));
    let (output, errors) = finish(&launch);
    assert_eq!(output, "Agent <agent@example.invalid>\n", "{errors}");
    assert_eq!(errors.matches("is not a git command").count(), 4, "{errors}");

    launch.environment.allow_network_git = true;
    for folder in ["worktree", "remote.git"] {
        fs::remove_dir_all(dir.path().join(folder)).unwrap();
    }
    fs::create_dir(&launch.worktree).unwrap();
    let script = script.replace(" git@example.invalid:a/b.git https://example.invalid/a.git", "");
    fs::write(dir.path().join("claude"), script).unwrap();
    assert!(finish(&launch).0.contains("pushed to origin"));
}

#[test]
fn what_keeps_it_from_starting_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let base = launch(dir.path(), "");
    let with = |command: &Path| Launch { command: vec![command.display().to_string()], ..base.clone() };
    let error = start(&with(Path::new("no-such-claude"))).unwrap_err();
    assert!(matches!(&error, StartError::NotFound { program } if program == "no-such-claude"));
    assert!(error.to_string().contains("agents.yaml"));
    let error = start(&with(&dir.path().join("prompt.md"))).unwrap_err();
    assert!(matches!(error, StartError::PermissionDenied { .. }), "{error}");
    let error = start(&Launch { worktree: dir.path().join("gone"), ..base.clone() }).unwrap_err();
    assert!(matches!(error, StartError::Other { .. }) && error.to_string().contains("gone"), "{error}");
    let error = start(&Launch { prompt_file: dir.path().join("gone.md"), ..base.clone() }).unwrap_err();
    assert!(matches!(error, StartError::Other { .. }) && error.to_string().contains("gone.md"), "{error}");
    assert!(matches!(start(&Launch { command: Vec::new(), ..base }), Err(StartError::NotFound { .. })));
}
