//! Opening sets by name and by path, on small sets written to a temporary folder.

// Helpers count as tests too: what fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use datasets::{DataError, Roots, Split, find, open, open_default_in, open_in, summary};

/// Writes a pair with `labels.len()` images of 2 rows × 3 columns, pixels counting up from 0.
fn write_pair(folder: &Path, stem: &str, labels: &[u8]) {
    fs::create_dir_all(folder).unwrap();
    let count = labels.len() as u32;
    let mut images: Vec<u8> = [2051, count, 2, 3]
        .iter()
        .flat_map(|w: &u32| w.to_be_bytes())
        .collect();
    images.extend((0..count as usize * 6).map(|i| i as u8));
    let mut bytes: Vec<u8> = [2049, count]
        .iter()
        .flat_map(|w: &u32| w.to_be_bytes())
        .collect();
    bytes.extend(labels);
    fs::write(folder.join(format!("{stem}-images-idx3-ubyte")), images).unwrap();
    fs::write(folder.join(format!("{stem}-labels-idx1-ubyte")), bytes).unwrap();
}

fn root() -> (tempfile::TempDir, Roots) {
    let root = tempfile::tempdir().unwrap();
    let roots = Roots::new(vec![
        PathBuf::from("/absent-folder"),
        root.path().to_owned(),
    ]);
    (root, roots)
}

fn one_line(error: &DataError) -> String {
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn emnist_is_turned_upright_and_mnist_is_left_as_it_is() {
    let (dir, roots) = root();
    write_pair(&dir.path().join("emnist"), "emnist-tiny-test", &[1, 0]);
    write_pair(&dir.path().join("mnist"), "t10k", &[1, 0]);
    let emnist = open_in(&roots, "emnist-tiny", Split::Test).unwrap();
    assert_eq!(
        (emnist.name(), emnist.height(), emnist.width()),
        ("emnist-tiny", 3, 2)
    );
    assert_eq!(emnist.image(0), [0, 3, 1, 4, 2, 5]);
    let mnist = open_in(&roots, "mnist", Split::Test).unwrap();
    assert_eq!(
        (mnist.name(), mnist.height(), mnist.width()),
        ("mnist", 2, 3)
    );
    assert_eq!(mnist.image(1), [6, 7, 8, 9, 10, 11]);
    assert_eq!(mnist.checksum(), emnist.checksum());
    assert!(!mnist.is_synthetic());
}

#[test]
fn a_folder_and_an_images_file_open_as_their_name_does() {
    let (dir, roots) = root();
    let folder = dir.path().join("emnist");
    write_pair(&folder, "emnist-tiny-test", &[1, 0]);
    write_pair(&folder, "emnist-tiny-train", &[1, 0, 2]);
    let by_name = open_in(&roots, "emnist-tiny", Split::Train).unwrap();
    let by_folder = open(folder.to_str().unwrap(), Split::Train).unwrap();
    let file = folder.join("emnist-tiny-train-images-idx3-ubyte");
    // The file is named outright, so it wins over the split asked for, and says so.
    let by_file = open(file.to_str().unwrap(), Split::Test).unwrap();
    for set in [by_folder, by_file] {
        assert_eq!(set.name(), by_name.name());
        assert_eq!(set.split(), Split::Train);
        assert_eq!(set.len(), 3);
        assert_eq!(set.checksum(), by_name.checksum());
        assert_eq!(set.origin(), by_name.origin());
    }
}

/// A set of one image, at a path below the root.
fn write_at(root: &Path, folder: &str, stem: &str) {
    write_pair(&root.join(folder), stem, &[0]);
}

#[test]
fn names_are_found_in_the_layouts_of_torchvision_kaggle_and_debian() {
    for (name, folder, stem) in [
        ("mnist", "MNIST/raw", "t10k"),
        ("fashion-mnist", "FashionMNIST/raw", "t10k"),
        ("kmnist", "KMNIST/raw", "t10k"),
        ("emnist-digits", "EMNIST/raw", "emnist-digits-test"),
        ("mnist", "MNIST", "t10k"),
        ("fashion-mnist", "fashion_mnist", "t10k"),
        ("fashion-mnist", "Fashion-MNIST", "test"),
        // Debian's dataset-fashion-mnist, below /usr/share/datasets.
        ("fashion-mnist", "fashion-mnist", "t10k"),
        (
            "emnist-letters",
            "emnist_source_files",
            "emnist-letters-test",
        ),
        // NIST's archive as it unpacks, and Kaggle's, which has no folder of its own.
        ("emnist-letters", "gzip", "emnist-letters-test"),
        ("emnist-letters", "", "emnist-letters-test"),
    ] {
        let (dir, roots) = root();
        write_at(dir.path(), folder, stem);
        let set = open_in(&roots, name, Split::Test).unwrap_or_else(|e| panic!("{folder}: {e}"));
        assert_eq!((set.name(), set.reference()), (name, name), "{folder}");
        // And by the folder's path, under the same name.
        let path = dir.path().join(folder);
        let by_path = open(path.to_str().unwrap(), Split::Test).unwrap();
        assert_eq!(by_path.name(), name, "{folder}");
        assert_eq!(by_path.reference(), path.to_str().unwrap());
    }
}

#[test]
fn the_folder_of_the_name_goes_before_other_spellings_of_it() {
    let (dir, roots) = root();
    write_pair(&dir.path().join("MNIST/raw"), "t10k", &[0]);
    write_pair(&dir.path().join("mnist"), "t10k", &[0, 1]);
    assert_eq!(open_in(&roots, "mnist", Split::Test).unwrap().len(), 2);
}

#[test]
fn a_root_that_is_the_sets_own_folder_is_as_good_as_the_one_above() {
    let (dir, _) = root();
    for folder in ["MNIST", "MNIST/raw"] {
        let own = dir.path().join(folder);
        write_pair(&own, "t10k", &[0]);
        let roots = Roots::new(vec![own]);
        assert!(open_in(&roots, "mnist", Split::Test).is_ok());
        // Its files bear no name of their own, so they are no other set's.
        assert!(open_in(&roots, "kmnist", Split::Test).is_err());
    }
}

#[test]
fn folders_called_raw_are_told_apart_by_the_folders_above() {
    let (dir, _) = root();
    let names = ["MNIST/raw", "KMNIST/raw", "Mine/raw"].map(|folder| {
        write_at(dir.path(), folder, "t10k");
        let path = dir.path().join(folder);
        open(path.to_str().unwrap(), Split::Test)
            .unwrap()
            .name()
            .to_owned()
    });
    assert_eq!(names, ["mnist", "kmnist", "Mine"]);
    // The folder above is the set too.
    let above = dir.path().join("Mine");
    assert_eq!(
        open(above.to_str().unwrap(), Split::Test).unwrap().name(),
        "Mine"
    );
}

#[test]
fn file_names_with_a_dot_in_folders_of_their_own_are_read_as_kaggle_has_them() {
    let (dir, roots) = root();
    let folder = dir.path().join("mnist");
    write_pair(&folder, "t10k", &[0, 1]);
    for (kind, dims) in [("images", 3), ("labels", 1)] {
        let old = folder.join(format!("t10k-{kind}-idx{dims}-ubyte"));
        let new = folder.join(format!("t10k-{kind}.idx{dims}-ubyte"));
        fs::rename(&old, &new).unwrap();
    }
    let dotted = open_in(&roots, "mnist", Split::Test).unwrap();
    let file = folder.join("t10k-images.idx3-ubyte");
    assert_eq!(
        open(file.to_str().unwrap(), Split::Train).unwrap().split(),
        Split::Test
    );
    for (kind, dims) in [("images", 3), ("labels", 1)] {
        let old = folder.join(format!("t10k-{kind}.idx{dims}-ubyte"));
        let inside = folder.join(format!("t10k-{kind}-idx{dims}-ubyte"));
        fs::create_dir(&inside).unwrap();
        fs::rename(&old, inside.join(format!("t10k-{kind}-idx{dims}-ubyte"))).unwrap();
    }
    let nested = open_in(&roots, "mnist", Split::Test).unwrap();
    assert_eq!((dotted.len(), nested.checksum()), (2, dotted.checksum()));
}

#[test]
fn labels_from_one_on_are_as_many_classes_as_there_are_labels() {
    let (dir, roots) = root();
    let labels: Vec<u8> = (1..=26).collect();
    write_pair(&dir.path().join("emnist"), "emnist-letters-test", &labels);
    let set = open_in(&roots, "emnist-letters", Split::Test).unwrap();
    assert_eq!((set.classes(), set.largest_label()), (26, 26));
    let found = find("emnist-letters", Split::Test, &roots)
        .unwrap()
        .unwrap();
    assert_eq!(summary(&found).unwrap().classes, 26);
}

#[test]
fn a_folder_of_mnist_files_is_named_after_itself() {
    let (dir, _) = root();
    let folder = dir.path().join("mine");
    write_pair(&folder, "t10k", &[0]);
    assert_eq!(
        open(folder.to_str().unwrap(), Split::Test).unwrap().name(),
        "mine"
    );
    let error = open(folder.to_str().unwrap(), Split::Train).unwrap_err();
    assert!(one_line(&error).contains("no images of the train split"));
}

#[test]
fn a_folder_of_several_sets_asks_for_one() {
    let (dir, _) = root();
    write_pair(dir.path(), "emnist-a-test", &[0]);
    write_pair(dir.path(), "emnist-b-test", &[0]);
    let error = open(dir.path().to_str().unwrap(), Split::Test).unwrap_err();
    assert!(one_line(&error).contains("(emnist-a-test, emnist-b-test)"));
}

#[test]
fn a_missing_set_says_where_it_looked_and_what_to_do() {
    let (dir, roots) = root();
    let text = one_line(&open_in(&roots, "emnist-balanced", Split::Test).unwrap_err());
    for part in [
        "'emnist-balanced' (test split) not found in /absent-folder (absent), ",
        dir.path().to_str().unwrap(),
        "run metaplast data fetch emnist-balanced",
        "set METAPLAST_DATA to a folder with emnist/emnist-balanced-test-images-idx3-ubyte.gz",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_typo_is_answered_with_the_nearest_name() {
    let (_dir, roots) = root();
    for (typo, meant) in [
        ("glpyhs", "glyphs"),
        ("emnist-balancd", "emnist-balanced"),
        ("fasion-mnist", "fashion-mnist"),
        ("emnist", "emnist-balanced"),
    ] {
        let text = one_line(&open_in(&roots, typo, Split::Test).unwrap_err());
        assert!(text.contains(&format!("did you mean '{meant}'?")), "{text}");
    }
}

#[test]
fn an_absent_path_is_named_as_a_path() {
    let error = open("/absent-folder/x-images-idx3-ubyte.gz", Split::Test).unwrap_err();
    assert!(
        one_line(&error).starts_with("/absent-folder/x-images-idx3-ubyte.gz: there is no such")
    );
}

#[test]
fn images_without_their_labels_are_an_error_not_a_missing_set() {
    let (dir, roots) = root();
    let folder = dir.path().join("mnist");
    write_pair(&folder, "t10k", &[0]);
    fs::remove_file(folder.join("t10k-labels-idx1-ubyte")).unwrap();
    let text = one_line(&open_in(&roots, "mnist", Split::Test).unwrap_err());
    assert!(
        text.contains("t10k-labels-idx1-ubyte: there is no such file"),
        "{text}"
    );
}

#[test]
fn labels_of_another_length_are_an_error_that_names_both_files() {
    let (dir, roots) = root();
    let folder = dir.path().join("mnist");
    write_pair(&folder, "t10k", &[0, 1]);
    let labels: Vec<u8> = [2049u32, 1]
        .iter()
        .flat_map(|w| w.to_be_bytes())
        .chain([0])
        .collect();
    fs::write(folder.join("t10k-labels-idx1-ubyte"), labels).unwrap();
    let text = one_line(&open_in(&roots, "mnist", Split::Test).unwrap_err());
    assert!(
        text.contains(": 1 labels, should be 2, one for each image in "),
        "{text}"
    );
}

#[test]
fn the_default_is_emnist_balanced_where_found_and_glyphs_elsewhere() {
    let (dir, roots) = root();
    assert_eq!(
        open_default_in(&roots, Split::Test).unwrap().name(),
        "glyphs"
    );
    write_pair(&dir.path().join("emnist"), "emnist-balanced-test", &[0]);
    assert_eq!(
        open_default_in(&roots, Split::Test).unwrap().name(),
        "emnist-balanced"
    );
    // Half of it is there: to fall back on glyphs now would surprise.
    assert!(open_default_in(&roots, Split::Train).is_err());
}

#[test]
fn a_summary_needs_headers_and_labels_only() {
    let (dir, roots) = root();
    write_pair(&dir.path().join("emnist"), "emnist-tiny-test", &[4, 0]);
    let pair = find("emnist-tiny", Split::Test, &roots).unwrap().unwrap();
    let found = summary(&pair).unwrap();
    assert_eq!((found.images, found.classes), (2, 2));
}

#[test]
fn real_emnist_is_upright_and_has_four_hundred_images_a_class() {
    let Some(folder) = std::env::var_os("METAPLAST_DATA") else {
        eprintln!("SKIPPED: METAPLAST_DATA is not set, so no real data is read");
        return;
    };
    let roots = Roots::new(vec![folder.into()]);
    let set = match open_in(&roots, "emnist-bymerge400", Split::Test) {
        Err(DataError::NotFound { .. }) => {
            eprintln!("SKIPPED: METAPLAST_DATA holds no emnist-bymerge400");
            return;
        }
        other => other.unwrap(),
    };
    assert_eq!((set.len(), set.classes(), set.pixels()), (18_800, 47, 784));
    assert!((0..47).all(|class| set.of_class(class).len() == 400));
    // An upright T has more ink in its upper half, an upright L in its lower.
    let share_above = |class| {
        let halves = set.of_class(class).iter().map(|&i| {
            let (above, below) = set.image(i as usize).split_at(392);
            let ink = |half: &[u8]| half.iter().map(|&p| f64::from(p)).sum::<f64>();
            ink(above) / (ink(above) + ink(below))
        });
        halves.sum::<f64>() / 400.0
    };
    assert!(share_above(29) > 0.55, "T: {}", share_above(29));
    assert!(share_above(11) < 0.55, "B: {}", share_above(11));
}
