#!/usr/bin/env bash
# Tests the randomness of draws, then the tests themselves with planted faults. Takes the `rng` program.
#   rng-stats.sh PROGRAM [MEBIBYTES] [DIEHARDER TESTS...]
set -euo pipefail

rng=$1
mebibytes=${2:-256}
shift $(($# > 1 ? 2 : 1))
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(0 1 2 3 8 10 15 100 101 102)
bytes=$((mebibytes * 1048576))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ent's chi-square over bytes: the probability of so large a value by chance, which must be neither tiny nor suspiciously good.
ent_passes() {
  local line probability
  ent -t "$1" > "$work/ent"
  line=$(tail -n 1 "$work/ent")
  probability=$(awk -F, -v OFMT=%.6f '
    function q(z) { return z < 0 ? 1 - q(-z) : exp(-z * z / 2) * (0.3193815 * k(z) - 0.3565638 * k(z)^2 + 1.781478 * k(z)^3 - 1.821256 * k(z)^4 + 1.330274 * k(z)^5) * 0.3989423 }
    function k(z) { return 1 / (1 + 0.2316419 * z) }
    # Wilson and Hilferty: the cube root of chi-square over its 255 degrees of freedom is nearly normal.
    { d = 255; print q((($4 / d)^(1 / 3) - (1 - 2 / (9 * d))) / sqrt(2 / (9 * d))) }' <<< "$line")
  echo "  ent        chi-square p = $probability"
  awk -v p="$probability" 'BEGIN { exit !(p > 0.001 && p < 0.999) }'
}

# rngtest fails about 8 of 10,000 good blocks of 20,000 bits: the count must lie in the 99.9% interval around that.
rngtest_passes() {
  local good bad
  rngtest < "$1" > /dev/null 2> "$work/rngtest" || true
  good=$(awk '/FIPS 140-2 successes/ { print $NF }' "$work/rngtest")
  bad=$(awk '/FIPS 140-2 failures/ { print $NF }' "$work/rngtest")
  echo "  rngtest    $bad of $((good + bad)) blocks fail"
  awk -v bad="$bad" -v n=$((good + bad)) 'BEGIN { m = n * 0.0008; w = 3.29 * sqrt(m) + 1; exit !(bad >= m - w && bad <= m + w) }'
}

# A result of these tests is WEAK two to four times in a hundred, of the kernel's numbers as of ours (680 results of each), and a test
# has up to thirty: it is run once more, and fails where the same result is WEAK again. More than six at once are about one chance in ten
# thousand, and fail it too. The pipe has no end, so that no test reads the same bytes twice.
dieharder_passes() {
  local test first again
  for test in "${tests[@]}"; do
    first=$(dieharder_once "$test" "$@")
    tell "$test" "$first"
    if fails "$first"; then return 1; fi
    if [[ $first != *WEAK* ]]; then continue; fi
    again=$(dieharder_once "$test" "$@")
    tell "$test" "$again"
    if fails "$again" || weak_twice "$first" "$again"; then return 1; fi
  done
}

tell() {
  echo "  dieharder  test $1: $(awk -F'|' 'NF > 5 { gsub(/ /, "", $6); n[$6]++ } END { for (word in n) printf "%d %s ", n[word], word }' <<< "$2")"
}

fails() {
  [[ -z $1 || $1 == *FAILED* ]] || [ "$(grep -c WEAK <<< "$1")" -gt 6 ]
}

# Whether the same line of both outcomes is WEAK.
weak_twice() {
  paste -d '#' <(echo "$1") <(echo "$2") | grep -q 'WEAK.*#.*WEAK'
}

dieharder_once() {
  local test=$1
  shift
  "$rng" stream "$@" 2> /dev/null | dieharder -g 200 -d "$test" 2> /dev/null | grep -E 'PASSED|WEAK|FAILED' || true
}

echo "draws, $mebibytes MiB"
"$rng" stream --bytes "$bytes" > "$work/draws"
ent_passes "$work/draws"
rngtest_passes "$work/draws"
dieharder_passes
rm "$work/draws"

for fault in bias mod100 repeat; do
  echo "planted fault: $fault"
  "$rng" stream --fault "$fault" --bytes "$bytes" > "$work/planted"
  if ent_passes "$work/planted" && rngtest_passes "$work/planted" && dieharder_passes --fault "$fault"; then
    echo "FAILED: nothing found the planted fault $fault" >&2
    exit 1
  fi
  echo "  found, as it must be"
done
echo "the draws pass, and each planted fault is found"
