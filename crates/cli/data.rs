//! `metaplast data`: list, check and fetch data sets.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use datasets::{
    DataError, Dataset, Pair, Progress, Roots, Source, Split, default_target, emnist_sets_in,
    fetch, file_md5, find, glyphs, known_names, pairs, read, summary,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;

/// List, check and fetch data sets.
///
/// Sets are looked for in $METAPLAST_DATA, then ./data, then your data directory, then
/// /usr/share/datasets: in emnist/, mnist/ and fashion-mnist/ inside. `glyphs` is built in.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show every known set: whether and where it is found, images and classes (the default)
    List,
    /// Read sets in full and print counts, density and checksums; fails on a damaged one
    Check {
        /// Names or paths; all that are found if none is given
        #[arg(value_name = "NAME|PATH")]
        names: Vec<String>,
    },
    /// Download a set; a broken download is resumed, and nothing unverified is kept
    Fetch {
        /// emnist (its balanced split), emnist-<split>, emnist-all, mnist or fashion-mnist
        name: String,
        /// Download from here instead of the publisher: the address of the folder with the files
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// Put it here instead of $METAPLAST_DATA or, if that is not set, your data directory
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
}

/// Runs `metaplast data`.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    match args.action.unwrap_or(Action::List) {
        Action::List => list(&Roots::from_env()),
        Action::Check { names } => check(&Roots::from_env(), names),
        Action::Fetch { name, from, into } => fetch_set(&name, from.as_deref(), into),
    }
}

/// Known names, then unpublished EMNIST sets that were found.
fn names_in(roots: &Roots) -> Result<Vec<String>, DataError> {
    let mut names = known_names();
    let found = emnist_sets_in(roots)?;
    names.extend(found.into_iter().collect::<BTreeSet<_>>());
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

fn list(roots: &Roots) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{:<18} {:<6} {:>7} {:>8}  where",
        "set", "split", "images", "classes"
    )?;
    for name in names_in(roots)? {
        if name == "glyphs" {
            for split in Split::ALL {
                let set = glyphs(split, 0);
                row(
                    &mut out,
                    &name,
                    split,
                    set.len(),
                    set.classes(),
                    "built in, synthetic",
                )?;
            }
            continue;
        }
        let mut found = false;
        for split in Split::ALL {
            // A damaged set must not hide the others; `data check` fails on it.
            let size = find(&name, split, roots)
                .and_then(|pair| pair.map(|pair| Ok((summary(&pair)?, pair))).transpose());
            match size {
                Ok(None) => continue,
                Ok(Some((size, pair))) => {
                    row(
                        &mut out,
                        &name,
                        split,
                        size.images,
                        size.classes,
                        &place(&pair),
                    )?;
                }
                Err(error) => writeln!(out, "{name:<18} {split:<6} damaged: {error}")?,
            }
            found = true;
        }
        if !found {
            writeln!(out, "{name:<18} not found; metaplast data fetch {name}")?;
        }
    }
    Ok(out.flush()?)
}

fn row(
    out: &mut impl Write,
    name: &str,
    split: Split,
    images: usize,
    classes: usize,
    note: &str,
) -> io::Result<()> {
    writeln!(
        out,
        "{name:<18} {split:<6} {images:>7} {classes:>8}  {note}"
    )
}

fn place(pair: &Pair) -> String {
    let [images, _] = pair.files();
    let folder = images.parent().unwrap_or(images);
    format!("{}, real", folder.display())
}

fn check(roots: &Roots, mut names: Vec<String>) -> Result<(), Failure> {
    let all = names.is_empty();
    if all {
        names = names_in(roots)?;
    }
    let mut out = io::stdout().lock();
    let mut errors = Vec::new();
    for name in &names {
        if name == "glyphs" {
            for split in Split::ALL {
                describe(&mut out, &glyphs(split, 0))?;
            }
            continue;
        }
        match pairs(name, roots) {
            // Without names, all that is there is checked; what is not there is no fault.
            Err(DataError::NotFound { .. }) if all => {}
            Err(error) => errors.push(error),
            Ok(pairs) => {
                for pair in pairs {
                    match check_pair(&mut out, &pair)? {
                        Ok(()) => {}
                        Err(error) => errors.push(error),
                    }
                }
            }
        }
    }
    out.flush()?;
    let count = errors.len();
    match errors.into_iter().next() {
        None => Ok(()),
        Some(first) if count == 1 => Err(first.into()),
        Some(first) => Err(Failure::Input(format!(
            "{first} (the first of {count} problems; check the sets one by one for the others)"
        ))),
    }
}

/// The outer error is that of writing, the inner one that of the data.
fn check_pair(out: &mut impl Write, pair: &Pair) -> io::Result<Result<(), DataError>> {
    let (set, sums) = match read(pair).and_then(|set| Ok((set, file_sums(pair)?))) {
        Ok(both) => both,
        Err(error) => {
            writeln!(out, "{} {}: damaged", pair.name(), pair.split())?;
            return Ok(Err(error));
        }
    };
    describe(out, &set)?;
    for (file, sum) in pair.files().into_iter().zip(sums) {
        let file_name = file.file_name().unwrap_or_default().to_string_lossy();
        let verdict = match Source::published_md5(pair.name(), &file_name) {
            Some(published) if published == sum => "as published",
            Some(_) => "not the published file: packed anew, or other content",
            None => "no published sum for this file",
        };
        writeln!(out, "  file md5 {sum}  {} ({verdict})", file.display())?;
    }
    Ok(Ok(()))
}

fn file_sums(pair: &Pair) -> Result<[String; 2], DataError> {
    let [images, labels] = pair.files();
    Ok([file_md5(images)?, file_md5(labels)?])
}

fn describe(out: &mut impl Write, set: &Dataset) -> io::Result<()> {
    let kind = if set.is_synthetic() {
        "synthetic"
    } else {
        "real"
    };
    writeln!(
        out,
        "{} {}: {} images of {} x {}, {} classes, {kind}",
        set.name(),
        set.split(),
        set.len(),
        set.height(),
        set.width(),
        set.classes()
    )?;
    writeln!(out, "  a class: {}", counts(set))?;
    let (mut inked, mut total) = (0usize, 0u64);
    for i in 0..set.len() {
        let image = set.image(i);
        inked += image.iter().filter(|&&p| p > 0).count();
        total += image.iter().map(|&p| u64::from(p)).sum::<u64>();
    }
    let pixels = (set.len() * set.pixels()) as f64;
    writeln!(
        out,
        "  pixels: {:.1} % above 0, mean {:.1} of 255",
        100.0 * inked as f64 / pixels,
        total as f64 / pixels
    )?;
    writeln!(
        out,
        "  data md5 {}  images, then labels, decoded",
        set.checksum()
    )
}

/// `400 each`, or `0:980 1:1135 …`.
fn counts(set: &Dataset) -> String {
    let of = |class| set.of_class(class).len();
    if (1..set.classes()).all(|class| of(class) == of(0)) {
        return format!("{} each", of(0));
    }
    let each = (0..set.classes()).map(|class| format!("{class}:{}", of(class)));
    each.collect::<Vec<_>>().join(" ")
}

fn fetch_set(name: &str, from: Option<&str>, into: Option<PathBuf>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if name == "glyphs" {
        writeln!(out, "glyphs: built in, nothing to fetch")?;
        return Ok(());
    }
    let mut source = Source::published(name)?;
    if let Some(base) = from {
        source = source.from_base(base)?;
    }
    let into = into.unwrap_or_else(default_target);
    let fetched = fetch(&source, &into, &mut Meter::default())?;
    for path in &fetched.present {
        writeln!(out, "present  {}", path.display())?;
    }
    for path in &fetched.written {
        writeln!(out, "fetched  {}", path.display())?;
    }
    if fetched.written.is_empty() {
        writeln!(out, "{name}: already there and whole, nothing to do")?;
    } else {
        writeln!(out, "{name}: whole, in {}", into.display())?;
    }
    // A set that later commands would not find is half the work.
    if !Roots::from_env().folders().contains(&into) {
        writeln!(out, "to use it, set METAPLAST_DATA={}", into.display())?;
    }
    Ok(out.flush()?)
}

/// A bar on a terminal; elsewhere a line at the start and one for every tenth.
#[derive(Default)]
struct Meter {
    bar: Option<ProgressBar>,
    what: String,
    done: u64,
    total: Option<u64>,
}

impl Meter {
    fn say(&self) {
        let done = self.done as f64 / 1e6;
        let line = match self.total {
            Some(total) => format!("{}: {done:.1} of {:.1} MB", self.what, total as f64 / 1e6),
            None => format!("{}: {done:.1} MB", self.what),
        };
        // Progress is not worth failing for.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

impl Progress for Meter {
    fn begin(&mut self, what: &str, already: u64, total: Option<u64>) {
        what.clone_into(&mut self.what);
        (self.done, self.total) = (already, total);
        if !io::stderr().is_terminal() {
            self.say();
            return;
        }
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = "{msg} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(self.what.clone());
        bar.set_position(already);
        bar.reset_eta();
        self.bar = Some(bar);
    }

    fn advance(&mut self, bytes: u64) {
        let before = self.done;
        self.done += bytes;
        match (&self.bar, self.total) {
            (Some(bar), _) => bar.set_position(self.done),
            (None, Some(total)) if total > 0 => {
                let tenth = |n: u64| n.saturating_mul(10) / total;
                if tenth(before) != tenth(self.done) {
                    self.say();
                }
            }
            (None, _) => {}
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
