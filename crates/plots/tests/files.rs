//! The files of a figure are what their names say.

// What fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use plots::stats::Interval;
use plots::{Axis, Colour, Curve, Figure, Level, Panel, Series, draw_svg};
use roxmltree::Document;

fn point(mean: f64) -> Interval {
    Interval {
        mean,
        lower: mean - 0.1,
        upper: mean + 0.1,
    }
}

/// A curve with a gap, and one with names that could end an element.
fn figure() -> Figure {
    let series = |name: &str, colour, points: Vec<f64>, diverged| Series {
        name: name.to_owned(),
        colour,
        baseline: colour == Colour::INK,
        curve: Curve {
            x: (0..points.len()).map(|x| x as f64).collect(),
            points: points.into_iter().map(point).collect(),
        },
        diverged,
    };
    let panel = Panel {
        title: "θ & <b>α</b>".to_owned(),
        x: Axis::new("episode"),
        y: Axis::new("accuracy").from_to(0.0, 1.0),
        series: vec![
            series(
                "</svg>\"one\"",
                Colour::BLUE,
                vec![0.2, 0.3, f64::NAN, 0.5, 0.6],
                vec![2.0],
            ),
            series("two", Colour::INK, vec![0.5; 5], Vec::new()),
        ],
        levels: vec![Level {
            name: "chance".to_owned(),
            y: 0.1,
        }],
    };
    Figure {
        id: "fig".to_owned(),
        title: "A figure".to_owned(),
        caption: "On nothing & <nobody>.".to_owned(),
        panels: vec![panel.clone(), panel.clone(), panel],
    }
}

#[test]
fn the_svg_is_well_formed_and_has_every_mark() {
    let svg = draw_svg(&figure());
    let document = Document::parse(&svg).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "svg");
    // Two panels beside and one below.
    assert_eq!(root.attribute("viewBox"), Some("0 0 960 640"));
    let of_class = |class: &str| {
        let marks = document.descendants().filter(|node| {
            node.attribute("class")
                .is_some_and(|c| c.split(' ').any(|c| c == class))
        });
        marks.filter(|node| node.has_tag_name("path")).count()
    };
    assert_eq!(of_class("band"), 3 * 2);
    // A line each, and the marks of one diverged episode.
    assert_eq!(of_class("line"), 3 * 3);
    let text: Vec<&str> = document
        .descendants()
        .filter_map(|node| node.text())
        .collect();
    assert!(text.contains(&"</svg>\"one\""));
    assert!(!svg.contains("NaN"));
}

#[test]
fn a_gap_breaks_the_line_instead_of_bridging_it() {
    let svg = draw_svg(&figure());
    let document = Document::parse(&svg).unwrap();
    let line = document
        .descendants()
        .filter(|node| node.attribute("fill") == Some("none"))
        .filter_map(|node| node.attribute("d"))
        .find(|path| path.matches('M').count() == 2);
    assert!(line.is_some_and(|path| path.matches('l').count() == 2));
}

#[cfg(feature = "png")]
#[test]
fn the_png_decodes_to_twice_the_size_and_has_text_without_any_font_installed() {
    let figure = figure();
    let png = plots::draw_png(&draw_svg(&figure)).unwrap();
    let picture = resvg::tiny_skia::Pixmap::decode_png(&png).unwrap();
    assert_eq!((picture.width(), picture.height()), (2 * 960, 2 * 640));
    // The heading stands in the first 60 rows, where there is nothing else.
    let dark = |x: u32, y: u32| picture.pixel(x, y).is_some_and(|p| p.red() < 100);
    let inked = (0..400).flat_map(|x| (0..50).map(move |y| (x, y)));
    assert!(inked.filter(|(x, y)| dark(*x, *y)).count() > 200);
    assert_eq!(png, plots::draw_png(&draw_svg(&figure)).unwrap());
}

#[cfg(feature = "png")]
#[test]
fn what_is_no_drawing_is_an_error() {
    assert!(plots::draw_png("<svg").is_err());
}

#[test]
fn the_source_data_has_a_row_a_point_with_empty_cells_for_gaps() {
    let csv = figure().to_csv();
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows[0], "panel,series,kind,x,mean,lower,upper");
    assert!(rows.contains(&"θ & <b>α</b>,two,point,4,0.5,0.4,0.6"));
    let ends = |end: &str| rows.iter().filter(|row| row.ends_with(end)).count();
    assert_eq!(ends("point,2,,,"), 3);
    assert_eq!(ends("diverged,2,,,"), 3);
    assert_eq!(rows.len(), 1 + 3 * (5 + 5 + 1));
}
