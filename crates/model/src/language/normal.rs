//! A term as a sum of products: Σₖ (numbersₖ · postₖ) ⊗ preₖ + c W, which is what an
//! update of low rank can be made of.

use super::names::Side;
use super::{Expr, Function, Kind, Name};

/// Something that is multiplied.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) enum Factor {
    /// Something seen.
    Name(Name),
    /// A learned constant.
    Constant(String),
    /// f of a sum of products.
    Function(Function, Poly),
    /// Σᵢ Πₖ factorₖᵢ over the units of a side; n without factors.
    Sum(Side, Vec<Factor>),
    /// The trace of a sum of products.
    Trace(Poly, Rate),
}

/// The ρ of a trace.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) enum Rate {
    /// Given.
    Number(f64),
    /// Learned.
    Constant(String),
}

/// coefficient · Π numbers · Π vector, the latter element by element; without factors
/// a vector is all ones.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) struct Monomial {
    pub(crate) coefficient: f64,
    pub(crate) numbers: Vec<Factor>,
    pub(crate) vector: Vec<Factor>,
}

/// A sum of products of one kind.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) struct Poly {
    /// The side of its vectors; `None` for a number.
    pub(crate) side: Option<Side>,
    pub(crate) monomials: Vec<Monomial>,
}

/// coefficient · Π numbers · W.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decay {
    pub(crate) coefficient: f64,
    pub(crate) numbers: Vec<Factor>,
}

/// A term as Σ post ⊗ pre + c W.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Normal {
    pub(crate) products: Vec<(Poly, Poly)>,
    pub(crate) decay: Vec<Decay>,
}

/// More products than this no term has that somebody meant.
const MOST: usize = 256;

/// A term that has grown out of hand, or come to nothing.
pub(crate) type Unfit = &'static str;

const TOO_MANY: Unfit = "multiplies out to more than 256 products";
const NOT_FINITE: Unfit = "has a coefficient that is not a finite number";

impl Normal {
    /// Of a tree that stands for a matrix.
    ///
    /// # Errors
    /// If it has too many products, a coefficient that is not finite, or comes to 0.
    pub(crate) fn of(expression: &Expr) -> Result<Normal, Unfit> {
        let mut normal = matrix(expression)?;
        normal
            .products
            .retain(|(post, pre)| !post.is_zero() && !pre.is_zero());
        normal.decay.retain(|decay| decay.coefficient != 0.0);
        if normal.products.is_empty() && normal.decay.is_empty() {
            return Err("is 0 whatever a synapse sees");
        }
        let products = normal.products.iter().flat_map(|(post, pre)| [post, pre]);
        let finite = products
            .flat_map(|poly| &poly.monomials)
            .all(|m| m.coefficient.is_finite());
        if !finite
            || !normal
                .decay
                .iter()
                .all(|decay| decay.coefficient.is_finite())
        {
            return Err(NOT_FINITE);
        }
        let size = |(post, pre): &(Poly, Poly)| post.monomials.len() * pre.monomials.len();
        if normal.products.iter().map(size).sum::<usize>() > MOST {
            return Err(TOO_MANY);
        }
        Ok(normal)
    }

    /// Whether any factor within is `name`.
    pub fn sees(&self, name: Name) -> bool {
        if name == Name::Weight {
            return !self.decay.is_empty();
        }
        let within = |poly: &Poly| poly.monomials.iter().any(|m| m.sees(name));
        self.products
            .iter()
            .any(|(post, pre)| within(post) || within(pre))
            || self
                .decay
                .iter()
                .any(|decay| decay.numbers.iter().any(|factor| factor.sees(name)))
    }

    /// The factor of W itself if it is a plain number: −1 for decay, 0 without any.
    pub fn plain_decay(&self) -> Option<f64> {
        let plain = self.decay.iter().all(|decay| decay.numbers.is_empty());
        plain.then(|| self.decay.iter().map(|decay| decay.coefficient).sum())
    }
}

impl Factor {
    fn sees(&self, name: Name) -> bool {
        match self {
            Factor::Name(own) => *own == name,
            Factor::Constant(_) => false,
            Factor::Function(_, poly) | Factor::Trace(poly, _) => {
                poly.monomials.iter().any(|m| m.sees(name))
            }
            Factor::Sum(_, factors) => factors.iter().any(|factor| factor.sees(name)),
        }
    }
}

impl Monomial {
    fn sees(&self, name: Name) -> bool {
        let mut factors = self.numbers.iter().chain(&self.vector);
        factors.any(|factor| factor.sees(name))
    }

    fn times(&self, other: &Monomial) -> Monomial {
        Monomial {
            coefficient: self.coefficient * other.coefficient,
            numbers: sorted(&self.numbers, &other.numbers),
            vector: sorted(&self.vector, &other.vector),
        }
    }
}

fn sorted(a: &[Factor], b: &[Factor]) -> Vec<Factor> {
    let mut factors = [a, b].concat();
    // Coefficients are finite, so that any two factors compare.
    factors.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    factors
}

impl Poly {
    fn number(coefficient: f64) -> Poly {
        Poly::single(None, coefficient, Vec::new(), Vec::new())
    }

    fn single(
        side: Option<Side>,
        coefficient: f64,
        numbers: Vec<Factor>,
        vector: Vec<Factor>,
    ) -> Poly {
        Poly {
            side,
            monomials: vec![Monomial {
                coefficient,
                numbers,
                vector,
            }],
        }
    }

    /// A single factor of a kind.
    fn factor(side: Option<Side>, factor: Factor) -> Poly {
        match side {
            None => Poly::single(side, 1.0, vec![factor], Vec::new()),
            Some(_) => Poly::single(side, 1.0, Vec::new(), vec![factor]),
        }
    }

    fn is_zero(&self) -> bool {
        self.monomials.iter().all(|m| m.coefficient == 0.0)
    }

    /// The number that it is, whatever a synapse sees.
    fn known(&self) -> Option<f64> {
        match self.monomials.as_slice() {
            [m] if m.numbers.is_empty() && m.vector.is_empty() && self.side.is_none() => {
                Some(m.coefficient)
            }
            _ => None,
        }
    }

    fn scaled(mut self, by: f64) -> Poly {
        self.monomials.iter_mut().for_each(|m| m.coefficient *= by);
        self
    }

    fn plus(mut self, other: Poly) -> Result<Poly, Unfit> {
        self.side = self.side.or(other.side);
        self.monomials.extend(other.monomials);
        self.merged()
    }

    fn times(&self, other: &Poly) -> Result<Poly, Unfit> {
        if self.monomials.len() * other.monomials.len() > MOST {
            return Err(TOO_MANY);
        }
        let products = self
            .monomials
            .iter()
            .flat_map(|a| other.monomials.iter().map(|b| a.times(b)));
        Poly {
            side: self.side.or(other.side),
            monomials: products.collect(),
        }
        .merged()
    }

    /// Monomials that differ in their coefficient alone become one; what comes to 0 goes.
    fn merged(self) -> Result<Poly, Unfit> {
        let mut merged: Vec<Monomial> = Vec::new();
        for m in self.monomials {
            let same =
                |known: &&mut Monomial| known.numbers == m.numbers && known.vector == m.vector;
            match merged.iter_mut().find(same) {
                Some(known) => known.coefficient += m.coefficient,
                None => merged.push(m),
            }
        }
        if merged.len() > MOST {
            return Err(TOO_MANY);
        }
        if !merged.iter().all(|m| m.coefficient.is_finite()) {
            return Err(NOT_FINITE);
        }
        if merged.len() > 1 {
            merged.retain(|m| m.coefficient != 0.0);
        }
        if merged.is_empty() {
            return Ok(Poly {
                side: self.side,
                ..Poly::number(0.0)
            });
        }
        Ok(Poly {
            side: self.side,
            monomials: merged,
        })
    }
}

fn matrix(expression: &Expr) -> Result<Normal, Unfit> {
    match expression {
        Expr::Name(_) => Ok(Normal {
            products: Vec::new(),
            decay: vec![Decay {
                coefficient: 1.0,
                numbers: Vec::new(),
            }],
        }),
        Expr::Outer(post, pre) => {
            let (mut post, mut pre) = (poly(post)?, poly(pre)?);
            // A number stands for a vector that is the same everywhere.
            post.side = Some(Side::Post);
            pre.side = Some(Side::Pre);
            Ok(Normal {
                products: vec![(post, pre)],
                decay: Vec::new(),
            })
        }
        Expr::Negative(a) => times(matrix(a)?, &Poly::number(-1.0)),
        Expr::Add(a, b) => Ok(joined(matrix(a)?, matrix(b)?)),
        Expr::Subtract(a, b) => Ok(joined(matrix(a)?, times(matrix(b)?, &Poly::number(-1.0))?)),
        Expr::Multiply(a, b) if a.kind() == Kind::Matrix => times(matrix(a)?, &poly(b)?),
        Expr::Multiply(a, b) => times(matrix(b)?, &poly(a)?),
        Expr::Divide(a, b) => times(matrix(a)?, &reciprocal(poly(b)?)),
        _ => unreachable!("the parser lets no other expression stand for a matrix"),
    }
}

fn joined(mut a: Normal, b: Normal) -> Normal {
    a.products.extend(b.products);
    a.decay.extend(b.decay);
    a
}

/// A matrix times a number.
fn times(matrix: Normal, number: &Poly) -> Result<Normal, Unfit> {
    let products = matrix
        .products
        .into_iter()
        .map(|(post, pre)| Ok((number.times(&post)?, pre)))
        .collect::<Result<_, Unfit>>()?;
    let decay = matrix.decay.iter().flat_map(|decay| {
        number.monomials.iter().map(|m| Decay {
            coefficient: decay.coefficient * m.coefficient,
            numbers: sorted(&decay.numbers, &m.numbers),
        })
    });
    Ok(Normal {
        products,
        decay: decay.collect(),
    })
}

fn reciprocal(of: Poly) -> Poly {
    match of.known() {
        Some(number) => Poly::number(1.0 / number),
        None => Poly::factor(of.side, Factor::Function(Function::Reciprocal, of)),
    }
}

fn side(expression: &Expr) -> Option<Side> {
    match expression.kind() {
        Kind::Post => Some(Side::Post),
        Kind::Pre => Some(Side::Pre),
        Kind::Number | Kind::Matrix => None,
    }
}

fn poly(expression: &Expr) -> Result<Poly, Unfit> {
    Ok(match expression {
        Expr::Number(x) => Poly::number(*x),
        Expr::Name(name) => Poly::factor(side(expression), Factor::Name(*name)),
        Expr::Constant(name) => Poly::factor(None, Factor::Constant(name.clone())),
        Expr::Negative(a) => poly(a)?.scaled(-1.0),
        Expr::Add(a, b) => poly(a)?.plus(poly(b)?)?,
        Expr::Subtract(a, b) => poly(a)?.plus(poly(b)?.scaled(-1.0))?,
        Expr::Multiply(a, b) => poly(a)?.times(&poly(b)?)?,
        Expr::Divide(a, b) => poly(a)?.times(&reciprocal(poly(b)?))?,
        Expr::Power(a, n) => {
            let base = poly(a)?;
            (1..*n).try_fold(base.clone(), |product, _| product.times(&base))?
        }
        Expr::Function(function, a) => {
            let inner = poly(a)?;
            match inner.known() {
                Some(number) => Poly::number(function.of(number)),
                None => Poly::factor(inner.side, Factor::Function(*function, inner)),
            }
        }
        Expr::Sum(a) => total(poly(a)?)?,
        Expr::Trace(a, rate) => {
            let inner = poly(a)?;
            let rate = match &**rate {
                Expr::Number(rate) => Rate::Number(*rate),
                Expr::Constant(name) => Rate::Constant(name.clone()),
                _ => unreachable!("the parser lets no other rate stand"),
            };
            Poly::factor(inner.side, Factor::Trace(inner, rate))
        }
        Expr::Outer(..) => unreachable!("the parser lets no matrix stand for a vector"),
    })
}

/// The sum over a layer: numbers stand before it.
fn total(of: Poly) -> Result<Poly, Unfit> {
    let side = of.side.unwrap_or(Side::Post);
    let sums = of.monomials.into_iter().map(|m| Monomial {
        coefficient: m.coefficient,
        numbers: sorted(&m.numbers, &[sum_of(side, m.vector)]),
        vector: Vec::new(),
    });
    Poly {
        side: None,
        monomials: sums.collect(),
    }
    .merged()
}

/// aᵀ (M e⁻) = (Mᵀ a)ᵀ e⁻, of which Mᵀ a is what Oja's term takes too.
fn sum_of(side: Side, factors: Vec<Factor>) -> Factor {
    use Name::{Activity, BackActivity, BackError, Error, ForwardError, PreError};
    let back = match factors.as_slice() {
        [Factor::Name(Activity), Factor::Name(ForwardError)] => BackActivity,
        [Factor::Name(Error), Factor::Name(ForwardError)] => BackError,
        _ => return Factor::Sum(side, factors),
    };
    Factor::Sum(Side::Pre, vec![Factor::Name(back), Factor::Name(PreError)])
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn normal(text: &str) -> Result<Normal, Unfit> {
        Normal::of(&parse(text, &["b", "c"]).unwrap())
    }

    #[test]
    fn texts_that_mean_the_same_have_one_normal_form() {
        for (one, other) in [
            ("-e ⊗ y-", "-1 * e ⊗ y-"),
            ("e ⊗ (y-)^2", "e ⊗ y- * y-"),
            ("sum(z * e) * y ⊗ e-", "y * sum(e * z) ⊗ e-"),
            ("-sum(y * We-) * y ⊗ e-", "-sum(W'y * e-) * y ⊗ e-"),
            ("e ⊗ (y- + 2 * y-)", "e ⊗ 3 * y-"),
            ("tanh(2 - y * 1) ⊗ 1", "tanh(2 - y) ⊗ 1"),
            ("2 * (W - e ⊗ y-)", "-2 * e ⊗ y- + 2 * W"),
            ("sum(2 * y) * W", "2 * sum(y) * W"),
        ] {
            assert_eq!(normal(one), normal(other), "{one} | {other}");
        }
    }

    #[test]
    fn a_constant_within_a_sum_becomes_a_number_before_a_product() {
        let found = normal("-e ⊗ (e- - b)").unwrap();
        let (post, pre) = &found.products[0];
        assert_eq!(post.monomials[0].coefficient, -1.0);
        assert_eq!(pre.monomials[1].coefficient, -1.0);
        assert_eq!(pre.monomials[1].numbers, [Factor::Constant("b".to_owned())]);
        assert_eq!(pre.monomials[1].vector, []);
    }

    #[test]
    fn what_comes_to_nothing_or_to_too_much_is_told() {
        for (text, want) in [
            ("e ⊗ (y- - y-)", "is 0"),
            ("W - W * 1 + 0 * e ⊗ y-", ""),
            ("(y + e + z + b + c)^8 ⊗ y-", "more than 256"),
            ("exp(1000) * W", "not a finite"),
            ("ln(0) * e ⊗ y-", "not a finite"),
        ] {
            match normal(text) {
                Err(error) => assert!(!want.is_empty() && error.contains(want), "{text}: {error}"),
                Ok(_) => assert_eq!(want, "", "{text}"),
            }
        }
    }
}
