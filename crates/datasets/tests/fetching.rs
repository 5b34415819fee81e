//! Downloads from a server on loopback: whole, cut, resumed, wrong, and zipped.

// Helpers count as tests too: what fails to unwrap has failed the test.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{Cursor, Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use datasets::{Content, Cut, DataError, Download, Member, Progress, Source, Split, fetch};
use tiny_http::{Header, Response, Server};

/// Serves `body` at any address; counts requests. The thread ends with the test's process.
fn serve(body: Vec<u8>, honours_range: bool) -> (String, Arc<AtomicUsize>) {
    let server = Server::http("127.0.0.1:0").unwrap();
    let url = format!("http://{}/set.gz", server.server_addr());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    thread::spawn(move || {
        for request in server.incoming_requests() {
            counter.fetch_add(1, Ordering::SeqCst);
            let wanted = request.headers().iter().find(|h| h.field.equiv("Range"));
            let from = wanted.map(|h| {
                let value = h.value.as_str();
                let from = value
                    .strip_prefix("bytes=")
                    .unwrap()
                    .strip_suffix('-')
                    .unwrap();
                from.parse::<usize>().unwrap()
            });
            let response = match from {
                Some(from) if honours_range && from >= body.len() => {
                    Response::from_data(Vec::new()).with_status_code(416)
                }
                Some(from) if honours_range => {
                    let range = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
                    Response::from_data(&body[from..])
                        .with_status_code(206)
                        .with_header(Header::from_bytes("Content-Range", range).unwrap())
                }
                _ => Response::from_data(body.clone()),
            };
            // Chunked, it would come without its length.
            let _ = request.respond(response.with_chunked_threshold(usize::MAX));
        }
    });
    (url, requests)
}

/// Promises all of `body`, sends `sent` bytes of it, and hangs up. Once.
fn serve_and_hang_up(body: Vec<u8>, sent: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/set.gz", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body[..sent]).unwrap();
    });
    url
}

fn body() -> Vec<u8> {
    (0..300_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

/// MD5 by way of a file, as the library offers it.
fn md5(bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    datasets::file_md5(file.path()).unwrap()
}

fn source(url: &str, md5: String, content: Content) -> Source {
    Source {
        name: "set".to_owned(),
        downloads: vec![Download {
            url: url.to_owned(),
            md5,
            max_bytes: 1_000_000,
            content,
        }],
        cut: None,
    }
}

fn file_source(url: &str, body: &[u8]) -> Source {
    source(url, md5(body), Content::File(PathBuf::from("set/set.gz")))
}

/// All files below a folder, sorted, relative.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// Remembers how each download began and how much came.
#[derive(Default)]
struct Log(Vec<(u64, Option<u64>, u64)>);

impl Progress for Log {
    fn begin(&mut self, _: &str, already: u64, total: Option<u64>) {
        self.0.push((already, total, 0));
    }
    fn advance(&mut self, bytes: u64) {
        self.0.last_mut().unwrap().2 += bytes;
    }
    fn note(&mut self, _: &str) {}
    fn end(&mut self) {}
}

#[test]
fn a_download_takes_its_final_name_and_is_left_alone_the_next_time() {
    let (url, requests) = serve(body(), true);
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::default();
    let first = fetch(&file_source(&url, &body()), dir.path(), &mut log).unwrap();
    assert_eq!(first.written, [dir.path().join("set/set.gz")]);
    assert_eq!(fs::read(&first.written[0]).unwrap(), body());
    assert_eq!(log.0, [(0, Some(300_000), 300_000)]);
    let second = fetch(&file_source(&url, &body()), dir.path(), &mut ()).unwrap();
    assert!(second.written.is_empty());
    assert_eq!(second.present, first.written);
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    assert_eq!(files(dir.path()), ["set/set.gz"]);
}

#[test]
fn a_cut_download_is_resumed_where_it_broke_off() {
    let dir = tempfile::tempdir().unwrap();
    let cut = serve_and_hang_up(body(), 100_000);
    let error = fetch(&file_source(&cut, &body()), dir.path(), &mut ()).unwrap_err();
    assert!(error.is_run_failure());
    let text = error.to_string();
    assert!(
        text.contains("broke off") && text.contains("again to resume"),
        "{text}"
    );
    assert_eq!(files(dir.path()), ["set/set.gz.part"]);

    let (url, _) = serve(body(), true);
    let mut log = Log::default();
    fetch(&file_source(&url, &body()), dir.path(), &mut log).unwrap();
    let [(already, total, came)] = log.0[..] else {
        panic!("{:?}", log.0)
    };
    assert!(
        already > 0 && already + came == 300_000,
        "{already} + {came}"
    );
    assert_eq!(total, Some(300_000));
    assert_eq!(fs::read(dir.path().join("set/set.gz")).unwrap(), body());
    assert_eq!(files(dir.path()), ["set/set.gz"]);
}

#[test]
fn a_server_without_range_makes_the_download_start_over() {
    let (url, requests) = serve(body(), false);
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("set")).unwrap();
    fs::write(dir.path().join("set/set.gz.part"), &body()[..5_000]).unwrap();
    let mut log = Log::default();
    fetch(&file_source(&url, &body()), dir.path(), &mut log).unwrap();
    assert_eq!(log.0, [(0, Some(300_000), 300_000)]);
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    assert_eq!(fs::read(dir.path().join("set/set.gz")).unwrap(), body());
}

#[test]
fn a_part_that_is_whole_needs_no_network_and_one_too_long_is_dropped() {
    let (url, requests) = serve(body(), true);
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("set/set.gz.part");
    fs::create_dir(dir.path().join("set")).unwrap();
    fs::write(&part, body()).unwrap();
    fetch(&file_source(&url, &body()), dir.path(), &mut ()).unwrap();
    assert_eq!(requests.load(Ordering::SeqCst), 0);

    fs::remove_file(dir.path().join("set/set.gz")).unwrap();
    fs::write(&part, vec![7; 300_001]).unwrap();
    fetch(&file_source(&url, &body()), dir.path(), &mut ()).unwrap();
    assert_eq!(requests.load(Ordering::SeqCst), 2);
    assert_eq!(fs::read(dir.path().join("set/set.gz")).unwrap(), body());
}

#[test]
fn a_wrong_checksum_leaves_nothing_and_tells_both() {
    let (url, _) = serve(b"an error page".to_vec(), true);
    let dir = tempfile::tempdir().unwrap();
    let error = fetch(&file_source(&url, &body()), dir.path(), &mut ()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, DataError::Checksum { .. }), "{text}");
    assert!(
        text.contains(&md5(&body())) && text.contains(&md5(b"an error page")),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1);
    assert!(files(dir.path()).is_empty());
}

#[test]
fn another_file_of_the_same_name_is_never_overwritten() {
    let (url, requests) = serve(body(), true);
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("set")).unwrap();
    fs::write(dir.path().join("set/set.gz"), b"mine").unwrap();
    let error = fetch(&file_source(&url, &body()), dir.path(), &mut ()).unwrap_err();
    assert!(matches!(error, DataError::Occupied { .. }), "{error}");
    assert_eq!(fs::read(dir.path().join("set/set.gz")).unwrap(), b"mine");
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[test]
fn a_download_beyond_its_bound_is_stopped() {
    let (url, _) = serve(body(), true);
    let dir = tempfile::tempdir().unwrap();
    let mut bounded = file_source(&url, &body());
    bounded.downloads[0].max_bytes = 1_000;
    let error = fetch(&bounded, dir.path(), &mut ()).unwrap_err();
    assert!(
        error.to_string().contains("more than 1000 bytes"),
        "{error}"
    );
    assert!(files(dir.path()).is_empty());
}

#[test]
fn a_server_that_is_not_there_is_an_error_of_one_line() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/set.gz", listener.local_addr().unwrap());
    drop(listener);
    let dir = tempfile::tempdir().unwrap();
    let error = fetch(&file_source(&url, &body()), dir.path(), &mut ()).unwrap_err();
    assert!(error.is_run_failure());
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    assert!(files(dir.path()).is_empty());
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn zip_source(url: &str, bytes: &[u8], members: &[(&str, &str)]) -> Source {
    let member = |(name, path): &(&str, &str)| Member {
        name: (*name).to_owned(),
        path: PathBuf::from(path),
    };
    let content = Content::Zip {
        archive: PathBuf::from("emnist/gzip.zip"),
        members: members.iter().map(member).collect(),
    };
    source(url, md5(bytes), content)
}

#[test]
fn only_the_wanted_members_are_unpacked_and_the_archive_is_removed() {
    let bytes = archive(&[
        ("gzip/a", b"wanted"),
        ("gzip/b", b"not"),
        ("gzip/c", b"too"),
    ]);
    let (url, requests) = serve(bytes.clone(), true);
    let dir = tempfile::tempdir().unwrap();
    let source = zip_source(
        &url,
        &bytes,
        &[("gzip/a", "emnist/a"), ("gzip/c", "emnist/c")],
    );
    let done = fetch(&source, dir.path(), &mut ()).unwrap();
    assert_eq!(done.written.len(), 2);
    assert_eq!(files(dir.path()), ["emnist/a", "emnist/c"]);
    assert_eq!(fs::read(dir.path().join("emnist/a")).unwrap(), b"wanted");
    let again = fetch(&source, dir.path(), &mut ()).unwrap();
    assert_eq!((again.written.len(), again.present.len()), (0, 2));
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[test]
fn a_damaged_member_that_stands_there_is_fetched_anew() {
    let mut labels: Vec<u8> = [2049u32, 2].iter().flat_map(|w| w.to_be_bytes()).collect();
    labels.extend([0, 1]);
    let name = "x-labels-idx1-ubyte";
    let bytes = archive(&[("gzip/l", &labels)]);
    let (url, _) = serve(bytes.clone(), true);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(name), &labels[..9]).unwrap();
    fetch(
        &zip_source(&url, &bytes, &[("gzip/l", name)]),
        dir.path(),
        &mut (),
    )
    .unwrap();
    assert_eq!(fs::read(dir.path().join(name)).unwrap(), labels);
}

#[test]
fn an_archive_that_the_user_put_there_is_used_and_kept() {
    let bytes = archive(&[("gzip/a", b"wanted")]);
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("emnist")).unwrap();
    fs::write(dir.path().join("emnist/gzip.zip"), &bytes).unwrap();
    let nowhere = zip_source("http://127.0.0.1:9/x", &bytes, &[("gzip/a", "emnist/a")]);
    fetch(&nowhere, dir.path(), &mut ()).unwrap();
    assert_eq!(files(dir.path()), ["emnist/a", "emnist/gzip.zip"]);
}

#[test]
fn an_archive_with_a_member_that_climbs_out_is_refused() {
    let bytes = archive(&[("gzip/a", b"wanted"), ("../../evil", b"x")]);
    let (url, _) = serve(bytes.clone(), true);
    let dir = tempfile::tempdir().unwrap();
    let into = dir.path().join("deep/data");
    let error = fetch(
        &zip_source(&url, &bytes, &[("gzip/a", "emnist/a")]),
        &into,
        &mut (),
    );
    let text = error.unwrap_err().to_string();
    assert!(text.contains("'../../evil' points outside"), "{text}");
    assert_eq!(files(dir.path()), ["deep/data/emnist/gzip.zip.part"]);
}

#[test]
fn a_source_table_that_points_outside_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for path in ["../x", "/x", "a/../../x", ""] {
        let content = Content::File(PathBuf::from(path));
        let error = fetch(
            &source("http://127.0.0.1:9/x", String::new(), content),
            dir.path(),
            &mut (),
        );
        assert!(error.unwrap_err().to_string().contains("outside"), "{path}");
    }
}

#[test]
fn an_archive_without_the_wanted_member_says_which() {
    let bytes = archive(&[("gzip/a", b"wanted")]);
    let (url, _) = serve(bytes.clone(), true);
    let dir = tempfile::tempdir().unwrap();
    let error = fetch(
        &zip_source(&url, &bytes, &[("gzip/b", "emnist/b")]),
        dir.path(),
        &mut (),
    );
    assert!(error.unwrap_err().to_string().contains("holds no 'gzip/b'"));
}

/// IDX files of five images of 1 × 2 in two classes, gzipped not at all.
fn whole_set() -> (Vec<u8>, Vec<u8>) {
    let file = |words: &[u32], data: &[u8]| {
        let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
        bytes.extend(data);
        bytes
    };
    let images = file(&[2051, 5, 1, 2], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    (images, file(&[2049, 5], &[1, 0, 1, 1, 0]))
}

fn cut_source(url: &str, bytes: &[u8], md5: String) -> Source {
    let images = "emnist/emnist-whole-test-images-idx3-ubyte";
    let labels = "emnist/emnist-whole-test-labels-idx1-ubyte";
    Source {
        cut: Some(Cut {
            name: "emnist-part".to_owned(),
            from: "emnist-whole".to_owned(),
            split: Split::Test,
            per_class: 2,
            md5,
        }),
        ..zip_source(url, bytes, &[("i", images), ("l", labels)])
    }
}

#[test]
fn the_first_images_of_each_class_are_cut_out_of_what_was_fetched_and_kept_in_order() {
    let (images, labels) = whole_set();
    let bytes = archive(&[("i", &images), ("l", &labels)]);
    let (url, requests) = serve(bytes.clone(), true);
    let dir = tempfile::tempdir().unwrap();
    // The fourth image is the third of its class.
    let expected = md5(&[0, 1, 2, 3, 4, 5, 8, 9, 1, 0, 1, 0]);
    let source = cut_source(&url, &bytes, expected);
    let done = fetch(&source, dir.path(), &mut ()).unwrap();
    assert_eq!(done.written.len(), 4, "{done:?}");
    let roots = datasets::Roots::new(vec![dir.path().to_owned()]);
    let set = datasets::open_in(&roots, "emnist-part", Split::Test).unwrap();
    let labels: Vec<usize> = (0..set.len()).map(|i| set.label(i)).collect();
    // Turned upright, 1 × 2 pixels are 2 × 1.
    assert_eq!((labels, set.image(3)), (vec![1, 0, 1, 0], &[8, 9][..]));
    // Asked again nothing is done; without the cut it is made of what is there.
    assert!(
        fetch(&source, dir.path(), &mut ())
            .unwrap()
            .written
            .is_empty()
    );
    fs::remove_file(
        dir.path()
            .join("emnist/emnist-part-test-labels-idx1-ubyte.gz"),
    )
    .unwrap();
    fs::remove_file(
        dir.path()
            .join("emnist/emnist-part-test-images-idx3-ubyte.gz"),
    )
    .unwrap();
    let again = fetch(&source, dir.path(), &mut ()).unwrap();
    assert_eq!(again.written.len(), 2, "{again:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[test]
fn a_cut_that_is_not_what_it_should_be_is_not_written() {
    let (images, labels) = whole_set();
    let bytes = archive(&[("i", &images), ("l", &labels)]);
    let (url, _) = serve(bytes.clone(), true);
    let dir = tempfile::tempdir().unwrap();
    let source = cut_source(&url, &bytes, md5(b"other"));
    let error = fetch(&source, dir.path(), &mut ()).unwrap_err();
    assert!(matches!(error, DataError::Cut { .. }), "{error}");
    assert!(files(dir.path()).iter().all(|file| !file.contains("part")));
}
