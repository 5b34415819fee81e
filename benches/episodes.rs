//! Episodes with their meta-gradients: by rule, by number of steps, by width.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench episodes`

use autodiff::Tape;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use datasets::{Dataset, Split};
use meta::{Episode, Settings, draw_setting};
use model::{Network, RULES, Rule};

/// Times an episode; `repeat` shows the task's 250 images that many times.
fn time(bencher: &mut criterion::Bencher<'_>, settings: &Settings, data: &Dataset, repeat: usize) {
    let theta: Vec<f64> = settings.learner.rule.terms.iter().map(|_| 1e-6).collect();
    let mut setting = draw_setting::<f32>(settings, data, 0, 0, &theta);
    setting.train.x = setting.train.x.repeat(repeat);
    setting.train.labels = setting.train.labels.repeat(repeat);
    let episode = Episode::of(settings);
    let mut episode = episode.expect("built-in rules fit any network");
    let mut tape = Tape::new();
    bencher.iter(|| {
        let recorded = episode.record(&mut tape, &setting);
        episode.differentiate(&mut tape, &recorded)
    });
}

fn settings(rule: &str, network: Network) -> Settings {
    let rule = Rule::built_in(rule).expect("a built-in rule");
    let mut settings = Settings::of(rule);
    settings.learner.network = network;
    settings
}

fn episodes(criterion: &mut Criterion) {
    let data = datasets::glyphs(Split::Test, 0);
    let mut group = criterion.benchmark_group("rule");
    group.sample_size(20);
    for (rule, ..) in RULES {
        let settings = settings(rule, Network::default());
        group.bench_function(rule, |bencher| time(bencher, &settings, &data, 1));
    }
    group.finish();

    let mut group = criterion.benchmark_group("bio, steps");
    group.sample_size(10);
    for repeat in [1, 4, 16, 40] {
        let steps = 250 * repeat;
        group.throughput(Throughput::Elements(steps as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(steps),
            &repeat,
            |bencher, repeat| {
                time(
                    bencher,
                    &settings("bio", Network::default()),
                    &data,
                    *repeat,
                );
            },
        );
    }
    group.finish();

    let mut group = criterion.benchmark_group("bio, weights");
    group.sample_size(10);
    for width in [1, 2, 3, 5] {
        let sizes = vec![784, 170 * width, 130 * width, 100 * width, 70 * width, 47];
        let network = Network {
            sizes,
            ..Network::default()
        };
        group.throughput(Throughput::Elements(network.weights() as u64));
        let id = BenchmarkId::from_parameter(network.weights());
        group.bench_with_input(id, &network, |bencher, network| {
            time(bencher, &settings("bio", network.clone()), &data, 1);
        });
    }
    group.finish();
}

criterion_group!(benches, episodes);
criterion_main!(benches);
