use std::sync::Arc;

use datasets::{Dataset, Drawing};
use meta::{Outcome, Trial};
use model::{Feedback, PAPER_TERMS, RULES, Term};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::images::halved;
use crate::setup::{Checked, shown};
use crate::{Images, Learning, Setup, Trouble};

/// Where requests are answered, one after the other; it remembers what was set up.
#[derive(Default)]
pub struct Desk {
    images: Option<(Images, usize, Arc<Dataset>)>,
    checked: Option<Checked>,
    learning: Option<Learning>,
    trial: Option<Trial<f32>>,
}

/// What can be asked for.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum Request {
    /// What there is to choose from.
    Catalog,
    /// Settings and a rule, for all that comes after.
    SetUp { setup: Box<Setup> },
    /// A fresh network, before the first image of a task.
    Begin { task: u64 },
    /// More images.
    Learn {
        theta: Vec<f64>,
        images: usize,
        layer: usize,
    },
    /// The whole episode of the task, with its meta-gradient.
    Episode { theta: Vec<f64> },
    /// The next episode of a meta-training, and the step that follows it; from `theta` if
    /// that is given, else from where the last step led.
    Step { theta: Option<Vec<f64>> },
    /// What the network takes a drawing for.
    Ask { lines: Vec<Vec<[f32; 2]>> },
}

/// An answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    /// What was asked for.
    Done(Value),
    /// Why it cannot be had.
    Trouble(Trouble),
}

/// Episodes of a page's meta-training; more than anybody waits for.
const EPISODES: u64 = 1_000_000;

impl Desk {
    /// Answers a request, both as JSON: `{"done": …}`, or `{"trouble": {at, line, message}}`.
    pub fn answer(&mut self, request: &str) -> String {
        let answer = serde_json::from_str(request)
            .map_err(|error| Trouble::new("request", error.to_string()))
            .and_then(|request| self.act(request));
        let answer = answer.map_or_else(Answer::Trouble, Answer::Done);
        serde_json::to_string(&answer).expect("answers are plain data")
    }

    fn act(&mut self, request: Request) -> Result<Value, Trouble> {
        match request {
            Request::Catalog => Ok(catalog()),
            Request::SetUp { setup } => self.set_up(&setup),
            Request::Begin { task } => self.begin(task),
            Request::Learn {
                theta,
                images,
                layer,
            } => {
                self.fits(&theta)?;
                let learning = self.learning()?;
                Ok(value(&learning.learn(&theta, images, layer)))
            }
            Request::Episode { theta } => {
                self.fits(&theta)?;
                Ok(outcome(&self.learning()?.whole(&theta)))
            }
            Request::Step { theta } => self.step(theta.as_deref()),
            Request::Ask { lines } => self.ask(lines),
        }
    }

    fn set_up(&mut self, setup: &Setup) -> Result<Value, Trouble> {
        (self.learning, self.trial, self.checked) = (None, None, None);
        let data = self.open(&setup.images, setup.per_class())?;
        let settings = setup.settings(&data)?;
        let network = &settings.learner.network;
        let described = json!({
            "sizes": network.sizes,
            "synapses": network.weights(),
            "side": data.width(),
            "characters": datasets::CHARACTERS,
            "classes": data.labels_in_use().collect::<Vec<_>>(),
            "data": data.name(),
            "images": data.len(),
            "parameters": shown(&settings),
        });
        self.checked = Some(Checked { settings, data });
        Ok(described)
    }

    /// The images, made once.
    fn open(&mut self, images: &Images, per_class: usize) -> Result<Arc<Dataset>, Trouble> {
        match &self.images {
            Some((known, count, data)) if known == images && *count >= per_class => {
                Ok(Arc::clone(data))
            }
            _ => {
                let data = images.open(per_class);
                let data = data.map_err(|error| Trouble::new("images", error.to_string()))?;
                let data = Arc::new(data);
                // The glyphs are all there whatever the tasks.
                let count = if images.drawings.is_empty() {
                    usize::MAX
                } else {
                    per_class
                };
                self.images = Some((images.clone(), count, Arc::clone(&data)));
                Ok(data)
            }
        }
    }

    fn begin(&mut self, task: u64) -> Result<Value, Trouble> {
        let Checked { settings, data } = self.checked()?;
        let learning = Learning::begin(settings, data, task)
            .map_err(|error| Trouble::new("back", error.to_string()))?;
        let classes = learning.classes();
        self.learning = Some(learning);
        Ok(json!({ "classes": classes }))
    }

    fn step(&mut self, theta: Option<&[f64]>) -> Result<Value, Trouble> {
        if let Some(theta) = theta {
            self.fits(theta)?;
        }
        let Checked { settings, data } = self.checked()?;
        if self.trial.is_none() {
            let mut settings = settings.clone();
            settings.outer.episodes = EPISODES;
            self.trial = Some(Trial::new(&settings, Arc::clone(data), 0)?);
        }
        let trial = self.trial.as_mut().expect("it was just made");
        if let Some(theta) = theta
            && theta != trial.theta()
        {
            trial.set_theta(theta);
        }
        let ended = Trouble::new("request", "this meta-training has come to its end");
        let record = trial.next().ok_or(ended)?;
        Ok(json!({
            "episode": record.episode,
            "accuracy": record.scores.accuracy,
            "theta": trial.theta(),
        }))
    }

    fn ask(&mut self, lines: Vec<Vec<[f32; 2]>>) -> Result<Value, Trouble> {
        let side = self.checked()?.data.width();
        let image = Drawing { label: 0, lines }.image();
        let image = image.map_err(|error| Trouble::new("images", error.to_string()))?;
        let image = match side {
            14 => halved(&image, 28),
            _ => image,
        };
        let answers = self.learning()?.ask(&image);
        Ok(json!({ "image": image, "answers": answers }))
    }

    fn checked(&self) -> Result<&Checked, Trouble> {
        let missing = || Trouble::new("request", "nothing was set up");
        self.checked.as_ref().ok_or_else(missing)
    }

    fn learning(&mut self) -> Result<&mut Learning, Trouble> {
        let missing = || Trouble::new("request", "no task was begun");
        self.learning.as_mut().ok_or_else(missing)
    }

    fn fits(&self, theta: &[f64]) -> Result<(), Trouble> {
        let wanted = self.checked()?.settings.learner.parameters().len();
        if theta.len() == wanted && theta.iter().all(|x| x.is_finite()) {
            return Ok(());
        }
        let message = format!(
            "{wanted} finite numbers are needed, {} were given",
            theta.len()
        );
        Err(Trouble::new("request", message))
    }
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).expect("plain data")
}

/// What there is to choose from: the rules, the paper's terms and the pathways.
fn catalog() -> Value {
    let rules = RULES.iter().map(|(name, feedback, terms)| {
        let terms: Vec<&str> = terms.iter().map(|r| PAPER_TERMS[*r].0).collect();
        json!({ "name": name, "feedback": feedback.name(), "terms": terms })
    });
    let terms = (0..PAPER_TERMS.len()).map(|r| {
        let (name, formula, text) = PAPER_TERMS[r];
        json!({
            "name": name, "formula": formula, "text": text, "equation": 14 + r,
            "mathml": Term::paper(r).expression().to_mathml('W'),
        })
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "rules": rules.collect::<Vec<_>>(),
        "terms": terms.collect::<Vec<_>>(),
        "feedback": Feedback::ALL.map(Feedback::name),
    })
}

fn outcome(outcome: &Outcome) -> Value {
    json!({
        "loss": outcome.meta_loss,
        "cross_entropy": outcome.cross_entropy,
        "accuracy": outcome.accuracy,
        "gradient": outcome.gradient.theta,
        "residual": outcome.gradient.residual,
        "angles": outcome.angles,
        "orthonormality": outcome.orthonormality,
    })
}
