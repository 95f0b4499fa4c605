#!/bin/sh
# The tests against the two files that amalgamate.sh writes: compiled with `cc -O2` alone.
#
#   tests/two_files.sh FOLDER [TEST...]       all tests, without those named; CC is the compiler
#
# Tests of the tree and of the archive's objects, which look at the sources as they are, are left out.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
mkdir -p "$1"
work=$(CDPATH='' cd -- "$1" && pwd)
shift
rm -rf "$work/sources"
"$top/tests/amalgamate.sh" "$work/sources"
cmake -S "$top" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER="${CC:-cc}" -DDLCORE_TWO_FILES="$work/sources" -DDLCORE_BLAS=portable \
    -DDLCORE_BUILD_EXAMPLES=OFF -DDLCORE_INSTALL=OFF > "$work/build.log"
if [ $# -gt 0 ]; then
    # shellcheck disable=SC2046
    cmake --build "$work/build" --parallel "$(nproc)" --target $(printf 'test_%s ' "$@") > "$work/build.log"
    set -- -R "^($(echo "$@" | tr ' ' '|'))\$"
else
    cmake --build "$work/build" --parallel "$(nproc)" > "$work/build.log"
    set -- -E '^(rooms|archive|predict_only|train_only|agreement)$'
fi
ctest --test-dir "$work/build" --output-on-failure "$@" > "$work/test.log" || {
    tail -n 60 "$work/test.log"
    exit 1
}
grep 'tests passed' "$work/test.log"
