use autodiff::Tape;
use datasets::Dataset;
use meta::{Batch, Episode, Outcome, Part, Scores, Setting, Settings, Start, draw_setting};
use model::{Circuit, Feedback, Misfit, State, StateArrays, Trace};
use ndarray::Array2;
use serde::Serialize;

/// A network that learns a task image by image, in single precision as runs do. The
/// coefficients may be others at every image.
pub struct Learning {
    episode: Episode,
    tape: Tape<f32>,
    /// What the task is, and what the network started from.
    start: Setting<f32>,
    /// What the network has become.
    state: StateArrays<f32>,
    next: usize,
}

/// What is to be seen after an image was learned from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moment {
    /// How many images were learned from so far.
    pub seen: usize,
    /// How many there are.
    pub of: usize,
    /// The last image, as levels from 0 to 255.
    pub image: Vec<u8>,
    /// Its label.
    pub label: usize,
    /// y_1..y_L of that image, before the network learned from it; y_L are probabilities.
    pub activity: Vec<Vec<f32>>,
    /// e_1..e_L, the errors that came back.
    pub errors: Vec<Vec<f32>>,
    /// What the network is worth after learning from it.
    pub scores: Worth,
    /// W and B of one layer.
    pub pairs: Pairs,
}

/// What a network is worth on the task's query images. The page's own record: one that the
/// program keeps may come to hold more, of which a page that was built before knows nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worth {
    /// The mean cross-entropy.
    pub cross_entropy: f64,
    /// The share of images classified right, over all outputs.
    pub accuracy: f64,
    /// α_0..α_L in degrees.
    pub angles: Vec<f64>,
    /// E_1..E_L.
    pub orthonormality: Vec<f64>,
}

impl From<Scores> for Worth {
    fn from(scores: Scores) -> Worth {
        Worth {
            cross_entropy: scores.cross_entropy,
            accuracy: scores.accuracy,
            angles: scores.angles,
            orthonormality: scores.orthonormality,
        }
    }
}

/// Weights beside the feedback weights of the same synapses.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Pairs {
    /// W of some synapses of a layer, evenly spread.
    pub w: Vec<f32>,
    /// What errors run through there: B, W itself where feedback is symmetric, |B| sign W;
    /// empty where feedback goes to the layer directly and has no such synapse.
    pub b: Vec<f32>,
    /// The angle between all of W and all of that, in degrees, for each layer.
    pub angles: Vec<f64>,
}

/// How many synapses of a layer are shown.
const PAIRS: usize = 400;

impl Learning {
    /// Before the first image of a task.
    ///
    /// # Errors
    /// If the rule does not fit the network.
    pub fn begin(settings: &Settings, data: &Dataset, task: u64) -> Result<Learning, Misfit> {
        let start = draw_setting(settings, data, 0, task, &settings.start());
        Ok(Learning {
            episode: Episode::of(settings)?,
            tape: Tape::new(),
            state: start.state.clone(),
            start,
            next: 0,
        })
    }

    /// The task's classes, in ascending order.
    pub fn classes(&self) -> Vec<usize> {
        let mut classes = self.start.query.labels.clone();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// Learns from up to `images` images more with the coefficients `theta`, and scores the
    /// network; `layer` from 0 is the one whose weights are shown. After the last image
    /// nothing is learned any more.
    ///
    /// # Panics
    /// If `theta` has another length than the rule has parameters, or there is no such layer.
    pub fn learn(&mut self, theta: &[f64], images: usize, layer: usize) -> Moment {
        let of = self.start.train.labels.len();
        let until = (self.next + images).min(of);
        let mut last = (Vec::new(), Vec::new());
        let next = Next {
            setting: &self.start,
            state: &self.state,
            theta: theta.iter().map(|x| *x as f32).collect(),
            images: self.next..until,
        };
        let (scores, state) = self
            .episode
            .learn_watched(&mut self.tape, &next, |tape, step| {
                if step.index + 1 == next.images.len() {
                    last = seen(tape, step.trace);
                }
            });
        (self.state, self.next) = (state, until);
        let shown = until.saturating_sub(1);
        let pixels = self.start.train.x.len() / of;
        let level = |x: &f32| (255.0 * x).round() as u8;
        let image = &self.start.train.x[shown * pixels..][..pixels];
        Moment {
            seen: until,
            of,
            image: image.iter().map(level).collect(),
            label: self.start.train.labels[shown],
            activity: last.0,
            errors: last.1,
            scores: scores.into(),
            pairs: pairs(&self.state, self.episode.circuit().feedback(), layer),
        }
    }

    /// The whole episode on this task, from the beginning, with its meta-gradient. What was
    /// learned so far stays.
    ///
    /// # Panics
    /// As [`Learning::learn`].
    pub fn whole(&mut self, theta: &[f64]) -> Outcome {
        self.start.theta = theta.iter().map(|x| *x as f32).collect();
        self.episode.run(&mut self.tape, &self.start)
    }

    /// y_L: what the network, as it is now, takes an image for.
    pub fn ask(&mut self, image: &[u8]) -> Vec<f32> {
        self.tape.clear();
        let state = self.state.declare(&mut self.tape, self.episode.circuit());
        let pixels: Vec<f32> = image.iter().map(|p| f32::from(*p) / 255.0).collect();
        let x = self.tape.constant_vector(&pixels);
        let network = self.episode.circuit().network();
        let mut trace = Trace::default();
        network.forward(&mut self.tape, &state.w, x, &mut trace);
        self.tape.value(trace.y[network.layers()]).to_vec()
    }
}

/// y and e of layers 1..L; no e of a layer where none was asked for.
fn seen(tape: &Tape<f32>, trace: &Trace) -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let value = |x| tape.value(x).to_vec();
    let activity = trace.y[1..].iter().map(|y| value(*y)).collect();
    let errors = trace.e[1..].iter().map(|e| e.map_or(Vec::new(), value));
    (activity, errors.collect())
}

fn pairs(state: &StateArrays<f32>, feedback: Feedback, layer: usize) -> Pairs {
    let layers = 0..state.w.len();
    let back = |l: usize| back(state, feedback, l);
    let angles = layers.map(|l| back(l).map_or(f64::NAN, |b| angle(&state.w[l], &b)));
    let every = state.w[layer].len().div_ceil(PAIRS);
    // A step that shares no factor with the row, so that all columns take part.
    let spread = |m: &Array2<f32>| m.iter().copied().step_by(every | 1).collect();
    Pairs {
        w: spread(&state.w[layer]),
        b: back(layer).as_ref().map_or(Vec::new(), spread),
        angles: angles.collect(),
    }
}

/// What errors run through beside W of a layer, of its shape; none if there is no such thing.
fn back(state: &StateArrays<f32>, feedback: Feedback, l: usize) -> Option<Array2<f32>> {
    let w = &state.w[l];
    match feedback {
        Feedback::Direct => None,
        Feedback::Symmetric | Feedback::SymmetricExact => Some(w.clone()),
        Feedback::Fixed | Feedback::Mixed => Some(state.b[l].clone()),
        Feedback::Sign => {
            let sign = |x: f32| if x == 0.0 { 0.0 } else { x.signum() };
            let mut signed = state.b[l].mapv(f32::abs);
            signed.zip_mut_with(w, |b, w| *b *= sign(*w));
            Some(signed)
        }
    }
}

/// In degrees; NaN if one of them is zero.
fn angle(a: &Array2<f32>, b: &Array2<f32>) -> f64 {
    let dot = |a: &Array2<f32>, b: &Array2<f32>| {
        let products = a.iter().zip(b.iter());
        products
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum::<f64>()
    };
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    libm::acos(cosine.clamp(-1.0, 1.0)).to_degrees()
}

/// An episode of a few images of a task, from where a network is.
struct Next<'a> {
    setting: &'a Setting<f32>,
    state: &'a StateArrays<f32>,
    theta: Vec<f32>,
    images: std::ops::Range<usize>,
}

impl Next<'_> {
    fn part(&self, part: Part) -> (&Batch<f32>, usize) {
        match part {
            Part::Train => (&self.setting.train, self.images.start),
            Part::Query => (&self.setting.query, 0),
        }
    }
}

impl Start<f32> for Next<'_> {
    fn declare(&self, tape: &mut Tape<f32>, circuit: &Circuit) -> State {
        self.state.declare(tape, circuit)
    }

    fn arrays(&self) -> StateArrays<f32> {
        self.state.clone()
    }

    fn theta(&self) -> Vec<f32> {
        self.theta.clone()
    }

    fn labels(&self, part: Part) -> &[usize] {
        let labels = &self.part(part).0.labels;
        match part {
            Part::Train => &labels[self.images.clone()],
            Part::Query => labels,
        }
    }

    fn image(&self, part: Part, image: usize) -> impl Fn(usize) -> f32 {
        let (batch, first) = self.part(part);
        let pixels = batch.x.len() / batch.labels.len();
        let x = &batch.x[(first + image) * pixels..][..pixels];
        |pixel| x[pixel]
    }
}
