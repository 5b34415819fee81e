//! The numbers behind the figures, for the page's script.

use serde::Serialize;

use crate::axis::Scale;
use crate::draw;
use crate::figure::{Figure, Series};

#[derive(Serialize)]
struct PanelData {
    id: String,
    x: ScaleData,
    y: ScaleData,
    label: String,
    series: Vec<SeriesData>,
}

#[derive(Serialize)]
struct ScaleData {
    from: (f64, f64),
    to: (f64, f64),
    log: bool,
}

#[derive(Serialize)]
struct SeriesData {
    name: String,
    colour: String,
    /// Where the points are; left out if they are 0, 1, 2, …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    x: Vec<f64>,
    /// `null` makes a gap.
    mean: Vec<Option<f64>>,
    lower: Vec<Option<f64>>,
    upper: Vec<Option<f64>>,
}

/// All panels of all figures, as JSON that can stand in a script element.
pub(super) fn json(figures: &[Figure]) -> String {
    let panels: Vec<PanelData> = figures
        .iter()
        .flat_map(|figure| figure.panels.iter().enumerate().map(move |p| (figure, p)))
        .map(|(figure, (i, panel))| {
            let frame = draw::frame(panel);
            PanelData {
                id: format!("{}-{i}", figure.id),
                x: scale(frame.x),
                y: scale(frame.y),
                label: panel.x.label.clone(),
                series: panel.series.iter().map(series).collect(),
            }
        })
        .collect();
    // `</script>` in a name must not end the element.
    serde_json::to_string(&panels)
        .expect("the panels are plain data")
        .replace('<', "\\u003c")
}

fn scale(scale: Scale) -> ScaleData {
    ScaleData {
        from: scale.from,
        to: scale.to,
        log: scale.logarithmic,
    }
}

fn series(series: &Series) -> SeriesData {
    let curve = &series.curve;
    let counted = curve.x.iter().enumerate().all(|(i, x)| *x == i as f64);
    let points = || curve.points.iter();
    SeriesData {
        name: series.name.clone(),
        colour: series.colour.class(),
        x: if counted { Vec::new() } else { curve.x.clone() },
        mean: points().map(|p| rounded(p.mean)).collect(),
        lower: points().map(|p| rounded(p.lower)).collect(),
        upper: points().map(|p| rounded(p.upper)).collect(),
    }
}

/// Four digits, which is more than a reader takes from a picture.
fn rounded(value: f64) -> Option<f64> {
    if value.is_finite() {
        format!("{value:.3e}").parse().ok()
    } else {
        None
    }
}
