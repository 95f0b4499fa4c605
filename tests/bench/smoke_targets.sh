#!/bin/sh
# targets.sh runs to its end, and has a figure for what every machine can measure.
#
#   smoke_targets.sh build
#
# SPDX-License-Identifier: MIT
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DLCORE_MNIST_DIR

complain() {
    echo "bench_targets: $1:" >&2
    cat "$work/err" "$work/out" >&2
    exit 1
}

"$here/targets.sh" --quick --build "$1" > "$work/out" 2> "$work/err" || complain "targets.sh failed"
figure='[0-9.]+'
for line in "2-8-1 b1, sgd +<= 90 ns +$figure ns" "predict 1 row, bfloat16 +<= 0.60 +$figure" \
    "predict 1 row, int8 +<= 0.35 +$figure" "predict 128 rows, bfloat16 +<= 0.55 +$figure" \
    "predict 128 rows, int8 +<= 0.35 +$figure" "texts of 10,000 words, .* +>= 8 +$figure" \
    "bfloat16 step of 784-512-10 .* +<= 0.66 +($figure|not measured)" \
    "AVX2 64-64-64-10 over floor, Haswell +<= 1.00 +($figure|not measured)" \
    "steps beside a thread that spins .* +<= 1.1 +($figure|not measured)" \
    "from its end to full speed +<= 0.05 s +($figure|not measured)" \
    "epoch of MNIST +<= 0.75 +needs --data DIR" "memory of a fit, .* +<= 1.10 +build/tests/test_memory"; do
    grep -qE "^$line\$" "$work/out" || complain "no line like $line"
done
echo "bench_targets: all in order"
