//! Draws bars over time. What is drawn has marks in place of colours: the page's style gives each its colour, in light and dark.

use anyhow::{Result, anyhow};
use plotters::prelude::*;

/// The size of a drawing; the page scales it.
pub const SIZE: (u32, u32) = (480, 190);
/// How much of its place a bar leaves free on each side.
const GAP: f64 = 0.14;
/// The least that the scale of counts shows.
const LEAST: f64 = 4.0;

/// What the values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Count,
    Usd,
}

/// Values of one kind, one for each label.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// Which of the page's colours they have, from 1.
    pub mark: u8,
    pub values: &'a [f64],
}

/// Bars that stand on each other, with a line over them if there is one; the inside of an SVG.
///
/// # Errors
/// The library can't draw it.
pub fn draw(labels: &[String], bars: &[Series<'_>], line: Option<Series<'_>>, measure: Measure) -> Result<String> {
    let mut svg = String::new();
    plot(&mut svg, labels, bars, line, measure).map_err(|error| anyhow!("a chart can't be drawn: {error}"))?;
    // The page's own element takes the place of the library's, which has a fixed size and no description.
    let inside = svg.split_once('>').map_or("", |(_, rest)| rest);
    Ok(inside.trim().trim_end_matches("</svg>").trim().to_owned())
}

fn plot(
    svg: &mut String,
    labels: &[String],
    bars: &[Series<'_>],
    line: Option<Series<'_>>,
    measure: Measure,
) -> Result<(), Box<dyn std::error::Error>> {
    let count = labels.len();
    let value = |series: &Series<'_>, at: usize| series.values.get(at).copied().unwrap_or_default();
    let stacked = (0..count).map(|at| bars.iter().map(|series| value(series, at)).sum::<f64>());
    let highest = stacked.chain(line.iter().flat_map(|line| line.values.iter().copied())).fold(0.0, f64::max);
    let top = match measure {
        Measure::Count => (highest * 1.1).max(LEAST),
        Measure::Usd => {
            if highest > 0.0 {
                highest * 1.1
            } else {
                1.0
            }
        }
    };
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin(6)
        .margin_right(12)
        .x_label_area_size(24)
        .y_label_area_size(46)
        .build_cartesian_2d(-0.5..count as f64 - 0.5, 0.0..top)?;
    let named = |at: &f64| {
        let is_place = *at >= -0.01 && (at - at.round()).abs() < 0.01;
        if is_place { labels.get(at.round() as usize).cloned().unwrap_or_default() } else { String::new() }
    };
    let amount = |amount: &f64| match measure {
        Measure::Usd => format!("${amount:.*}", if top < 20.0 { 2 } else { 0 }),
        Measure::Count if amount.fract() == 0.0 => amount.to_string(),
        Measure::Count => String::new(),
    };
    let text = ("sans-serif", 13).into_font();
    let mesh = &mut chart.configure_mesh();
    mesh.disable_x_mesh()
        .set_all_tick_mark_size(0)
        .light_line_style(TRANSPARENT)
        .bold_line_style(mark(0))
        .axis_style(mark(0));
    mesh.x_labels(7).y_labels(6).x_label_formatter(&named).y_label_formatter(&amount).label_style(text).draw()?;
    for at in 0..count {
        let (left, mut floor) = (at as f64 - 0.5 + GAP, 0.0);
        for series in bars {
            let top = floor + value(series, at);
            if top > floor {
                let corners = [(left, floor), (left + 1.0 - 2.0 * GAP, top)];
                chart.draw_series([Rectangle::new(corners, mark(series.mark).filled())])?;
            }
            floor = top;
        }
    }
    if let Some(line) = line {
        let points = (0..count).map(|at| (at as f64, value(&line, at)));
        chart.draw_series(LineSeries::new(points, mark(line.mark).stroke_width(2)))?;
    }
    root.present()?;
    Ok(())
}

/// No colour anybody would choose: `#0N0000`, for which the page's style has another.
fn mark(number: u8) -> RGBColor {
    RGBColor(number + 1, 0, 0)
}
