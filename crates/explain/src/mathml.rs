//! A plasticity term as a formula, in MathML.

use model::{Post, Pre, Product, Scalar, Term};

const Y: &str = "<msub><mi>y</mi><mi>l</mi></msub>";
const E: &str = "<msub><mi>e</mi><mi>l</mi></msub>";
const ONES: &str = "<mn mathvariant=\"bold\">1</mn>";

/// A vector of the layer before, as a row.
fn row(letter: &str) -> String {
    format!(
        "<msubsup><mi>{letter}</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow><mi>T</mi></msubsup>"
    )
}

fn scalar(which: Scalar) -> String {
    match which {
        Scalar::SumPost => format!("<mo>(</mo><msup>{ONES}<mi>T</mi></msup>{Y}<mo>)</mo>"),
        Scalar::BackActivityDotPreError => {
            let pre = "<msub><mi>e</mi><mrow><mi>l</mi><mo>−</mo><mn>1</mn></mrow></msub>";
            format!(
                "<mo>(</mo><msubsup><mi>y</mi><mi>l</mi><mi>T</mi></msubsup>\
                 <msub><mi>W</mi><mi>l</mi></msub>{pre}<mo>)</mo>"
            )
        }
        Scalar::InputDotError => {
            format!("<mo>(</mo><msubsup><mi>z</mi><mi>l</mi><mi>T</mi></msubsup>{E}<mo>)</mo>")
        }
    }
}

fn post(which: &Post) -> String {
    match which {
        Post::Error => E.to_owned(),
        Post::Activity => Y.to_owned(),
    }
}

fn pre(which: &Pre) -> String {
    match which {
        Pre::Activity => row("y"),
        Pre::Error => row("e"),
        Pre::BackActivity => "<msubsup><mi>y</mi><mi>l</mi><mi>T</mi></msubsup>\
                              <msub><mi>W</mi><mi>l</mi></msub>"
            .to_owned(),
    }
}

/// Factors multiplied element by element; a vector of ones if there are none.
fn elementwise(factors: &[String], ones: &str) -> String {
    match factors {
        [] => ones.to_owned(),
        [only] => only.clone(),
        several => format!("<mo>(</mo>{}<mo>)</mo>", several.join("<mo>⊙</mo>")),
    }
}

fn product(product: &Product) -> String {
    let size = product.coefficient.abs();
    let number = if size == 1.0 {
        String::new()
    } else {
        format!("<mn>{size}</mn>")
    };
    let scalars: String = product.scalars.iter().map(|s| scalar(*s)).collect();
    let posts: Vec<_> = product.post.iter().map(post).collect();
    let pres: Vec<_> = product.pre.iter().map(pre).collect();
    let ones = format!("<msup>{ONES}<mi>T</mi></msup>");
    format!(
        "{number}{scalars}{}{}",
        elementwise(&posts, ONES),
        elementwise(&pres, &ones)
    )
}

/// F^r as a formula of y_l, e_l, y_{l−1}, e_{l−1} and W_l (PAPER Eqs. 14-23).
pub(crate) fn term(term: &Term) -> String {
    let mut parts: Vec<(f64, String)> = term
        .products
        .iter()
        .map(|p| (p.coefficient, product(p)))
        .collect();
    if term.decay != 0.0 {
        let size = term.decay.abs();
        let number = if size == 1.0 {
            String::new()
        } else {
            format!("<mn>{size}</mn>")
        };
        let w = "<msub><mi>W</mi><mi>l</mi></msub>";
        parts.push((term.decay, format!("{number}{w}")));
    }
    let mut markup = String::new();
    for (k, (coefficient, part)) in parts.iter().enumerate() {
        markup += match (*coefficient < 0.0, k) {
            (true, _) => "<mo>−</mo>",
            (false, 0) => "",
            (false, _) => "<mo>+</mo>",
        };
        markup += part;
    }
    format!("<math><mrow>{markup}</mrow></math>")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula without its markup.
    fn text(of: &Term) -> String {
        let mut inside = false;
        let keep = |c: &char| {
            inside = (inside || *c == '<') && *c != '>';
            !inside && *c != '>'
        };
        term(of).chars().filter(keep).collect()
    }

    #[test]
    fn terms_of_the_paper_read_as_in_the_paper() {
        let all: Vec<_> = (0..10).map(|r| text(&Term::paper(r))).collect();
        assert_eq!(
            all,
            [
                "−elyl−1T",
                "−ylel−1T",
                "−elel−1T",
                "−Wl",
                "−1el−1T",
                "−(1Tyl)elyl−1T",
                "−(ylTWlel−1)ylel−1T",
                "−(ylTWlel−1)elyl−1T",
                "−(zlTel)ylel−1T",
                "ylyl−1T−ylylTWl",
            ]
        );
    }

    #[test]
    fn a_square_is_written_as_a_product_element_by_element() {
        let square = Term {
            products: vec![Product {
                coefficient: -2.0,
                scalars: vec![],
                post: vec![Post::Error],
                pre: vec![Pre::Activity, Pre::Activity],
            }],
            ..Term::paper(0)
        };
        assert_eq!(text(&square), "−2el(yl−1T⊙yl−1T)");
    }
}
