//! Colours that readers with any kind of colour vision can tell apart.
//!
//! Rules have those of Okabe and Ito; terms those that Paul Tol calls "muted", the three
//! that the paper finds to stay the strongest; layers a ramp from light to dark. Each has
//! one for light and one for dark paper.

/// One colour of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(usize);

/// For light and for dark paper: seven for rules, ten for terms, six for layers.
const PALETTE: [(&str, &str); 23] = [
    ("#1a1a1a", "#e8e8e8"),
    ("#d55e00", "#ff8a3d"),
    ("#0072b2", "#4fb0ec"),
    ("#009e73", "#2fcf9f"),
    ("#c48a00", "#f0b93a"),
    ("#aa4499", "#e08ad2"),
    ("#56a0c8", "#8fd0f5"),
    ("#332288", "#9d8cf5"),
    ("#88ccee", "#88ccee"),
    ("#cc3355", "#f0708c"),
    ("#999933", "#b9b94a"),
    ("#ddaa55", "#ddcc77"),
    ("#882255", "#c75f94"),
    ("#44aa99", "#44aa99"),
    ("#aa4499", "#cc6fbd"),
    ("#777777", "#aaaaaa"),
    ("#117733", "#3fbf70"),
    ("#c9a200", "#f2d64b"),
    ("#7fb03a", "#a5d65a"),
    ("#2a9d8f", "#45c4b4"),
    ("#31688e", "#5fa2cf"),
    ("#443983", "#8b80d8"),
    ("#2d0b45", "#b58ad0"),
];

impl Colour {
    /// Ink: backpropagation, and whatever is alone in a panel.
    pub const INK: Colour = Colour(0);
    /// Feedback alignment.
    pub const VERMILION: Colour = Colour(1);
    /// The rule with three terms.
    pub const BLUE: Colour = Colour(2);
    /// eHebb.
    pub const GREEN: Colour = Colour(3);
    /// Oja.
    pub const OCHRE: Colour = Colour(4);
    /// The pool.
    pub const PURPLE: Colour = Colour(5);
    /// Direct feedback alignment.
    pub const SKY: Colour = Colour(6);

    /// Of the r-th term of a rule; they repeat after ten.
    pub fn term(r: usize) -> Colour {
        Colour(7 + r % 10)
    }

    /// Of layer l from 0; they repeat after six.
    pub fn layer(l: usize) -> Colour {
        Colour(17 + l % 6)
    }

    /// On light paper.
    pub fn light(self) -> &'static str {
        PALETTE[self.0].0
    }

    /// On dark paper.
    pub fn dark(self) -> &'static str {
        PALETTE[self.0].1
    }

    /// The name of its class in style sheets.
    pub fn class(self) -> String {
        format!("c{}", self.0)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Colour> {
        (0..PALETTE.len()).map(Colour)
    }
}
