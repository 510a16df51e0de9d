use super::*;
use crate::domain::pull_request::{Checks, Mergeable, RunState};
use crate::domain::receipt::{self, Row};
use crate::domain::remote::Repository;
use crate::exec::test_project::write_program;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// A gh that is a shell script; `$log` is a file for what it was asked.
fn stand_in(dir: &Path, script: &str) -> GitHub {
    let program = dir.join("gh");
    let log = dir.join("log");
    let head = format!("log='{}'\ndir='{}'\necho \"$*\" >> \"$log\"", log.display(), dir.display());
    write_program(&program, &format!("{head}\n{script}"));
    GitHub {
        program,
        checkout: dir.to_owned(),
        place: Ok(acme()),
        secrets: Secrets::default(),
        timeout: Duration::from_secs(20),
    }
}

fn acme() -> Place {
    Place::at(Repository::at("github.com", "acme/widgets").unwrap())
}

fn asked(dir: &Path) -> Vec<String> {
    fs::read_to_string(dir.join("log")).unwrap_or_default().lines().map(str::to_owned).collect()
}

const LIST: &str = r#"[
  {"number":7,"state":"OPEN","url":"u7","title":"t","isDraft":true,"headRefName":"agent/TASK-1-x","headRefOid":"abc",
   "baseRefName":"main","isCrossRepository":false,"author":{"login":"bot","is_bot":true}},
  {"number":8,"state":"OPEN","url":"u8","headRefName":"feature","isCrossRepository":false,"author":null},
  {"number":9,"state":"OPEN","url":"u9","headRefName":"agent/TASK-1-x","isCrossRepository":true,"author":null}]"#;

#[test]
fn only_agents_branches_of_this_repository_count() {
    let dir = tempfile::tempdir().unwrap();
    let found = stand_in(dir.path(), &format!("cat <<'END'\n{LIST}\nEND")).open_agent_prs(40).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].number, found[0].author.as_str(), found[0].draft), (7, "bot", true));
    assert!(asked(dir.path())[0].starts_with("pr list --repo=acme/widgets --state=open --limit=40 --json=id,number,"));
}

/// Keeps pull requests in `$dir/prs`; `$dir/refuse` is a text with which create fails; `$dir/lose` loses the reply.
const SERVER: &str = r#"
case "$1 $2" in
"pr list") cat "$dir/prs" 2>/dev/null || echo '[]' ;;
"pr create")
    cat > "$dir/body"
    case "$*" in *--draft*) if [ -e "$dir/nodraft" ]; then
        echo 'GraphQL: Draft pull requests are not supported in this repository. (createPullRequest)' >&2; exit 1; fi ;;
    esac
    if [ -e "$dir/refuse" ]; then cat "$dir/refuse" >&2; exit 1; fi
    echo '[{"number":3,"state":"OPEN","url":"u","headRefName":"agent/a","isCrossRepository":false}]' > "$dir/prs"
    if [ -e "$dir/lose" ]; then echo 'Post "https://api.github.com/graphql": EOF' >&2; exit 1; fi
    echo u ;;
esac"#;

fn wanted(title: &str, body: &str) -> NewPullRequest {
    let [base, title, body] = ["main", title, body].map(str::to_owned);
    NewPullRequest { base, title, body, draft: true, closes: None }
}

#[test]
fn a_pull_request_is_opened_once() {
    let dir = tempfile::tempdir().unwrap();
    let github = stand_in(dir.path(), SERVER);
    let create = || github.create("agent/a", &wanted("--title\nof `two` lines", "-body\n$(x)"), &[]);
    let created = create().unwrap();
    assert_eq!(created.number, 3);
    let body = fs::read_to_string(dir.path().join("body")).unwrap();
    assert!(body.starts_with("-body\n$(x)\n\n<!-- scheduler:receipt -->\n"), "{body}");
    let expected =
        "pr create --repo=acme/widgets --head=agent/a --base=main --title=--title of `two` lines --body-file=- --draft";
    assert_eq!(asked(dir.path())[1], expected);
    assert_eq!(create().unwrap().number, 3);
    assert_eq!(asked(dir.path()).iter().filter(|line| line.starts_with("pr create")).count(), 1);
}

#[test]
fn a_lost_reply_a_refused_draft_and_a_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let github = stand_in(dir.path(), SERVER);
    let create = || github.create("agent/a", &wanted("t", "b"), &[]);
    fs::write(dir.path().join("lose"), "").unwrap();
    fs::write(dir.path().join("nodraft"), "").unwrap();
    assert_eq!(create().unwrap().number, 3);
    let creates: Vec<bool> =
        asked(dir.path()).iter().filter(|l| l.starts_with("pr create")).map(|l| l.ends_with("--draft")).collect();
    assert_eq!(creates, [true, false]);

    fs::remove_file(dir.path().join("prs")).unwrap();
    fs::write(dir.path().join("refuse"), "HTTP 403: API rate limit exceeded").unwrap();
    assert_eq!(create(), Err(GhError::RateLimited));
}

/// Keeps the description of one draft as JSON in `$dir/told`.
const DESCRIPTION: &str = r#"
case "$*" in
"pr view"*) printf '{"number":3,"state":"OPEN","isDraft":true,"body":%s}' "$(cat "$dir/told")" ;;
"api "*) cat > "$dir/body" ;;
esac"#;

#[test]
fn a_receipt_is_brought_up_to_date_and_agents_write_none() {
    let dir = tempfile::tempdir().unwrap();
    let github = stand_in(dir.path(), DESCRIPTION);
    let told = |body: &str| fs::write(dir.path().join("told"), serde_json::to_string(body).unwrap()).unwrap();
    let calls = || asked(dir.path()).len();
    let red = [Row::new(receipt::VERIFY, "**failed**: exit code 1 @all")];
    let body = github.with_receipt("I did it.\n<!-- scheduler:receipt -->\n- **Verify:** forged", None, &red);
    assert!(
        body.ends_with("- **Verify:** **failed**: exit code 1 @\u{200b}all\n<!-- scheduler:end of receipt -->"),
        "{body}"
    );
    assert_eq!(body.matches("<!-- scheduler:receipt -->").count(), 1);
    let green = [Row::new(receipt::VERIFY, "passed in 3 s")];
    told(&body);
    github.update_receipt(3, &green, true).unwrap();
    let made: Vec<_> =
        asked(dir.path()).iter().map(|call| call.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(made, ["pr view", "pr ready", "api --hostname=github.com"]);
    let updated = fs::read_to_string(dir.path().join("body")).unwrap();
    assert!(
        updated.contains("- **Verify:** passed in 3 s\n") && updated.starts_with("I did it.\n<\u{200b}!--"),
        "{updated}"
    );
    // Done again it does nothing, and what has no receipt isn't ours.
    for body in [&updated, "Somebody's own."] {
        told(body);
        let before = calls();
        github.update_receipt(3, &green, true).unwrap();
        assert_eq!(calls(), before + 1, "{body}");
    }
}

/// Keeps comments in `$dir/comments`, refuses reviews.
const TALK: &str = r#"
case "$1 $2" in
"pr view") printf '{"number":3,"state":"OPEN","url":"https://github.com/o/r/pull/3","reviews":[%s],"comments":[%s]}' "$(cat "$dir/reviews" 2>/dev/null)" "$(cat "$dir/comments" 2>/dev/null)" ;;
"pr review") cat >/dev/null; if [ "$5" != --comment ]; then
    echo 'failed to create review: GraphQL: Can not approve your own pull request (addPullRequestReview)' >&2; exit 1; fi ;;
"pr comment") cat > "$dir/body"; echo '{"viewerDidAuthor":true,"body":"x\\n\\n<!-- scheduler:run-1 -->"}' > "$dir/comments"; exit "${FAIL:-0}" ;;
"api --hostname=github.com") echo '{"data":{"viewer":{"login":"me[bot]"}}}' ;;
esac"#;

#[test]
fn only_what_the_own_account_said_counts() {
    let dir = tempfile::tempdir().unwrap();
    let github = stand_in(dir.path(), TALK);
    let marker = "<!-- scheduler:run-1 -->";
    for (kind, author, own) in [
        ("comments", r#""viewerDidAuthor":true"#, true),
        ("comments", r#""viewerDidAuthor":false"#, false),
        ("reviews", r#""author":{"login":"me"}"#, true),
        ("reviews", r#""author":{"login":"they"}"#, false),
        ("reviews", r#""author":null"#, false),
    ] {
        fs::write(dir.path().join(kind), format!(r#"{{"body":"x\n\n{marker}\r\n",{author}}}"#)).unwrap();
        assert_eq!(github.comments(3).unwrap().have(marker), own, "{kind} {author}");
        fs::write(dir.path().join(kind), format!(r#"{{"body":"{marker} x",{author}}}"#)).unwrap();
        assert!(!github.comments(3).unwrap().have(marker), "{kind} {author}");
        fs::remove_file(dir.path().join(kind)).unwrap();
    }
}

#[test]
fn comments_are_made_once_and_stand_in_for_refused_reviews() {
    let dir = tempfile::tempdir().unwrap();
    let marker = "<!-- scheduler:run-1 -->";
    let github = stand_in(dir.path(), TALK);
    assert_eq!(github.review(3, ReviewVerdict::Comment, "text", marker), Ok(Posted::Review));
    assert_eq!(github.review(3, ReviewVerdict::Approve, "fine", marker), Ok(Posted::Comment));
    assert_eq!(fs::read_to_string(dir.path().join("body")).unwrap(), format!("fine\n\n{marker}\n"));
    assert_eq!(github.review(3, ReviewVerdict::Approve, "fine", marker), Ok(Posted::Already));
    let said = github.comments(3).unwrap();
    let commented = || asked(dir.path()).iter().filter(|line| line.starts_with("pr comment")).count();
    for (marker, count) in [(marker, 1), ("<!-- scheduler:run-2 -->", 2)] {
        github.comment_unless(&said, 3, "text", marker).unwrap();
        assert_eq!(commented(), count, "{marker}");
    }
}

#[test]
fn a_comment_whose_reply_was_lost_counts() {
    let dir = tempfile::tempdir().unwrap();
    let github = stand_in(dir.path(), &TALK.replace("${FAIL:-0}", "1"));
    assert_eq!(github.comment_unless(&Comments::default(), 3, "x", "<!-- scheduler:run-1 -->"), Ok(()));
}

#[test]
fn a_hanging_gh_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let github = GitHub { timeout: Duration::from_millis(300), ..stand_in(dir.path(), "sleep 60") };
    let begun = Instant::now();
    assert_eq!(github.head_of(1), Err(GhError::TimedOut));
    assert!(begun.elapsed() < Duration::from_secs(50));
}

#[test]
fn without_gh_and_with_nonsense() {
    let dir = tempfile::tempdir().unwrap();
    let github = stand_in(dir.path(), "echo '<html>'");
    assert!(matches!(github.head_of(1), Err(GhError::Other { stderr }) if stderr.contains("unexpected answer")));
    let github = GitHub { place: Err(GhError::ForeignRemote), ..github };
    let asked_before = asked(dir.path()).len();
    assert_eq!(github.find_by_head("agent/a"), Err(GhError::ForeignRemote));
    assert_eq!(asked(dir.path()).len(), asked_before, "where no GitHub is, nobody is asked");
    let github = GitHub { place: Ok(acme()), program: dir.path().join("none"), ..github };
    assert_eq!(github.find_by_head("agent/a"), Err(GhError::NotInstalled));
}

#[test]
fn a_long_text_keeps_its_marker() {
    let text = with_marker(&"ä".repeat(70_000), "<!-- scheduler:x -->");
    assert!(text.ends_with("…\n\n<!-- scheduler:x -->\n"));
    assert!(text.chars().count() < 65_536);
}

/// As GitHub answers, shortened: a failed job, a status of another service, and one pull request without checks.
const STATES: &str = r#"{"data":{"repository":{
"p1":{"number":1,"headRefOid":"5d9f","baseRefName":"main","updatedAt":"2026-01-05T10:00:00Z","mergeable":"CONFLICTING","mergeStateStatus":"DIRTY","reviewDecision":"CHANGES_REQUESTED","autoMergeRequest":null,
 "latestOpinionatedReviews":{"nodes":[{"state":"CHANGES_REQUESTED","author":{"login":"mate"}},{"state":"APPROVED","author":{"login":"boss"}}]},
 "commits":{"nodes":[{"commit":{"statusCheckRollup":{"contexts":{"nodes":[
  {"__typename":"StatusContext","context":"ext/cov","state":"PENDING","targetUrl":"https://ci.example.com/1","isRequired":false},
  {"__typename":"CheckRun","name":"test","status":"COMPLETED","conclusion":"FAILURE","databaseId":39,"checkSuite":{"workflowRun":{"databaseId":78,"event":"pull_request","workflow":{"name":"CI"}}},"isRequired":true},
  {"__typename":"CheckRun","name":"test","status":"IN_PROGRESS","conclusion":null,"databaseId":40,"checkSuite":{"workflowRun":{"databaseId":78,"event":"pull_request","workflow":{"name":"CI"}}},"isRequired":true}]}}}}]}},
"p2":{"number":2,"headRefOid":"7be9","baseRefName":"main","updatedAt":"2026-01-05T10:00:00Z","mergeable":"MERGEABLE","mergeStateStatus":"BLOCKED","reviewDecision":null,"autoMergeRequest":null,
 "latestOpinionatedReviews":{"nodes":[]},"commits":{"nodes":[{"commit":{"statusCheckRollup":null}}]}},
"b0":{"branchProtectionRule":null,"target":{"oid":"4c5b","statusCheckRollup":null}}}}}"#;

#[test]
fn all_of_ours_are_asked_for_in_few_calls() {
    let dir = tempfile::tempdir().unwrap();
    let github = stand_in(dir.path(), &format!("cat <<'END'\n{STATES}\nEND"));
    let ours = github.ours(&[1, 2], &["main"]).unwrap();
    let head = &ours.heads[&1];
    assert_eq!((head.mergeable, head.approvals, head.change_requests), (Mergeable::Conflicting, 1, 1));
    let runs: Vec<_> = head.runs.iter().map(|run| (run.title(), run.state, run.job)).collect();
    let expected =
        [("ext/cov".to_owned(), RunState::Pending, None), ("CI / test".to_owned(), RunState::Pending, Some((78, 40)))];
    assert_eq!(runs, expected, "of a job that was begun again, the last");
    assert_eq!(ours.checks_of(&ours.heads[&2]), Checks::Missing);
    assert_eq!((ours.bases["main"].commit.as_str(), &ours.bases["main"].rule), ("4c5b", &None));
    let pull = |n: &u64| {
        format!(
            r#""p{n}":{{"number":{n},"headRefOid":"a","baseRefName":"main","updatedAt":"","commits":{{"nodes":[]}}}},"#
        )
    };
    let all: Vec<u64> = (1..=200).collect();
    let pulls: String = all.iter().map(pull).collect();
    let dir = tempfile::tempdir().unwrap();
    let github =
        stand_in(dir.path(), &format!("cat <<'END'\n{{\"data\":{{\"repository\":{{{pulls}\"b0\":null}}}}}}\nEND"));
    assert_eq!(github.ours(&all, &["main"]).unwrap().heads.len(), 200);
    assert_eq!(asked(dir.path()).iter().filter(|line| line.starts_with("api ")).count(), 2);
    assert!(github.ours(&[201], &[]).is_err(), "it says nothing of this one");
}
