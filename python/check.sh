#!/usr/bin/env bash
# Builds the wheel in a venv of its own and tests it: pytest, types, notebooks. The wheel is
# of the profile dev, which shares what `cargo test` has built; results are the same bytes.
# METAPLAST_COMMAND is the command that runs are compared with, by default that of the
# profile dev.
#
#   python/check.sh         all of it
#   python/check.sh venv    makes but the venv, which takes a network and no processor
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
target=$PWD/../target
METAPLAST_COMMAND=${METAPLAST_COMMAND:-$target/debug/metaplast}
export METAPLAST_COMMAND CARGO_TARGET_DIR=$target MPLBACKEND=Agg

step() {
  printf '\n== %s\n' "$*" >&2
  "$@"
}

venv=$target/python
[ -x "$venv/bin/python" ] || step python3 -m venv "$venv"
step "$venv/bin/pip" install --quiet --disable-pip-version-check -r requirements-dev.txt
[ "${1-}" != venv ] || exit 0
export VIRTUAL_ENV=$venv PATH=$venv/bin:$PATH
step cargo fmt --check
rm -rf "$target/wheels"
step maturin build --locked --profile dev --out "$target/wheels"
step pip install --quiet --no-deps --force-reinstall "$target"/wheels/metaplast-*.whl
step pytest --quiet
step mypy
step pytest --quiet --nbmake --nbmake-timeout=300 notebooks
