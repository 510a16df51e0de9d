//! A user timer of systemd.

use super::Timer;

impl Timer {
    /// The name of both units, without ending.
    pub fn systemd_name(&self) -> String {
        format!("scheduler-{}", self.id())
    }

    /// The service: one tick.
    ///
    /// `KillMode=process`: systemd would otherwise end what a tick has started.
    pub fn systemd_service(&self) -> String {
        let [program, root] = [&self.program, &self.root].map(|text| argument(text));
        let path = quoted(&format!("PATH={}", self.search_path));
        let (description, log) = (specifiers(&self.root), specifiers(&self.log));
        format!(
            "[Unit]\nDescription=scheduler tick of {description}\n\n[Service]\nType=oneshot\nEnvironment={path}\n\
             ExecStart={program} -C {root}\nKillMode=process\nStandardOutput=append:{log}\nStandardError=append:{log}\n"
        )
    }

    /// The timer: every minute, to the second.
    pub fn systemd_timer(&self) -> String {
        let description = specifiers(&self.root);
        format!(
            "[Unit]\nDescription=scheduler every minute for {description}\n\n[Timer]\nOnCalendar=*-*-* *:*:00\n\
             AccuracySec=1s\n\n[Install]\nWantedBy=timers.target\n"
        )
    }
}

/// systemd expands `%x` everywhere.
fn specifiers(text: &str) -> String {
    text.replace('%', "%%")
}

/// A word in double quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", specifiers(text).replace('\\', r"\\").replace('"', "\\\""))
}

/// A word of a command line, in which `$x` is expanded too.
fn argument(text: &str) -> String {
    quoted(text).replace('$', "$$")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn paths_are_text() {
        let root = Path::new("/a \"b\" $HOME 100%");
        let timer = Timer::new(Path::new("/s"), root, "/bin", Path::new("/log 1%")).unwrap();
        let service = timer.systemd_service();
        assert!(service.contains("ExecStart=\"/s\" -C \"/a \\\"b\\\" $$HOME 100%%\"\n"), "{service}");
        assert!(service.contains("StandardOutput=append:/log 1%%\n"), "{service}");
        assert!(service.contains("KillMode=process\n"));
        assert!(timer.systemd_timer().contains("AccuracySec=1s\n"));
    }
}
