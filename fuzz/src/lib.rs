//! What reads bytes from outside, each as a function that must not panic, hang, or
//! allocate more than a stated multiple of what it is given. The fuzz targets call these,
//! and so does `tests/bad_bytes.rs`, with the same corpora, on a stable compiler.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use datasets::{Content, Download, Member, Progress, Roots, Source, Split};
use model::Rule;
use runs::{Case, Checkpoint, Config, Metrics};
use tempfile::TempDir;

/// What is to survive any bytes.
pub type Target = fn(&[u8]);

/// All targets with their names.
pub const TARGETS: [(&str, Target); 9] = [
    ("idx", idx),
    ("gzip", gzip),
    ("npz", npz),
    ("zip", zip),
    ("case", case),
    ("config", config),
    ("rule", rule),
    ("checkpoint", checkpoint),
    ("metrics", metrics),
];

/// Buffers and messages, whatever the input's size.
const CONSTANT: u64 = 2 << 20;

/// Runs `work`, which may allocate `multiple` times as many bytes as there are in `bytes`,
/// and [`CONSTANT`].
fn bounded(bytes: &[u8], multiple: u64, work: impl FnOnce()) {
    let used = allocation_counter::measure(work).bytes_max;
    let limit = bytes.len() as u64 * multiple + CONSTANT;
    assert!(
        used <= limit,
        "{used} bytes allocated for an input of {}, more than {limit}",
        bytes.len()
    );
}

thread_local! {
    static FOLDER: RefCell<Option<TempDir>> = const { RefCell::new(None) };
}

/// A folder for files, in memory where the system has such a place.
fn with_folder(work: impl FnOnce(&Path)) {
    FOLDER.with_borrow_mut(|folder| {
        let folder = folder.get_or_insert_with(|| {
            let memory = Path::new("/dev/shm");
            let made = match memory.is_dir() {
                true => tempfile::tempdir_in(memory),
                false => tempfile::tempdir(),
            };
            made.expect("a temporary folder can be made")
        });
        work(folder.path());
    });
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("a temporary file can be written");
}

/// The first byte says where images end and labels begin, in 256ths.
fn images_and_labels(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.split_first() {
        Some((at, rest)) => rest.split_at(rest.len() * usize::from(*at) / 256),
        None => (bytes, bytes),
    }
}

/// A pair of IDX files. A file is read into memory once, and again for its transpose.
pub fn idx(bytes: &[u8]) {
    let (images, labels) = images_and_labels(bytes);
    open_pair(bytes, images, labels, 4);
}

/// As [`idx`], for files that are unpacked on the way: the deflate stream that makes the
/// most of a byte makes 1032.
pub fn gzip(bytes: &[u8]) {
    let (images, labels) = images_and_labels(bytes);
    open_pair(bytes, images, labels, 4 * 1032);
}

fn open_pair(bytes: &[u8], images: &[u8], labels: &[u8], multiple: u64) {
    with_folder(|folder| {
        let path = folder.join("t10k-images-idx3-ubyte");
        write(&path, images);
        write(&folder.join("t10k-labels-idx1-ubyte"), labels);
        let folder = folder.to_string_lossy();
        let roots = Roots::new(Vec::new());
        bounded(bytes, multiple, || {
            if let Ok(set) = datasets::open_in(&roots, &folder, Split::Test) {
                assert!(!set.is_empty());
                assert!(set.label(set.len() - 1) <= set.largest_label());
                assert_eq!(set.image(set.len() - 1).len(), set.pixels());
            }
        });
    });
}

/// An archive of NumPy arrays, deflated perhaps.
pub fn npz(bytes: &[u8]) {
    with_folder(|folder| {
        let path = folder.join("set.npz");
        write(&path, bytes);
        let path = path.to_string_lossy();
        let roots = Roots::new(Vec::new());
        bounded(bytes, 4 * 1032, || {
            if let Ok(set) = datasets::open_in(&roots, &path, Split::Test) {
                assert!(set.label(set.len() - 1) <= set.largest_label());
                assert_eq!(set.image(set.len() - 1).len(), set.pixels());
            }
        });
    });
}

struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &str, _: u64, _: Option<u64>) {}
    fn advance(&mut self, _: u64) {}
    fn note(&mut self, _: &str) {}
    fn end(&mut self) {}
}

/// An archive, as the publisher's checksum would have it, of which two members are wanted.
/// Whatever is in it, nothing may be written anywhere else.
pub fn zip(bytes: &[u8]) {
    with_folder(|folder| {
        let (outer, into) = (folder.join("outer"), folder.join("outer/into"));
        // What an earlier input left.
        let _ = fs::remove_dir_all(&outer);
        fs::create_dir_all(&into).expect("a temporary folder can be made");
        let archive = into.join("archive.zip");
        write(&archive, bytes);
        let member = |name: &str| Member {
            name: name.to_owned(),
            path: name.into(),
        };
        let source = Source {
            name: "fuzz".to_owned(),
            downloads: vec![Download {
                url: "http://127.0.0.1:9/".to_owned(),
                md5: datasets::file_md5(&archive).expect("it was just written"),
                max_bytes: 0,
                content: Content::Zip {
                    archive: "archive.zip".into(),
                    members: vec![member("a"), member("gzip/b")],
                },
            }],
            cut: None,
        };
        bounded(bytes, 64, || {
            let _ = datasets::fetch(&source, &into, &mut Silent);
        });
        let beside = fs::read_dir(&outer).expect("it is still there").count();
        assert_eq!(beside, 1, "something was written beside the folder");
    });
}

/// A case file. A case that is small enough is run, too.
pub fn case(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut read = None;
    bounded(bytes, 64, || read = Case::from_json(text).ok());
    if let Some(case) = read
        && bytes.len() < 4096
    {
        let result = case.run::<f32>();
        assert_eq!(result.gradient.len(), 10);
    }
}

/// A configuration file.
pub fn config(bytes: &[u8]) {
    with_folder(|folder| {
        let path = folder.join("config.toml");
        write(&path, bytes);
        bounded(bytes, 512, || {
            let _ = Config::new(Some(&path), Vec::new(), &[]);
        });
    });
}

/// A rule file.
pub fn rule(bytes: &[u8]) {
    with_folder(|folder| {
        let path = folder.join("rule.toml");
        write(&path, bytes);
        let path = path.to_string_lossy();
        bounded(bytes, 512, || {
            if let Ok(rule) = Rule::load(&path) {
                assert!(!rule.terms.is_empty());
            }
        });
    });
}

/// A checkpoint: as a whole file, and as what stands in one whose checksum is right.
pub fn checkpoint(bytes: &[u8]) {
    bounded(bytes, 128, || {
        let _ = <Checkpoint>::from_bytes(bytes);
        let _ = <Checkpoint>::from_state(bytes);
    });
}

/// A `metrics.csv`.
pub fn metrics(bytes: &[u8]) {
    bounded(bytes, 64, || {
        let _ = Metrics::parse(bytes);
    });
}
