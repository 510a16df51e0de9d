//! A launch agent of macOS.

use super::Timer;

impl Timer {
    /// The label, which is the file's name without ending too.
    pub fn launchd_label(&self) -> String {
        format!("local.scheduler.{}", self.id())
    }

    /// The property list.
    ///
    /// `AbandonProcessGroup`: launchd would otherwise end what a tick has started.
    pub fn plist(&self) -> String {
        let [label, program, root, path, log] =
            [&self.launchd_label(), &self.program, &self.root, &self.search_path, &self.log].map(|text| escaped(text));
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>{label}</string>
  <key>ProgramArguments</key>
  <array><string>{program}</string><string>-C</string><string>{root}</string></array>
  <key>EnvironmentVariables</key>
  <dict><key>PATH</key><string>{path}</string></dict>
  <key>StartInterval</key><integer>60</integer>
  <key>AbandonProcessGroup</key><true/>
  <key>StandardOutPath</key><string>{log}</string>
  <key>StandardErrorPath</key><string>{log}</string>
</dict>
</plist>
"#
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn paths_are_text() {
        let timer = Timer::new(Path::new("/s"), Path::new("/a & <b>"), "/bin", Path::new("/log")).unwrap();
        let plist = timer.plist();
        assert!(plist.contains("<string>/a &amp; &lt;b&gt;</string>"), "{plist}");
        assert!(plist.contains(&format!("<key>Label</key><string>{}</string>", timer.launchd_label())));
    }
}
