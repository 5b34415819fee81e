//! Paths of SVG in few characters: most of a report is curves.

use std::fmt::Write as _;

/// A coordinate in whole tenths of a pixel.
pub(crate) fn tenths(x: f64) -> i64 {
    (x * 10.0).round() as i64
}

/// Draws a path, of absolute moves and relative lines between them. Each place is rounded
/// before its distance to the one before is taken, so that nothing adds up.
#[derive(Debug, Default)]
pub(crate) struct Pen {
    path: String,
    /// In tenths of a pixel.
    at: (i64, i64),
    /// Whether the next pair of numbers continues a line.
    in_line: bool,
}

impl Pen {
    /// Lifts the pen and sets it down at a place.
    pub(crate) fn move_to(&mut self, x: f64, y: f64) {
        self.at = (tenths(x), tenths(y));
        self.path.push('M');
        self.pair(self.at);
        self.in_line = false;
    }

    /// Draws a line to a place.
    pub(crate) fn line_to(&mut self, x: f64, y: f64) {
        let to = (tenths(x), tenths(y));
        if !self.in_line {
            self.path.push('l');
        } else if self.at.0 <= to.0 {
            self.path.push(' ');
        }
        self.pair((to.0 - self.at.0, to.1 - self.at.1));
        (self.at, self.in_line) = (to, true);
    }

    /// Anything else, after which lines begin anew.
    pub(crate) fn push(&mut self, command: &str) {
        self.path.push_str(command);
        self.in_line = false;
    }

    /// The path drawn.
    pub(crate) fn finish(self) -> String {
        self.path
    }

    fn pair(&mut self, (x, y): (i64, i64)) {
        self.number(x);
        // A sign separates numbers as well as a space does.
        if y >= 0 {
            self.path.push(' ');
        }
        self.number(y);
    }

    fn number(&mut self, tenths: i64) {
        if tenths < 0 {
            self.path.push('-');
        }
        let (whole, tenth) = (tenths.abs() / 10, tenths.abs() % 10);
        if whole > 0 || tenth == 0 {
            let _ = write!(self.path, "{whole}");
        }
        if tenth > 0 {
            let _ = write!(self.path, ".{tenth}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_passes_the_places_rounded_to_a_tenth() {
        let mut pen = Pen::default();
        pen.move_to(64.04, 232.96);
        for (x, y) in [(64.7, 230.5), (64.7, 231.0), (60.0, 230.95), (160.0, 20.0)] {
            pen.line_to(x, y);
        }
        pen.push("Z");
        pen.move_to(-0.04, 0.0);
        pen.line_to(1.0, -1.0);
        let path = pen.finish();
        assert_eq!(path, "M64 233l.7-2.5 0 .5-4.7 0 100-211ZM0 0l1-1");
    }
}
