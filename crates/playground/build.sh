#!/usr/bin/env bash
# Compiles the engine to WebAssembly and writes assets/engine.wasm.gz; with an argument, writes
# it there instead.
#
# It takes a Rust toolchain with the target wasm32-unknown-unknown:
#   rustup target add wasm32-unknown-unknown
# or Debian's packages rustc-web, cargo-web and rust-web-src, whose standard library is compiled
# on the way (a few minutes, the first time). Makes use of wasm-opt (binaryen) if it is there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:-$here/assets/engine.wasm.gz}
target=wasm32-unknown-unknown
export CARGO_TARGET_DIR=${METAPLAST_WASM_TARGET:-$here/../../target/wasm}
export CARGO_PROFILE_RELEASE_LTO=true CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
export CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_STRIP=true
flags="-C target-feature=+simd128"

sysroot=$(rustc --print sysroot)
source=$(echo /usr/src/rustc-*/library)
if [ -d "$sysroot/lib/rustlib/$target/lib" ]; then
  build=(cargo)
elif [ -x /usr/bin/cargo ] && [ -d "$source" ]; then
  # Debian's compiler has no standard library for the target, and no linker for it but lld.
  linker=$(command -v rust-lld || command -v lld || find "$sysroot" -name rust-lld -type f | head -1)
  [ -n "$linker" ] || { echo "no linker for $target: install lld" >&2; exit 3; }
  export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT=$source
  flags+=" -C linker=$linker"
  build=(/usr/bin/cargo -Zbuild-std=std,panic_abort)
else
  echo "no Rust toolchain for $target: rustup target add $target" >&2
  exit 3
fi
# Paths of this machine are no part of the module.
flags+=" --remap-path-prefix=$HOME/.cargo=/cargo --remap-path-prefix=$(cd "$here/../.." && pwd)=/metaplast"
RUSTFLAGS="$flags" "${build[@]}" rustc --locked --release --quiet --manifest-path "$here/Cargo.toml" \
  --lib --crate-type cdylib --target "$target"

module=$CARGO_TARGET_DIR/$target/release/playground.wasm
if command -v wasm-opt >/dev/null; then
  wasm-opt -O3 --enable-simd --enable-bulk-memory --enable-sign-ext --enable-mutable-globals \
    --enable-nontrapping-float-to-int "$module" -o "$module.small"
  module=$module.small
fi
gzip --best --no-name --stdout "$module" > "$out"
echo "$(wc -c < "$module") bytes, $(wc -c < "$out") compressed: $out"
