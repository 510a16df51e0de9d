//! The page in a real browser, where one is installed: nothing is complained of, nothing is loaded, everything fits a phone and
//! a desk, and both schemes are drawn.

use super::project;
use crate::support::Test;
use std::fs;
use std::path::{Path, PathBuf};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// What it finds out about the page it is in.
const LOOK: &str = "<script>addEventListener('load', () => { document.title = JSON.stringify([
  document.documentElement.scrollWidth, innerWidth, performance.getEntriesByType('resource').length,
  [...document.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().width < 100).length]) })</script>";

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&path).flat_map(|dir| BROWSERS.map(|name| dir.join(name)));
    places.into_iter().find(|place| place.is_file())
}

/// What the browser says of a file with these further arguments: its stdout, and what the page's console has.
fn shows(test: &Test, browser: &Path, page: &Path, width: u32, more: &[&str]) -> (String, String) {
    let mut command = test.program_command(browser);
    // Root has no sandbox there, and a container little memory to share.
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"]);
    command.args(["--hide-scrollbars", "--no-first-run", "--disable-background-networking", "--disable-extensions"]);
    command.arg(format!("--user-data-dir={}", test.root().join("browser").display()));
    command.arg(format!("--window-size={width},900")).args(more).arg(format!("file://{}", page.display()));
    let said = test.finish(command).ok();
    let console: Vec<_> = said.stderr.lines().filter(|line| line.contains("CONSOLE")).collect();
    (said.stdout, console.join("\n"))
}

#[test]
fn a_browser_shows_the_page_at_two_widths_and_complains_of_nothing() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium on PATH, so nobody looked at the page");
        return;
    };
    let test = project();
    let page = test.root().join("page.html");
    test.run(["report", "-o", page.to_str().unwrap()]).ok();
    let text = fs::read_to_string(&page).unwrap();
    let picture = |name: &str, width: u32, scheme: &str| {
        let picture = test.root().join(name);
        let (_, console) =
            shows(&test, &browser, &page, width, &[&format!("--screenshot={}", picture.display()), scheme]);
        assert_eq!(console, "", "{name}");
        fs::read(picture).unwrap()
    };
    let [light, dark] = ["--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"];
    let pictures =
        [("phone", 500, light), ("desk", 1_280, light), ("dark", 1_280, dark)].map(|(name, width, scheme)| {
            let picture = picture(name, width, scheme);
            // Of a page with nothing on it a picture has some kilobytes.
            assert!(picture.len() > 20_000, "{name}: {} bytes", picture.len());
            picture
        });
    assert!(pictures[0] != pictures[1] && pictures[1] != pictures[2]);
    // The page as it is allows no script, and says so: which also shows that its console is read.
    let scripted = test.root().join("scripted.html");
    fs::write(&scripted, text.replace("</body>", &format!("{LOOK}</body>"))).unwrap();
    let (_, console) = shows(&test, &browser, &scripted, 1_280, &["--dump-dom"]);
    assert!(console.contains("Content Security Policy"), "{console}");
    let policy = text.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
    fs::write(&scripted, text.replace(policy, "").replace("</body>", &format!("{LOOK}</body>"))).unwrap();
    for width in [500, 1_280] {
        let (dom, console) = shows(&test, &browser, &scripted, width, &["--dump-dom"]);
        assert_eq!(console, "", "{width}");
        let title = dom.split("<title>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
        let [whole, inner, loaded, small]: [u32; 4] = serde_json::from_str(title).unwrap_or_else(|_| panic!("{dom}"));
        assert!(inner <= width && whole <= inner && (loaded, small) == (0, 0), "{width}: {title}");
    }
}
