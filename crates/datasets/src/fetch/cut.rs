//! Sets that consist of the first images of each class of another.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};

use super::{Cut, Fetched, io_error, make_parent, put_in_place, with_suffix};
use crate::{
    DataError, Roots,
    catalog::FileSet,
    checksum::Md5Sum,
    idx::Kind,
    load::open_pair,
    locate::{Files, find},
};

/// Makes the set where its files are not yet there and whole, out of the other one, wherever
/// that stands below `into`. Returns false where the other one is missing.
pub(super) fn make(cut: &Cut, into: &Path, fetched: &mut Fetched) -> Result<bool, DataError> {
    let roots = Roots::new(vec![into.to_owned()]);
    // A damaged one is not worth keeping, another one is.
    if let Some(there) = find(&cut.name, cut.split, &roots)?
        && let Files::Idx { images, labels, .. } = &there.files
        && let Ok((images, labels)) = contents(images, labels)
    {
        let found = md5(&images, &labels);
        if found != cut.md5 {
            return Err(DataError::Occupied {
                path: there.files()[0].to_owned(),
                found,
                expected: cut.md5.clone(),
            });
        }
        let files = there.files().into_iter();
        fetched.present.extend(files.map(Path::to_owned));
        return Ok(true);
    }
    let from = find(&cut.from, cut.split, &roots)?;
    let Some(Files::Idx { images, labels, .. }) = from.map(|from| from.files) else {
        return Ok(false);
    };
    let (first, rest) = open_pair(&images, &labels)?;
    let header = first.header();
    let pixels = (header.rows * header.cols) as usize;
    let (pictures, marks) = (first.data()?, rest.data()?);
    let mut taken = [0; 256];
    let (mut kept_images, mut kept_labels) = (Vec::new(), Vec::new());
    for (image, label) in pictures.chunks_exact(pixels).zip(&marks) {
        let taken = &mut taken[usize::from(*label)];
        if *taken < cut.per_class {
            *taken += 1;
            kept_images.extend_from_slice(image);
            kept_labels.push(*label);
        }
    }
    let found = md5(&kept_images, &kept_labels);
    if found != cut.md5 {
        return Err(DataError::Cut {
            name: cut.name.clone(),
            from: images,
            found,
            expected: cut.md5.clone(),
        });
    }
    let count = kept_labels.len() as u32;
    let set = FileSet::named(&cut.name).ok_or_else(|| DataError::UnknownName {
        name: cut.name.clone(),
        suggestion: None,
    })?;
    let sides = [count, header.rows, header.cols];
    for (kind, sides, bytes) in [
        (Kind::Images, &sides[..], &kept_images),
        (Kind::Labels, &sides[..1], &kept_labels),
    ] {
        let file = format!("{}.gz", set.file(cut.split, kind));
        let path = into.join(set.folder()).join(file);
        make_parent(&path)?;
        let part = with_suffix(&path, ".part");
        let written = write(&part, kind, sides, bytes).map_err(io_error(&part, "write"));
        let placed = written.and_then(|()| put_in_place(&part, &path));
        if placed.is_err() {
            // The first error is the one to tell; a leftover does no harm to readers.
            let _ = fs::remove_file(&part);
        }
        placed?;
        fetched.written.push(path);
    }
    Ok(true)
}

/// The bytes of both files after their headers, as they are stored.
fn contents(images: &Path, labels: &Path) -> Result<(Vec<u8>, Vec<u8>), DataError> {
    let (images, labels) = open_pair(images, labels)?;
    Ok((images.data()?, labels.data()?))
}

fn md5(images: &[u8], labels: &[u8]) -> String {
    let mut sum = Md5Sum::new();
    sum.update(images);
    sum.update(labels);
    sum.hex()
}

/// A gzipped IDX file, on disk when this returns.
fn write(path: &Path, kind: Kind, sides: &[u32], bytes: &[u8]) -> io::Result<()> {
    let mut gz = GzEncoder::new(fs::File::create(path)?, Compression::default());
    gz.write_all(&kind.magic().to_be_bytes())?;
    for side in sides {
        gz.write_all(&side.to_be_bytes())?;
    }
    gz.write_all(bytes)?;
    gz.finish()?.sync_all()
}
