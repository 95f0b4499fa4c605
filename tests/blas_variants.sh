#!/bin/sh
# The tests of whoever multiplies, over each BLAS that a program may meet at run time: the three
# builds of OpenBLAS of Debian and Ubuntu, and a BLAS that is not OpenBLAS. One build of dlcore
# serves all, because the library is exchanged under the linked programs by LD_LIBRARY_PATH.
#
#   blas_variants.sh build TEST...         (tests: engine, hosts, ...; linked to a shared OpenBLAS)
#
# A BLAS that is not installed is SKIPPED. The tests blas (always run) and engine know from
# DLCORE_EXPECT_BLAS which one they must find.
#
# SPDX-License-Identifier: MIT
set -eu
tests=$1/tests
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
multiarch=$(${CC:-cc} -print-multiarch)

# over NAME FOLDER TEST...: the tests over the BLAS of that folder.
over() {
    name=$1
    folder=$2
    shift 2
    if [ ! -e "$folder/libopenblas.so.0" ]; then
        echo "$name: SKIPPED (no $folder/libopenblas.so.0)"
        return
    fi
    for unit in blas "$@"; do
        begin=$(date +%s)
        if LD_LIBRARY_PATH=$folder DLCORE_EXPECT_BLAS=$name timeout 180 \
            "$tests/test_$unit" > "$work/log" 2>&1; then
            echo "$name: test_$unit passed ($(($(date +%s) - begin)) s)"
        else
            echo "$name: test_$unit FAILED"
            cat "$work/log"
            failed=$((failed + 1))
        fi
    done
}

for variant in pthread openmp serial; do
    over "openblas $variant" "/usr/lib/$multiarch/openblas-$variant" "$@"
done

# The reference BLAS has cblas_sgemm, too, and nothing of OpenBLAS's own: under OpenBLAS's file name
# it is what a program finds that meets a foreign BLAS.
mkdir "$work/blas"
if [ -e "/usr/lib/$multiarch/blas/libblas.so.3" ]; then
    ln -s "/usr/lib/$multiarch/blas/libblas.so.3" "$work/blas/libopenblas.so.0"
fi
over "blas" "$work/blas" "$@"
test $failed = 0
