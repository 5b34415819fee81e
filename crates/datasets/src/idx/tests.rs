use std::io::Write;

use super::*;
use flate2::{Compression, write::GzEncoder};

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Three images of 2 × 2.
fn images() -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [2051u32, 3, 2, 2] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend(0..12);
    bytes
}

fn read(bytes: &[u8]) -> Result<Vec<u8>, DataError> {
    let file = file(bytes);
    IdxFile::open(file.path(), Kind::Images)?.data()
}

/// The error's text after the file's name; it must be a single line.
fn complaint(bytes: &[u8]) -> String {
    let text = read(bytes).unwrap_err().to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    let (_, rest) = text.split_once(": ").unwrap();
    rest.to_owned()
}

#[test]
fn plain_and_gzipped_files_read_the_same_whatever_their_names() {
    let expected: Vec<u8> = (0..12).collect();
    assert_eq!(read(&images()).unwrap(), expected);
    assert_eq!(read(&gz(&images())).unwrap(), expected);
}

#[test]
fn a_gzip_file_of_two_members_is_read_to_its_end() {
    let (head, tail) = (images()[..20].to_vec(), images()[20..].to_vec());
    let bytes = [gz(&head), gz(&tail)].concat();
    assert_eq!(read(&bytes).unwrap(), (0..12).collect::<Vec<u8>>());
}

#[test]
fn zeros_after_a_gzip_file_are_padding_and_anything_else_is_damage() {
    let expected: Vec<u8> = (0..12).collect();
    let padded = |rest: &[u8]| [&gz(&images()), rest].concat();
    for zeros in [1, 512, 200_000] {
        assert_eq!(read(&padded(&vec![0; zeros])).unwrap(), expected);
    }
    let mut late = vec![0; 100];
    late.push(7);
    for rest in [&b"more"[..], &late, &[&[0; 8], &gz(b"x")[..]].concat()] {
        assert!(matches!(read(&padded(rest)), Err(DataError::Gzip { .. })));
    }
}

#[test]
fn a_labels_file_in_the_place_of_images_is_named_as_such() {
    let bytes = [2049u32.to_be_bytes(), 3u32.to_be_bytes()].concat();
    let text = complaint(&bytes);
    assert_eq!(
        text,
        "magic number is 2049, should be 2051 (IDX images); this is a labels file"
    );
}

#[test]
fn a_header_that_claims_four_billion_images_is_refused_at_once() {
    for side in [28u32, 1024] {
        let mut bytes = Vec::new();
        for word in [2051, u32::MAX, side, side] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend([0; 4]);
        assert!(complaint(&bytes).starts_with("header claims "));
        assert!(complaint(&gz(&bytes)).starts_with("header claims "));
    }
}

#[test]
fn a_gzip_header_that_claims_more_than_deflate_can_hold_is_refused_at_once() {
    let mut bytes = images();
    bytes[4..8].copy_from_slice(&1_000_000u32.to_be_bytes());
    assert!(complaint(&gz(&bytes)).starts_with("header claims 4000000 bytes"));
}

#[test]
fn sides_of_zero_or_beyond_1024_are_refused() {
    for side in [0u32, 1025] {
        let mut bytes = images();
        bytes[8..12].copy_from_slice(&side.to_be_bytes());
        let text = complaint(&bytes);
        assert_eq!(
            text,
            format!("header says images of {side} x 2 pixels, should be 1 to 1024 each way")
        );
    }
}

#[test]
fn every_truncation_is_an_error_of_one_line() {
    let plain = images();
    let zipped = gz(&plain);
    for bytes in [plain, zipped] {
        for length in 0..bytes.len() {
            complaint(&bytes[..length]);
        }
    }
}

#[test]
fn a_truncated_file_tells_how_much_is_missing() {
    let text = complaint(&images()[..20]);
    assert!(
        text.starts_with(
            "truncated: 4 bytes of data after the header, should be 12 (3 images of 2 x 2)"
        ),
        "{text}"
    );
    let text = complaint(&gz(&images()[..20]));
    assert!(text.starts_with("truncated: 4 bytes"), "{text}");
}

#[test]
fn bytes_after_the_data_are_an_error() {
    let longer = [images(), vec![7]].concat();
    assert!(complaint(&longer).starts_with("more bytes follow the 12"));
    assert!(complaint(&gz(&longer)).starts_with("more bytes follow the 12"));
    let after_gzip = [gz(&images()), vec![7; 9]].concat();
    assert!(complaint(&after_gzip).starts_with("damaged gzip stream"));
}

#[test]
fn a_flipped_bit_is_caught_by_the_gzip_check_sum() {
    let mut bytes = gz(&images());
    let crc = bytes.len() - 8;
    bytes[crc] ^= 1;
    assert!(complaint(&bytes).starts_with("damaged gzip stream"));
}

#[test]
fn a_folder_in_the_place_of_a_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(IdxFile::open(folder.path(), Kind::Labels).is_err());
}

#[test]
fn no_changed_byte_makes_the_reader_panic_or_read_past_the_data() {
    for original in [images(), gz(&images())] {
        for at in 0..original.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bytes = original.clone();
                bytes[at] = value;
                if let Ok(data) = read(&bytes) {
                    assert_eq!(data.len(), 12, "byte {at} set to {value}");
                }
            }
        }
    }
}
