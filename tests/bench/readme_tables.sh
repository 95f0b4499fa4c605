#!/bin/sh
# The speed tables of README, measured on this machine, in Markdown: about five minutes on two idle
# CPUs.
#
#   tests/bench/readme_tables.sh [--data DIR] [--build DIR] [--recipes] [--large] [--quick]
#
# dlcore, its examples and the bench must have been built (in build/, or --build DIR). Of MNIST (--data
# DIR, or DLCORE_MNIST_DIR) it measures the epoch; with --recipes also the trainings of
# examples/mnist_recipes.c, and with --large a model of 1 GB, each of which takes minutes more. BLAS
# chooses its kernels for this CPU itself: OPENBLAS_CORETYPE is not passed on; the bench compares the
# floor's products with sums in double precision before it times them. What other libraries need is
# told by compare.sh. --quick is a test of this script, not a measurement.
#
# SPDX-License-Identifier: MIT
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$here/../.." && pwd)/build
data=${DLCORE_MNIST_DIR:-}
recipes=no
large=
quick=

usage() {
    sed -n '2,/^# SPDX/ { /SPDX/d; s/^# \{0,1\}//; p; }' "$0"
    exit "$1"
}

while [ $# -gt 0 ]; do
    case $1 in
    --recipes) recipes=yes ;;
    --large) large=--large ;;
    --quick) quick=--quick ;;
    --help) usage 0 ;;
    --data | --build)
        test $# -ge 2 || usage 2 >&2
        case $1 in
        --data) data=$2 ;;
        --build) build=$2 ;;
        esac
        shift
        ;;
    *) usage 2 >&2 ;;
    esac
    shift
done

bench=$build/tests/bench/dlcore_bench
if [ ! -x "$bench" ]; then
    echo "readme_tables.sh: no $bench: build dlcore first" >&2
    exit 1
fi
unset OPENBLAS_CORETYPE DLCORE_MNIST_DIR
if [ -n "$data" ]; then
    DLCORE_MNIST_DIR=$data
    export DLCORE_MNIST_DIR
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# measured FILE WHAT COMMAND...
measured() {
    file=$work/$1
    echo "$2 ..." >&2
    shift 2
    "$@" > "$file" || echo "readme_tables.sh: $* ended with status $?" >&2
}

steps="train 784-512-10 b128 rmsprop|train 1024-1024-1024-1024 b256 rmsprop"
steps="$steps|train 4096-4096-4096 b1024 rmsprop"
small="train 64-64-64-10 b32 rmsprop|train 2-8-1|epoch mnist|predict 784-512-10 b1 "
small="$small|predict 784-512-10 b128|predict 2-8-1|predict 16-32-32-4"
begin=$(date +%s)
uptime >&2
measured machine "the machine" "$bench" machine $quick
measured steps "steps" "$bench" --json --case "$steps|$small" $quick
measured blas "the BLAS engine" "$bench" --json --engine blas --case "$steps" $quick
measured layers "layers" "$build/tests/bench/dlcore_bench_layers" $quick
measured files "files" "$build/tests/bench/dlcore_bench_files" $large $quick
measured threads "threads" "$bench" threads $quick
if [ $recipes = yes ] && [ -n "$data" ]; then
    measured best "the best recipe" "$build/examples/mnist_recipes" --data "$data" best 3
    measured fast "the fast recipe" "$build/examples/mnist_recipes" --data "$data" fast 10
fi
python3 "$here/readme_tables.py" "$work"
echo "took $(($(date +%s) - begin)) seconds" >&2
