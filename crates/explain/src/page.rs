//! The page put together from its parts.

use std::collections::BTreeMap;

use model::{PAPER_TERMS, Scalar};
use serde::Serialize;

use crate::vectors::{Directory, pack};
use crate::{Comparison, Explanation, mathml};

const PAGE: &str = include_str!("../assets/page.html");
const STYLE: &str = include_str!("../assets/page.css");
const EQUATIONS: &str = include_str!("../assets/equations.html");
/// In the order in which they use each other.
const SCRIPTS: [&str; 8] = [
    include_str!("../assets/data.js"),
    include_str!("../assets/layer.js"),
    include_str!("../assets/draw.js"),
    include_str!("../assets/step.js"),
    include_str!("../assets/weight.js"),
    include_str!("../assets/sums.js"),
    include_str!("../assets/answers.js"),
    include_str!("../assets/main.js"),
];

/// What the scripts read.
#[derive(Serialize)]
struct Data<'a> {
    version: &'static str,
    rule: &'a str,
    feedback: &'static str,
    data: Source<'a>,
    seed: u64,
    sizes: &'a [usize],
    steps: usize,
    classes: usize,
    queries: usize,
    terms: Vec<TermData<'a>>,
    /// Whether a term acts, by layer and term.
    acts: Vec<Vec<bool>>,
    theta: &'a [f64],
    loss: f64,
    cross_entropy: f64,
    accuracy: f64,
    gradient: &'a [f64],
    /// The penalty's part of the gradient.
    penalty: Vec<f64>,
    labels: Vec<usize>,
    /// ‖ΔW‖ by step and layer.
    change: Vec<&'a [f64]>,
    /// By step, layer and term.
    contributions: Vec<Vec<Vec<f64>>>,
    /// By name, step and layer.
    scalars: BTreeMap<String, Vec<Vec<f64>>>,
    responses: Vec<ResponseData<'a>>,
    comparison: &'a Comparison,
    vectors: &'a Directory,
}

#[derive(Serialize)]
struct Source<'a> {
    name: &'a str,
    synthetic: bool,
}

#[derive(Serialize)]
struct TermData<'a> {
    name: &'a str,
    formula: &'a str,
    mathml: String,
    /// The number of its equation in the paper.
    equation: Option<usize>,
    decay: f64,
    products: Vec<ProductData<'a>>,
}

#[derive(Serialize)]
struct ProductData<'a> {
    coefficient: f64,
    scalars: &'a [Scalar],
    post: &'a [model::Post],
    pre: &'a [model::Pre],
}

#[derive(Serialize)]
struct ResponseData<'a> {
    delta: &'a [f64],
    loss: &'a [f64],
}

impl Explanation {
    /// The page: HTML that opens offline.
    pub fn to_html(&self) -> String {
        let packed = pack(&self.setting, &self.unrolled);
        let json = serde_json::to_string(&self.data(&packed.directory));
        // Inside a script element only `</script` and `<!--` could end it early; as an
        // escape, `<` means the same to JSON and nothing to HTML.
        let json = json.expect("plain data").replace('<', "\\u003c");
        let title = format!(
            "How a meta-gradient flows: {}",
            self.settings.learner.rule.name
        );
        let script = SCRIPTS.join("\n");
        fill(&[
            ("title", &escape(&title)),
            ("style", STYLE),
            ("equations", EQUATIONS),
            ("episode", &json),
            ("vectors", &packed.text),
            ("script", &script),
        ])
    }

    fn data<'a>(&'a self, vectors: &'a Directory) -> Data<'a> {
        let Explanation {
            settings,
            outcome,
            unrolled,
            ..
        } = self;
        let rule = &settings.learner.rule;
        let theta = &self.setting.theta;
        let layers = settings.learner.network.layers();
        let parts = &unrolled.contributions;
        let by_term = |t: usize, l: usize| (0..theta.len()).map(|r| parts[[t, l, r]]).collect();
        let steps = unrolled.moments.len();
        Data {
            version: env!("CARGO_PKG_VERSION"),
            rule: &rule.name,
            feedback: settings.learner.feedback.name(),
            data: Source {
                name: &self.data.0,
                synthetic: self.data.1,
            },
            seed: settings.seed,
            sizes: &settings.learner.network.sizes,
            steps,
            classes: settings.tasks.ways,
            queries: self.setting.query.labels.len(),
            terms: rule.terms.iter().map(TermData::new).collect(),
            acts: (0..layers)
                .map(|l| {
                    let acting = rule.on_layer(l);
                    (0..theta.len()).map(|r| acting.contains(&r)).collect()
                })
                .collect(),
            theta,
            loss: outcome.meta_loss,
            cross_entropy: outcome.cross_entropy,
            accuracy: outcome.accuracy,
            gradient: &outcome.gradient.theta,
            penalty: theta
                .iter()
                .map(|t| settings.outer.penalty.slope(*t))
                .collect(),
            change: unrolled
                .moments
                .iter()
                .map(|m| m.change.as_slice())
                .collect(),
            labels: unrolled.moments.iter().map(|m| m.label).collect(),
            contributions: (0..steps)
                .map(|t| (0..layers).map(|l| by_term(t, l)).collect())
                .collect(),
            scalars: self.scalars(),
            responses: self
                .responses
                .iter()
                .map(|response| ResponseData {
                    delta: &response.delta,
                    loss: &response.loss,
                })
                .collect(),
            comparison: &self.comparison,
            vectors,
        }
    }

    /// The scalars that the rule uses.
    fn scalars(&self) -> BTreeMap<String, Vec<Vec<f64>>> {
        let products = self
            .settings
            .learner
            .rule
            .terms
            .iter()
            .flat_map(|t| &t.products);
        let used = products.flat_map(|p| &p.scalars);
        let layers = self.settings.learner.network.layers();
        used.map(|which| {
            let name = match serde_json::to_value(which) {
                Ok(serde_json::Value::String(name)) => name,
                other => unreachable!("a scalar is written as its name, not {other:?}"),
            };
            let moments = self.unrolled.moments.iter();
            let of = moments.map(|m| {
                (0..layers)
                    .map(|l| {
                        let known = m.e[l].is_some() && m.v[l].is_some();
                        let needs = *which == Scalar::BackActivityDotPreError;
                        if known || !needs {
                            m.scalar(l, *which)
                        } else {
                            0.0
                        }
                    })
                    .collect()
            });
            (name, of.collect())
        })
        .collect()
    }
}

impl<'a> TermData<'a> {
    fn new(term: &'a model::Term) -> Self {
        let paper = PAPER_TERMS
            .iter()
            .position(|(name, formula, ..)| *name == term.name && *formula == term.formula);
        TermData {
            name: &term.name,
            formula: &term.formula,
            mathml: mathml::term(term),
            equation: paper.map(|r| 14 + r),
            decay: term.decay,
            products: term
                .products
                .iter()
                .map(|p| ProductData {
                    coefficient: p.coefficient,
                    scalars: &p.scalars,
                    post: &p.post,
                    pre: &p.pre,
                })
                .collect(),
        }
    }
}

/// Puts `parts` where the page has their names in double braces, each once and from
/// left to right, so that a part's own text is never taken for a place.
fn fill(parts: &[(&str, &str)]) -> String {
    let mut page =
        String::with_capacity(PAGE.len() + parts.iter().map(|p| p.1.len()).sum::<usize>());
    let mut rest = PAGE;
    for (name, part) in parts {
        let place = format!("{{{{{name}}}}}");
        let (before, after) = rest
            .split_once(place.as_str())
            .expect("the page has a place for each part, in this order");
        page += before;
        page += part;
        rest = after;
    }
    page + rest
}

/// Text as HTML shows it.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            _ => safe.push(c),
        }
    }
    safe
}
