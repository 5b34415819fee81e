//! `metaplast explain`, `metaplast gradcheck`, and what the book says about the command.

use std::fs;
use std::path::Path;

use crate::support::{IMAGES, LABELS, Place, idx};

const SMALL: [&str; 8] = [
    "--data",
    "glyphs",
    "--sizes",
    "784-16-12-47",
    "--steps",
    "12",
    "--out",
    "page.html",
];

fn book(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/src")
        .join(page);
    fs::read_to_string(path).unwrap()
}

/// The blocks of code in a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = text.split(fence.as_str()).skip(1);
    parts
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn explain_writes_one_page_with_the_gradient_that_it_prints() {
    let place = Place::new();
    let printed = place.good(&[&["explain", "--rule", "bio"], &SMALL[..]].concat());
    let page = place.read("page.html");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    let json = page.split("id=\"episode\">").nth(1).unwrap();
    let json = json.split("</script>").next().unwrap();
    let data: serde_json::Value = serde_json::from_str(json).unwrap();
    let gradient = data["gradient"].as_array().unwrap();
    assert_eq!(gradient.len(), 3);
    for (name, g) in ["F0", "F2", "F9"].iter().zip(gradient) {
        let g = g.as_f64().unwrap();
        let line = format!("dL/dtheta {name:<4} {g:.6e}");
        assert!(printed.contains(&line), "{line} in {printed}");
    }
    // The summands are in the page too, and add up.
    let steps = data["contributions"].as_array().unwrap();
    assert_eq!(steps.len(), 12);
    for (r, g) in gradient.iter().enumerate() {
        let layers = steps.iter().flat_map(|step| step.as_array().unwrap());
        let sum: f64 = layers.map(|of| of[r].as_f64().unwrap()).sum();
        let g = g.as_f64().unwrap();
        assert!((sum - g).abs() <= 1e-6 * g.abs(), "{sum} {g}");
    }
    // The name of SVG's elements is an address that nothing asks for.
    let own = page.replace("http://www.w3.org/2000/svg", "");
    assert!(
        !own.contains("http:") && !own.contains("https:"),
        "asks for something outside"
    );
    assert!(!place.path().join("page.html.part").exists());
}

#[test]
fn text_from_outside_cannot_leave_its_place_in_the_page() {
    let place = Place::new();
    place.write(
        "odd.toml",
        "name = \"</script><b>&\"\nfeedback = \"fixed\"\nterms = [\"F0\"]\n",
    );
    place.good(&[&["explain", "--rule", "odd.toml"], &SMALL[..]].concat());
    let page = place.read("page.html");
    assert!(!page.contains("<b>&\""), "unescaped");
    assert_eq!(
        page.matches("<script").count(),
        page.matches("</script>").count()
    );
}

#[test]
fn bad_input_to_explain_is_one_line_and_no_page() {
    let place = Place::new();
    let bad = |args: &[&str], parts: &[&str]| place.bad(&[&["explain"], args].concat(), parts);
    bad(&["--rule", "boi"], &["boi", "bio"]);
    bad(
        &["--data", "glyphs", "--theta", "0.1"],
        &["--theta", "F0, F2, F9"],
    );
    bad(&["--data", "glyphs", "--theta", "0.1,x,1"], &["x"]);
    bad(
        &["--data", "glyphs", "--theta", "0.1,inf,1"],
        &["--theta", "inf"],
    );
    bad(&["--data", "glyphs", "--sizes", "12-47"], &["784"]);
    bad(&["--data", "glyphs", "--steps", "0"], &["steps"]);
    bad(&["--data", "glyphs", "--steps", "9999"], &["K", "--steps"]);
    bad(&["--data", "nothing-here"], &["nothing-here"]);
}

#[test]
fn an_episode_that_diverges_is_a_failed_run() {
    let place = Place::new();
    let huge = ["explain", "--rule", "oja", "--theta", "0.01,1e30"];
    let output = place.run(&[&huge[..], &SMALL[..]].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error: the episode diverged"), "{stderr}");
    assert!(!place.path().join("page.html").exists());
}

#[test]
fn explain_takes_a_rule_of_any_name_and_a_folder_beside_it() {
    let place = Place::new();
    place.write("rule.toml", "name = 'Oja/Hebb'\nterms = ['F0', 'F9']\n");
    let pixels: Vec<u8> = (0..300 * 16_u32)
        .map(|i| (i * i * 37 % 251) as u8)
        .collect();
    let labels: Vec<u8> = (0..300).map(|i| (i % 5) as u8).collect();
    place.write(&format!("kset/{IMAGES}"), idx(&[2051, 300, 4, 4], &pixels));
    place.write(&format!("kset/{LABELS}"), idx(&[2049, 300], &labels));
    let small = ["--data", "kset", "--sizes", "16-6-5", "--steps", "10"];
    let printed = place.good(&[&["explain", "--rule", "rule.toml"], &small[..]].concat());
    assert!(printed.contains("page: explain-Oja_Hebb.html"), "{printed}");
    assert!(place.read("explain-Oja_Hebb.html").contains("Oja/Hebb"));
}

#[test]
fn gradcheck_finds_three_ways_to_agree_on_a_line_for_everything() {
    let place = Place::new();
    for order in ["1", "2"] {
        let table = place.good(&["gradcheck", "--rule", "bio", "--order", order]);
        for row in [
            "softmax ",
            "update with decay ",
            "F2  −e e⁻ᵀ",
            "bio, all coefficients",
        ] {
            assert!(
                table.lines().any(|line| line.starts_with(row)),
                "{row} in {table}"
            );
        }
        assert!(!table.contains("WRONG"), "{table}");
    }
    // Its feedback weights are constants, which differences have to hold.
    for order in ["1", "2"] {
        let table = place.good(&["gradcheck", "--rule", "bp", "--order", order]);
        assert!(table.contains("bp, all coefficients") && !table.contains("WRONG"));
    }
    place.bad(&["gradcheck", "--order", "3"], &["order"]);
    place.bad(&["gradcheck", "--rule", "bioo"], &["bioo", "bio"]);
}

#[test]
fn a_reader_of_the_book_adds_a_term_in_ten_lines() {
    let text = book("add-a-term.md");
    let lines = &blocks(&text, "toml")[0];
    assert!(lines.lines().count() <= 10, "{lines}");
    let place = Place::new();
    place.write("squared.toml", lines);

    // The term is −e ⊗ y⁻² indeed: one update of a matrix, against the formula.
    let rule = model::Rule::load(place.path().join("squared.toml").to_str().unwrap()).unwrap();
    let network = model::Network {
        sizes: vec![3, 2],
        ..model::Network::default()
    };
    let mut circuit = model::Circuit::new(&network, rule.feedback, &rule).unwrap();
    let mut tape = autodiff::Tape::<f64>::new();
    let theta = [0.0, 0.0, 0.5].map(|t| tape.variable_scalar(t));
    let start = ndarray::array![[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]];
    let both = model::StateArrays::new(vec![start.clone()], vec![start.clone()]);
    let mut state = both.declare(&mut tape, &circuit);
    let x = tape.constant_vector(&[1.0, 0.5, 0.25]);
    let target = tape.constant_vector(&[0.0, 1.0]);
    circuit.begin(&mut tape, &theta);
    let mut trace = model::Trace::default();
    circuit.present(&mut tape, &mut state, (x, target), &mut trace);
    let e = tape.value(trace.e[1].unwrap()).to_vec();
    let squares = [1.0, 0.25, 0.0625];
    for ((i, j), after) in tape.matrix(&state.w[0]).indexed_iter() {
        let want = start[[i, j]] - 0.5 * e[i] * squares[j];
        assert!((after - want).abs() < 1e-15, "{i} {j}: {after} {want}");
    }

    // And the commands that the chapter goes on with take it.
    let [train, check, explain] = blocks(&text, "sh")[0]
        .lines()
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let run = |line: &str, more: &[&str]| {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        place.good(&[&words[..], more].concat())
    };
    // The same command on a smaller network.
    let small = ["sizes=784-16-12-47", "K=4", "episodes=3"];
    let summary = run(&train, &small);
    assert!(summary.contains("theta G"), "{summary}");
    assert!(run(&check, &[]).contains("G  −e ⊗ y⁻²"));
    run(&explain, &["--sizes", "784-16-12-47"]);
    let page = place.read("explain-squared.html");
    assert!(page.contains("\"name\":\"G\""));
}

#[test]
fn every_command_in_the_book_exists_with_the_options_it_is_given() {
    let place = Place::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for block in blocks(&text, "sh") {
            for line in block
                .lines()
                .filter_map(|line| line.strip_prefix("metaplast "))
            {
                let mut words = line.split_whitespace();
                let help = place.good(&[words.next().unwrap(), "--help"]);
                for option in words.filter(|word| word.starts_with("--")) {
                    assert!(help.contains(option), "{path:?}: {line}");
                }
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "{seen}");
}
