#!/usr/bin/env bash
# Counts the instructions of an episode with its meta-gradient, and fails if they are more
# than the budget of benches/instructions.txt by over three per cent. Instructions can be
# repeated where times cannot: the same program gives the same count, however busy the
# machine is, to a few in ten thousand.
#
#   benches/instructions.sh            compare
#   benches/instructions.sh --record   write the present counts as the budget
#
# Needs valgrind. It knows no AVX-512, so AVX2 is what is counted on any processor.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

budget=benches/instructions.txt
program=${CARGO_TARGET_DIR:-target}/release/metaplast
sizes=784-64-32-47
tolerance=3

command -v valgrind >/dev/null || {
  echo "error: valgrind is not installed; on Debian: apt-get install valgrind" >&2
  exit 2
}
# Without what fetches and draws: the engine is the same, and sooner built.
cargo build --quiet --release --no-default-features --bin metaplast

# Instructions of a whole run of $2 + 1 episodes of rule $1.
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" \
    bench --rule "$1" --sizes "$sizes" --level avx2 --episodes "$2" --json 2>&1 |
    awk '/Collected/ { print $4 }'
}

# What five episodes more cost, so that neither start-up nor first allocations count. Both
# runs at a time: how long they take does not matter.
episode() {
  local few many
  few=$(mktemp)
  count "$1" 1 >"$few" &
  many=$(count "$1" 6)
  wait
  echo $(((many - $(<"$few")) / 5))
  rm -f "$few"
}

if [ "${1-}" = --record ]; then
  for rule in fa bio pool; do
    echo "$rule $(episode "$rule")"
  done | tee "$budget"
  exit
fi

failed=0
while read -r rule allowed; do
  found=$(episode "$rule")
  change=$(awk -v a="$allowed" -v f="$found" 'BEGIN { printf "%+.1f", 100 * (f - a) / a }')
  echo "$rule: $found instructions an episode, $change % of the budget of $allowed"
  if [ "$((found * 100))" -gt "$((allowed * (100 + tolerance)))" ]; then
    echo "error: $rule is over its budget by more than $tolerance %; make it cheaper, or" \
      "record a new budget with benches/instructions.sh --record and say why" >&2
    failed=1
  fi
done <"$budget"
exit "$failed"
