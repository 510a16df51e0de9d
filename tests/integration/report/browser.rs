//! The page in a real browser, where one is installed: nothing is complained of, nothing is loaded, everything fits a phone and
//! a desk, and both schemes are drawn.

use super::project;
use crate::support::{Output, Test};
use std::fs;
use std::path::{Path, PathBuf};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// What a page says of itself: its whole width, the width it has, how much it loaded, and drawings that are too small.
const LOOK: &str = "<script>addEventListener('load', () => { console.log('look ' + JSON.stringify([
  document.documentElement.scrollWidth, innerWidth, performance.getEntriesByType('resource').length,
  [...document.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().width < 100).length])) })</script></body>";

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&path).flat_map(|dir| BROWSERS.map(|name| dir.join(name)));
    places.into_iter().find(|place| place.is_file())
}

/// What the browser says of a file with these further arguments: its stdout, and what the page's console has.
fn shows(test: &Test, browser: &Path, page: &Path, width: u32, more: &[&str]) -> (Output, String) {
    let mut command = test.program_command(browser);
    // Debian's is a script, which needs more than the tests' own programs.
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    // Root has no sandbox there, and a container little memory to share.
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"]);
    command.args(["--hide-scrollbars", "--no-first-run", "--disable-background-networking", "--disable-extensions"]);
    command.arg(format!("--user-data-dir={}", test.root().join("browser").display()));
    command.arg(format!("--window-size={width},900")).args(more).arg(format!("file://{}", page.display()));
    let said = test.finish(command).ok();
    let console: Vec<_> = said.stderr.lines().filter(|line| line.contains("CONSOLE")).collect();
    let console = console.join("\n");
    (said, console)
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
        let picture = test.root().join(format!("{name}.png"));
        let (said, console) =
            shows(&test, &browser, &page, width, &[&format!("--screenshot={}", picture.display()), scheme]);
        assert_eq!(console, "", "{name}");
        fs::read(picture).unwrap_or_else(|error| panic!("{error}: {said}"))
    };
    let [light, dark] = ["--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"];
    let pictures =
        [("phone", 390, light), ("desk", 1_280, light), ("dark", 1_280, dark)].map(|(name, width, scheme)| {
            let picture = picture(name, width, scheme);
            // Of a page with nothing on it a picture has some kilobytes.
            assert!(picture.len() > 20_000, "{name}: {} bytes", picture.len());
            picture
        });
    assert!(pictures[0] != pictures[1] && pictures[1] != pictures[2]);
    // The page as it is allows no script, and says so: which also shows that its console is read.
    let scripted = test.root().join("scripted.html");
    let write = |path: &Path, text: &str| fs::write(path, text).unwrap();
    write(&scripted, &text.replace("</body>", LOOK));
    let (_, console) = shows(&test, &browser, &scripted, 1_280, &["--dump-dom"]);
    assert!(console.contains("Content Security Policy") && !console.contains("look "), "{console}");
    // Without that line, at the widths of a phone, which no window has, and of a desk.
    let policy = text.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
    write(&scripted, &text.replace(policy, "").replace("</body>", LOOK));
    let frames = test.root().join("frames.html");
    let frame =
        |width: u32| format!("<iframe src=scripted.html style='border:0;width:{width}px;height:900px'></iframe>");
    write(&frames, &[390, 1_280].map(frame).concat());
    let (_, console) = shows(&test, &browser, &frames, 1_280, &["--dump-dom"]);
    let looks =
        console.split("look ").skip(1).filter_map(|rest| serde_json::from_str(&rest[..rest.find(']')? + 1]).ok());
    let mut looks: Vec<[u32; 4]> = looks.collect();
    looks.sort_unstable();
    assert_eq!(looks, [[390, 390, 0, 0], [1_280, 1_280, 0, 0]], "{console}");
}
