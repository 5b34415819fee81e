//! Archives of NumPy arrays in Keras' layout, as `np.savez` writes them.

#![cfg(feature = "npz")]
// Helpers count as tests too: what fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use datasets::{Roots, Split, open, open_in, summary};

/// A .npy file, version 1.0, by its specification.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn archive(arrays: &[(&str, Vec<u8>)], deflated: bool) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let method = match deflated {
        true => zip::CompressionMethod::Deflated,
        false => zip::CompressionMethod::Stored,
    };
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in arrays {
        zip.start_file(format!("{name}.npy"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Two images of 1 × 3 for training, one for testing.
fn keras() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("x_test", npy("|u1", false, "(1, 1, 3)", &[7, 8, 9])),
        (
            "x_train",
            npy("|u1", false, "(2, 1, 3)", &[1, 2, 3, 4, 5, 6]),
        ),
        ("y_train", npy("|u1", false, "(2,)", &[4, 0])),
        ("y_test", npy("|u1", false, "(1,)", &[3])),
    ]
}

fn write(folder: &Path, name: &str, arrays: &[(&str, Vec<u8>)]) -> String {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, archive(arrays, true)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn both_splits_are_read_whether_stored_or_deflated() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mnist.npz");
    for deflated in [true, false] {
        fs::write(&path, archive(&keras(), deflated)).unwrap();
        let train = open(path.to_str().unwrap(), Split::Train).unwrap();
        assert_eq!((train.len(), train.height(), train.width()), (2, 1, 3));
        assert_eq!((train.image(1), train.label(1)), (&[4, 5, 6][..], 0));
        let test = open(path.to_str().unwrap(), Split::Test).unwrap();
        assert_eq!((test.image(0), test.label(0)), (&[7, 8, 9][..], 3));
        assert_eq!((test.name(), test.split()), ("mnist", Split::Test));
        assert_eq!(test.reference(), path.to_str().unwrap());
    }
}

#[test]
fn keras_file_is_found_by_name_in_a_root_and_by_the_folder_it_stands_in() {
    for folder in ["", "mnist", "MNIST"] {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join(folder), "mnist.npz", &keras());
        let roots = Roots::new(vec![dir.path().to_owned()]);
        let set = open_in(&roots, "mnist", Split::Train).unwrap();
        assert_eq!((set.len(), set.reference()), (2, "mnist"), "{folder}");
        let found = datasets::located("mnist", &roots).unwrap();
        let sizes: Vec<usize> = found.iter().map(|f| summary(f).unwrap().images).collect();
        assert_eq!(sizes, [2, 1]);
        let by_folder = dir.path().join(folder);
        let set = open(by_folder.to_str().unwrap(), Split::Test).unwrap();
        assert_eq!(set.name(), "mnist");
    }
}

#[test]
fn labels_may_be_of_any_whole_type_and_byte_order() {
    let dir = tempfile::tempdir().unwrap();
    for (descr, bytes) in [
        ("<i8", [4_i64, 0].map(i64::to_le_bytes).concat()),
        (">i4", [4_i32, 0].map(i32::to_be_bytes).concat()),
        ("<u2", [4_u16, 0].map(u16::to_le_bytes).concat()),
    ] {
        let mut arrays = keras();
        arrays[2].1 = npy(descr, false, "(2, 1)", &bytes);
        let path = write(dir.path(), "x.npz", &arrays);
        let set = open(&path, Split::Train).unwrap();
        assert_eq!((set.label(0), set.label(1)), (4, 0), "{descr}");
    }
}

#[test]
fn what_is_no_set_is_refused_in_one_line_that_names_array_and_remedy() {
    let replaced = |i: usize, array: Vec<u8>| {
        let mut arrays = keras();
        arrays[i].1 = array;
        arrays
    };
    let dir = tempfile::tempdir().unwrap();
    let refused = |arrays: &[(&str, Vec<u8>)], parts: &[&str]| {
        let path = write(dir.path(), "x.npz", arrays);
        let text = open(&path, Split::Train).unwrap_err().to_string();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with(&path), "{text}");
        for part in parts {
            assert!(text.contains(part), "{part} in {text}");
        }
    };
    let floats = npy("<f4", false, "(2, 1, 3)", &[0; 24]);
    refused(&replaced(1, floats), &["x_train", "should be uint8"]);
    let colour = npy("|u1", false, "(2, 1, 1, 3)", &[0; 6]);
    refused(&replaced(1, colour), &["x_train", "one grey channel"]);
    let columns = npy("|u1", true, "(2, 1, 3)", &[0; 6]);
    refused(&replaced(1, columns), &["x_train", "C order"]);
    let short = npy("|u1", false, "(2, 1, 3)", &[0; 5]);
    refused(&replaced(1, short), &["x_train", "ends after 5 bytes"]);
    let vast = npy("|u1", false, "(4294967295, 28, 28)", &[0; 5]);
    refused(&replaced(1, vast), &["x_train", "claims more than"]);
    let few = npy("|u1", false, "(1,)", &[0]);
    refused(&replaced(2, few), &["y_train has 1 labels, should have 2"]);
    for (descr, bytes) in [
        ("<i2", vec![0, 1, 0, 0]),
        ("|i1", vec![255, 0]),
        ("<f4", vec![0; 8]),
    ] {
        let labels = npy(descr, false, "(2,)", &bytes);
        refused(&replaced(2, labels), &["y_train", "0 to 255"]);
    }
    let other = [("arr_0", keras()[0].1.clone())];
    refused(&other, &["y_train: there is no such array"]);
    refused(&keras()[..1], &["train"]);
    let path = dir.path().join("x.npz");
    fs::write(&path, b"not a zip archive").unwrap();
    let text = open(path.to_str().unwrap(), Split::Train)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("should be an archive of NumPy arrays"),
        "{text}"
    );
}
