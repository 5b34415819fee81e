#!/usr/bin/env bash
# Counts the instructions of an episode, which a busy machine does not change, and
# compares with the recorded budget. Needs valgrind, whose processor has AVX2 and no
# AVX-512.
#
#   benches/instructions.sh          fails if a rule is 3 % over its budget
#   benches/instructions.sh record   writes the budget anew
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

budget=benches/instructions.txt
program=${CARGO_TARGET_DIR:-target}/release/metaplast
cargo build --release --quiet

# Instructions of a bench of so many episodes, in millions.
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null \
    "$program" bench --rule "$1" --episodes "$2" --json 2>&1 >/dev/null |
    awk '/Collected/ { printf "%.1f", $NF / 1e6 }'
}

status=0
lines=""
for rule in fa bp bio pool; do
  # What two more episodes take is free of start-up.
  each=$(awk -v few="$(count $rule 1)" -v more="$(count $rule 3)" \
    'BEGIN { printf "%.1f", (more - few) / 2 }')
  lines+="$rule $each"$'\n'
  if [ "${1:-}" != record ]; then
    allowed=$(awk -v rule=$rule '$1 == rule { print $2 }' "$budget")
    verdict=$(awk -v each="$each" -v allowed="$allowed" \
      'BEGIN { print (each <= 1.03 * allowed) ? "within" : "OVER" }')
    echo "$rule: $each million instructions an episode, $verdict the budget of $allowed"
    [ "$verdict" = within ] || status=1
  fi
done
if [ "${1:-}" = record ]; then
  printf '%s' "$lines" > "$budget"
  cat "$budget"
fi
exit $status
