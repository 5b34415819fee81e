use autodiff::{Plastic, Real, Tape, Var};
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
    /// e_{l−1} = (g_0 B_lᵀ e_l + g_1 D_{l−1}ᵀ e_L) ⊙ σ' with meta-learned gains g, so
    /// that meta-learning picks the path.
    Mixed,
    /// Sign-symmetric: e_{l−1} = ((|B_l| ⊙ sign W_l)ᵀ e_l) ⊙ σ', with the sizes of the
    /// drawn B and the signs that W has at each step, both constants to derivatives.
    Sign,
}

impl Feedback {
    /// All of them.
    pub const ALL: [Feedback; 6] = [
        Feedback::Fixed,
        Feedback::Direct,
        Feedback::Symmetric,
        Feedback::SymmetricExact,
        Feedback::Mixed,
        Feedback::Sign,
    ];

    /// The name in configuration and case files.
    pub fn name(self) -> &'static str {
        match self {
            Feedback::Fixed => "fixed",
            Feedback::Direct => "direct",
            Feedback::Symmetric => "symmetric",
            Feedback::SymmetricExact => "symmetric-exact",
            Feedback::Mixed => "mixed",
            Feedback::Sign => "sign",
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

    /// What its gains start from; none if it has none.
    pub fn gains(self) -> &'static [f64] {
        match self {
            Feedback::Mixed => &[1.0, 0.0],
            _ => &[],
        }
    }

    /// Whether its matrices may change by a rule of their own.
    pub fn may_be_plastic(self) -> bool {
        matches!(self, Feedback::Fixed | Feedback::Direct | Feedback::Mixed)
    }

    /// The shapes (rows, columns) of its matrices B for l = 1..L, of which the l-th
    /// brings an error to layer l − 1; none if it is symmetric.
    pub fn shapes(self, sizes: &[usize]) -> Vec<(usize, usize)> {
        match self {
            Feedback::Fixed | Feedback::Mixed | Feedback::Sign => {
                sizes.windows(2).map(|n| (n[1], n[0])).collect()
            }
            Feedback::Direct => direct(sizes),
            Feedback::Symmetric | Feedback::SymmetricExact => Vec::new(),
        }
    }

    /// The shapes of the direct matrices D that a mixed pathway has beside B.
    pub fn direct_shapes(self, sizes: &[usize]) -> Vec<(usize, usize)> {
        match self {
            Feedback::Mixed => direct(sizes),
            _ => Vec::new(),
        }
    }

    /// The layer whose units are post-synaptic to those of layer `l` in its matrices B.
    pub(crate) fn above(self, l: usize, last: usize) -> usize {
        match self {
            Feedback::Direct => last,
            _ => l + 1,
        }
    }
}

/// n_L × n_l for l = 0..L−1.
fn direct(sizes: &[usize]) -> Vec<(usize, usize)> {
    let outputs = sizes[sizes.len() - 1];
    sizes.windows(2).map(|n| (outputs, n[0])).collect()
}

/// A feedback pathway with what it runs through, as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Pathway<'a> {
    /// The kind of pathway.
    pub feedback: Feedback,
    /// W_1..W_L.
    pub w: &'a [Plastic],
    /// B, see [`Feedback::shapes`].
    pub b: &'a [Plastic],
    /// D, see [`Feedback::direct_shapes`].
    pub d: &'a [Plastic],
    /// The gains of a mixed pathway.
    pub gains: &'a [Var],
}

impl Pathway<'_> {
    /// What reaches layer `l` (from 0) before it is multiplied by the slope there, from
    /// `above` = e_{l+1} and `output` = e_L; only where `on` is not structurally zero,
    /// if that is given.
    pub(crate) fn carry<T: Real>(
        &self,
        tape: &mut Tape<T>,
        l: usize,
        (above, output): (Var, Var),
        on: Option<Var>,
    ) -> Var {
        let mut through = |matrix: &Plastic, error, detached| match on {
            Some(on) => tape.matvec_t_where(matrix, error, detached, on),
            None if detached => tape.matvec_t_detached(matrix, error),
            None => tape.matvec_t(matrix, error),
        };
        match self.feedback {
            Feedback::Mixed => {
                let (near, far) = (
                    through(&self.b[l], above, false),
                    through(&self.d[l], output, false),
                );
                tape.combine(&[(self.gains[0], near), (self.gains[1], far)])
            }
            Feedback::Sign => tape.signed_matvec_t((&self.w[l], &self.b[l]), above, on),
            _ => {
                let (matrix, error, detached) = self.single(l, (above, output));
                through(matrix, error, detached)
            }
        }
    }

    /// The one matrix and error of a pathway that is not mixed, and whether the matrix
    /// counts as a constant.
    fn single(&self, l: usize, (above, output): (Var, Var)) -> (&Plastic, Var, bool) {
        match self.feedback {
            Feedback::Direct => (&self.b[l], output, false),
            Feedback::Symmetric => (&self.w[l], above, true),
            Feedback::SymmetricExact => (&self.w[l], above, false),
            Feedback::Fixed | Feedback::Mixed | Feedback::Sign => (&self.b[l], above, false),
        }
    }

    /// The error of the pixels at once, behind the slope of softplus, where nobody needs
    /// what it is made of; `None` if the pathway has no single matrix, or derivatives
    /// flow through W.
    pub(crate) fn carry_gated<T: Real>(
        &self,
        tape: &mut Tape<T>,
        l: usize,
        errors: (Var, Var),
        (y, beta): (Var, f64),
    ) -> Option<Var> {
        use Feedback::{Mixed, Sign, SymmetricExact};
        if matches!(self.feedback, Mixed | Sign | SymmetricExact) {
            return None;
        }
        let (matrix, error, detached) = self.single(l, errors);
        Some(tape.matvec_t_gated(matrix, error, detached, y, beta))
    }
}
