//! Plasticity terms as data: sums of scalar · post ⊗ pre, and decay (PAPER Eqs. 14-23).

/// A number made from one layer's activity, known to all its synapses.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize, serde::Serialize,
)]
pub enum Scalar {
    /// 1ᵀy, the summed post-synaptic activity.
    #[serde(rename = "sum(y)")]
    SumPost,
    /// yᵀ W e⁻ = v·e⁻ with v = Wᵀy.
    #[serde(rename = "v.e-")]
    BackActivityDotPreError,
    /// (W y⁻)ᵀ e = z·e.
    #[serde(rename = "z.e")]
    InputDotError,
}

/// A factor that belongs to the post-synaptic unit.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize, serde::Serialize,
)]
pub enum Post {
    /// The error e.
    #[serde(rename = "e")]
    Error,
    /// The activity y.
    #[serde(rename = "y")]
    Activity,
}

/// A factor that belongs to the pre-synaptic unit.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize, serde::Serialize,
)]
pub enum Pre {
    /// The activity y⁻.
    #[serde(rename = "y-")]
    Activity,
    /// The error e⁻.
    #[serde(rename = "e-")]
    Error,
    /// v = Wᵀy, the post-synaptic activity seen through the synapses.
    #[serde(rename = "v")]
    BackActivity,
}

/// coefficient · Π scalars · (Π post) ⊗ (Π pre), products element by element; without
/// factors a vector is all ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// A fixed number.
    pub coefficient: f64,
    /// Numbers of the layer.
    pub scalars: Vec<Scalar>,
    /// Factors of the vector over post-synaptic units.
    pub post: Vec<Post>,
    /// Factors of the vector over pre-synaptic units.
    pub pre: Vec<Pre>,
}

/// A plasticity term F^r, which enters a rule as θ_r F^r.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Its name: "F0".."F9" for the paper's.
    pub name: String,
    /// The formula, for people.
    pub formula: String,
    /// What it sums.
    pub products: Vec<Product>,
    /// The factor of W itself: −1 for decay, 0 for all others.
    pub decay: f64,
}

impl Term {
    /// Whether it needs the error e⁻ of the pre-synaptic layer.
    pub fn needs_pre_error(&self) -> bool {
        self.products.iter().any(|p| {
            p.pre.contains(&Pre::Error) || p.scalars.contains(&Scalar::BackActivityDotPreError)
        })
    }

    /// Whether it needs v = Wᵀy.
    pub fn needs_back_activity(&self) -> bool {
        self.products.iter().any(|p| {
            p.pre.contains(&Pre::BackActivity)
                || p.scalars.contains(&Scalar::BackActivityDotPreError)
        })
    }

    /// The paper's term F^r.
    ///
    /// # Panics
    /// If r > 9.
    pub fn paper(r: usize) -> Term {
        let (name, formula, decay, products) = &PAPER_TERMS[r];
        Term {
            name: (*name).to_owned(),
            formula: (*formula).to_owned(),
            products: products
                .iter()
                .map(|(coefficient, scalars, post, pre)| Product {
                    coefficient: *coefficient,
                    scalars: scalars.to_vec(),
                    post: post.to_vec(),
                    pre: pre.to_vec(),
                })
                .collect(),
            decay: *decay,
        }
    }
}

/// One product of the table: coefficient, scalars, post, pre.
type Row = (f64, &'static [Scalar], &'static [Post], &'static [Pre]);

/// The paper's ten terms: name, formula, decay, products.
pub const PAPER_TERMS: [(&str, &str, f64, &[Row]); 10] = {
    use Scalar::{BackActivityDotPreError as VE, InputDotError as ZE, SumPost};
    const E: &[Post] = &[Post::Error];
    const Y: &[Post] = &[Post::Activity];
    const Y_PRE: &[Pre] = &[Pre::Activity];
    const E_PRE: &[Pre] = &[Pre::Error];
    const V: &[Pre] = &[Pre::BackActivity];
    [
        ("F0", "−e y⁻ᵀ", 0.0, &[(-1.0, &[], E, Y_PRE)]),
        ("F1", "−y e⁻ᵀ", 0.0, &[(-1.0, &[], Y, E_PRE)]),
        ("F2", "−e e⁻ᵀ", 0.0, &[(-1.0, &[], E, E_PRE)]),
        ("F3", "−W", -1.0, &[]),
        ("F4", "−1 e⁻ᵀ", 0.0, &[(-1.0, &[], &[], E_PRE)]),
        ("F5", "−e 1ᵀ y y⁻ᵀ", 0.0, &[(-1.0, &[SumPost], E, Y_PRE)]),
        ("F6", "−y yᵀ W e⁻ e⁻ᵀ", 0.0, &[(-1.0, &[VE], Y, E_PRE)]),
        ("F7", "−e yᵀ W e⁻ y⁻ᵀ", 0.0, &[(-1.0, &[VE], E, Y_PRE)]),
        ("F8", "−y y⁻ᵀ Wᵀ e e⁻ᵀ", 0.0, &[(-1.0, &[ZE], Y, E_PRE)]),
        (
            "F9",
            "y y⁻ᵀ − (y yᵀ) W",
            0.0,
            &[(1.0, &[], Y, Y_PRE), (-1.0, &[], Y, V)],
        ),
    ]
};
