#!/bin/sh
# The example of that name with a file of 160 MB and 128 MB of address space, libraries included.
#
#   test_larger_than_memory.sh build/examples/larger_than_memory
#
# SPDX-License-Identifier: MIT
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# each thread of OpenBLAS takes address space as the library is loaded
OPENBLAS_NUM_THREADS=1
export OPENBLAS_NUM_THREADS
# shellcheck disable=SC3045 # every sh of Linux has it
ulimit -s 1024 # as much for the stack of each thread
# shellcheck disable=SC3045
ulimit -v 131072
"$1" "$work/data" 160 > "$work/out"
cat "$work/out"
grep -q "limited to 128 MB .* would not fit" "$work/out"
