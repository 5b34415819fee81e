#!/usr/bin/env bash
# Runs the tests that compare bits on an emulated 64-bit ARM processor: every level of
# vector instructions, the golden cases, and the digests that all processors share. What it
# shows is that the numbers are the same; times under an emulator mean nothing.
#
#   benches/arm.sh             what compares bits, and the golden cases
#   benches/arm.sh FILTER…     tests of lanes, autodiff and meta whose names contain FILTER
#
# Needs qemu-user, a C compiler for aarch64 as the linker, and a standard library for it,
# either from rustup (rustup target add aarch64-unknown-linux-gnu) or built from source
# with Debian's toolchain (apt-get install rustc-web cargo-web rust-web-src):
#   apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
# Without them it says what is missing and exits with 0, or with 1 if METAPLAST_ARM=required.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=aarch64-unknown-linux-gnu

skip() {
  echo "SKIPPED: no check on ARM, $1" >&2
  [ "${METAPLAST_ARM-}" != required ]
  exit
}
for program in qemu-aarch64 aarch64-linux-gnu-gcc; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done

arguments=(--target "$target" --no-fail-fast)
if [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; then
  cargo=cargo
elif sources=$(ls -d /usr/src/rustc-*/library 2>/dev/null | tail -n 1) && [ -n "$sources" ] && [ -x /usr/bin/cargo ]; then
  # Debian's compiler builds the standard library from its own sources.
  cargo=/usr/bin/cargo
  arguments+=(-Zbuild-std=std,panic_unwind,test)
  export RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc
  export RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT=$sources
else
  skip "there is no standard library for $target; rustup target add $target"
fi

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/arm
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"

if [ $# -gt 0 ]; then
  # Lessons start programs of their own, for which nobody would start the emulator.
  "$cargo" test "${arguments[@]}" -p metaplast-lanes -p metaplast-autodiff -p metaplast-meta -- "$@" --skip lessons_of
else
  "$cargo" test "${arguments[@]}" -p metaplast-lanes -p metaplast-autodiff --lib --test levels
  "$cargo" test "${arguments[@]}" -p metaplast-runs --test levels --test golden
fi
