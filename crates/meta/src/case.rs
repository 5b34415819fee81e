//! Case files: one episode with explicit inputs, as JSON.

use autodiff::{Real, Tape};
use model::{Activation, Feedback, Network, PAPER_TERMS, Rule};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::{Batch, Episode, Penalty, Setting};

/// What is wrong with a case file: the field, and what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CaseError(String);

fn wrong<X>(message: impl Into<String>) -> Result<X, CaseError> {
    Err(CaseError(message.into()))
}

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
    #[serde(rename = "W")]
    w: Vec<Vec<Vec<f64>>>,
    #[serde(rename = "B", default)]
    b: Option<Vec<Vec<Vec<f64>>>>,
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
    expecting = "terms: needs a list of indices 0 to 9, or one such list a layer"
)]
enum Terms {
    All(Vec<usize>),
    ByLayer(Vec<Vec<usize>>),
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
    /// The index r of each of the rule's terms F^r.
    terms: Vec<usize>,
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
    /// dL_meta/dθ_r for r = 0..9, 0 for terms not in use.
    pub gradient: Vec<f64>,
    /// W_1..W_L after learning, row = post-synaptic unit.
    #[serde(rename = "W")]
    pub w: Vec<Vec<Vec<f64>>>,
    /// E_1..E_L.
    pub orthonormality: Vec<f64>,
    /// α_0..α_L, for fixed and direct feedback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub angles_deg: Option<Vec<f64>>,
}

impl Case {
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
        let network = Network {
            activation: activation(&file.activation)?,
            sizes: file.sizes,
        };
        let Some(feedback) = Feedback::from_name(&file.feedback) else {
            let known = Feedback::ALL.map(Feedback::name).join(", ");
            return wrong(format!(
                "feedback: '{}' is not one of {known}",
                file.feedback
            ));
        };
        if !(file.lambda.is_finite() && file.lambda >= 0.0) {
            return wrong(format!(
                "lambda: {} is not a number of at least 0",
                file.lambda
            ));
        }
        let (rule, terms) = rule(&file.terms, feedback, network.layers())?;
        if file.theta.len() != PAPER_TERMS.len() {
            return wrong(format!(
                "theta: needs ten numbers, got {}",
                file.theta.len()
            ));
        }
        all_finite("theta", &file.theta)?;
        let w = matrices("W", &file.w, &network.shapes())?;
        let shapes = feedback.shapes(&network.sizes);
        let b = match &file.b {
            _ if shapes.is_empty() => Vec::new(),
            Some(b) => matrices("B", b, &shapes)?,
            None => return wrong(format!("B: is needed for {} feedback", feedback.name())),
        };
        let setting = Setting {
            w,
            b,
            theta: terms.iter().map(|r| file.theta[*r]).collect(),
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
            terms,
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
        let setting = Setting {
            w: convert(&self.setting.w),
            b: convert(&self.setting.b),
            theta: self.setting.theta.iter().map(|t| T::from_f64(*t)).collect(),
            train: batch(&self.setting.train),
            query: batch(&self.setting.query),
        };
        let mut episode = Episode::new(
            &self.network,
            self.feedback,
            &self.rule,
            Penalty::l1(self.lambda),
        )
        .expect("terms were checked against the layers");
        let (outcome, w) = episode.run_with_weights(&mut Tape::<T>::new(), &setting);
        let mut gradient = vec![0.0; PAPER_TERMS.len()];
        for (r, g) in self.terms.iter().zip(&outcome.gradient.theta) {
            gradient[*r] = *g;
        }
        let rows = |w: &Array2<T>| {
            w.rows()
                .into_iter()
                .map(|row| row.iter().map(|x| x.to_f64()).collect())
                .collect()
        };
        CaseResult {
            meta_loss: outcome.meta_loss,
            query_cross_entropy: outcome.cross_entropy,
            accuracy: outcome.accuracy,
            gradient,
            w: w.iter().map(rows).collect(),
            orthonormality: outcome.orthonormality,
            angles_deg: (!self.feedback.is_symmetric()).then_some(outcome.angles),
        }
    }
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

/// The rule, and the index r of each of its terms.
fn rule(terms: &Terms, feedback: Feedback, layers: usize) -> Result<(Rule, Vec<usize>), CaseError> {
    let lists = match terms {
        Terms::All(list) => std::slice::from_ref(list),
        Terms::ByLayer(lists) if lists.len() == layers => lists,
        Terms::ByLayer(lists) => {
            return wrong(format!(
                "terms: lists {} layers, sizes has {layers}",
                lists.len()
            ));
        }
    };
    let mut used: Vec<usize> = lists.iter().flatten().copied().collect();
    used.sort_unstable();
    used.dedup();
    if let Some(r) = used.iter().find(|r| **r >= PAPER_TERMS.len()) {
        return wrong(format!("terms: {r} is not a term; the paper's are 0 to 9"));
    }
    if used.is_empty() {
        return wrong("terms: lists no terms");
    }
    for list in lists {
        let mut sorted = list.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() != list.len() {
            return wrong("terms: lists a term twice");
        }
    }
    let rule = match terms {
        Terms::All(_) => Rule::of_paper_terms("case", feedback, &used),
        Terms::ByLayer(lists) => Rule::of_paper_terms_by_layer("case", feedback, lists),
    };
    Ok((rule, used))
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
