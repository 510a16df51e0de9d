use super::super::help;
use super::super::pane::Pane;
use super::*;
use crate::domain::task;
use crate::engine::overview::sample;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyCode;

fn drawn(state: &mut State, width: u16, height: u16, colours: bool) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state, &Actions::default(), colours)).unwrap();
    terminal.backend().buffer().clone()
}

/// The screen as text, without blanks at the ends of lines.
fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let cells: Vec<_> = buffer.content().iter().map(|cell| cell.symbol()).collect();
    let lines = cells.chunks(width.max(1)).map(|line| line.concat().trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

const SCREEN: &str = "\
Last tick   0 s ago
Cost today  $0.50 of $20.00; $2.25 in seven days
Queue       3 of 20 waiting or claimed, 1 of 5 claimed, 9 done, 1 failed
Open PRs    not known yet

AGENT            ROLE            NOW
impl-1           implementer     TASK-1 3 min
test-1           implementer     paused
pm               implementer     no implement task

PROBLEMS
agents.yaml, line 3: odd

CLAIMED BY     SINCE TITLE
TASK-1  impl-1 0 s   Reject empty names

FAILED WHEN    REASON
TASK-2 0 s ago No such branch





q quit  ? keys  Enter log  w why  p/P pause  s stop  r run  f filter  Tab queue";

#[test]
fn the_whole_screen_at_80_by_24() {
    let mut state = State::new(sample::overview(&["impl-1", "test-1", "pm"]));
    let buffer = drawn(&mut state, 80, 24, true);
    assert_eq!(text(&buffer), SCREEN);
    let reversed = |buffer: &Buffer, y: u16| buffer[(0, y)].modifier.contains(Modifier::REVERSED);
    assert!(reversed(&buffer, 6) && !reversed(&buffer, 7));
    assert_eq!(buffer[(33, 6)].fg, Color::Green);
    let plain = drawn(&mut state, 80, 24, false);
    assert_eq!(text(&plain), SCREEN);
    assert!(plain.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(reversed(&plain, 6), "the choice is seen without colours");
}

#[test]
fn any_size_holds_what_fits() {
    let names: Vec<String> = (0..50).map(|number| format!("agent-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut state = State::new(sample::overview(&names));
    for (width, height) in [(1, 1), (3, 2), (10, 3), (20, 8), (39, 12), (60, 20), (200, 100), (80, 24)] {
        let shown = text(&drawn(&mut state, width, height, true));
        assert_eq!(shown.lines().count().max(1), usize::from(height).max(1), "{shown}");
    }
    let shown = text(&drawn(&mut state, 80, 24, true));
    assert!(shown.contains("(50 agents)") && shown.contains("agent-4") && shown.contains("PROBLEMS"), "{shown}");
    let narrow = text(&drawn(&mut state, 40, 24, true));
    assert!(narrow.contains("agent-0          TASK-1 3 min") && !narrow.contains("ROLE"), "{narrow}");
    let wide = text(&drawn(&mut state, 120, 24, true));
    assert!(wide.contains("LAST RUN") && wide.contains("never"), "{wide}");
    state.busy_only = true;
    assert!(text(&drawn(&mut state, 80, 24, true)).contains("NOW (1 of 50 agents)"));
    let mut empty = State::new(sample::overview(&[]));
    assert!(text(&drawn(&mut empty, 80, 24, true)).contains("q quit"));
}

#[test]
fn notes_questions_and_texts() {
    let mut state = State::new(sample::overview(&["impl-1"]));
    state.note = Line::new("impl-1: paused", Tone::Good);
    assert!(text(&drawn(&mut state, 80, 24, true)).contains("\nimpl-1: paused\nq quit"));
    state.note = Line::new(&"several words ".repeat(10), Tone::Good);
    let shown = text(&drawn(&mut state, 80, 24, true));
    assert!(shown.contains("\nseveral words several") && shown.contains("words several words\nq quit"), "{shown}");
    state.key(KeyCode::Char('s').into());
    assert!(text(&drawn(&mut state, 100, 24, true)).contains("Stop the run of impl-1?"));
    state.key(KeyCode::Char('n').into());
    let waiting = vec![task::parse(&"TASK-9".parse().unwrap(), "# Nine\nROLE: test\n").unwrap()];
    state.open("", Pane::default(), Source::Queue(waiting));
    let queue = text(&drawn(&mut state, 80, 12, true));
    assert!(queue.contains("Queue       3 of 20") && queue.contains("TASK-9  test P2   Nine"), "{queue}");
    assert!(queue.contains("line 10 of 16"), "{queue}");
    state.key(KeyCode::Char('?').into());
    let keys = text(&drawn(&mut state, 80, 24, true));
    assert!(keys.starts_with("Keys\nUp Down, k j") && keys.contains("Ctrl-C") && !keys.contains("line"), "{keys}");
    let mut log = Pane::following();
    log.add(help::lines());
    state.open("Log of impl-1", log, Source::Text);
    let shown = text(&drawn(&mut state, 40, 8, true));
    assert!(shown.starts_with("Log of impl-1\n") && shown.contains("?, h             this help"), "{shown}");
}
