//! From text to tree, with errors that point at the column.

use super::names::NAMES;
use super::tokens::{Placed, Token, tokens};
use super::{Expr, Function, Kind, Name};

/// What is wrong with a rule's text, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct SyntaxError {
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl SyntaxError {
    pub(super) fn at<X>(column: usize, message: impl Into<String>) -> Result<X, SyntaxError> {
        let message = message.into();
        Err(SyntaxError { column, message })
    }
}

/// The longest text of a term, in characters.
const LONGEST: usize = 2000;
/// The deepest nesting; a tree is walked by recursion.
const DEEPEST: usize = 60;
/// The highest power.
const HIGHEST: f64 = 8.0;

/// The tree of a term's text. `constants` are the names of the learned constants.
///
/// # Errors
/// The first thing that is wrong, with its column.
///
/// ```
/// let tree = model::language::parse("-e ⊗ (e- - b)", &["b"])?;
/// assert_eq!(tree.to_string(), "-e ⊗ (e- - b)");
/// let error = model::language::parse("-e ⊗ y", &[]).unwrap_err();
/// assert_eq!(error.column, 6);
/// # Ok::<(), model::language::SyntaxError>(())
/// ```
pub fn parse(text: &str, constants: &[&str]) -> Result<Expr, SyntaxError> {
    if text.chars().count() > LONGEST {
        return SyntaxError::at(
            LONGEST + 1,
            format!("a term has at most {LONGEST} characters"),
        );
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
        constants,
    };
    if parser.peek() == &Token::End {
        return SyntaxError::at(1, "is empty; a term is written as in -e ⊗ y-");
    }
    let term = parser.sum()?;
    if parser.peek() != &Token::End {
        return parser.unexpected("an operator (+ - * / ⊗ ^)");
    }
    if term.expr.kind() != Kind::Matrix {
        return SyntaxError::at(
            term.column,
            format!(
                "is {}, and a term is a matrix: write post ⊗ pre, as in -e ⊗ y-, or W",
                described(term.expr.kind())
            ),
        );
    }
    Ok(term.expr)
}

/// Whether a learned constant may have this name.
///
/// # Errors
/// Why not.
pub(crate) fn is_constant_name(name: &str) -> Result<(), String> {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(char::is_alphabetic);
    if !first || !letters.all(|c| c.is_alphanumeric() || c == '_') || name.contains(['ᵀ', 'ᵗ'])
    {
        return Err("needs a letter, and then letters, digits and _ only".to_owned());
    }
    let taken = ["x", "sum", "trace", "We", "B"].contains(&name)
        || Name::from_text(name).is_some()
        || Function::from_name(name).is_some();
    if taken {
        return Err("means something else in a rule; choose another name".to_owned());
    }
    Ok(())
}

/// An expression and the column at which it begins.
struct At {
    column: usize,
    expr: Expr,
}

struct Parser<'a> {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    constants: &'a [&'a str],
}

type Parsed = Result<At, SyntaxError>;

fn described(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "a number",
        Kind::Post => "a post-synaptic vector",
        Kind::Pre => "a pre-synaptic vector",
        Kind::Matrix => "a matrix",
    }
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].1
    }

    fn column(&self) -> usize {
        self.tokens[self.at].0
    }

    fn next(&mut self) -> Placed {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn unexpected<X>(&self, wanted: &str) -> Result<X, SyntaxError> {
        let hint = match (
            self.at.checked_sub(1).map(|i| &self.tokens[i].1),
            self.peek(),
        ) {
            (Some(Token::Name(Name::PreActivity | Name::PreError | Name::ForwardError)), _) => {
                "; y- and e- are names: a minus after y or e needs a space before it"
            }
            (Some(Token::Name(Name::Weight)), Token::Name(_)) => "; write We-, W'y or W'e",
            (Some(Token::Times), Token::Times) => "; a power is written ^2",
            _ => "",
        };
        let found = self.peek().shown();
        SyntaxError::at(
            self.column(),
            format!("{found} stands where {wanted} is expected{hint}"),
        )
    }

    fn deeper(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return SyntaxError::at(self.column(), format!("is nested more than {DEEPEST} deep"));
        }
        Ok(())
    }

    /// ± outer ± outer …
    fn sum(&mut self) -> Parsed {
        self.deeper()?;
        let mut left = self.outer()?;
        while let Token::Plus | Token::Minus = self.peek() {
            let (column, sign) = self.next();
            let right = self.outer()?;
            let (a, b) = (left.expr.kind(), right.expr.kind());
            if a != b && (a.max(b) == Kind::Matrix || a.min(b) != Kind::Number) {
                return SyntaxError::at(
                    column,
                    format!(
                        "{} and {} cannot be added; {}",
                        described(a),
                        described(b),
                        if a.max(b) == Kind::Matrix {
                            "both have to be matrices, post ⊗ pre or W"
                        } else {
                            "post- and pre-synaptic vectors meet in ⊗"
                        }
                    ),
                );
            }
            let (a, b) = (Box::new(left.expr), Box::new(right.expr));
            left.expr = match sign {
                Token::Plus => Expr::Add(a, b),
                _ => Expr::Subtract(a, b),
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    /// product, or product ⊗ product; a sign before it goes for the whole.
    fn outer(&mut self) -> Parsed {
        if let Token::Minus | Token::Plus = self.peek() {
            self.deeper()?;
            let (column, sign) = self.next();
            let inner = self.outer()?.expr;
            self.depth -= 1;
            let expr = match sign {
                Token::Minus => Expr::Negative(Box::new(inner)),
                _ => inner,
            };
            return Ok(At { column, expr });
        }
        let left = self.product()?;
        if self.peek() != &Token::Outer {
            return Ok(left);
        }
        let (column, _) = self.next();
        let right = self.product()?;
        let turned = left.expr.kind() == Kind::Pre || right.expr.kind() == Kind::Post;
        if left.expr.kind() == Kind::Pre || left.expr.kind() == Kind::Matrix {
            return SyntaxError::at(
                left.column,
                format!(
                    "{} stands left of ⊗, where the post-synaptic side belongs{}",
                    described(left.expr.kind()),
                    if turned && right.expr.kind() == Kind::Post {
                        "; turn the two round"
                    } else {
                        ": y, e, z, We- or 1"
                    },
                ),
            );
        }
        if right.expr.kind() == Kind::Post || right.expr.kind() == Kind::Matrix {
            return SyntaxError::at(
                right.column,
                format!(
                    "{} stands right of ⊗, where the pre-synaptic side belongs: y-, e-, W'y, W'e or 1",
                    described(right.expr.kind()),
                ),
            );
        }
        if self.peek() == &Token::Outer {
            return SyntaxError::at(
                self.column(),
                "a second ⊗; a term is a sum of post ⊗ pre, with one ⊗ each".to_owned(),
            );
        }
        let _ = column;
        Ok(At {
            column: left.column,
            expr: Expr::Outer(Box::new(left.expr), Box::new(right.expr)),
        })
    }

    /// signed (*|/) signed …
    fn product(&mut self) -> Parsed {
        let mut left = self.signed()?;
        while let Token::Times | Token::Over = self.peek() {
            let (column, operator) = self.next();
            let right = self.signed()?;
            let (a, b) = (left.expr.kind(), right.expr.kind());
            let over = operator == Token::Over;
            if over && b == Kind::Matrix {
                return SyntaxError::at(right.column, "a matrix cannot divide".to_owned());
            }
            if a.max(b) == Kind::Matrix && a.min(b) != Kind::Number {
                return SyntaxError::at(
                    column,
                    format!(
                        "{} times {}: a matrix is multiplied by numbers alone; with a vector it stands in We-, W'y and W'e",
                        described(a),
                        described(b)
                    ),
                );
            }
            if a != b && a.min(b) != Kind::Number {
                return SyntaxError::at(
                    column,
                    format!(
                        "{} {} {}: write ⊗ between the two sides",
                        described(a),
                        if over { "over" } else { "times" },
                        described(b)
                    ),
                );
            }
            if over && right.expr == Expr::Number(0.0) {
                return SyntaxError::at(right.column, "divides by 0".to_owned());
            }
            let (a, b) = (Box::new(left.expr), Box::new(right.expr));
            left.expr = if over {
                Expr::Divide(a, b)
            } else {
                Expr::Multiply(a, b)
            };
        }
        Ok(left)
    }

    fn signed(&mut self) -> Parsed {
        if self.peek() != &Token::Minus {
            return self.power();
        }
        self.deeper()?;
        let (column, _) = self.next();
        let inner = self.signed()?;
        self.depth -= 1;
        Ok(At {
            column,
            expr: Expr::Negative(Box::new(inner.expr)),
        })
    }

    fn power(&mut self) -> Parsed {
        let base = self.atom()?;
        if self.peek() != &Token::Power {
            return Ok(base);
        }
        let (at, _) = self.next();
        if base.expr.kind() == Kind::Matrix {
            return SyntaxError::at(at, "a matrix has no power here".to_owned());
        }
        let (column, exponent) = self.next();
        match exponent {
            Token::Number(n) if n.fract() == 0.0 && (1.0..=HIGHEST).contains(&n) => Ok(At {
                column: base.column,
                expr: Expr::Power(Box::new(base.expr), n as u32),
            }),
            other => SyntaxError::at(
                column,
                format!(
                    "{} is no power; whole numbers from 1 to {HIGHEST} are, as in y^2",
                    other.shown()
                ),
            ),
        }
    }

    fn atom(&mut self) -> Parsed {
        let column = self.column();
        let expr = match self.peek().clone() {
            Token::Number(x) => Expr::Number(x),
            Token::Name(name) => Expr::Name(name),
            Token::Open => {
                self.next();
                let inner = self.sum()?;
                self.close(column)?;
                return Ok(At { column, ..inner });
            }
            Token::Word(word) => {
                self.next();
                return self.word(column, &word);
            }
            _ => return self.unexpected("a name, a number or a bracket"),
        };
        self.next();
        Ok(At { column, expr })
    }

    fn close(&mut self, opened: usize) -> Result<(), SyntaxError> {
        if self.peek() != &Token::Close {
            if self.peek() == &Token::End {
                return SyntaxError::at(opened, "is a bracket that is never closed".to_owned());
            }
            return self.unexpected("an operator or ')'");
        }
        self.next();
        Ok(())
    }

    /// A function, or a constant.
    fn word(&mut self, column: usize, word: &str) -> Parsed {
        let function = Function::from_name(word);
        if function.is_none() && word != "sum" && word != "trace" {
            if self.constants.contains(&word) {
                let expr = Expr::Constant(word.to_owned());
                return Ok(At { column, expr });
            }
            return SyntaxError::at(column, self.unknown(word));
        }
        let opened = self.column();
        if self.peek() != &Token::Open {
            return SyntaxError::at(
                column,
                format!("'{word}' is a function; write {word}(…) with what it is of"),
            );
        }
        self.next();
        let of = self.sum()?;
        if of.expr.kind() == Kind::Matrix {
            return SyntaxError::at(
                of.column,
                format!(
                    "{word} of a matrix; it takes numbers and vectors, and no {word} of all synapses is ever formed"
                ),
            );
        }
        let inside = Box::new(of.expr);
        let expr = match (function, word) {
            (Some(function), _) => Expr::Function(function, inside),
            (None, "sum") => {
                if inside.kind() == Kind::Number {
                    return SyntaxError::at(
                        of.column,
                        "sum of a number; it takes a vector".to_owned(),
                    );
                }
                Expr::Sum(inside)
            }
            (None, _) => {
                if self.peek() != &Token::Comma {
                    return SyntaxError::at(
                        self.column(),
                        "trace needs its rate too, as in trace(y, 0.9)".to_owned(),
                    );
                }
                self.next();
                Expr::Trace(inside, Box::new(self.rate()?))
            }
        };
        self.close(opened)?;
        Ok(At { column, expr })
    }

    /// The ρ of a trace.
    fn rate(&mut self) -> Result<Expr, SyntaxError> {
        let (column, token) = self.next();
        match token {
            Token::Number(rate) if rate < 1.0 => Ok(Expr::Number(rate)),
            Token::Word(word) if self.constants.contains(&word.as_str()) => {
                Ok(Expr::Constant(word))
            }
            Token::Word(word) if Function::from_name(&word).is_none() => {
                SyntaxError::at(column, self.unknown(&word))
            }
            other => SyntaxError::at(
                column,
                format!(
                    "{} is no rate of a trace; a number from 0 to below 1 is, or a learned constant",
                    other.shown()
                ),
            ),
        }
    }

    fn unknown(&self, word: &str) -> String {
        let functions = Function::NAMED.iter().map(|(_, name)| *name);
        let functions: Vec<&str> = functions.chain(["sum", "trace"]).collect();
        let names: Vec<&str> = NAMES.iter().map(|entry| entry.text).collect();
        if word == "B" {
            return "'B': a synapse's own matrix is called W, in a rule for B too".to_owned();
        }
        let all = functions.iter().chain(&names).chain(self.constants);
        let near = words::did_you_mean(word, all.copied());
        format!(
            "unknown name '{word}'{near}; a synapse sees {}, functions are {}, and other names are constants that need a start value ([constants] in a rule file, params in a case file)",
            names.join(" "),
            functions.join(" ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        parse(text, &["b", "ρ"]).unwrap().to_string()
    }

    #[test]
    fn unicode_and_plain_spellings_mean_the_same() {
        for (one, other) in [
            ("-e ⊗ y-", "−e (x) y⁻"),
            ("y ⊗ (y- - W'y)", "y⊗(y⁻−Wᵀy)"),
            ("-We- ⊗ e-", "-We⁻ ⊗ e⁻"),
            ("e ⊗ (y-)^2", "e ⊗ y⁻²"),
            ("-sum(y * We-) * y ⊗ e-", "−sum(y·We⁻)·y ⊗ e⁻"),
        ] {
            assert_eq!(parse(one, &[]), parse(other, &[]), "{one} | {other}");
        }
    }

    #[test]
    fn operators_bind_as_in_mathematics() {
        for (text, want) in [
            ("-e ⊗ y- - 2 * W", "-e ⊗ y- - 2 * W"),
            ("((e)) ⊗ ((y- - e-))", "e ⊗ (y- - e-)"),
            ("e * (y - b) ⊗ y-", "e * (y - b) ⊗ y-"),
            ("(e * y - b) ⊗ y-", "(e * y - b) ⊗ y-"),
            ("-(e ⊗ y-)", "-e ⊗ y-"),
            ("loss * (e ⊗ y- - W)", "loss * (e ⊗ y- - W)"),
            ("e ⊗ trace(y-, ρ)", "e ⊗ trace(y-, ρ)"),
            ("e / (1 + y) ⊗ 1", "e / (1 + y) ⊗ 1"),
            ("(y-e) ⊗ 1", "error"),
        ] {
            match parse(text, &["b", "ρ"]) {
                Ok(tree) => assert_eq!(tree.to_string(), want),
                Err(_) => assert_eq!(want, "error", "{text}"),
            }
        }
        assert_eq!(shown("y^2 ⊗ 1"), "y^2 ⊗ 1");
    }

    #[test]
    fn errors_point_at_the_column() {
        for (text, column, want) in [
            ("", 1, "is empty"),
            ("e y-", 3, "expected"),
            ("e ⊗ y", 5, "pre-synaptic side"),
            ("y- ⊗ e", 1, "turn the two round"),
            ("e ⊗ y- ⊗ y-", 8, "second ⊗"),
            ("e * y- ⊗ 1", 3, "write ⊗"),
            ("(y + y-) ⊗ 1", 4, "cannot be added"),
            ("e", 1, "a term is a matrix"),
            ("e ⊗ tanhh(y-)", 5, "did you mean 'tanh'"),
            ("e ⊗ tanh y-", 5, "is a function"),
            ("e ⊗ (y- - e-", 5, "never closed"),
            ("e ⊗ y- )", 8, "expected"),
            ("y-c ⊗ y-", 3, "needs a space"),
            ("W * y ⊗ y-", 3, "by numbers alone"),
            ("e ⊗ y-^2.5", 8, "is no power"),
            ("e ⊗ trace(y-)", 13, "needs its rate"),
            ("e ⊗ trace(y-, 1)", 15, "from 0 to below 1"),
            ("sum(loss) * W", 5, "sum of a number"),
            ("tanh(W)", 6, "tanh of a matrix"),
            ("e @ y-", 3, "written ⊗"),
            ("1e999 * W", 1, "not a finite number"),
            ("q * W", 1, "unknown name 'q'"),
            ("e / 0 ⊗ y-", 5, "divides by 0"),
            ("B", 1, "is called W"),
        ] {
            let error = parse(text, &[]).unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
            assert!(error.message.contains(want), "{text}: {error}");
        }
        let deep = format!("e ⊗ {}y-{}", "(".repeat(500), ")".repeat(500));
        assert!(parse(&deep, &[]).unwrap_err().message.contains("deep"));
        let deep = format!("{}e ⊗ y-", "-".repeat(500));
        assert!(parse(&deep, &[]).unwrap_err().message.contains("deep"));
    }
}
