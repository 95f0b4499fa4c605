#!/bin/sh
# What fuzzing and changed bytes have found in libhdf5 and libzip, shown without dlcore: each case runs a
# program that calls these libraries alone (libraries.c). Says of each what happens with the versions
# here. dlcore refuses all of them before the library reads that, and does not rely on a mended one.
#
#   tests/fuzz/libraries.sh
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=$work/libraries
file=$top/tests/fixtures/keras_2.15.1.h5

pkg-config --exists hdf5 libzip || {
    echo "libraries: SKIPPED (no libhdf5 or no libzip)"
    exit 77
}
# shellcheck disable=SC2046 # words
${CC:-cc} -O1 -g -std=c11 -D_DEFAULT_SOURCE $(pkg-config --cflags hdf5 libzip) "$top/tests/fuzz/libraries.c" \
    -o "$program" $(pkg-config --libs hdf5 libzip)
"$program" versions

# shown NAME ARGUMENT...: with 10 s and 6 GB.
shown() {
    name=$1
    shift
    code=0
    (
        # shellcheck disable=SC3045 # shells of Debian and Ubuntu have it
        ulimit -v 6000000
        timeout 10 "$program" "$@"
    ) > "$work/out" 2> /dev/null || code=$?
    case $code in
    0) what=$(tr '\n' ' ' < "$work/out") ;;
    124) what="no end in 10 s" ;;
    *) what="the process dies ($code)" ;;
    esac
    printf '%-62s %s\n' "$name" "$what"
}

shown "libhdf5: a heap has free space of no size" heap
shown "libhdf5: 1000 references to one text of 200 KB" copies
shown "libhdf5: a text that is not in its heap" change "$file" 2021 255
shown "libhdf5: a text that is longer than its reference says" change "$file" 8489 127
shown "libhdf5: a text of 997 letters of 15 MB, 15 GB asked for" change "$file" 1102 233
shown "libhdf5: an attribute that is longer than its message" change "$file" 1879 255
shown "libhdf5: numbers in the layout, fewer than the shape's" change "$file" 31688 2
shown "libzip: 8000 names with one hash" names 8000
shown "libzip: 16000 names with one hash" names 16000
shown "libzip: 32000 names with one hash" names 32000
