#!/bin/sh
# The benchmark runs: every case gives a line of JSON with every key, or says why not; and mistakes
# on its command line are found.
#
#   smoke.sh build/tests/bench/dlcore_bench
#
# SPDX-License-Identifier: MIT
set -eu
bench=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DLCORE_MNIST_DIR

complain() {
    echo "bench_smoke: $1:" >&2
    cat "$work/err" "$work/out" >&2
    exit 1
}

# Without data, the cases on real digits are skipped by name, and all others are measured.
"$bench" --quick --json --threads 1 > "$work/out" 2> "$work/err" || complain "--quick failed"
number='([0-9.e+-]+|null)'
keys='"case": "[^"]+", "threads": [0-9]+, "engine": "auto", "seconds": [0-9.e-]+,'
keys="$keys \"floor_seconds\": $number, \"ratio\": $number, \"gflops\": $number,"
keys="$keys \"percent_of_peak\": $number"
! grep -vE "^\{$keys, .*\}\$" "$work/out" || complain "a line that is not as it should be"
"$bench" --list > "$work/names"
test "$(wc -l < "$work/names")" -ge 25 || complain "too few cases"
while read -r name; do
    grep -qF "\"case\": \"$name\"" "$work/out" || grep -qE "^$name +skipped: " "$work/err" ||
        complain "nothing about $name"
done < "$work/names"
grep -qE '^epoch mnist +skipped: needs MNIST' "$work/err" || complain "an epoch without data"
grep -qE '^recipe mnist +skipped: needs MNIST' "$work/err" || complain "a recipe without data"

# Without AVX-512.
"$bench" --quick --no-avx512 --case "train 784-512-10 b128 sgd" --threads 1 > "$work/out" \
    2> "$work/err" || complain "--no-avx512 failed"
! grep -q 'avx512' "$work/out" || complain "AVX-512 was not switched off"

# The table, and a choice of cases, threads and engine.
"$bench" --quick --case "train 2-8-1" --threads 2 --engine=blas > "$work/out" 2> "$work/err" ||
    complain "a choice of cases failed"
test "$(grep -c '^train 2-8-1 .* \(openblas\|blas\|portable\)' "$work/out")" = 4 ||
    complain "a choice of cases is not these four"
grep -q '^2 threads' "$work/out" || complain "nothing about two threads"
case $(uname -m) in
x86_64 | aarch64)
    grep -qE '^multiply-adds of a core, (sse|neon) +[0-9]' "$work/out" || complain "no peak of a core"
    grep -qE '^2 threads, peak [1-9]' "$work/out" || complain "no peak of two threads"
    ;;
esac

# Kernels of BLAS that are chosen, or older than the CPU, are said.
if OPENBLAS_CORETYPE=Nehalem "$bench" --quick --case "train 2-8-1 b1 sgd" --threads 1 \
    > "$work/out" 2> "$work/err" && grep -q 'kernels for Nehalem' "$work/out"; then
    grep -q 'warning: .*OPENBLAS_CORETYPE is set' "$work/err" || complain "no warning of old kernels"
fi

# Without a floor there is none.
"$bench" --quick --json --no-floor --case "train 784-512-10 b96" --threads 1 > "$work/out" \
    2> "$work/err" || complain "--no-floor failed"
grep -qF '"floor_seconds": null' "$work/out" || complain "a floor under --no-floor"

# What threads do: every check says its figure. On a machine that others use limits are not kept.
status=0
"$bench" threads --quick > "$work/out" 2> "$work/err" || status=$?
case $status in
0 | 1)
    for check in "fits of 3 steps" "fits of 30 steps" "2 models in turn" "3 models in turn" \
        "while another thread spins" "full speed again"; do
        grep -q "$check.* limit " "$work/out" || complain "nothing about $check"
    done
    ;;
3) ;;
*) complain "threads failed with status $status" ;;
esac

# expect_failure STATUS TEXT ARGUMENT...
expect_failure() {
    status=$1
    text=$2
    shift 2
    got=0
    "$bench" "$@" > "$work/out" 2> "$work/err" || got=$?
    if [ "$got" != "$status" ] || ! grep -qF -e "$text" "$work/err"; then
        complain "$*: status $got, not $status with \"$text\""
    fi
}
expect_failure 2 "unknown option: --jsn" --jsn
expect_failure 2 "value is missing: --case" --case
expect_failure 2 "not a number of threads: 0" --threads 0
expect_failure 2 "not an engine: mkl" --engine mkl
expect_failure 1 "no case has such a name" --case nothing
expect_failure 1 "can be read in $work" --data "$work"
echo "bench_smoke: all in order"
