use autodiff::{Plastic, Var};
use serde::{Deserialize, Serialize};

/// How the error of the output reaches the layers before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::VariantNames)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Feedback {
    /// Feedback alignment: e_{l−1} = (B_lᵀ e_l) ⊙ σ', B_l random, drawn once an
    /// episode, of the shape of W_l (PAPER Eq. 3).
    Fixed,
    /// Direct feedback alignment: e_l = (D_lᵀ e_L) ⊙ σ', D_l random, n_L × n_l
    /// (PAPER Fig. S1).
    Direct,
    /// Backpropagation: B_l = W_l as it is at each step, taken as a constant, so that
    /// no meta-gradient flows through the copy (as in the paper's released code).
    Symmetric,
    /// Backpropagation with the meta-gradient flowing through B_l = W_l too (as in the
    /// paper's text).
    SymmetricExact,
}

impl Feedback {
    /// All of them.
    pub const ALL: [Feedback; 4] = [
        Feedback::Fixed,
        Feedback::Direct,
        Feedback::Symmetric,
        Feedback::SymmetricExact,
    ];

    /// The name in configuration and case files.
    pub fn name(self) -> &'static str {
        match self {
            Feedback::Fixed => "fixed",
            Feedback::Direct => "direct",
            Feedback::Symmetric => "symmetric",
            Feedback::SymmetricExact => "symmetric-exact",
        }
    }

    /// The pathway of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.name() == name)
    }

    /// Whether the errors run back through the forward weights themselves.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Feedback::Symmetric | Feedback::SymmetricExact)
    }

    /// The shapes (rows, columns) of its matrices for l = 1..L, of which the l-th
    /// brings an error to layer l − 1; none if it is symmetric.
    pub fn shapes(self, sizes: &[usize]) -> Vec<(usize, usize)> {
        let outputs = sizes[sizes.len() - 1];
        let layers = sizes.windows(2);
        match self {
            Feedback::Fixed => layers.map(|n| (n[1], n[0])).collect(),
            Feedback::Direct => layers.map(|n| (outputs, n[0])).collect(),
            Feedback::Symmetric | Feedback::SymmetricExact => Vec::new(),
        }
    }

    /// B and e of what reaches layer `l` (from 0) before it is multiplied by the slope
    /// there, Bᵀe, and whether B counts as a constant. `above` is e_{l+1} and `output` e_L.
    pub(crate) fn path<'m>(
        self,
        l: usize,
        (w, b): (&'m [Plastic], &'m [Plastic]),
        (above, output): (Var, Var),
    ) -> (&'m Plastic, Var, bool) {
        match self {
            Feedback::Fixed => (&b[l], above, true),
            Feedback::Direct => (&b[l], output, true),
            Feedback::Symmetric => (&w[l], above, true),
            Feedback::SymmetricExact => (&w[l], above, false),
        }
    }
}
