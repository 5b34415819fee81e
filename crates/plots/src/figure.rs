//! What a figure shows, apart from how it is drawn.

use crate::palette::Colour;
use crate::stats::Interval;

/// A figure: panels side by side with one caption.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The name of its files, such as "fig3".
    pub id: String,
    /// A heading.
    pub title: String,
    /// What it shows, on which data, over how many trials and episodes, made how.
    pub caption: String,
    /// The panels in reading order, two a row.
    pub panels: Vec<Panel>,
}

/// One pair of axes with curves.
#[derive(Clone, Debug)]
pub struct Panel {
    /// A heading.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The curves, the first on top.
    pub series: Vec<Series>,
    /// Levels to compare with, drawn as thin lines.
    pub levels: Vec<Level>,
}

/// An axis.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    /// The quantity and its unit.
    pub label: String,
    /// Whether equal steps multiply rather than add.
    pub logarithmic: bool,
    /// Its ends, where they should not follow from the curves.
    pub range: Option<(f64, f64)>,
    /// What it shows at least, where the curves do not go beyond.
    pub includes: Option<(f64, f64)>,
}

impl Axis {
    /// An even axis that spans its curves.
    pub fn new(label: &str) -> Axis {
        Axis {
            label: label.to_owned(),
            ..Axis::default()
        }
    }

    /// The same from `low` to `high`.
    pub fn from_to(self, low: f64, high: f64) -> Axis {
        Axis {
            range: Some((low, high)),
            ..self
        }
    }

    /// The same, with `low` to `high` in view whatever the curves span.
    pub fn including(self, low: f64, high: f64) -> Axis {
        Axis {
            includes: Some((low, high)),
            ..self
        }
    }

    /// The same, logarithmic.
    pub fn logarithmic(self) -> Axis {
        Axis {
            logarithmic: true,
            ..self
        }
    }
}

/// A curve with its band.
#[derive(Clone, Debug)]
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// Whether it is there to compare with, and dashed.
    pub baseline: bool,
    /// Its points.
    pub curve: Curve,
    /// Where a trial diverged, once for each such trial; marked on the axis.
    pub diverged: Vec<f64>,
}

/// Means with intervals; NaN makes a gap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Where the points are.
    pub x: Vec<f64>,
    /// What was measured there.
    pub points: Vec<Interval>,
}

/// A level to compare with, such as that of chance.
#[derive(Clone, Debug)]
pub struct Level {
    /// What it is.
    pub name: String,
    /// Where on the vertical axis.
    pub y: f64,
}

impl Figure {
    /// Its source data: a row for each point of each curve, with empty cells for gaps,
    /// then a row for each diverged episode.
    pub fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut row = |cells: [&str; 7]| {
            writer
                .write_record(cells)
                .expect("writing to memory succeeds");
        };
        row(["panel", "series", "kind", "x", "mean", "lower", "upper"]);
        for panel in &self.panels {
            for series in &panel.series {
                let (title, name) = (panel.title.as_str(), series.name.as_str());
                for (x, point) in series.curve.x.iter().zip(&series.curve.points) {
                    let cell = |value: f64| {
                        // Six digits are more than a band of trials is good for.
                        match format!("{value:.5e}").parse::<f64>() {
                            Ok(value) if value.is_finite() => value.to_string(),
                            _ => String::new(),
                        }
                    };
                    let (mean, lower, upper) =
                        (cell(point.mean), cell(point.lower), cell(point.upper));
                    row([title, name, "point", &x.to_string(), &mean, &lower, &upper]);
                }
                for x in &series.diverged {
                    row([title, name, "diverged", &x.to_string(), "", "", ""]);
                }
            }
        }
        let bytes = writer.into_inner().expect("writing to memory succeeds");
        String::from_utf8(bytes).expect("the cells were text")
    }
}
