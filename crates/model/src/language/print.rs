//! A tree printed back: as text, as LaTeX and as MathML. One walk decides on brackets;
//! a style says how each thing is written.

use std::fmt;

use super::{Expr, Function, Name};

/// How tightly an expression binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Sum,
    Outer,
    Product,
    Power,
    Atom,
}

/// How things are written.
trait Style {
    fn number(&self, x: f64) -> String;
    fn name(&self, name: Name) -> String;
    fn constant(&self, name: &str) -> String;
    fn negative(&self, a: String) -> String;
    fn add(&self, a: String, b: String) -> String;
    fn subtract(&self, a: String, b: String) -> String;
    fn multiply(&self, a: String, b: String) -> String;
    fn divide(&self, a: String, b: String) -> String;
    fn outer(&self, a: String, b: String) -> String;
    fn power(&self, a: String, n: u32) -> String;
    fn function(&self, function: Function, a: String) -> String;
    fn sum(&self, a: String) -> String;
    fn trace(&self, a: String, rate: String) -> String;
    fn brackets(&self, a: String) -> String;
    /// Whether a quotient is a fraction, which needs no brackets.
    fn has_fractions(&self) -> bool {
        true
    }
}

/// A number n a layer on the side of a vector of ones is written as it is.
fn write(style: &impl Style, expression: &Expr) -> (Binding, String) {
    let within = |least: Binding, inner: &Expr| {
        let (binding, text) = write(style, inner);
        if binding < least {
            style.brackets(text)
        } else {
            text
        }
    };
    match expression {
        Expr::Number(x) => (Binding::Atom, style.number(*x)),
        Expr::Name(name) => (Binding::Atom, style.name(*name)),
        Expr::Constant(name) => (Binding::Atom, style.constant(name)),
        Expr::Negative(a) => (Binding::Sum, style.negative(within(Binding::Outer, a))),
        Expr::Add(a, b) => {
            let (a, b) = (within(Binding::Sum, a), within(Binding::Outer, b));
            (Binding::Sum, style.add(a, b))
        }
        Expr::Subtract(a, b) => {
            let (a, b) = (within(Binding::Sum, a), within(Binding::Outer, b));
            (Binding::Sum, style.subtract(a, b))
        }
        Expr::Multiply(a, b) => {
            let (a, b) = (within(Binding::Product, a), within(Binding::Power, b));
            (Binding::Product, style.multiply(a, b))
        }
        Expr::Divide(a, b) if style.has_fractions() => {
            let (a, b) = (write(style, a).1, write(style, b).1);
            (Binding::Product, style.divide(a, b))
        }
        Expr::Divide(a, b) => {
            let (a, b) = (within(Binding::Product, a), within(Binding::Power, b));
            (Binding::Product, style.divide(a, b))
        }
        Expr::Outer(a, b) => {
            let (a, b) = (within(Binding::Product, a), within(Binding::Product, b));
            (Binding::Outer, style.outer(a, b))
        }
        Expr::Power(a, n) => (Binding::Power, style.power(within(Binding::Atom, a), *n)),
        Expr::Function(f, a) => (Binding::Atom, style.function(*f, write(style, a).1)),
        Expr::Sum(a) => (Binding::Atom, style.sum(write(style, a).1)),
        Expr::Trace(a, rate) => {
            let (a, rate) = (write(style, a).1, write(style, rate).1);
            (Binding::Atom, style.trace(a, rate))
        }
    }
}

/// As it is typed.
struct Text;

impl Style for Text {
    fn number(&self, x: f64) -> String {
        x.to_string()
    }
    fn name(&self, name: Name) -> String {
        name.text().to_owned()
    }
    fn constant(&self, name: &str) -> String {
        name.to_owned()
    }
    fn negative(&self, a: String) -> String {
        format!("-{a}")
    }
    fn add(&self, a: String, b: String) -> String {
        format!("{a} + {b}")
    }
    fn subtract(&self, a: String, b: String) -> String {
        format!("{a} - {b}")
    }
    fn multiply(&self, a: String, b: String) -> String {
        format!("{a} * {b}")
    }
    fn divide(&self, a: String, b: String) -> String {
        format!("{a} / {b}")
    }
    fn outer(&self, a: String, b: String) -> String {
        format!("{a} ⊗ {b}")
    }
    fn power(&self, a: String, n: u32) -> String {
        format!("{a}^{n}")
    }
    fn function(&self, function: Function, a: String) -> String {
        match function.name() {
            Some(name) => format!("{name}({a})"),
            None => format!("(1 / ({a}))"),
        }
    }
    fn sum(&self, a: String) -> String {
        format!("sum({a})")
    }
    fn trace(&self, a: String, rate: String) -> String {
        format!("trace({a}, {rate})")
    }
    fn brackets(&self, a: String) -> String {
        format!("({a})")
    }
    fn has_fractions(&self) -> bool {
        false
    }
}

/// Greek letters that differ from Latin ones, as a constant may be called in either spelling.
const GREEK: [(&str, &str); 16] = [
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("phi", "φ"),
    ("omega", "ω"),
];

/// Both spellings of the Greek letter that a constant is called by, if it is.
fn greek(name: &str) -> Option<&'static (&'static str, &'static str)> {
    let mut letters = GREEK.iter();
    letters.find(|(spelled, letter)| [*spelled, *letter].contains(&name))
}

/// With the letter of the synapse's matrix.
struct Latex(char);

impl Style for Latex {
    fn number(&self, x: f64) -> String {
        x.to_string()
    }
    fn name(&self, name: Name) -> String {
        name.entry()
            .latex
            .replace("M_", &format!("{}_", self.0))
            .replace("M^", &format!("{}^", self.0))
    }
    fn constant(&self, name: &str) -> String {
        if let Some((spelled, _)) = greek(name) {
            format!(r"\{spelled}")
        } else if name.chars().count() == 1 {
            name.to_owned()
        } else {
            format!(r"\mathrm{{{}}}", name.replace('_', r"\_"))
        }
    }
    fn negative(&self, a: String) -> String {
        format!("-{a}")
    }
    fn add(&self, a: String, b: String) -> String {
        format!("{a} + {b}")
    }
    fn subtract(&self, a: String, b: String) -> String {
        format!("{a} - {b}")
    }
    fn multiply(&self, a: String, b: String) -> String {
        format!(r"{a} \odot {b}")
    }
    fn divide(&self, a: String, b: String) -> String {
        format!(r"\frac{{{a}}}{{{b}}}")
    }
    fn outer(&self, a: String, b: String) -> String {
        format!(r"{a} \otimes {b}")
    }
    fn power(&self, a: String, n: u32) -> String {
        format!("{{{a}}}^{{{n}}}")
    }
    fn function(&self, function: Function, a: String) -> String {
        match function {
            Function::Abs => format!(r"\left|{a}\right|"),
            Function::Tanh | Function::Exp | Function::Ln => {
                let name = function.name().unwrap_or_default();
                format!(r"\{name}\left({a}\right)")
            }
            Function::Reciprocal => format!(r"\frac{{1}}{{{a}}}"),
            _ => {
                let name = function.name().unwrap_or_default();
                format!(r"\operatorname{{{name}}}\left({a}\right)")
            }
        }
    }
    fn sum(&self, a: String) -> String {
        format!(r"\left(\mathbf{{1}}^{{\top}} \left({a}\right)\right)")
    }
    fn trace(&self, a: String, rate: String) -> String {
        format!(r"\overline{{{a}}}^{{\,{rate}}}")
    }
    fn brackets(&self, a: String) -> String {
        format!(r"\left({a}\right)")
    }
}

/// With the letter of the synapse's matrix; the elements within `<math>`.
struct MathMl(char);

fn operator(a: &str, sign: &str, b: &str) -> String {
    format!("{a}<mo>{sign}</mo>{b}")
}

fn row(inner: &str) -> String {
    format!("<mrow>{inner}</mrow>")
}

impl Style for MathMl {
    fn number(&self, x: f64) -> String {
        format!("<mn>{x}</mn>")
    }
    fn name(&self, name: Name) -> String {
        let letter = format!("<mi>{}</mi>", self.0);
        name.entry().mathml.replace("<mi>M</mi>", &letter)
    }
    fn constant(&self, name: &str) -> String {
        let name = greek(name).map_or(name, |(_, letter)| letter);
        format!("<mi>{name}</mi>")
    }
    fn negative(&self, a: String) -> String {
        operator("", "−", &a)
    }
    fn add(&self, a: String, b: String) -> String {
        operator(&a, "+", &b)
    }
    fn subtract(&self, a: String, b: String) -> String {
        operator(&a, "−", &b)
    }
    fn multiply(&self, a: String, b: String) -> String {
        operator(&a, "⊙", &b)
    }
    fn divide(&self, a: String, b: String) -> String {
        format!("<mfrac>{}{}</mfrac>", row(&a), row(&b))
    }
    fn outer(&self, a: String, b: String) -> String {
        operator(&a, "⊗", &b)
    }
    fn power(&self, a: String, n: u32) -> String {
        format!("<msup>{}<mn>{n}</mn></msup>", row(&a))
    }
    fn function(&self, function: Function, a: String) -> String {
        match function {
            Function::Abs => format!("<mrow><mo>|</mo>{a}<mo>|</mo></mrow>"),
            Function::Reciprocal => format!("<mfrac><mn>1</mn>{}</mfrac>", row(&a)),
            _ => {
                let name = function.name().unwrap_or_default();
                format!("<mi>{name}</mi><mo>(</mo>{a}<mo>)</mo>")
            }
        }
    }
    fn sum(&self, a: String) -> String {
        format!(
            "<mo>(</mo><msup><mn mathvariant=\"bold\">1</mn><mi>T</mi></msup><mo>(</mo>{a}<mo>)</mo><mo>)</mo>"
        )
    }
    fn trace(&self, a: String, rate: String) -> String {
        // Only with a mathematical font do browsers stretch a bar over all that it belongs to.
        let bar = "border-top:.06em solid;padding-top:.1em";
        format!(
            "<msup><mrow style=\"{bar}\">{a}</mrow>{}</msup>",
            row(&rate)
        )
    }
    fn brackets(&self, a: String) -> String {
        format!("<mo>(</mo>{a}<mo>)</mo>")
    }
}

impl fmt::Display for Expr {
    /// As it is typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write(&Text, self).1)
    }
}

impl Expr {
    /// As LaTeX, with the letter of the synapse's matrix, W or B.
    pub fn to_latex(&self, matrix: char) -> String {
        write(&Latex(matrix), self).1
    }

    /// As a MathML element, with the letter of the synapse's matrix, W or B.
    pub fn to_mathml(&self, matrix: char) -> String {
        let inner = write(&MathMl(matrix), self).1;
        format!("<math><mrow>{inner}</mrow></math>")
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn what_is_printed_reads_back_as_the_same_tree() {
        for text in [
            "-e ⊗ y-",
            "-sum(y * We-) * y ⊗ e-",
            "y ⊗ (y- - W'y)",
            "-(e - (y - c)) * (e / (1 + y)) ⊗ tanh(y- - e-)^2",
            "-0.5 * W + loss * (right - trace(right, 0.9)) * e ⊗ y-",
            "2 * -e ⊗ -y-",
            "exp(-abs(z)) ⊗ 1 - (-W - e ⊗ y-)",
            "e / (y / z) ⊗ y- / 2",
        ] {
            let tree = parse(text, &["c"]).unwrap();
            let again = parse(&tree.to_string(), &["c"]).unwrap();
            assert_eq!(tree, again, "{text} became {tree}");
        }
    }

    #[test]
    fn a_constant_called_by_a_greek_letter_is_printed_as_one() {
        for name in ["rho", "ρ"] {
            let tree = parse(&format!("e ⊗ trace(y-, {name})"), &[name]).unwrap();
            assert!(tree.to_latex('W').ends_with(r"^{\,\rho}"), "{name}");
            assert!(tree.to_mathml('W').contains("<mi>ρ</mi>"), "{name}");
            assert_eq!(tree.to_string(), format!("e ⊗ trace(y-, {name})"));
        }
        let tree = parse("c1 * W", &["c1"]).unwrap();
        assert!(tree.to_latex('W').starts_with(r"\mathrm{c1}"));
    }

    #[test]
    fn formulas_name_the_matrix_that_the_synapse_belongs_to() {
        let tree = parse("y ⊗ (y- - W'y) - W", &[]).unwrap();
        assert_eq!(
            tree.to_latex('B'),
            r"y_\ell \otimes \left(y_{\ell-1} - B_\ell^{\top} y_\ell\right) - B_\ell"
        );
        assert!(tree.to_mathml('W').contains("<mi>W</mi>"));
        assert!(!tree.to_mathml('B').contains("<mi>W</mi>"));
    }
}
