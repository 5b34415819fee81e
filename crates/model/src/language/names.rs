//! What a rule may name, and of which kind each name is: the one table of factors.

use serde::Serialize;

use super::Locality;

/// What an expression stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Kind {
    /// One number a layer.
    Number,
    /// A vector over post-synaptic units (n_l).
    Post,
    /// A vector over pre-synaptic units (n_{l−1}).
    Pre,
    /// A matrix over synapses (n_l × n_{l−1}).
    Matrix,
}

/// The side of a synapse that a vector belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Side {
    /// Behind the synapse.
    Post,
    /// Before it.
    Pre,
}

impl Side {
    /// The kind of vectors of this side.
    pub fn kind(self) -> Kind {
        match self {
            Side::Post => Kind::Post,
            Side::Pre => Kind::Pre,
        }
    }
}

/// Something that a synapse sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Name {
    /// z = W y⁻, the input of the post-synaptic units.
    Input,
    /// e, the error of the post-synaptic units.
    Error,
    /// y, the activity of the post-synaptic units.
    Activity,
    /// M e⁻, the pre-synaptic error seen through the synapses.
    ForwardError,
    /// Mᵀ y, the post-synaptic activity seen through the synapses.
    BackActivity,
    /// Mᵀ e, the post-synaptic error seen through the synapses.
    BackError,
    /// y⁻, the activity of the pre-synaptic units.
    PreActivity,
    /// e⁻, the error of the pre-synaptic units.
    PreError,
    /// M, the synapse's own matrix: W_l in a rule for W, B_l in a rule for B.
    Weight,
    /// This image's cross-entropy before the update.
    Loss,
    /// 1 if this image's largest output is its label, else 0.
    Right,
}

/// A row of the table.
pub(super) struct Entry {
    pub(super) name: Name,
    /// As it is typed.
    pub(super) text: &'static str,
    pub(super) kind: Kind,
    pub(super) locality: Locality,
    /// LaTeX and MathML; `M` stands for the letter of the matrix.
    pub(super) latex: &'static str,
    pub(super) mathml: &'static str,
}

const fn entry(
    name: Name,
    text: &'static str,
    kind: Kind,
    locality: Locality,
    latex: &'static str,
    mathml: &'static str,
) -> Entry {
    Entry {
        name,
        text,
        kind,
        locality,
        latex,
        mathml,
    }
}

/// Every name. A new one needs its row here and its meaning in `sight.rs`.
#[rustfmt::skip]
pub(super) const NAMES: [Entry; 11] = {
    use Kind::{Matrix, Number, Post, Pre};
    use Locality::{LayerSum, Local, ThirdFactor};
    [
        entry(Name::Activity, "y", Post, Local, r"y_\ell",
            "<msub><mi>y</mi><mi>l</mi></msub>"),
        entry(Name::Error, "e", Post, Local, r"e_\ell",
            "<msub><mi>e</mi><mi>l</mi></msub>"),
        entry(Name::Input, "z", Post, Local, r"z_\ell",
            "<msub><mi>z</mi><mi>l</mi></msub>"),
        entry(Name::ForwardError, "We-", Post, LayerSum, r"M_\ell e_{\ell-1}",
            "<msub><mi>M</mi><mi>l</mi></msub><msub><mi>e</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub>"),
        entry(Name::PreActivity, "y-", Pre, Local, r"y_{\ell-1}",
            "<msub><mi>y</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub>"),
        entry(Name::PreError, "e-", Pre, Local, r"e_{\ell-1}",
            "<msub><mi>e</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub>"),
        entry(Name::BackActivity, "W'y", Pre, LayerSum, r"M_\ell^{\top} y_\ell",
            "<msubsup><mi>M</mi><mi>l</mi><mi>T</mi></msubsup><msub><mi>y</mi><mi>l</mi></msub>"),
        entry(Name::BackError, "W'e", Pre, LayerSum, r"M_\ell^{\top} e_\ell",
            "<msubsup><mi>M</mi><mi>l</mi><mi>T</mi></msubsup><msub><mi>e</mi><mi>l</mi></msub>"),
        entry(Name::Weight, "W", Matrix, Local, r"M_\ell",
            "<msub><mi>M</mi><mi>l</mi></msub>"),
        entry(Name::Loss, "loss", Number, ThirdFactor, r"\mathcal{L}",
            "<mi mathvariant=\"script\">L</mi>"),
        entry(Name::Right, "right", Number, ThirdFactor, r"\mathrm{right}",
            "<mi>right</mi>"),
    ]
};

impl Name {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Name> {
        NAMES.iter().map(|entry| entry.name)
    }

    pub(super) fn entry(self) -> &'static Entry {
        let row = NAMES.iter().find(|entry| entry.name == self);
        row.expect("every name has its row")
    }

    /// As it is typed in a rule.
    pub fn text(self) -> &'static str {
        self.entry().text
    }

    /// What it stands for.
    pub fn kind(self) -> Kind {
        self.entry().kind
    }

    /// Whether it is a product of the synapse's own matrix with a vector.
    pub fn reads_matrix(self) -> bool {
        matches!(
            self,
            Name::ForwardError | Name::BackActivity | Name::BackError
        )
    }
}
