//! A project's line in a crontab. Every other line stays as it is, byte for byte, but the one that runs the Python system there:
//! ours comes in its place.

use super::Timer;
use crate::domain::shell::word;

/// What is to become of a crontab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Crontab {
    /// Nothing: it says what it should.
    Unchanged,
    /// This.
    Changed(String),
    /// Nothing: a line that the user wrote already runs ticks for the project.
    ByHand(String),
}

impl Timer {
    /// The comment above the project's line, by which it is found again.
    fn marker(&self) -> String {
        format!("# scheduler: {}", self.root)
    }

    /// Where the project's marker and line are, as a range of bytes.
    fn own(&self, crontab: &str) -> Option<(usize, usize)> {
        let marker = self.marker();
        let mut offset = 0;
        let mut lines = crontab.split_inclusive('\n');
        while let Some(line) = lines.next() {
            if line.trim_end_matches(['\r', '\n']) == marker {
                let next = lines.next().filter(|next| !next.starts_with('#'));
                return Some((offset, offset + line.len() + next.map_or(0, str::len)));
            }
            offset += line.len();
        }
        None
    }

    /// The line of a crontab that runs ticks for the project, whoever wrote it.
    pub fn line_in<'a>(&self, crontab: &'a str) -> Option<&'a str> {
        match self.own(crontab) {
            Some((start, end)) => crontab[start..end].lines().nth(1),
            None => self.by_hand(crontab),
        }
    }

    /// The line that runs the Python system in the project.
    pub fn python_line<'a>(&self, crontab: &'a str) -> Option<&'a str> {
        crontab.lines().find(|line| self.runs_python(line))
    }

    fn runs_python(&self, line: &str) -> bool {
        // However a shell quotes it.
        let bare = |text: &str| text.replace(['\'', '"', '\\'], "");
        let line = bare(line.trim_start());
        let is_path = |c: char| c.is_alphanumeric() || "-_./".contains(c);
        let names = |name: &str| {
            line.match_indices(&bare(name)).any(|(at, name)| {
                let after = &line[at + name.len()..];
                let below = after.strip_prefix('/');
                let ends = !below.unwrap_or(after).starts_with(is_path)
                    || below.is_some_and(|below| below.starts_with("orchestrator/"));
                // What stands behind a home isn't the same at the top of the disk.
                ends && !line[..at].ends_with(|c| is_path(c) || "~}".contains(c))
            })
        };
        let in_home = |below: &String| ["~", "$HOME", "${HOME}"].iter().any(|home| names(&format!("{home}/{below}")));
        let names_root = names(&self.root) || self.in_home.as_ref().is_some_and(in_home);
        let runs = ["orchestrator/scheduler.py", "orchestrator.orchestrator.scheduler"];
        !line.starts_with('#') && names_root && runs.iter().any(|program| line.contains(program))
    }

    /// A line of the user's own that ticks this project.
    fn by_hand<'a>(&self, crontab: &'a str) -> Option<&'a str> {
        let call = format!("scheduler -C {} ", word(&self.root).replace('%', r"\%"));
        crontab.lines().find(|line| !line.trim_start().starts_with('#') && line.contains(&call))
    }
}

/// The crontab with the project's line, at the place where it was, else at the end.
pub fn add(crontab: &str, timer: &Timer) -> Crontab {
    let place: usize = crontab.split_inclusive('\n').take_while(|line| !timer.runs_python(line)).map(str::len).sum();
    if place < crontab.len() {
        let kept: String = crontab.split_inclusive('\n').filter(|line| !timer.runs_python(line)).collect();
        return match add(&kept, timer) {
            Crontab::Changed(_) if timer.own(&kept).is_none() => {
                let (above, below) = kept.split_at(place);
                Crontab::Changed(format!("{above}{}\n{}\n{below}", timer.marker(), timer.cron_line()))
            }
            Crontab::Unchanged | Crontab::ByHand(_) => Crontab::Changed(kept),
            changed => changed,
        };
    }
    let entry = format!("{}\n{}\n", timer.marker(), timer.cron_line());
    let Some((start, end)) = timer.own(crontab) else {
        if let Some(line) = timer.by_hand(crontab) {
            return Crontab::ByHand(line.to_owned());
        }
        let newline = if crontab.is_empty() || crontab.ends_with('\n') { "" } else { "\n" };
        return Crontab::Changed(format!("{crontab}{newline}{entry}"));
    };
    if crontab[start..end] == entry {
        return Crontab::Unchanged;
    }
    Crontab::Changed(format!("{}{entry}{}", &crontab[..start], &crontab[end..]))
}

/// The crontab without the project's line.
pub fn remove(crontab: &str, timer: &Timer) -> Crontab {
    match (timer.own(crontab), timer.by_hand(crontab)) {
        (Some((start, end)), _) => Crontab::Changed(format!("{}{}", &crontab[..start], &crontab[end..])),
        (None, Some(line)) => Crontab::ByHand(line.to_owned()),
        (None, None) => Crontab::Unchanged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn timer(root: &str, program: &str) -> Timer {
        Timer::new(Path::new(program), Path::new(root), "/bin", &Path::new(root).join("log")).unwrap()
    }

    fn changed(crontab: Crontab) -> String {
        match crontab {
            Crontab::Changed(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn comes_and_goes_and_leaves_the_rest() {
        let (a, b) = (timer("/a", "/bin/scheduler"), timer("/b c", "/bin/scheduler"));
        for old in ["", "MAILTO=me\n\n0 0 * * * x\r\n", "# no newline", "#\t\n  odd \t\n"] {
            let with_a = changed(add(old, &a));
            assert!(with_a.starts_with(old));
            assert_eq!(add(&with_a, &a), Crontab::Unchanged);
            let both = changed(add(&with_a, &b));
            assert!(both.starts_with(&with_a));
            let only_b = changed(remove(&both, &a));
            let none = changed(remove(&only_b, &b));
            assert_eq!(none.trim_end_matches('\n'), old.trim_end_matches('\n'));
            assert_eq!(remove(&none, &b), Crontab::Unchanged);
        }
    }

    #[test]
    fn a_new_program_replaces_the_line_in_place() {
        let old = changed(add("first\n", &timer("/a", "/old/scheduler"))) + "last\n";
        let new = changed(add(&old, &timer("/a", "/new/scheduler")));
        assert_eq!(new, old.replace("/old/", "/new/"));
    }

    #[test]
    fn the_python_systems_line_is_replaced() {
        let timer = timer("/a b", "/bin/scheduler");
        let python = "* * * * * cd '/a b' && /v/bin/python orchestrator/orchestrator/scheduler.py >> /l 2>&1\n";
        let entry = changed(add("", &timer));
        for (old, new) in [
            (format!("first\n{python}last\n"), format!("first\n{entry}last\n")),
            (format!("{python}{entry}"), entry.clone()),
            (format!("{python}{python}"), entry.clone()),
            (r"* * * * * cd /a\ b && python -m orchestrator.orchestrator.scheduler".to_owned(), entry.clone()),
            ("* * * * * python '/a b/orchestrator/orchestrator/scheduler.py' --debug\n".to_owned(), entry.clone()),
        ] {
            assert_eq!(timer.python_line(&old), old.lines().find(|line| line.contains("python")), "{old}");
            assert_eq!(changed(add(&old, &timer)), new, "{old}");
            assert_eq!(add(&new, &timer), Crontab::Unchanged);
        }
        let at_home = timer.clone().at_home("/");
        for place in ["~/'a b'", "~/a\\ b/", "\"$HOME/a b\"", "${HOME}/a\\ b/", "'/a b/'"] {
            let line = python.replace("'/a b'", place);
            let is_found = |timer: &Timer| timer.python_line(&line).is_some();
            assert_eq!((is_found(&at_home), is_found(&timer)), (true, place == "'/a b/'"), "{line}");
        }
        for other in [
            format!("# {python}"),
            python.replace("/a b", "/a b/c"),
            python.replace("/a b", "/x/a b"),
            python.replace("/a b", "/a bc"),
            "0 5 * * * cd '/a b' && make\n".to_owned(),
        ] {
            assert_eq!(changed(add(&other, &timer)), format!("{other}{entry}"));
        }
    }

    #[test]
    fn a_line_by_hand_is_respected() {
        let line = "*/5 * * * * PATH=/bin /x/scheduler -C /a >> /l 2>&1";
        let timer = timer("/a", "/bin/scheduler");
        assert_eq!(add(&format!("{line}\n"), &timer), Crontab::ByHand(line.to_owned()));
        assert_eq!(remove(&format!("{line}\n"), &timer), Crontab::ByHand(line.to_owned()));
        assert!(matches!(add(&format!("#{line}\n"), &timer), Crontab::Changed(_)));
    }
}
