//! What the page asks the engine for, outside of a browser.

// What fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use autodiff::Tape;
use datasets::Split;
use meta::{Episode, Settings, Threads, Training, draw_setting};
use model::Rule;
use playground::Desk;
use serde_json::{Value, json};

/// A set-up as the page sends it, with some parts changed.
fn setup(changes: Value) -> Value {
    let mut setup = json!({
        "images": {}, "hidden": [12, 9], "terms": ["-e ⊗ y-", "-e ⊗ e-"],
        "activation": "softplus", "beta": 10, "feedback": "fixed",
        "M": 4, "K": 6, "Q": 5, "seed": 3, "eta": 0.001, "penalty": "none", "lambda": 0, "optimiser": "adam",
    });
    for (key, value) in changes.as_object().unwrap() {
        setup[key] = value.clone();
    }
    setup
}

fn ask(desk: &mut Desk, request: Value) -> Value {
    serde_json::from_str(&desk.answer(&request.to_string())).unwrap()
}

fn done(desk: &mut Desk, request: Value) -> Value {
    let mut answer = ask(desk, request);
    assert!(answer["trouble"].is_null(), "{answer}");
    answer["done"].take()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap())
        .collect()
}

/// A desk with something set up, and its first task begun.
fn begun(changes: Value) -> Desk {
    let mut desk = Desk::default();
    done(
        &mut desk,
        json!({ "do": "set-up", "setup": setup(changes) }),
    );
    done(&mut desk, json!({ "do": "begin", "task": 0 }));
    desk
}

#[test]
fn learning_image_by_image_ends_where_the_whole_episode_does_with_every_feedback() {
    for feedback in ["fixed", "symmetric", "sign", "direct", "mixed", "plastic"] {
        let (back, kind) = match feedback {
            "plastic" => (json!(["-e ⊗ y-", "-W"]), "fixed"),
            other => (json!([]), other),
        };
        let terms = json!(["-e ⊗ y-", "-e ⊗ trace(e-, 0.8)"]);
        let mut desk = begun(json!({ "feedback": kind, "back": back, "terms": terms }));
        let theta = match feedback {
            "plastic" => json!([0.01, -0.02, 0.01, 0.0001]),
            "mixed" => json!([0.01, -0.02, 0.7, 0.4]),
            _ => json!([0.01, -0.02]),
        };
        let whole = done(&mut desk, json!({ "do": "episode", "theta": theta }));
        let mut last = Value::Null;
        for seen in [1, 2, 7, 8, 24, 24] {
            let images = seen - last["seen"].as_u64().unwrap_or(0);
            let request = json!({ "do": "learn", "theta": theta, "images": images, "layer": 1 });
            last = done(&mut desk, request);
            assert_eq!(last["seen"], seen);
        }
        let scores = &last["scores"];
        assert_eq!(scores["accuracy"], whole["accuracy"], "{feedback}");
        // Sums over 24 images in single precision, cut in other places.
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-4 * a.abs().max(1.0);
        let loss = scores["cross_entropy"].as_f64().unwrap();
        assert!(
            close(loss, whole["cross_entropy"].as_f64().unwrap()),
            "{feedback}"
        );
        for (a, b) in numbers(&scores["angles"])
            .iter()
            .zip(numbers(&whole["angles"]))
        {
            assert!(close(*a, b), "{feedback}: {a} {b}");
        }
    }
}

#[test]
fn an_episode_and_a_step_are_the_programs_own_to_the_bit() {
    let images = json!({ "all": true, "fine": true });
    let mut desk = begun(json!({ "images": images }));
    let mut settings = Settings::of(Rule::built_in("ehebb").unwrap());
    settings.learner.network.sizes = vec![784, 12, 9, 47];
    (
        settings.tasks.ways,
        settings.tasks.shots,
        settings.tasks.queries,
    ) = (4, 6, 5);
    (
        settings.seed,
        settings.outer.episodes,
        settings.outer.trials,
    ) = (3, 3, 1);
    let data = Arc::new(datasets::glyphs(Split::Test, 0));

    let theta = [0.02, -0.01];
    let found = done(&mut desk, json!({ "do": "episode", "theta": theta }));
    let start = draw_setting::<f32>(&settings, &data, 0, 0, &theta);
    let want = Episode::of(&settings)
        .unwrap()
        .run(&mut Tape::new(), &start);
    assert_eq!(found["loss"], want.meta_loss);
    assert_eq!(numbers(&found["gradient"]), want.gradient.theta);
    assert_eq!(numbers(&found["angles"]), want.angles);

    let threads = Threads::new(1).unwrap();
    let mut training = Training::new(&settings, data, &threads).unwrap();
    let mut theta = settings.start();
    for (episode, want) in training.finish().into_iter().enumerate() {
        assert_eq!(theta, want.theta, "where the step before led");
        // The first step starts where trainings do; then the page hands back what it got.
        let given = (episode == 0).then_some(&theta);
        let found = done(&mut desk, json!({ "do": "step", "theta": given }));
        assert_eq!(found["episode"], want.episode);
        assert_eq!(found["accuracy"], want.scores.accuracy);
        theta = numbers(&found["theta"]);
    }
    assert_eq!(theta, training.state().trials[0].theta);
}

#[test]
fn coefficients_may_change_while_a_network_learns() {
    let mut desk = begun(json!({}));
    let mut learn = |theta: [f64; 2], images| {
        done(
            &mut desk,
            json!({ "do": "learn", "theta": theta, "images": images, "layer": 0 }),
        )
    };
    let before = learn([0.0, 0.0], 10);
    let same = learn([0.0, 0.0], 5);
    assert_eq!(before["pairs"]["w"], same["pairs"]["w"]);
    assert_ne!(same["pairs"]["w"], learn([0.05, 0.0], 5)["pairs"]["w"]);
}

#[test]
fn what_is_shown_of_w_and_b_is_what_errors_run_through() {
    let pairs = |feedback: &str, layer: usize| {
        let mut desk = begun(json!({ "feedback": feedback }));
        let theta = if feedback == "mixed" {
            json!([0.01, 0, 1, 0])
        } else {
            json!([0.01, 0])
        };
        let request = json!({ "do": "learn", "theta": theta, "images": 3, "layer": layer });
        done(&mut desk, request)["pairs"].take()
    };
    let symmetric = pairs("symmetric", 1);
    assert_eq!(symmetric["w"], symmetric["b"]);
    assert!(
        numbers(&symmetric["angles"])
            .iter()
            .all(|angle| *angle < 1e-3)
    );
    let sign = pairs("sign", 1);
    let agree = |(w, b): (&f64, f64)| w * b > 0.0;
    assert!(
        numbers(&sign["w"])
            .iter()
            .zip(numbers(&sign["b"]))
            .all(agree)
    );
    // Half of the signs of random numbers agree: the angle is near 90°.
    let fixed = pairs("fixed", 0);
    assert!((80.0..100.0).contains(&numbers(&fixed["angles"])[0]));
    assert_eq!(numbers(&fixed["w"]).len(), numbers(&fixed["b"]).len());
    let direct = pairs("direct", 1);
    assert_eq!(direct["b"], json!([]));
    assert!(direct["angles"][0].is_null());
}

#[test]
fn drawings_of_two_digits_are_a_task_and_are_recognised() {
    let line = |points: Value| json!([points]);
    let drawings = json!([
        { "label": 1, "lines": line(json!([[128, 10], [128, 240]])) },
        { "label": 7, "lines": line(json!([[40, 20], [220, 20], [120, 240]])) },
        { "label": 1, "lines": line(json!([[100, 10], [140, 240]])) },
    ]);
    let images = json!({ "drawings": drawings });
    let changes = json!({ "images": images, "M": 2, "K": 40, "Q": 10, "feedback": "symmetric" });
    let mut desk = begun(changes);
    let theta = [0.03, 0.0];
    let request = json!({ "do": "learn", "theta": theta, "images": 80, "layer": 0 });
    let moment = done(&mut desk, request);
    assert!(
        moment["scores"]["accuracy"].as_f64().unwrap() > 0.9,
        "{}",
        moment["scores"]
    );
    let lines = json!([[[60, 30], [200, 30], [110, 230]]]);
    let answers = numbers(&done(&mut desk, json!({ "do": "ask", "lines": lines }))["answers"]);
    let best = (0..answers.len()).max_by(|a, b| answers[*a].total_cmp(&answers[*b]));
    assert_eq!(best, Some(7), "{answers:?}");
}

#[test]
fn troubles_name_the_part_and_its_line() {
    let mut desk = Desk::default();
    let mut trouble = |changes: Value| {
        let answer = ask(
            &mut desk,
            json!({ "do": "set-up", "setup": setup(changes) }),
        );
        let trouble = &answer["trouble"];
        let at = trouble["at"].as_str().unwrap().to_owned();
        (
            at,
            trouble["line"].as_u64(),
            trouble["message"].as_str().unwrap().to_owned(),
        )
    };
    let (at, line, message) = trouble(json!({ "terms": ["-e ⊗ y-", "-e ⊗ y"] }));
    assert_eq!((at.as_str(), line), ("terms", Some(1)));
    assert!(message.contains("column 6"), "{message}");
    let cases = [
        (json!({ "terms": [] }), "terms", "no terms"),
        (json!({ "terms": ["-W", "-W"] }), "terms", "twice"),
        (json!({ "back": ["-e ⊗ q"] }), "back", "q"),
        (
            json!({ "back": ["-W"], "feedback": "sign" }),
            "back",
            "sign",
        ),
        (json!({ "constants": [["sum", 1]] }), "constants", "sum"),
        (json!({ "hidden": [] }), "network", "hidden layer"),
        (
            json!({ "hidden": [1000, 1000] }),
            "network",
            "smaller layers",
        ),
        (json!({ "M": 11 }), "task", "M"),
        (json!({ "M": 0 }), "task", "at least one class"),
        (json!({ "K": 401 }), "task", "K"),
        (
            json!({ "images": { "drawings": [{ "label": 1, "lines": [] }] } }),
            "images",
            "drawings",
        ),
    ];
    for (changes, part, word) in cases {
        let (at, _, message) = trouble(changes.clone());
        assert_eq!(at, part, "{changes}: {message}");
        assert!(message.contains(word), "{changes}: {message}");
    }
    let answer = ask(&mut desk, json!({ "do": "begin", "task": 0 }));
    assert_eq!(answer["trouble"]["at"], "request");
    let mut desk = begun(json!({}));
    let answer = ask(&mut desk, json!({ "do": "episode", "theta": [1] }));
    assert_eq!(
        answer["trouble"]["message"],
        "2 finite numbers are needed, 1 were given"
    );
    assert_eq!(
        ask(&mut desk, json!({ "do": "dance" }))["trouble"]["at"],
        "request"
    );
}

#[test]
fn the_page_is_one_small_file_that_needs_no_other() {
    let page = playground::page();
    assert!(page.len() < 6_000_000, "{} bytes", page.len());
    assert!(!page.contains("{{"), "a place was left unfilled");
    for outside in ["src=\"http", "href=\"http", "@import", "url(http", "fetch("] {
        assert!(!page.contains(outside), "{outside}");
    }
}
