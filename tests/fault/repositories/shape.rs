//! A repository: which of the properties it has, and how it is made.

use crate::support::Test;
use std::fs;

/// A clean filter that every `*.enc` must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    None,
    /// It shifts letters by 13.
    Passing,
    /// It refuses everything.
    Failing,
}

/// Which remotes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remote {
    Origin,
    /// The only one has another name.
    Upstream,
    /// Two, none called origin; agents.yaml says which.
    Several,
}

/// Whether `lib/` is a submodule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submodule {
    None,
    There,
    /// It is one, and the repository that it comes from is gone.
    Gone,
}

/// One repository.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Only some folders are checked out, not `outside/`.
    pub sparse: bool,
    /// `*.bin` is for LFS, and there is one that was committed before.
    pub lfs: bool,
    /// Attributes by which a committed file has the wrong ends of lines.
    pub crlf: bool,
    pub filter: Filter,
    /// Blobs are fetched when they are needed.
    pub partial: bool,
    /// No main checkout: a bare repository and a linked worktree.
    pub bare: bool,
    pub remote: Remote,
    pub submodule: Submodule,
}

/// How many values each property has, in the order of [`Shape`].
const VALUES: [usize; 8] = [2, 2, 2, 3, 2, 2, 3, 3];

/// Stands in for `git-lfs`: what it cleans is in the repository's folder for that, by its hash.
const LFS: &str = r#"#!/bin/sh
set -e
store=$(git rev-parse --path-format=absolute --git-common-dir)/lfs
mkdir -p "$store/objects" "$store/tmp"
new=$store/tmp/new.$$
cat >"$new"
oid=$(sed -n '2s/^oid test://p;2q' "$new")
case $1 in
  clean)
    if [ -n "$oid" ]; then cat "$new"; rm "$new"; exit; fi
    oid=$(git hash-object --no-filters "$new")
    mv "$new" "$store/objects/$oid"
    printf 'version https://git-lfs.github.com/spec/v1\noid test:%s\n' "$oid"
    ;;
  smudge)
    if [ -n "$oid" ]; then cat "$store/objects/$oid"; else cat "$new"; fi
    rm "$new"
    ;;
esac
"#;

impl Shape {
    /// How many there are.
    pub const COUNT: usize = {
        let [sparse, lfs, crlf, filter, partial, bare, remote, submodule] = VALUES;
        sparse * lfs * crlf * filter * partial * bare * remote * submodule
    };

    /// Every one.
    pub fn all() -> Vec<Self> {
        let digits = |mut number: usize| {
            VALUES.map(|values| {
                let digit = number % values;
                number /= values;
                digit
            })
        };
        (0..Self::COUNT).map(|number| Self::of(digits(number))).collect()
    }

    /// Some, in which each value of each property is as frequent as the others.
    pub fn spread(count: usize, seed: u64) -> Vec<Self> {
        let mut random = seed.wrapping_add(1);
        let mut below = |limit: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).unwrap() % limit
        };
        let columns = VALUES.map(|values| {
            let mut column: Vec<usize> = (0..count).map(|row| row % values).collect();
            (1..count).rev().for_each(|at| column.swap(at, below(at + 1)));
            column
        });
        (0..count).map(|row| Self::of(columns.each_ref().map(|column| column[row]))).collect()
    }

    fn of([sparse, lfs, crlf, filter, partial, bare, remote, submodule]: [usize; 8]) -> Self {
        Self {
            sparse: sparse == 1,
            lfs: lfs == 1,
            crlf: crlf == 1,
            filter: [Filter::None, Filter::Passing, Filter::Failing][filter],
            partial: partial == 1,
            bare: bare == 1,
            remote: [Remote::Origin, Remote::Upstream, Remote::Several][remote],
            submodule: [Submodule::None, Submodule::There, Submodule::Gone][submodule],
        }
    }

    /// The name of the remote that counts.
    fn remote_name(self) -> &'static str {
        if self.remote == Remote::Origin { "origin" } else { "upstream" }
    }

    /// A project in such a repository, with an implementer and a tester.
    pub fn make(self) -> Test {
        let test = Test::without_repository();
        let global = "[user]\n\tname = Test Person\n\temail = person@example.invalid\n\
                      [protocol \"file\"]\n\tallow = always\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n";
        fs::write(test.root().join("home/.gitconfig"), global).unwrap();
        test.program("git-lfs", LFS);
        test.github.install();
        self.make_origin(&test);
        self.clone_origin(&test);
        let key = if self.remote == Remote::Several { "remote: upstream\n" } else { "" };
        let more = format!("{key}defaults: {{max_attempts: 1}}");
        test.agents_and(&[("impl", "implementer"), ("tests", "tester")], &more);
        test
    }

    /// What is fetched from and pushed to.
    fn make_origin(self, test: &Test) {
        let seed = test.root().join("seed");
        let git = |args: &[&str]| test.git_in(&seed, args);
        let write = |path: &str, text: &str| {
            let path = seed.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        fs::create_dir_all(&seed).unwrap();
        git(&["init", "-q"]);
        for path in ["README.md", "inside/f", "outside/f", "tests/t"] {
            write(path, "as it was\n");
        }
        write("old.txt", "one\r\ntwo\r\n");
        write("big.bin", "a plain blob\n");
        let ignored = ["agents/", "messages/", "logs/", "cache/", "shared/", "*.lock"];
        write(".gitignore", &ignored.map(|entry| format!("/.orchestrator/{entry}\n")).concat());
        git(&["add", "-A"]);
        git(&["commit", "-q", "-m", "First commit"]);
        let mut attributes = String::new();
        for (has, line) in [
            (self.crlf, "*.txt text\n"),
            (self.lfs, "*.bin filter=lfs diff=lfs merge=lfs -text\n"),
            (self.filter != Filter::None, "*.enc filter=enc\n"),
        ] {
            attributes.push_str(if has { line } else { "" });
        }
        write(".gitattributes", &attributes);
        if self.filter == Filter::Passing {
            write("known.enc", "xabja\n");
        }
        if self.submodule != Submodule::None {
            let library = test.root().join("library");
            let library = library.to_str().unwrap();
            test.git_in(test.root(), ["init", "-q", library]);
            fs::write(test.root().join("library/lib.c"), "int x;\n").unwrap();
            test.git_in(library, ["add", "-A"]);
            test.git_in(library, ["commit", "-q", "-m", "Library"]);
            git(&["submodule", "--quiet", "add", library, "lib"]);
        }
        // Not all: what the attributes call changed stays as it was committed.
        git(&["add", "--", ".gitattributes"]);
        git(&["add", "--", if self.filter == Filter::Passing { "known.enc" } else { "README.md" }]);
        git(&["commit", "-q", "-m", "Attributes"]);
        if self.submodule == Submodule::Gone {
            fs::remove_dir_all(test.root().join("library")).unwrap();
        }
        test.git_in(test.root(), ["clone", "-q", "--bare", "seed", "origin.git"]);
        test.git_in(test.origin(), ["config", "uploadpack.allowFilter", "true"]);
    }

    /// What the user works in.
    fn clone_origin(self, test: &Test) {
        let (name, url) = (self.remote_name(), format!("file://{}", test.origin().display()));
        let mut clone = vec!["clone", "-q", "-o", name];
        for (has, more) in [
            (self.partial, &["--filter=blob:none"][..]),
            (self.bare, &["--bare"]),
            (
                self.lfs,
                &[
                    "-c",
                    "filter.lfs.clean=git-lfs clean %f",
                    "-c",
                    "filter.lfs.smudge=git-lfs smudge %f",
                    "-c",
                    "filter.lfs.required=true",
                ],
            ),
            (
                self.filter == Filter::Passing,
                &[
                    "-c",
                    "filter.enc.clean=tr A-Za-z N-ZA-Mn-za-m",
                    "-c",
                    "filter.enc.smudge=tr A-Za-z N-ZA-Mn-za-m",
                    "-c",
                    "filter.enc.required=true",
                ],
            ),
            (
                self.filter == Filter::Failing,
                &["-c", "filter.enc.clean=false", "-c", "filter.enc.smudge=cat", "-c", "filter.enc.required=true"],
            ),
        ] {
            clone.extend(if has { more } else { &[] });
        }
        let project = test.dir();
        let project = project.to_str().unwrap();
        let store = test.root().join("store.git");
        let store = store.to_str().unwrap();
        clone.extend([url.as_str(), if self.bare { store } else { project }]);
        test.git_in(test.root(), &clone);
        if self.bare {
            let refspec = format!("+refs/heads/*:refs/remotes/{name}/*");
            test.git_in(store, ["config", &format!("remote.{name}.fetch"), &refspec]);
            test.git_in(store, ["fetch", "-q", name]);
            test.git_in(store, ["remote", "set-head", name, "main"]);
            test.git_in(store, ["worktree", "add", project, "main"]);
            test.git(["branch", "-q", "-u", &format!("{name}/main")]);
        }
        if self.remote == Remote::Several {
            test.git_in(test.root(), ["init", "-q", "--bare", "fork.git"]);
            test.git(["remote", "add", "fork", test.root().join("fork.git").to_str().unwrap()]);
        }
        if self.sparse {
            test.git(["sparse-checkout", "set", "inside", "tests", ".orchestrator"]);
        }
        if self.submodule == Submodule::There {
            test.git(["submodule", "--quiet", "update", "--init"]);
        }
    }
}
