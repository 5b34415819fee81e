//! Disks that are full or cannot be written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{files, interrupted, place, run_in, text, undisturbed};

/// A small file system of its own.
struct Disk(PathBuf);

impl Disk {
    /// None where mounting is not allowed.
    fn mount(path: &Path, options: &str) -> Option<Disk> {
        fs::create_dir(path).unwrap();
        let mut command = Command::new("mount");
        command
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(path);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("SKIPPED: mounting a file system is not allowed here");
        }
        mounted.then(|| Disk(path.to_owned()))
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status = Command::new("mount")
            .args(["-o", &options])
            .arg(&self.0)
            .status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_ends_a_run_clearly_and_loses_nothing() {
    let place = place();
    let wanted = undisturbed(&place, &[]);
    let Some(disk) = Disk::mount(&place.path().join("disk"), "size=60k") else {
        return;
    };
    let output = place.run(&run_in("disk/run", &[]));
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let error = told.lines().last().unwrap();
    for part in [
        "error: disk/run/",
        "No space left on device",
        "go on with: metaplast resume disk/run",
    ] {
        assert!(error.contains(part), "{part}: {told}");
    }
    // Still full, it still says so, and still loses nothing.
    assert_eq!(place.run(&["resume", "disk/run"]).status.code(), Some(1));
    disk.remount("size=4m");
    let output = place.run(&["resume", "disk/run"]);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        told.contains("going on after "),
        "it went on from a checkpoint: {told}"
    );
    assert_eq!(files(&place, "disk/run"), wanted);
    // With no room for even the first file.
    let Some(_tiny) = Disk::mount(&place.path().join("tiny"), "nr_inodes=2") else {
        return;
    };
    let output = place.run(&run_in("tiny/run", &[]));
    let told = text(&output);
    assert!(
        !output.status.success() && told.contains("No space left"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn a_read_only_directory_is_an_error_and_its_run_goes_on_later() {
    let place = place();
    let wanted = undisturbed(&place, &[]);
    let Some(disk) = Disk::mount(&place.path().join("disk"), "size=4m") else {
        return;
    };
    interrupted(&place, "disk/run", &[]);
    disk.remount("ro");
    let read_only = "Read-only file system";
    place.bad(
        &run_in("disk/new", &[]),
        &["disk/new: ", read_only, "--out"],
    );
    place.bad(&["resume", "disk/run"], &["disk/run: ", read_only]);
    disk.remount("rw");
    place.good(&["resume", "disk/run"]);
    assert_eq!(files(&place, "disk/run"), wanted);
    // A finished run can be looked at and verified where nothing can be written.
    disk.remount("ro");
    place.good(&["resume", "disk/run"]);
    place.good(&["verify", "disk/run"]);
}
