//! Plasticity terms: the paper's ten as texts (PAPER Eqs. 14-23), and a user's own.

use std::fmt;

use crate::language::{self, Expr, Name, Needs, Normal, SyntaxError};

/// A plasticity term F^r, which enters a rule as θ_r F^r.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Its name: "F0".."F9" for the paper's.
    pub name: String,
    /// The formula, for people; empty if it has none but its text.
    pub formula: String,
    expression: Expr,
    normal: Normal,
}

/// What is wrong with a term.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// The text is none of a term.
    #[error("'{text}', {source}")]
    Syntax {
        /// The text.
        text: String,
        /// Where and why.
        source: SyntaxError,
    },
    /// The text makes sense, and the term does not.
    #[error("'{text}' {reason}")]
    Unfit {
        /// The text.
        text: String,
        /// Why.
        reason: &'static str,
    },
}

/// The paper's ten terms: name, formula as the paper has it, text.
pub const PAPER_TERMS: [(&str, &str, &str); 10] = [
    ("F0", "−e y⁻ᵀ", "-e ⊗ y-"),
    ("F1", "−y e⁻ᵀ", "-y ⊗ e-"),
    ("F2", "−e e⁻ᵀ", "-e ⊗ e-"),
    ("F3", "−W", "-W"),
    ("F4", "−1 e⁻ᵀ", "-1 ⊗ e-"),
    ("F5", "−e 1ᵀ y y⁻ᵀ", "-sum(y) * e ⊗ y-"),
    ("F6", "−y yᵀ W e⁻ e⁻ᵀ", "-sum(y * We-) * y ⊗ e-"),
    ("F7", "−e yᵀ W e⁻ y⁻ᵀ", "-sum(y * We-) * e ⊗ y-"),
    ("F8", "−y y⁻ᵀ Wᵀ e e⁻ᵀ", "-sum(z * e) * y ⊗ e-"),
    ("F9", "y y⁻ᵀ − (y yᵀ) W", "y ⊗ (y- - W'y)"),
];

impl Term {
    /// The term of a text, see [`language`]. A term that is the paper's under another
    /// spelling gets the paper's name and formula, any other the name `name`.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn from_text(name: &str, text: &str, constants: &[&str]) -> Result<Term, TermError> {
        let own = Term::named(name, "", text, constants)?;
        let paper = PAPER_TERMS.iter().position(|(.., known)| {
            language::parse(known, &[])
                .is_ok_and(|known| Normal::of(&known).as_ref() == Ok(&own.normal))
        });
        Ok(match paper {
            Some(r) => Term {
                name: PAPER_TERMS[r].0.to_owned(),
                formula: PAPER_TERMS[r].1.to_owned(),
                ..own
            },
            None => own,
        })
    }

    /// The term of a text with a name and a formula of its own.
    ///
    /// # Errors
    /// As [`Term::from_text`].
    pub fn named(
        name: &str,
        formula: &str,
        text: &str,
        constants: &[&str],
    ) -> Result<Term, TermError> {
        let expression = language::parse(text, constants).map_err(|source| TermError::Syntax {
            text: text.to_owned(),
            source,
        })?;
        Term::of(name, formula, expression)
    }

    /// The term of a tree that stands for a matrix.
    ///
    /// # Errors
    /// If it comes to nothing, or to too much.
    pub(crate) fn of(name: &str, formula: &str, expression: Expr) -> Result<Term, TermError> {
        let normal = Normal::of(&expression).map_err(|reason| TermError::Unfit {
            text: expression.to_string(),
            reason,
        })?;
        Ok(Term {
            name: name.to_owned(),
            formula: formula.to_owned(),
            expression,
            normal,
        })
    }

    /// The paper's term F^r.
    ///
    /// # Panics
    /// If r > 9.
    pub fn paper(r: usize) -> Term {
        let (name, formula, text) = PAPER_TERMS[r];
        Term::named(name, formula, text, &[]).expect("the paper's terms are terms")
    }

    /// Its text as a tree, to be printed or looked through.
    pub fn expression(&self) -> &Expr {
        &self.expression
    }

    /// It as a sum of products.
    pub fn normal(&self) -> &Normal {
        &self.normal
    }

    /// What a synapse has to know for it that is not local.
    pub fn needs(&self) -> Needs {
        Needs::of(&self.expression)
    }

    /// Whether it needs something that a synapse may see.
    pub fn sees(&self, name: Name) -> bool {
        self.normal.sees(name)
    }

    /// The learned constants that it names.
    pub(crate) fn names_constant(&self, name: &str) -> bool {
        self.expression
            .has(&|e| matches!(e, Expr::Constant(own) if own == name))
    }
}

impl fmt::Display for Term {
    /// Its text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression.fmt(f)
    }
}
