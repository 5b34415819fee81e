//! Reading a set of the size of EMNIST Balanced's training images, 112,800 of 28 × 28,
//! gzipped: inflating, checking and summing it and turning the images upright.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench data`

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use datasets::Split;
use flate2::{Compression, write::GzEncoder};

const IMAGES: u32 = 112_800;
const SIDE: u32 = 28;

fn gzipped(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = GzEncoder::new(File::create(path)?, Compression::default());
    for part in parts {
        file.write_all(part)?;
    }
    file.finish()?.sync_all()
}

/// Writes glyphs over and over under the names of EMNIST's files. They are as hard to
/// unpack as handwriting: a repetition is farther away than deflate looks back.
fn write_set(folder: &Path) -> io::Result<()> {
    let glyphs = datasets::glyphs(Split::Train, 0);
    let picks = (0..IMAGES as usize).map(|i| i % glyphs.len());
    let images: Vec<u8> = picks
        .clone()
        .flat_map(|i| glyphs.image(i))
        .copied()
        .collect();
    let labels: Vec<u8> = picks.map(|i| glyphs.label(i) as u8).collect();
    let header =
        |numbers: &[u32]| -> Vec<u8> { numbers.iter().flat_map(|n| n.to_be_bytes()).collect() };
    let name = |kind| folder.join(format!("emnist-balanced-train-{kind}-ubyte.gz"));
    gzipped(
        &name("images-idx3"),
        &[&header(&[2051, IMAGES, SIDE, SIDE]), &images],
    )?;
    gzipped(&name("labels-idx1"), &[&header(&[2049, IMAGES]), &labels])
}

fn reading(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    write_set(folder.path()).expect("a temporary file can be written");
    let path = folder.path().to_str().expect("temporary folders are UTF-8");
    let mut group = criterion.benchmark_group("data");
    group.sample_size(10);
    group.bench_function("112,800 gzipped images", |bencher| {
        bencher.iter(|| datasets::open(path, Split::Train).expect("the set is whole"));
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
