//! Figures as SVG.
//!
//! Drawn here rather than by a plotting crate because the same picture has to serve as a
//! file, as the source of the PNG, and inside the report, where a style sheet recolours
//! it for dark paper and a script reads values under the pointer. That takes fractional
//! coordinates, classes on every mark, and the place of each pair of axes; of the crates
//! looked at, plotters rounds to whole pixels and has neither.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use maud::{Markup, html};

use crate::axis::{Scale, label, spans};
use crate::figure::{Figure, Panel, Series};
use crate::pen::{Pen, tenths};

/// Width of a panel. Lengths are those of CSS pixels.
pub(crate) const WIDTH: f64 = 480.0;
/// Height of a panel.
pub(crate) const HEIGHT: f64 = 320.0;

const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const BOTTOM: f64 = 46.0;
const HEADING: f64 = 30.0;
const LEGEND_ROW: f64 = 18.0;
const FONT: &str = "DejaVu Sans, Verdana, sans-serif";

/// Where a panel's axes are, for whoever maps a pointer to data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// The horizontal axis.
    pub x: Scale,
    /// The vertical axis.
    pub y: Scale,
}

/// The axes of a panel, placed within [`WIDTH`] × [`HEIGHT`].
pub(crate) fn frame(panel: &Panel) -> Frame {
    let (x, y) = spans(panel);
    let top = HEADING + LEGEND_ROW * legend(panel).len() as f64 + 8.0;
    Frame {
        x: Scale {
            from: x,
            to: (LEFT, WIDTH - RIGHT),
            logarithmic: panel.x.logarithmic,
        },
        y: Scale {
            from: y,
            to: (HEIGHT - BOTTOM, top),
            logarithmic: panel.y.logarithmic,
        },
    }
}

/// A whole figure as an SVG file on white paper.
pub fn figure(figure: &Figure) -> String {
    let columns = figure.panels.len().min(2);
    let rows = figure.panels.len().div_ceil(2);
    let (width, height) = (WIDTH * columns as f64, HEIGHT * rows as f64);
    let markup = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
            viewBox={ "0 0 " (width) " " (height) } role="img" font-family=(FONT) {
            title { (figure.title) }
            desc { (figure.caption) }
            rect width=(width) height=(height) fill="#ffffff" {}
            @for (i, each) in figure.panels.iter().enumerate() {
                @let (column, row) = (i % 2, i / 2);
                g transform={ "translate(" (WIDTH * column as f64) " " (HEIGHT * row as f64) ")" } {
                    (panel(each, &format!("{}-{i}", figure.id), true))
                }
            }
        }
    };
    markup.into_string() + "\n"
}

/// The content of one panel, [`WIDTH`] × [`HEIGHT`]. `id` must be unique in the
/// document. With `heading`, the panel's title is part of the picture.
pub(crate) fn panel(panel: &Panel, id: &str, heading: bool) -> Markup {
    let frame = frame(panel);
    let (left, right) = frame.x.to;
    let (bottom, top) = frame.y.to;
    html! {
        @if heading {
            text x="10" y="20" font-size="14" font-weight="bold" fill="#1a1a1a" class="ink" {
                (panel.title)
            }
        }
        @for (row, entries) in legend(panel).into_iter().enumerate() {
            @for (x, series) in entries {
                (key(series, x, HEADING + LEGEND_ROW * row as f64 + 4.0))
            }
        }
        clipPath id={ "clip-" (id) } {
            rect x=(place(left)) y=(place(top)) width=(place(right - left)) height=(place(bottom - top)) {}
        }
        @for tick in frame.y.ticks(5) {
            @let y = place(frame.y.place(tick));
            line x1=(place(left)) x2=(place(right)) y1=(y) y2=(y) stroke="#e4e4e4" class="grid" {}
            text x=(place(left - 7.0)) y=(y) dy="0.35em" text-anchor="end" font-size="11"
                fill="#555555" class="quiet" { (label(tick)) }
        }
        @for tick in frame.x.ticks(6) {
            @let x = place(frame.x.place(tick));
            line x1=(x) x2=(x) y1=(place(bottom)) y2=(place(bottom + 4.0)) stroke="#888888" class="axis" {}
            text x=(x) y=(place(bottom + 17.0)) text-anchor="middle" font-size="11"
                fill="#555555" class="quiet" { (label(tick)) }
        }
        line x1=(place(left)) x2=(place(right)) y1=(place(bottom)) y2=(place(bottom)) stroke="#888888" class="axis" {}
        text x=(place((left + right) / 2.0)) y=(place(HEIGHT - 9.0)) text-anchor="middle" font-size="12"
            fill="#1a1a1a" class="ink" { (panel.x.label) }
        text transform={ "translate(15 " (place((top + bottom) / 2.0)) ") rotate(-90)" } text-anchor="middle"
            font-size="12" fill="#1a1a1a" class="ink" { (panel.y.label) }
        g clip-path={ "url(#clip-" (id) ")" } {
            @for level in &panel.levels {
                @let y = frame.y.place(level.y);
                line x1=(place(left)) x2=(place(right)) y1=(place(y)) y2=(place(y))
                    stroke="#888888" stroke-dasharray="1 3" class="axis" {}
                text x=(place(right - 4.0)) y=(place(y - 4.0)) text-anchor="end" font-size="10"
                    fill="#555555" class="quiet" { (level.name) }
            }
            @for series in panel.series.iter().rev() {
                path d=(outline(series, &frame)) fill=(series.colour.light()) fill-opacity="0.18"
                    class={ "band " (series.colour.class()) } {}
            }
            @for series in panel.series.iter().rev() {
                path d=(line(series, &frame)) fill="none" stroke=(series.colour.light())
                    stroke-width=(stroke_width(series)) stroke-dasharray=[dashes(series)]
                    stroke-linejoin="round" class={ "line " (series.colour.class()) } {}
            }
            @for (row, series) in panel.series.iter().filter(|s| !s.diverged.is_empty()).enumerate() {
                path d=(marks(series, &frame, row)) fill="none" stroke=(series.colour.light())
                    class={ "line " (series.colour.class()) } {
                    title { "episodes in which a trial of " (series.name) " diverged" }
                }
            }
        }
    }
}

fn stroke_width(series: &Series) -> &'static str {
    if series.baseline { "1.3" } else { "1.8" }
}

fn dashes(series: &Series) -> Option<&'static str> {
    series.baseline.then_some("5 3")
}

/// One entry of a legend: a piece of the line, then its name.
fn key(series: &Series, x: f64, y: f64) -> Markup {
    html! {
        line x1=(place(x)) x2=(place(x + 18.0)) y1=(place(y)) y2=(place(y)) stroke=(series.colour.light())
            stroke-width=(stroke_width(series)) stroke-dasharray=[dashes(series)]
            class={ "line " (series.colour.class()) } {}
        text x=(place(x + 23.0)) y=(place(y)) dy="0.35em" font-size="12" fill="#1a1a1a" class="ink" {
            (series.name)
        }
    }
}

/// The legend's rows, with the place of each entry; none for a single curve.
fn legend(panel: &Panel) -> Vec<Vec<(f64, &Series)>> {
    if panel.series.len() < 2 {
        return Vec::new();
    }
    let mut rows = vec![Vec::new()];
    let mut x = LEFT;
    for series in &panel.series {
        // DejaVu Sans is about 0.6 em wide on average.
        let width = 23.0 + 7.3 * series.name.chars().count() as f64 + 14.0;
        if x + width > WIDTH && x > LEFT {
            rows.push(Vec::new());
            x = LEFT;
        }
        rows.last_mut()
            .expect("there is a first row")
            .push((x, series));
        x += width;
    }
    rows
}

/// A coordinate to a tenth of a pixel.
fn place(x: f64) -> String {
    (tenths(x) as f64 / 10.0).to_string()
}

/// The runs of points without a gap: (x, mean, lower, upper) on paper.
fn runs(series: &Series, frame: &Frame) -> Vec<Vec<[f64; 4]>> {
    let mut runs = vec![Vec::new()];
    for (x, point) in series.curve.x.iter().zip(&series.curve.points) {
        // A lower end of 0 or less has no place on a logarithmic axis but its foot.
        let within = |y: f64| {
            let y = if frame.y.logarithmic {
                y.max(frame.y.from.0)
            } else {
                y
            };
            frame.y.place(y)
        };
        let spot = [
            frame.x.place(*x),
            frame.y.place(point.mean),
            within(point.lower),
            within(point.upper),
        ];
        if spot.iter().all(|c| c.is_finite()) {
            runs.last_mut().expect("there is a first run").push(spot);
        } else if runs.last().is_some_and(|run| !run.is_empty()) {
            runs.push(Vec::new());
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The path of the means. A lone point between gaps becomes a short dash.
fn line(series: &Series, frame: &Frame) -> String {
    let mut pen = Pen::default();
    for run in runs(series, frame) {
        through(&mut pen, run.iter().map(|[x, y, ..]| (*x, *y)));
        if run.len() == 1 {
            pen.push("h1");
        }
    }
    pen.finish()
}

/// The outline of the band: along the upper ends and back along the lower.
fn outline(series: &Series, frame: &Frame) -> String {
    let mut pen = Pen::default();
    for run in runs(series, frame) {
        let there = run.iter().map(|[x, _, _, upper]| (*x, *upper));
        let back = run.iter().rev().map(|[x, _, lower, _]| (*x, *lower));
        through(&mut pen, there.chain(back));
        pen.push("Z");
    }
    pen.finish()
}

/// From the first place to the last.
fn through(pen: &mut Pen, places: impl Iterator<Item = (f64, f64)>) {
    for (i, (x, y)) in places.enumerate() {
        if i == 0 {
            pen.move_to(x, y);
        } else {
            pen.line_to(x, y);
        }
    }
}

/// A tick wherever episodes diverged, on the foot of the axes; `row` keeps series apart.
/// However many episodes, there are no more ticks than places to tell apart.
fn marks(series: &Series, frame: &Frame, row: usize) -> String {
    let foot = frame.y.to.0 - 7.0 * row as f64;
    let places = series.diverged.iter().map(|x| place(frame.x.place(*x)));
    let (mut path, mut marked) = (String::new(), BTreeSet::new());
    for x in places.filter(|x| marked.insert(x.clone())) {
        let _ = write!(path, "M{x} {}v-6", place(foot));
    }
    path
}
