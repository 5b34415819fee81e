//! Bytes from outside never make the program panic, hang or take much memory: the corpora
//! of the fuzz targets, and inputs made from them by small damage.

#[allow(unreachable_pub, clippy::expect_used)]
#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Inputs made from each file of a corpus, unless METAPLAST_VARIANTS says otherwise.
const VARIANTS: usize = 2000;

/// The longest that one input may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// Numbers that are the same in every run (Knuth's generator).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

/// One of the ways in which files get damaged.
fn damaged(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = random.below(bytes.len());
    match random.below(6) {
        0 => bytes.truncate(at),
        1 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        2 if !bytes.is_empty() => bytes[at] = [0, 0xff, b'9', b'-', b'"', b'['][random.below(6)],
        3 => {
            let end = (at + random.below(64)).min(bytes.len());
            bytes.drain(at..end);
        }
        4 => {
            let end = (at + random.below(64)).min(bytes.len());
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
        _ => {
            bytes.truncate(at);
            bytes.extend(&other[random.below(other.len())..]);
        }
    }
    bytes
}

fn feed(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let (_, target) = targets::TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap();
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let corpus: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(corpus.len() >= 3, "a corpus in {}", folder.display());
    let wanted = std::env::var("METAPLAST_VARIANTS");
    let variants = wanted.map_or(VARIANTS, |number| number.parse().unwrap());
    let mut random = Random(1);
    for (bytes, path) in corpus.iter().zip(&paths) {
        let mut input = bytes.clone();
        for _ in 0..=variants {
            let start = Instant::now();
            target(&input);
            assert!(start.elapsed() < PATIENCE, "{}", path.display());
            // Damage adds up, but not so far that nothing is left to read.
            let from = if random.below(4) == 0 { &input } else { bytes };
            input = damaged(from, &corpus[random.below(corpus.len())], &mut random);
        }
    }
    eprintln!("{name}: {} executions", corpus.len() * (variants + 1));
}

macro_rules! fed {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            feed($name);
        })*

        #[test]
        fn every_target_is_fed() {
            let fed = [$($name),*];
            assert_eq!(targets::TARGETS.map(|(name, _)| name), fed);
        }
    };
}

fed! {
    any_bytes_as_idx_files: "idx",
    any_bytes_as_gzip_files: "gzip",
    any_bytes_as_numpy_arrays: "npz",
    any_bytes_as_a_zip_archive: "zip",
    any_bytes_as_a_case: "case",
    any_bytes_as_a_configuration: "config",
    any_bytes_as_a_rule: "rule",
    any_bytes_as_a_checkpoint: "checkpoint",
    any_bytes_as_metrics: "metrics",
}
