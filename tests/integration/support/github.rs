//! The stand-in for `gh` and the GitHub behind it, seen from a test.

use super::environment::write_program;
use std::{
    fs,
    path::{Path, PathBuf},
};

const SCRIPT: &str = include_str!("../../../templates/stand_ins/gh.sh");

/// The stage of the stand-in: a folder with the pull requests, the faults and the record of its calls.
pub struct Github {
    root: PathBuf,
    stage: PathBuf,
}

/// One start of the stand-in.
#[derive(Debug)]
pub struct GhCall {
    /// Its arguments.
    pub args: Vec<String>,
    /// Its working directory.
    pub cwd: PathBuf,
}

/// A pull request as GitHub has it.
#[derive(Debug)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The branch that it wants merged.
    pub head: String,
    /// The branch that it is to be merged into.
    pub base: String,
    /// Whether it is a draft.
    pub draft: bool,
    /// `OPEN`, `CLOSED` or `MERGED`.
    pub state: String,
    /// Its labels, sorted.
    pub labels: Vec<String>,
    /// The texts of its comments.
    pub comments: Vec<String>,
    /// Its reviews: `APPROVED`, `CHANGES_REQUESTED` or `COMMENTED`, and the text.
    pub reviews: Vec<(String, String)>,
}

impl Github {
    pub(super) fn new(root: &Path) -> Self {
        let stage = root.join("github");
        for dir in ["calls", "faults", "prs"] {
            fs::create_dir_all(stage.join(dir)).unwrap();
        }
        fs::write(stage.join("user"), "octobot\n").unwrap();
        Self { root: root.to_owned(), stage }
    }

    /// Puts `gh` on PATH, logged in as `octobot`.
    pub fn install(&self) -> &Self {
        write_program(&self.root.join("bin/gh"), SCRIPT);
        self
    }

    /// Lets calls such as `pr create` fail, a glob such as `pr *` or `*`: `not_logged_in`, `401`, `403`, `429`, `500`,
    /// `refused`, `foreign`, `bad_json`, `hang`, `lost_reply` (it is done, and the answer lost), `no_draft`, `404`; and as gh
    /// 2.23 says it where it writes, `write_500` and `write_404`.
    /// `count` calls; 0 is every one until [`Github::mend`].
    pub fn fault(&self, calls: &str, mode: &str, count: u32) -> &Self {
        let number = fs::read_dir(self.stage.join("faults")).unwrap().count();
        fs::write(self.stage.join(format!("faults/{number}")), format!("{mode}|{calls}|{count}\n")).unwrap();
        self
    }

    /// Takes every fault away.
    pub fn mend(&self) -> &Self {
        for fault in fs::read_dir(self.stage.join("faults")).unwrap().flatten() {
            let _ = fs::remove_file(fault.path());
        }
        self
    }

    /// Who is logged in; the author of what is created from now on.
    pub fn user(&self, login: &str) -> &Self {
        fs::write(self.stage.join("user"), format!("{login}\n")).unwrap();
        self
    }

    /// A pull request that somebody else opened; its number.
    pub fn open(&self, head: &str, base: &str, title: &str) -> u64 {
        let number = self.pull_requests().len() as u64 + 1;
        let dir = self.stage.join(format!("prs/{number}"));
        fs::create_dir_all(dir.join("comments")).unwrap();
        fs::create_dir_all(dir.join("reviews")).unwrap();
        let fields = [("title", title), ("body", "A pull request."), ("head", head), ("base", base)];
        for (name, value) in fields.into_iter().chain([("draft", "false"), ("state", "OPEN"), ("author", "somebody")]) {
            fs::write(dir.join(name), value).unwrap();
        }
        number
    }

    /// Changes one field of a pull request: `state` to `CLOSED`, `author` …
    pub fn set(&self, number: u64, field: &str, value: &str) -> &Self {
        fs::write(self.stage.join(format!("prs/{number}/{field}")), value).unwrap();
        self
    }

    /// A comment or review (`comments`, `reviews`) by this account.
    pub fn remark(&self, number: u64, kind: &str, author: &str, body: &str) -> &Self {
        let dir = self.stage.join(format!("prs/{number}/{kind}"));
        let entry = dir.join((fs::read_dir(&dir).unwrap().count() + 1).to_string());
        fs::create_dir(&entry).unwrap();
        for (name, value) in [("author", author), ("body", body), ("state", "COMMENTED")] {
            fs::write(entry.join(name), value).unwrap();
        }
        self
    }

    /// An open issue, labelled by `by`, who may write; its number is given.
    pub fn issue(&self, number: u64, title: &str, body: &str, label: &str, by: &str) -> &Self {
        let dir = self.stage.join(format!("issues/{number}"));
        fs::create_dir_all(dir.join("comments")).unwrap();
        let fields = [("title", title), ("body", body), ("labels", label), ("labelled_by", by)];
        let fixed = [("author", "they"), ("state", "OPEN"), ("labelled_at", "2026-01-01T00:00:00Z")];
        for (name, value) in fields.into_iter().chain(fixed) {
            fs::write(dir.join(name), format!("{value}\n")).unwrap();
        }
        self.role(by, "write")
    }

    /// What an account may do in the repository.
    pub fn role(&self, login: &str, role: &str) -> &Self {
        fs::create_dir_all(self.stage.join("roles")).unwrap();
        fs::write(self.stage.join("roles").join(login), role).unwrap();
        self
    }

    /// Changes one field of an issue: `state`, `body`, `edited` (a quoted time), `labelled_at` …
    pub fn set_issue(&self, number: u64, field: &str, value: &str) -> &Self {
        fs::write(self.stage.join(format!("issues/{number}/{field}")), format!("{value}\n")).unwrap();
        self
    }

    /// The labels of an issue, and the texts of its comments.
    pub fn issue_now(&self, number: u64) -> (Vec<String>, Vec<String>) {
        let dir = self.stage.join(format!("issues/{number}"));
        let get = |name: String| fs::read_to_string(dir.join(name)).unwrap_or_default();
        let count = fs::read_dir(dir.join("comments")).map_or(0, Iterator::count);
        let comments = (1..=count).map(|k| get(format!("comments/{k}/body"))).collect();
        (get("labels".to_owned()).lines().map(str::to_owned).collect(), comments)
    }

    /// A check of a pull request's head commit: `success`, `failure`, `pending`; the job of a run of GitHub's CI, or (0)
    /// another service's. `main` in place of a number: the same of that branch.
    pub fn check(&self, of: &str, name: &str, state: &str, run: u64) -> &Self {
        let dir = if of == "main" { "branches/main/checks".to_owned() } else { format!("prs/{of}/checks") };
        self.write(&format!("{dir}/{name}"), &format!("{state} {run} {}\n", run + 100));
        if run > 0 && !self.stage.join(format!("runs/{run}")).exists() {
            self.write(&format!("runs/{run}/attempt"), "1\n");
        }
        self
    }

    /// A file of the stage.
    pub fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.stage.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A thread of a review at a line of README.md, with what somebody said.
    pub fn thread(&self, number: u64, name: &str, author: &str, body: &str) -> &Self {
        let dir = format!("prs/{number}/threads/{name}");
        self.write(&format!("{dir}/resolved"), "false").write(&format!("{dir}/path"), "README.md");
        self.write(&format!("{dir}/line"), "1").write(&format!("{dir}/comments/1/author"), author);
        self.write(&format!("{dir}/comments/1/body"), body)
    }

    /// What was said in a thread: by whom, and what.
    pub fn thread_remarks(&self, number: u64, name: &str) -> Vec<(String, String)> {
        let dir = self.stage.join(format!("prs/{number}/threads/{name}/comments"));
        let count = fs::read_dir(&dir).map_or(0, Iterator::count);
        let get = |path: String| fs::read_to_string(dir.join(path)).unwrap_or_default().trim().to_owned();
        (1..=count).map(|k| (get(format!("{k}/author")), get(format!("{k}/body")))).collect()
    }

    /// What every `pr list` answers from now on, whatever there is.
    pub fn answers_lists(&self, json: &str) -> &Self {
        fs::write(self.stage.join("list.json"), json).unwrap();
        self
    }

    /// Every pull request, oldest first.
    pub fn pull_requests(&self) -> Vec<PullRequest> {
        let entries = fs::read_dir(self.stage.join("prs")).unwrap().flatten();
        let mut numbers: Vec<u64> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|number| self.pull_request(number)).collect()
    }

    /// The only pull request there is.
    #[track_caller]
    pub fn only_pull_request(&self) -> PullRequest {
        let mut all = self.pull_requests();
        assert_eq!(all.len(), 1, "pull requests: {all:#?}");
        all.remove(0)
    }

    /// How often a call such as `pr create` was made.
    pub fn count(&self, call: &str) -> usize {
        let words: Vec<_> = call.split(' ').collect();
        self.calls()
            .iter()
            .filter(|call| call.args.iter().map(String::as_str).take(words.len()).eq(words.iter().copied()))
            .count()
    }

    /// Every call, in order.
    pub fn calls(&self) -> Vec<GhCall> {
        let count = fs::read_dir(self.stage.join("calls")).unwrap().count();
        let read = |number: usize| {
            let dir = self.stage.join(format!("calls/{number}"));
            let args = String::from_utf8_lossy(&fs::read(dir.join("args")).unwrap_or_default()).into_owned();
            let cwd = fs::read_to_string(dir.join("cwd")).unwrap_or_default().trim_end().into();
            GhCall { args: args.split_terminator('\0').map(str::to_owned).collect(), cwd }
        };
        (1..=count).map(read).collect()
    }

    fn pull_request(&self, number: u64) -> PullRequest {
        let dir = self.stage.join(format!("prs/{number}"));
        let get = |name: &str| fs::read_to_string(dir.join(name)).unwrap_or_default();
        let remarks = |kind: &str| -> Vec<(String, String)> {
            let count = fs::read_dir(dir.join(kind)).map_or(0, Iterator::count);
            (1..=count).map(|k| (get(&format!("{kind}/{k}/state")), get(&format!("{kind}/{k}/body")))).collect()
        };
        PullRequest {
            number,
            title: get("title"),
            body: get("body"),
            head: get("head"),
            base: get("base"),
            draft: get("draft") == "true",
            labels: get("labels").lines().map(str::to_owned).collect(),
            state: get("state"),
            comments: remarks("comments").into_iter().map(|(_, text)| text).collect(),
            reviews: remarks("reviews"),
        }
    }

    pub(super) fn tell(&self) {
        for call in self.calls() {
            eprintln!("==== gh {:?}", call.args);
        }
        for pull_request in self.pull_requests() {
            eprintln!("{pull_request:#?}");
        }
    }
}
