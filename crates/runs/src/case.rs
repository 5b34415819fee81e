//! Case files: one episode with explicit inputs, as JSON.

use std::collections::BTreeMap;
use std::path::Path;

use autodiff::{Real, Tape};
use meta::{Batch, Episode, Penalty, Setting};
use model::{
    Activation, Constant, Feedback, Lists, Network, PAPER_TERMS, Parts, Rule, StateArrays,
};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::RunError;
use crate::files::read_text;

/// What is wrong with a case file: the field, and what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CaseError(String);

fn wrong<X>(message: impl Into<String>) -> Result<X, CaseError> {
    Err(CaseError(message.into()))
}

/// A hundred times a case of the paper's size.
const LARGEST: u64 = 1 << 30;

type Matrices = Vec<Vec<Vec<f64>>>;

#[derive(Deserialize)]
struct File {
    sizes: Vec<usize>,
    #[serde(default = "default_activation")]
    activation: ActivationField,
    feedback: String,
    #[serde(default)]
    lambda: f64,
    terms: Terms,
    theta: Vec<f64>,
    #[serde(default)]
    params: BTreeMap<String, f64>,
    back: Option<Back>,
    gains: Option<Vec<f64>>,
    #[serde(default)]
    populations: Vec<f64>,
    #[serde(rename = "W")]
    w: Matrices,
    #[serde(rename = "B")]
    b: Option<Matrices>,
    #[serde(rename = "D")]
    d: Option<Matrices>,
    train: Images,
    query: Images,
}

#[derive(Deserialize)]
struct ActivationField {
    kind: String,
    beta: Option<f64>,
}

fn default_activation() -> ActivationField {
    ActivationField {
        kind: "softplus".to_owned(),
        beta: None,
    }
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "terms: needs a list of indices 0 to 9, or one such list a layer, or a list of texts as in \"-e ⊗ y-\""
)]
enum Terms {
    All(Vec<usize>),
    ByLayer(Vec<Vec<usize>>),
    Texts(Vec<String>),
    TextsByLayer(Vec<Vec<String>>),
}

/// The terms of B.
#[derive(Deserialize)]
struct Back {
    terms: Vec<String>,
    theta: Vec<f64>,
}

#[derive(Deserialize)]
struct Images {
    x: Vec<Vec<f64>>,
    label: Vec<usize>,
}

/// An episode with explicit inputs.
#[derive(Clone, Debug)]
pub struct Case {
    network: Network,
    feedback: Feedback,
    rule: Rule,
    lambda: f64,
    /// Where each θ stands in the file's list, and how long that is.
    places: (Vec<usize>, usize),
    setting: Setting<f64>,
}

/// What a case gives; the keys are those of the files' `expect`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseResult {
    /// L_meta.
    pub meta_loss: f64,
    /// The mean cross-entropy over the query images.
    pub query_cross_entropy: f64,
    /// The share of query images classified right.
    pub accuracy: f64,
    /// dL_meta/dθ as θ was given: for terms by index r = 0..9, 0 for those not in use;
    /// for texts one number each.
    pub gradient: Vec<f64>,
    /// dL_meta by each learned constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_params: Option<BTreeMap<String, f64>>,
    /// dL_meta/dφ, for plastic feedback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_back: Option<Vec<f64>>,
    /// dL_meta/dg, for mixed feedback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_gains: Option<Vec<f64>>,
    /// W_1..W_L after learning, row = post-synaptic unit.
    #[serde(rename = "W")]
    pub w: Matrices,
    /// B after learning, for plastic feedback.
    #[serde(rename = "B", skip_serializing_if = "Option::is_none")]
    pub b: Option<Matrices>,
    /// E_1..E_L.
    pub orthonormality: Vec<f64>,
    /// α_0..α_L, where errors do not run back through W itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub angles_deg: Option<Vec<f64>>,
}

impl Case {
    /// Reads a case file, see [`Case::from_json`].
    ///
    /// # Errors
    /// If it cannot be read, or as [`Case::from_json`]; the message names the file.
    pub fn read(path: &Path) -> Result<Case, RunError> {
        let named = |what: String| RunError::Input(format!("{}: {what}", path.display()));
        let json = read_text(path, LARGEST).map_err(|reason| named(reason.to_string()))?;
        Case::from_json(&json).map_err(|error| named(error.to_string()))
    }

    /// Reads a case from JSON and checks every shape and number in it. Fields that are
    /// not part of a case, such as `expect`, are passed over.
    ///
    /// # Errors
    /// The first thing that is wrong, with the field it is in.
    pub fn from_json(json: &str) -> Result<Case, CaseError> {
        let file: File = serde_json::from_str(json).map_err(|error| {
            CaseError(format!(
                "{error}; the format is described in the README under `episode`"
            ))
        })?;
        if file.sizes.len() < 2 || file.sizes.contains(&0) {
            return wrong("sizes: needs at least two layers, each of at least one unit");
        }
        let Some(feedback) = Feedback::from_name(&file.feedback) else {
            let known = Feedback::ALL.map(Feedback::name).join(", ");
            return wrong(format!(
                "feedback: '{}' is not one of {known}",
                file.feedback
            ));
        };
        let network = Network {
            activation: activation(&file.activation)?,
            sizes: file.sizes.clone(),
        };
        if !(file.lambda.is_finite() && file.lambda >= 0.0) {
            return wrong(format!(
                "lambda: {} is not a number of at least 0",
                file.lambda
            ));
        }
        let (rule, places) = rule(&file, feedback, network.layers())?;
        let theta = parameters(&file, feedback, &rule, &places)?;
        let w = matrices("W", &file.w, &network.shapes())?;
        let given = |field: &str, given: &Option<Matrices>, shapes: Vec<_>| match given {
            _ if shapes.is_empty() => Ok(Vec::new()),
            Some(given) => matrices(field, given, &shapes),
            None => wrong(format!(
                "{field}: is needed for {} feedback",
                feedback.name()
            )),
        };
        let state = StateArrays {
            w,
            b: given("B", &file.b, feedback.shapes(&network.sizes))?,
            d: given("D", &file.d, feedback.direct_shapes(&network.sizes))?,
            traces: Vec::new(),
        };
        let setting = Setting {
            state,
            theta,
            train: images("train", &file.train, &network)?,
            query: images("query", &file.query, &network)?,
        };
        if setting.query.labels.is_empty() {
            return wrong("query: needs at least one image");
        }
        Ok(Case {
            network,
            feedback,
            rule,
            lambda: file.lambda,
            places,
            setting,
        })
    }

    /// Runs the episode in the number type `T`.
    pub fn run<T: Real>(&self) -> CaseResult {
        let convert = |m: &Vec<Array2<f64>>| m.iter().map(|m| m.mapv(T::from_f64)).collect();
        let batch = |b: &Batch<f64>| Batch {
            x: b.x.iter().map(|x| T::from_f64(*x)).collect(),
            labels: b.labels.clone(),
        };
        let start = &self.setting.state;
        let setting = Setting {
            state: StateArrays {
                w: convert(&start.w),
                b: convert(&start.b),
                d: convert(&start.d),
                traces: Vec::new(),
            },
            theta: self.setting.theta.iter().map(|t| T::from_f64(*t)).collect(),
            train: batch(&self.setting.train),
            query: batch(&self.setting.query),
        };
        let penalty = Penalty::l1(self.lambda);
        let mut episode = Episode::new(&self.network, self.feedback, &self.rule, penalty)
            .expect("the rule was checked against the network");
        let (outcome, state) = episode.run_with_state(&mut Tape::<T>::new(), &setting);
        let counts = self.rule.counts(self.feedback);
        let [theta, phi, gains, constants] = counts.split(&outcome.gradient.theta);
        let (places, length) = &self.places;
        let mut gradient = vec![0.0; *length];
        for (place, g) in places.iter().zip(theta) {
            gradient[*place] = *g;
        }
        let names = self
            .rule
            .constants
            .iter()
            .map(|constant| constant.name.clone());
        let params: BTreeMap<String, f64> = names.zip(constants.iter().copied()).collect();
        let plastic = !self.rule.back.is_empty();
        CaseResult {
            meta_loss: outcome.meta_loss,
            query_cross_entropy: outcome.cross_entropy,
            accuracy: outcome.accuracy,
            gradient,
            gradient_params: (!params.is_empty()).then_some(params),
            gradient_back: plastic.then(|| phi.to_vec()),
            gradient_gains: (!gains.is_empty()).then(|| gains.to_vec()),
            w: rows(&state.w),
            b: plastic.then(|| rows(&state.b)),
            orthonormality: outcome.orthonormality,
            angles_deg: (!self.feedback.is_symmetric()).then_some(outcome.angles),
        }
    }
}

/// Matrices as lists of rows.
fn rows<T: Real>(matrices: &[Array2<T>]) -> Matrices {
    let list = |m: &Array2<T>| {
        let numbers = |row: ndarray::ArrayView1<'_, T>| row.iter().map(|x| x.to_f64()).collect();
        m.rows().into_iter().map(numbers).collect()
    };
    matrices.iter().map(list).collect()
}

/// The rule, and where each θ stands in the file's list, and how long that is.
fn rule(
    file: &File,
    feedback: Feedback,
    layers: usize,
) -> Result<(Rule, (Vec<usize>, usize)), CaseError> {
    let named = |r: &usize| match PAPER_TERMS.get(*r) {
        Some((name, ..)) => Ok((*name).to_owned()),
        None => wrong(format!("terms: {r} is not a term; the paper's are 0 to 9")),
    };
    let list = |list: &Vec<usize>| list.iter().map(named).collect::<Result<Vec<_>, _>>();
    let mut used: Vec<usize> = match &file.terms {
        Terms::All(list) => list.clone(),
        Terms::ByLayer(lists) => lists.concat(),
        Terms::Texts(_) | Terms::TextsByLayer(_) => Vec::new(),
    };
    used.sort_unstable();
    let twice = used.windows(2).any(|pair| pair[0] == pair[1]);
    used.dedup();
    let lists = match &file.terms {
        // In the order of the paper, whatever that of the list.
        Terms::All(_) if twice => return wrong("terms: lists a term twice"),
        Terms::All(_) => Lists::All(list(&used)?),
        Terms::ByLayer(lists) => {
            Lists::ByLayer(lists.iter().map(list).collect::<Result<Vec<_>, _>>()?)
        }
        Terms::Texts(texts) => Lists::All(texts.clone()),
        Terms::TextsByLayer(lists) => Lists::ByLayer(lists.clone()),
    };
    let none = match &lists {
        Lists::All(list) => list.is_empty(),
        Lists::ByLayer(lists) => lists.iter().all(Vec::is_empty),
    };
    if none {
        return wrong("terms: lists no terms");
    }
    if let Lists::ByLayer(lists) = &lists
        && lists.len() != layers
    {
        let listed = lists.len();
        return wrong(format!("terms: lists {listed} layers, sizes has {layers}"));
    }
    let constants = file.params.iter().map(|(name, start)| Constant {
        name: name.clone(),
        start: *start,
    });
    let parts = Parts {
        lists,
        own: Vec::new(),
        back: file
            .back
            .as_ref()
            .map_or_else(Vec::new, |b| b.terms.clone()),
        constants: constants.collect(),
        populations: file.populations.clone(),
    };
    let rule = Rule::from_parts("case", feedback, parts)
        .map_err(|error| CaseError(format!("terms: {error}")))?;
    let by_index = matches!(file.terms, Terms::All(_) | Terms::ByLayer(_));
    let place = |name: &str| {
        let paper = PAPER_TERMS.iter().position(|(known, ..)| *known == name);
        paper.expect("terms by index are the paper's")
    };
    let pairs = rule.groups().pow(2);
    let places: Vec<usize> = if by_index {
        let terms = rule.terms.iter().map(|term| place(&term.name));
        terms.flat_map(|r| r * pairs..(r + 1) * pairs).collect()
    } else {
        (0..rule.terms.len() * pairs).collect()
    };
    let length = if by_index {
        PAPER_TERMS.len() * pairs
    } else {
        places.len()
    };
    if !rule.back.is_empty() && !feedback.may_be_plastic() {
        return wrong(format!(
            "back: {} feedback has no matrices of its own that could change; use fixed, direct or mixed",
            feedback.name()
        ));
    }
    Ok((rule, (places, length)))
}

/// All that is meta-learned, as the file gives it.
fn parameters(
    file: &File,
    feedback: Feedback,
    rule: &Rule,
    (places, length): &(Vec<usize>, usize),
) -> Result<Vec<f64>, CaseError> {
    if file.theta.len() != *length {
        let wanted = if *length == PAPER_TERMS.len()
            && matches!(file.terms, Terms::All(_) | Terms::ByLayer(_))
        {
            "ten numbers".to_owned()
        } else {
            format!("{length} numbers, one a term (and pair of groups)")
        };
        return wrong(format!("theta: needs {wanted}, got {}", file.theta.len()));
    }
    all_finite("theta", &file.theta)?;
    let mut list: Vec<f64> = places.iter().map(|place| file.theta[*place]).collect();
    if let Some(back) = &file.back {
        let wanted = rule.back.len() * rule.groups().pow(2);
        if back.terms.is_empty() {
            return wrong("back.terms: lists no terms");
        }
        if back.theta.len() != wanted {
            let got = back.theta.len();
            return wrong(format!(
                "back.theta: needs {wanted} numbers, one a term, got {got}"
            ));
        }
        all_finite("back.theta", &back.theta)?;
        list.extend(&back.theta);
    }
    match (feedback.gains(), &file.gains) {
        ([], None) => {}
        ([], Some(_)) => {
            return wrong(format!(
                "gains: {} feedback has none; mixed has",
                feedback.name()
            ));
        }
        (start, None) => list.extend(start),
        (start, Some(gains)) => {
            if gains.len() != start.len() {
                return wrong(format!(
                    "gains: needs {} numbers, got {}",
                    start.len(),
                    gains.len()
                ));
            }
            all_finite("gains", gains)?;
            list.extend(gains);
        }
    }
    let constants: Vec<f64> = file.params.values().copied().collect();
    all_finite("params", &constants)?;
    list.extend(constants);
    Ok(list)
}

fn activation(field: &ActivationField) -> Result<Activation, CaseError> {
    let beta = field.beta.unwrap_or(10.0);
    if !(beta.is_finite() && beta > 0.0) {
        return wrong(format!("activation: beta {beta} is not a number above 0"));
    }
    Activation::from_name(&field.kind, beta).ok_or_else(|| {
        CaseError(format!(
            "activation: '{}' is not softplus, tanh or sigmoid",
            field.kind
        ))
    })
}

fn matrices(
    field: &str,
    given: &[Vec<Vec<f64>>],
    shapes: &[(usize, usize)],
) -> Result<Vec<Array2<f64>>, CaseError> {
    if given.len() != shapes.len() {
        return wrong(format!(
            "{field}: needs {} matrices, got {}",
            shapes.len(),
            given.len()
        ));
    }
    let numbered = given.iter().zip(shapes).enumerate();
    let checked = numbered.map(|(l, (rows, &(post, pre)))| {
        if rows.len() != post {
            let got = rows.len();
            return wrong(format!(
                "{field}[{l}]: needs {post} rows of {pre} numbers, got {got}"
            ));
        }
        if let Some(row) = rows.iter().find(|row| row.len() != pre) {
            let got = row.len();
            return wrong(format!(
                "{field}[{l}]: needs rows of {pre} numbers, one has {got}"
            ));
        }
        let numbers = rows.concat();
        all_finite(&format!("{field}[{l}]"), &numbers)?;
        Ok(Array2::from_shape_vec((post, pre), numbers).expect("the rows were checked"))
    });
    checked.collect()
}

fn images(field: &str, given: &Images, network: &Network) -> Result<Batch<f64>, CaseError> {
    let (pixels, outputs) = (network.sizes[0], network.sizes[network.layers()]);
    if given.x.len() != given.label.len() {
        let (x, label) = (given.x.len(), given.label.len());
        return wrong(format!(
            "{field}: has {x} images and {label} labels; needs as many of both"
        ));
    }
    if let Some(x) = given.x.iter().find(|x| x.len() != pixels) {
        return wrong(format!(
            "{field}.x: needs images of {pixels} numbers, one has {}",
            x.len()
        ));
    }
    if let Some(label) = given.label.iter().find(|label| **label >= outputs) {
        return wrong(format!(
            "{field}.label: {label} has no output; labels are 0 to {}",
            outputs - 1
        ));
    }
    let x = given.x.concat();
    all_finite(&format!("{field}.x"), &x)?;
    Ok(Batch {
        x,
        labels: given.label.clone(),
    })
}

fn all_finite(field: &str, numbers: &[f64]) -> Result<(), CaseError> {
    match numbers.iter().find(|x| !x.is_finite()) {
        Some(x) => wrong(format!("{field}: {x} is not a finite number")),
        None => Ok(()),
    }
}
