//! Learning digits online, one image at a time (PAPER Figs. 1 and S1).

/// Learning digits online (PAPER Figs. 1 and S1).
#[derive(Clone, Copy, Debug)]
pub struct OnlineExperiment {
    /// Its name, and that of its directory.
    pub name: &'static str,
    /// What people call it, in legends.
    pub label: &'static str,
    /// Its rule, which is that of the experiment of this name.
    pub rule: &'static str,
    /// Its network.
    pub network: OnlineNetwork,
    /// Its coefficients.
    pub theta: ThetaSource,
}

/// The two networks that learn digits; the paper's text and its released code differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlineNetwork {
    /// 784-170-130-100-70-47, as in the text: outputs for all of EMNIST's classes.
    Text,
    /// 784-170-130-100-70-10, as in the code: an output for each digit.
    Code,
}

impl OnlineNetwork {
    /// Both.
    pub const ALL: [OnlineNetwork; 2] = [OnlineNetwork::Text, OnlineNetwork::Code];

    /// Units of its layers.
    pub fn sizes(self) -> [usize; 6] {
        [784, 170, 130, 100, 70, self.outputs()]
    }

    /// Units of the last one.
    pub fn outputs(self) -> usize {
        match self {
            OnlineNetwork::Text => 47,
            OnlineNetwork::Code => 10,
        }
    }
}

/// Where coefficients come from that stay as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ThetaSource {
    /// The mean over trials of what the meta-training of the rule arrived at.
    Learned,
    /// What the authors wrote into their scripts.
    Authors(&'static [f64]),
}

/// Images that the paper's online experiments learn from: an epoch of MNIST.
pub(crate) const PAPER_IMAGES: usize = 60_000;

/// Classes of digits, of data that may have others.
pub(crate) const DIGITS: usize = 10;

/// Images from one test of an online experiment to the next, and of a test.
pub(crate) const ONLINE_TESTS: (usize, usize) = (250, 1_000);

/// θ_0 of FA and DFA in the script that the authors learned digits with.
const AUTHORS_FA: ThetaSource = ThetaSource::Authors(&[0.0029]);
const AUTHORS_DFA: ThetaSource = ThetaSource::Authors(&[0.0021]);

/// All online experiments. The authors wrote down no coefficients of BP and bio for them.
pub const ONLINE: [OnlineExperiment; 12] = {
    use OnlineNetwork::{Code, Text};
    use ThetaSource::Learned;
    [
        online("online-bp", "BP", "bp", Text, Learned),
        online("online-fa", "FA", "fa", Text, Learned),
        online("online-bio", "bio", "bio", Text, Learned),
        online("online-dfa", "DFA", "dfa", Text, Learned),
        online(
            "online-fa-authors",
            "FA, authors’ θ",
            "fa",
            Text,
            AUTHORS_FA,
        ),
        online(
            "online-dfa-authors",
            "DFA, authors’ θ",
            "dfa",
            Text,
            AUTHORS_DFA,
        ),
        online("online10-bp", "BP", "bp", Code, Learned),
        online("online10-fa", "FA", "fa", Code, Learned),
        online("online10-bio", "bio", "bio", Code, Learned),
        online("online10-dfa", "DFA", "dfa", Code, Learned),
        online(
            "online10-fa-authors",
            "FA, authors’ θ",
            "fa",
            Code,
            AUTHORS_FA,
        ),
        online(
            "online10-dfa-authors",
            "DFA, authors’ θ",
            "dfa",
            Code,
            AUTHORS_DFA,
        ),
    ]
};

const fn online(
    name: &'static str,
    label: &'static str,
    rule: &'static str,
    network: OnlineNetwork,
    theta: ThetaSource,
) -> OnlineExperiment {
    OnlineExperiment {
        name,
        label,
        rule,
        network,
        theta,
    }
}

impl OnlineExperiment {
    /// The online experiment of a name, if there is one.
    pub fn find(name: &str) -> Option<&'static OnlineExperiment> {
        ONLINE.iter().find(|each| each.name == name)
    }

    /// The online experiment of a name.
    ///
    /// # Panics
    /// If there is none; names are written in this crate alone.
    #[track_caller]
    pub fn named(name: &str) -> &'static OnlineExperiment {
        Self::find(name).unwrap_or_else(|| panic!("no online experiment is called '{name}'"))
    }
}
