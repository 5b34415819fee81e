use datasets::{DataError, Dataset, Drawing, Split};
use serde::Deserialize;

/// What the network is shown.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Images {
    /// Characters drawn by the user; none: the built-in glyphs.
    #[serde(default)]
    pub drawings: Vec<Drawn>,
    /// Of the glyphs, all 47 characters instead of the ten digits.
    #[serde(default)]
    pub all: bool,
    /// 28 × 28 pixels instead of 14 × 14.
    #[serde(default)]
    pub fine: bool,
}

/// A character drawn by the user.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Drawn {
    label: u8,
    lines: Vec<Vec<[f32; 2]>>,
}

impl Images {
    /// The images as a set. Of drawings, as many versions as it takes for `per_class` images
    /// of every character.
    ///
    /// # Errors
    /// If there is nothing to see.
    pub fn open(&self, per_class: usize) -> Result<Dataset, DataError> {
        let whole = match (self.drawings.as_slice(), self.all) {
            ([], true) => datasets::glyphs(Split::Test, 0),
            ([], false) => datasets::glyph_digits(Split::Test, 0),
            (drawn, _) => {
                let drawings: Vec<Drawing> = drawn.iter().map(Drawn::drawing).collect();
                let copies = per_class.div_ceil(self.fewest().max(1));
                datasets::traced(&drawings, copies, (Split::Test, 0))?
            }
        };
        if self.fine {
            Ok(whole)
        } else {
            reduced(&whole)
        }
    }

    /// How many drawings there are of the character that has the fewest.
    fn fewest(&self) -> usize {
        let of = |label| self.drawings.iter().filter(|d| d.label == label).count();
        let counts = self.drawings.iter().map(|d| of(d.label));
        counts.min().unwrap_or(0)
    }
}

impl Drawn {
    fn drawing(&self) -> Drawing {
        Drawing {
            label: self.label,
            lines: self.lines.clone(),
        }
    }
}

/// Half the rows and columns.
fn reduced(set: &Dataset) -> Result<Dataset, DataError> {
    let name = format!("{}, 14 x 14", set.name());
    let images = (0..set.len()).flat_map(|i| halved(set.image(i), set.width()));
    let labels = (0..set.len()).map(|i| set.label(i) as u8).collect();
    let (height, width) = (set.height() / 2, set.width() / 2);
    Dataset::from_parts(name, set.split(), height, width, images.collect(), labels)
}

/// Every pixel the mean of two by two.
pub(crate) fn halved(image: &[u8], width: usize) -> Vec<u8> {
    let half = width / 2;
    let mean = |row: usize, column: usize| {
        let first = 2 * row * width + 2 * column;
        let four = [first, first + 1, first + width, first + width + 1];
        let sum: u16 = four.iter().map(|i| u16::from(image[*i])).sum();
        ((sum + 2) / 4) as u8
    };
    let rows = 0..image.len() / width / 2;
    rows.flat_map(|row| (0..half).map(move |column| mean(row, column)))
        .collect()
}
