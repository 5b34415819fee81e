//! The page put together from its parts.

use model::{PAPER_TERMS, Parameter, ParameterKind, ProductValue};
use serde::Serialize;

use crate::vectors::{Directory, pack};
use crate::{Comparison, Explanation};

const PAGE: &str = include_str!("../assets/page.html");
const STYLE: &str = include_str!("../assets/page.css");
const EQUATIONS: &str = include_str!("../assets/equations.html");
/// In the order in which they use each other.
const SCRIPTS: [&str; 9] = [
    words::DOM,
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
    /// One for each θ.
    terms: Vec<TermData<'a>>,
    /// All else that is meta-learned: φ, gains, constants.
    others: Vec<OtherData>,
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
    /// By layer and θ, what the term sums there.
    products: Vec<Vec<Vec<ProductData>>>,
    /// By layer and θ, the factor of W.
    decays: Vec<Vec<Steps>>,
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
    name: String,
    formula: &'a str,
    mathml: String,
    /// The number of its equation in the paper.
    equation: Option<usize>,
}

#[derive(Serialize)]
struct OtherData {
    name: String,
    what: &'static str,
    /// The formula of a term of B.
    mathml: Option<String>,
    value: f64,
    gradient: f64,
}

#[derive(Serialize)]
struct ProductData {
    /// The names of its vectors: y, e, y-, e-, W'y, 1, or one that is packed.
    post: String,
    pre: String,
    scale: Steps,
}

/// A number that is the same at every step, or one a step.
#[derive(Serialize)]
#[serde(untagged)]
enum Steps {
    Same(f64),
    Each(Vec<f64>),
}

impl Steps {
    fn new(numbers: Vec<f64>) -> Steps {
        match numbers.as_slice() {
            [first, rest @ ..] if rest.iter().all(|x| x == first) => Steps::Same(*first),
            [] => Steps::Same(0.0),
            _ => Steps::Each(numbers),
        }
    }
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
        let (title, script) = (escape(&title), SCRIPTS.join("\n"));
        let parts = [
            ("title", title.as_str()),
            ("style", STYLE),
            ("equations", EQUATIONS),
            ("episode", &json),
            ("vectors", &packed.text),
            ("script", &script),
        ];
        words::fill(PAGE, &parts)
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
        let parameters = settings.learner.parameters();
        let coefficients = rule.counts(settings.learner.feedback).theta;
        let by_term = |t: usize, l: usize| (0..coefficients).map(|r| parts[[t, l, r]]).collect();
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
            terms: self.terms(&parameters[..coefficients]),
            others: self.others(&parameters, coefficients),
            acts: (0..layers)
                .map(|l| {
                    let acting = rule.on_layer(l);
                    let pairs = rule.groups().pow(2);
                    (0..coefficients)
                        .map(|r| acting.contains(&(r / pairs)))
                        .collect()
                })
                .collect(),
            theta,
            loss: outcome.meta_loss,
            cross_entropy: outcome.cross_entropy,
            accuracy: outcome.accuracy,
            gradient: &outcome.gradient.theta,
            penalty: theta[..coefficients]
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
            products: (0..layers)
                .map(|l| (0..coefficients).map(|r| self.products(l, r)).collect())
                .collect(),
            decays: (0..layers)
                .map(|l| (0..coefficients).map(|r| self.decay(l, r)).collect())
                .collect(),
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

    fn terms(&self, coefficients: &[Parameter]) -> Vec<TermData<'_>> {
        let rule = &self.settings.learner.rule;
        let pairs = rule.groups().pow(2);
        let of_term = |(r, parameter): (usize, &Parameter)| {
            let term = &rule.terms[r / pairs];
            let paper = PAPER_TERMS
                .iter()
                .position(|(name, formula, _)| *name == term.name && *formula == term.formula);
            TermData {
                name: parameter.name.clone(),
                formula: &term.formula,
                mathml: term.expression().to_mathml('W'),
                equation: paper.map(|r| 14 + r),
            }
        };
        coefficients.iter().enumerate().map(of_term).collect()
    }

    /// φ, gains and constants.
    fn others(&self, parameters: &[Parameter], coefficients: usize) -> Vec<OtherData> {
        let rule = &self.settings.learner.rule;
        let pairs = rule.groups().pow(2);
        let of = |i: usize| {
            let parameter = &parameters[i];
            let (what, term) = match parameter.kind {
                ParameterKind::Theta => unreachable!("coefficients θ come first"),
                ParameterKind::Phi => ("a term of B", Some(&rule.back[(i - coefficients) / pairs])),
                ParameterKind::Gain => match parameter.name.as_str() {
                    "0" => ("the gain of the path by B, layer by layer", None),
                    _ => ("the gain of the path by D, from the output", None),
                },
                ParameterKind::Constant => ("a learned constant", None),
            };
            OtherData {
                name: parameter.column().replace('_', " "),
                what,
                mathml: term.map(|term| term.expression().to_mathml('B')),
                value: self.setting.theta[i],
                gradient: self.outcome.gradient.theta[i],
            }
        };
        (coefficients..parameters.len()).map(of).collect()
    }

    /// What the term of a θ sums in layer `l` from 0, over all steps; nothing if it does
    /// not act there.
    fn products(&self, l: usize, r: usize) -> Vec<ProductData> {
        let moments = &self.unrolled.moments;
        let of_step = |t: usize| -> &[ProductValue] {
            let term = moments[t].terms[l].iter().find(|(own, _)| *own == r);
            term.map_or(&[], |(_, term)| &term.products)
        };
        let scale = |p: usize| (0..moments.len()).map(|t| of_step(t)[p].scale).collect();
        of_step(0)
            .iter()
            .enumerate()
            .map(|(p, product)| ProductData {
                post: product.post.label.clone(),
                pre: product.pre.label.clone(),
                scale: Steps::new(scale(p)),
            })
            .collect()
    }

    /// The factor of W in the term of a θ in layer `l` from 0, over all steps.
    fn decay(&self, l: usize, r: usize) -> Steps {
        let moments = self.unrolled.moments.iter();
        let of_step = |moment: &crate::Moment| {
            let term = moment.terms[l].iter().find(|(own, _)| *own == r);
            term.map_or(0.0, |(_, term)| term.decay)
        };
        Steps::new(moments.map(of_step).collect())
    }
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
