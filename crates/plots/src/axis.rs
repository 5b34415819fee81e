//! From numbers to places on paper, and round numbers to label them with.

use crate::figure::{Axis, Panel};

/// The mapping of an axis: `from` in the data onto `to` on paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// The ends in the data.
    pub from: (f64, f64),
    /// Their places on paper.
    pub to: (f64, f64),
    /// Whether logarithms are spaced evenly.
    pub logarithmic: bool,
}

impl Scale {
    /// The place of a value.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let warp = |v: f64| if self.logarithmic { v.ln() } else { v };
        let (low, high) = (warp(self.from.0), warp(self.from.1));
        self.to.0 + (warp(value) - low) / (high - low) * (self.to.1 - self.to.0)
    }

    /// Round numbers along the axis, about `count` of them.
    pub(crate) fn ticks(&self, count: usize) -> Vec<f64> {
        let (low, high) = self.from;
        if self.logarithmic {
            let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
            let wide = high / low > 1e3;
            let digits: &[f64] = if wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
            let ticks: Vec<f64> = decades
                .flat_map(|d| digits.iter().map(move |digit| digit * 10_f64.powi(d)))
                .filter(|tick| low * 0.999 <= *tick && *tick <= high * 1.001)
                .collect();
            // An axis of less than an octave may hold none of them, or one.
            if ticks.len() > 1 {
                return ticks;
            }
        }
        let step = round_step((high - low) / count as f64);
        // Multiples of the step, so that they are printed without rounding errors.
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        (first..=last).map(|n| n as f64 * step).collect()
    }
}

/// The nearest of 1, 2 and 5 times a power of ten, as a ratio.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powi(step.log10().floor() as i32);
    let round = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    let distance = |round: &f64| (round / step).ln().abs();
    let nearest = round
        .into_iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.unwrap_or(power)
}

/// A number as it stands beside an axis: up to four digits.
pub fn label(value: f64) -> String {
    digits(value, 4)
}

/// A number with up to so many digits.
pub fn digits(value: f64, digits: usize) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = if (1e-3..1e5).contains(&size) {
        let decimals = (digits as i32 - 1 - size.log10().floor() as i32).max(0) as usize;
        let fixed = format!("{value:.decimals$}");
        if fixed.contains('.') {
            fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            fixed
        }
    } else {
        let scientific = format!("{value:.*e}", digits - 2);
        match scientific.split_once('e') {
            Some((digits, power)) => {
                let digits = digits.trim_end_matches('0').trim_end_matches('.');
                format!("{digits}e{power}")
            }
            None => scientific,
        }
    };
    text.replace('-', "−")
}

/// The ends of an axis over all curves of a panel, with a little room.
pub(crate) fn span(axis: &Axis, values: impl Iterator<Item = f64>, tight: bool) -> (f64, f64) {
    if let Some(range) = axis.range {
        return range;
    }
    let usable = |v: &f64| v.is_finite() && (!axis.logarithmic || *v > 0.0);
    let start = axis.includes.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
    let (low, high) = values
        .filter(usable)
        .fold(start, |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return if axis.logarithmic {
            (0.1, 1.0)
        } else {
            (0.0, 1.0)
        };
    }
    if axis.logarithmic {
        let room = if low < high { 1.0 } else { 2.0 };
        return (low / room, high * room);
    }
    let room = if low == high {
        low.abs().max(1e-3) * 0.5
    } else if tight {
        0.0
    } else {
        (high - low) * 0.05
    };
    // No room is needed beyond what was asked for by name.
    let asked = axis.includes.unwrap_or((f64::NAN, f64::NAN));
    (
        if low == asked.0 { low } else { low - room },
        if high == asked.1 { high } else { high + room },
    )
}

/// The ends of both axes of a panel.
pub(crate) fn spans(panel: &Panel) -> ((f64, f64), (f64, f64)) {
    let curves = || panel.series.iter().map(|series| &series.curve);
    let xs = curves().flat_map(|curve| curve.x.iter().copied());
    let ys = curves().flat_map(|curve| curve.points.iter().flat_map(|p| [p.lower, p.upper]));
    (span(&panel.x, xs, true), span(&panel.y, ys, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(from: (f64, f64), logarithmic: bool) -> Scale {
        Scale {
            from,
            to: (100.0, 0.0),
            logarithmic,
        }
    }

    #[test]
    fn every_axis_has_two_ticks_at_least() {
        for logarithmic in [false, true] {
            for low in [1e-5, 0.31, 1.0, 2.1, 3.7, 640.0] {
                for ratio in [1.01, 1.3, 2.0, 3.5, 12.0, 1e3, 1e7] {
                    let range = (low, low * ratio);
                    let ticks = scale(range, logarithmic).ticks(5);
                    assert!((2..14).contains(&ticks.len()), "{range:?}: {ticks:?}");
                }
            }
        }
    }

    #[test]
    fn places_run_from_end_to_end() {
        let even = scale((2.0, 4.0), false);
        assert_eq!([2.0, 3.0, 4.0].map(|v| even.place(v)), [100.0, 50.0, 0.0]);
        let log = scale((1.0, 100.0), true);
        assert!((log.place(10.0) - 50.0).abs() < 1e-12);
    }

    #[test]
    fn ticks_are_round_and_within_the_axis() {
        assert_eq!(
            scale((0.0, 600.0), false).ticks(6),
            [0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0]
        );
        assert_eq!(
            scale((-0.011, 0.009), false).ticks(4),
            [-0.01, -0.005, 0.0, 0.005]
        );
        assert_eq!(
            scale((3.0, 300.0), true).ticks(4),
            [5.0, 10.0, 20.0, 50.0, 100.0, 200.0]
        );
        assert_eq!(scale((0.0, 126.0), false).ticks(5).len(), 7);
        assert_eq!(scale((1.0, 1e5), true).ticks(4).len(), 6);
    }

    #[test]
    fn labels_are_short() {
        let cases = [
            (0.0, "0"),
            (0.6999999, "0.7"),
            (-0.05123, "−0.05123"),
            (1234.5, "1234"),
            (86.0, "86"),
            (0.00012, "1.2e−4"),
            (2e6, "2e6"),
        ];
        for (value, want) in cases {
            assert_eq!(label(value), want);
        }
    }

    #[test]
    fn a_flat_curve_still_has_an_axis_of_some_length() {
        let (low, high) = span(&Axis::new("y"), [0.0, 0.0].into_iter(), false);
        assert!(low < high);
        let (low, high) = span(&Axis::new("y"), [f64::NAN].into_iter(), false);
        assert!(low < high);
    }

    #[test]
    fn an_axis_grows_beyond_what_it_includes_but_never_shrinks() {
        let axis = Axis::new("y").including(0.0, 100.0);
        let of = |values: [f64; 2]| span(&axis, values.into_iter(), false);
        assert_eq!(of([40.0, 60.0]), (0.0, 100.0));
        assert_eq!(of([40.0, 120.0]), (0.0, 126.0));
    }
}
