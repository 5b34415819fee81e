use std::sync::LazyLock;

use super::*;
use meta::TaskStyle;
use model::Feedback;

fn config(assignments: &[&str]) -> Result<Config, ConfigError> {
    let assignments: Vec<String> = assignments.iter().map(|a| (*a).to_owned()).collect();
    Config::new(None, Vec::new(), &assignments)
}

#[test]
fn without_arguments_everything_is_as_in_the_paper() {
    let config = config(&[]).unwrap();
    assert_eq!(config.settings, Settings::default());
}

#[test]
fn assignments_set_what_they_name() {
    let config = config(&["rule=bp", "K=3", "sizes=9-4-2", "eta=0.5", "tasks=code"]).unwrap();
    assert_eq!(config.settings.learner.feedback, Feedback::Symmetric);
    assert_eq!(config.settings.tasks.shots, 3);
    assert_eq!(config.settings.learner.network.sizes, [9, 4, 2]);
    assert_eq!(config.settings.outer.eta, 0.5);
    assert_eq!(config.settings.tasks.style, TaskStyle::Code);
}

#[test]
fn a_written_configuration_reads_back_as_the_same_settings() {
    let first = config(&[
        "rule=dfa",
        "beta=3.5",
        "lambda=0.1",
        "penalty=elastic",
        "optimiser=guarded",
        "sizes=[784, 20, 47]",
    ])
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(
        &path,
        first.to_toml(&datasets::glyphs(Split::Test, 0), Table::new()),
    )
    .unwrap();
    let second = Config::new(Some(&path), Vec::new(), &[]).unwrap();
    assert_eq!(first.settings, second.settings);
}

static DATA: LazyLock<Dataset> = LazyLock::new(|| datasets::glyphs(Split::Test, 0));

proptest::proptest! {
    #[test]
    fn any_settings_read_back_as_they_were_written(
        counts in (1_u32.., 1..1_000_000_u32, 1..900_u32, 1..900_u32, 1..500_u32),
        seed in 0..i64::MAX,
        sizes in proptest::collection::vec(1..1000_usize, 2..6),
        positive in proptest::num::f64::POSITIVE | proptest::num::f64::SUBNORMAL,
        number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO,
        rule in proptest::sample::select(model::RULES.to_vec()),
    ) {
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        let assignments = [
            format!("rule={}", rule.0),
            format!("episodes={}", counts.0),
            format!("trials={}", counts.1),
            format!("K={}", counts.2),
            format!("Q={}", counts.3),
            format!("M={}", counts.4),
            format!("seed={seed}"),
            format!("sizes={}", sizes.join("-")),
            format!("eta={}", positive.abs()),
            format!("theta0={number}"),
            format!("lambda={}", number.abs()),
        ];
        let first = Config::new(None, Vec::new(), &assignments).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, first.to_toml(&DATA, Table::new())).unwrap();
        let second = Config::new(Some(&path), Vec::new(), &[]).unwrap();
        proptest::prop_assert_eq!(first.settings, second.settings);
    }
}

#[test]
fn what_is_wrong_with_a_value_is_named_with_what_would_be_right() {
    for (assignment, want) in [
        (
            "episods=3",
            "unknown key 'episods': should be one of rule, feedback, init,",
        ),
        ("episods=3", "out; did you mean 'episodes'?"),
        (
            "episodes=0",
            "episodes: '0' is not a whole number from 1 to 4294967295",
        ),
        ("trials=2.5", "trials: '2.5' is not a whole number from 1"),
        ("trials=9999999", "from 1 to 1000000"),
        (
            "threads=5000",
            "threads: '5000' is not a whole number from 1 to 1024",
        ),
        ("eta=0", "eta: '0' is not a finite number above 0"),
        ("eta=inf", "eta: 'inf' is not a finite number"),
        (
            "lambda=-1",
            "lambda: '-1' is not a finite number of at least 0",
        ),
        (
            "M=999999",
            "M × (K + Q): a task of 59999940 images is more than 1000000; lower",
        ),
        ("sizes=784", "sizes: '784' is not two or more layer sizes"),
        ("sizes=1000000-1000000", "sizes: 1000000000000 weights"),
        (
            "activation=relu",
            "activation: 'relu' is not one of softplus, tanh, sigmoid",
        ),
        (
            "tasks=txt",
            "tasks: 'txt' is not text or code; did you mean 'text'?",
        ),
        ("rule=biio", "rule: unknown rule 'biio'"),
        ("oops", "neither a configuration file"),
    ] {
        let message = config(&[assignment]).unwrap_err().to_string();
        assert!(message.contains(want), "{assignment}: {message}");
    }
}

#[test]
fn an_error_knows_file_line_key_and_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let failure = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Config::new(Some(&path), Vec::new(), &[]).unwrap_err()
    };
    let error = failure("K = 3\n\nQ = \"many\"\n");
    let ConfigError::Value {
        place: Some(place),
        key: "Q",
        value,
        ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!((place.line, value.as_str()), (3, "many"));
    assert_eq!(
        (error.file(), error.key()),
        (Some(path.as_path()), Some("Q"))
    );
    for (text, line, key) in [
        ("K = 3\nrule = 'biio'\n", 2, "rule"),
        ("\nM = 999999\n", 2, "M × (K + Q)"),
        ("speed = 3\n", 1, "speed"),
    ] {
        let error = failure(text);
        assert_eq!(
            (error.file(), error.key()),
            (Some(path.as_path()), Some(key))
        );
        let told = format!("{}: line {line}: ", path.display());
        assert!(error.to_string().starts_with(&told), "{error}");
    }
    // Of values that go together, the file has the one that stands there.
    std::fs::write(&path, "K = 900\n").unwrap();
    let config = Config::new(Some(&path), Vec::new(), &["Q=900".to_owned()]).unwrap();
    let error = config.check(&DATA).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("c.toml: line 1: K + Q: 900 + 900"),
        "{error}"
    );
}

#[test]
fn a_value_of_a_file_is_taken_as_it_stands_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    for (written, wanted) in [
        ("1_1_1", "1_1_1"),
        ("0x10", "0x10"),
        ("2024-05-01", "2024-05-01"),
        ("'3#retry'", "3#retry"),
        ("\"a b\"  # so it is", "a b"),
    ] {
        std::fs::write(&path, format!("out = {written}\nK = 1_0\n")).unwrap();
        let config = Config::new(Some(&path), Vec::new(), &[]).unwrap();
        assert_eq!(config.out.as_deref(), Some(Path::new(wanted)));
        assert_eq!(config.settings.tasks.shots, 10);
    }
}

#[test]
fn a_rule_file_that_a_configuration_names_is_looked_for_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), "terms = ['F0', 'F2']\n").unwrap();
    let path = folder.path().join("c.toml");
    std::fs::write(&path, "rule = 'mine.toml'\n").unwrap();
    let config = Config::new(Some(&path), Vec::new(), &[]).unwrap();
    assert_eq!(config.settings.learner.rule.terms.len(), 2);
    let file = config.rule_file.clone().unwrap();
    assert_eq!(file.name, "mine.toml");
    assert_eq!(file.text, "terms = ['F0', 'F2']\n");
    let table: Table = config.to_toml(&DATA, Table::new()).parse().unwrap();
    assert_eq!(table["rule"].as_str(), Some("rule/mine.toml"));
    // Without being on disk it configures the same, but for where it lies.
    let text = Config::of_rule(file, Vec::new(), &["K=3".to_owned()]).unwrap();
    assert_eq!(text.settings.learner, config.settings.learner);
    assert_eq!(text.settings.tasks.shots, 3);
    let table: Table = text.to_toml(&DATA, Table::new()).parse().unwrap();
    assert_eq!(table["rule"].as_str(), Some("rule/mine.toml"));
    let wrong = RuleFile {
        name: "mine.toml".to_owned(),
        text: "terms = ['F11']".to_owned(),
    };
    let error = Config::of_rule(wrong, Vec::new(), &[]).unwrap_err();
    assert!(
        error.to_string().starts_with("rule: rule file mine.toml: "),
        "{error}"
    );
}
