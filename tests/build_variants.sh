#!/bin/sh
# Builds as hosts have them: all sources as one, behind -ffast-math and -Ofast, with link-time
# optimization, without optimization, as a shared library, for some kinds of CPUs. Each compiles without a warning and passes
# the tests that it endangers most.
#
#   build_variants.sh work-folder [VARIANT...]     (by default refused unity fast_math lto shared
#                                              kernels; for long lto_long, kernels_long)
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
mkdir -p "$1"
work=$(CDPATH='' cd -- "$1" && pwd)
shift
jobs=$(nproc 2> /dev/null || echo 2)

# build NAME "OPTION..." TEST...: builds the library and these tests in work/NAME, and runs them.
build() {
    name=$1
    options=$2
    shift 2
    # shellcheck disable=SC2086 # options are words
    cmake -S "$top" -B "$work/$name" -DDLCORE_WERROR=ON -DDLCORE_BUILD_EXAMPLES=OFF $options \
        > "$work/$name.log"
    # shellcheck disable=SC2046
    cmake --build "$work/$name" --parallel "$jobs" --target dlcore $(printf 'test_%s ' "$@") \
        > "$work/$name.log"
    for unit in "$@"; do
        "$work/$name/tests/test_$unit" > "$work/$name.$unit.log" 2>&1 || {
            cat "$work/$name.$unit.log"
            echo "$name: test_$unit FAILED"
            return 1
        }
    done
    sed -n 's/^\[  SKIPPED \] \(test_[a-z0-9_]*\)$/    \1: SKIPPED/p' "$work/$name".*.log | sort -u
}

# Whoever compiles the sources by other means is told by every source what is wrong.
refused() {
    for flags in -Ofast -ffinite-math-only -ffast-math; do
        set -- "$top/src/nn/loss.c"
        test "$flags" != -ffast-math || set -- "$top"/src/*/*.c
        for source in "$@"; do
            case $source in
            *.pb.c) continue ;; # tables that nanopb made, without arithmetic
            esac
            "${CC:-cc}" -std=c11 "$flags" -I "$top/src" -I "$top/include" -E "$source" \
                > /dev/null 2> "$work/refused.log" || true
            grep -q 'error: .*dlcore needs exact floating-point' "$work/refused.log" || {
                echo "$source compiles with $flags"
                return 1
            }
        done
    done
}

unity() {
    build unity "-DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-O1 -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0" \
        engine fit csv model_save keras_save npz onnx_load
}

# Tests of numbers that are not finite, and of losses far out. Linked so, a program flushes
# denormals: tests of these are skipped, by name.
fast_math() {
    build fast_math "-DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-ffast-math \
        -DCMAKE_C_FLAGS_RELEASE=-Ofast" \
        decimal float_mode kernels_activations keras_losses metric standardize fit_misuse
}

# Linking each of these compiles the whole library.
lto() {
    build lto "-DCMAKE_BUILD_TYPE=Release -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON" engine_agreement report
}

lto_long() {
    build lto "-DCMAKE_BUILD_TYPE=Release -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON" \
        engine_agreement report fit stack
}

# exported FILE: what it shows to the dynamic linker.
exported() {
    nm -D --defined-only "$1" | awk '{print $3}' | grep -vxE '_init|_fini' | LC_ALL=C sort
}

# Without optimization, as a host's flags may have it. What the headers declare is exported, and
# nothing else; programs find the library by pkg-config and by CMake.
shared() {
    # the part mpi has an archive of its own in any case
    build shared "-DCMAKE_BUILD_TYPE=Debug -DBUILD_SHARED_LIBS=ON -DDLCORE_MPI=OFF" engine model_save keras_save npz onnx_load
    library=$(find "$work/shared/src" -name 'libdlcore.so')
    exported "$library" > "$work/exported"
    parts=$(find "$work/shared/src" -maxdepth 1 -name 'dlcore-*.pc' | sed 's,.*/dlcore-\(.*\)\.pc,\1,')
    {
        echo '#include <dlcore.h>'
        for part in $parts; do echo "#include <dlcore/$part.h>"; done
    } |
        "${CC:-cc}" -E -P -I "$top/include" -DDLCORE_NO_SHORT_NAMES -x c - | tr '\n' ' ' |
        grep -oE '\<dlcore_[a-z0-9_]+ *\([^*]' | sed 's, *(.*,,' | LC_ALL=C sort -u > "$work/public"
    if ! diff "$work/public" "$work/exported"; then
        echo "shared: public functions (<) and exported ones (>) differ"
        return 1
    fi
    prefix=$work/shared/prefix
    cmake --install "$work/shared" --prefix "$prefix" > "$work/shared.log"
    folder=$(dirname "$(find "$prefix" -name 'libdlcore.so')")
    program=$top/tests/consumers/program.c
    flags=$(PKG_CONFIG_PATH=$folder/pkgconfig pkg-config --cflags --libs dlcore)
    # shellcheck disable=SC2086
    "${CC:-cc}" -o "$work/shared/program" "$program" $flags -lm
    LD_LIBRARY_PATH=$folder "$work/shared/program"
    soname=$(readelf -d "$library" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
    version=$(PKG_CONFIG_PATH=$folder/pkgconfig pkg-config --modversion dlcore)
    if [ "$soname" != "libdlcore.so.${version%.*}" ]; then
        echo "shared: the library of $version calls itself $soname"
        return 1
    fi
    cmake -S "$top/tests/consumers/find_package" -B "$work/shared/find_package" \
        -DCMAKE_PREFIX_PATH="$prefix" -DDLCORE_VERSION="$version" > "$work/shared.log"
    cmake --build "$work/shared/find_package" > "$work/shared.log"
    "$work/shared/find_package/program"
    DLCORE_SOURCE_DIR=$top DLCORE_WORK_DIR=$work/shared/consumers DLCORE_PREFIX=$prefix \
        DLCORE_PARTS=$parts CMAKE=cmake CC=${CC:-cc} "$top/tests/consumers/parts.sh" \
        > "$work/shared.log"
}

kernels_of() {
    build "kernels_$1" "-DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-O1 -DDLCORE_KERNELS=$1" \
        kernels kernels_activations engine predictor fit
}

# On x86-64 these are nearly all.
kernels_long() {
    for kind in avx2 avx512; do
        kernels_of $kind
    done
}

# Kernels for some CPUs only; others are refused by name.
kernels() {
    kernels_of generic
    for list in sse9 'generic;all'; do
        if cmake -S "$top" -B "$work/kernels_wrong" "-DDLCORE_KERNELS=$list" > "$work/wrong.log" 2>&1 ||
            ! grep -q 'DLCORE_KERNELS is' "$work/wrong.log"; then
            echo "kernels: \"$list\" is not refused"
            return 1
        fi
    done
}

failed=0
test $# -gt 0 || set -- refused unity fast_math lto shared kernels
for variant in "$@"; do
    begin=$(date +%s)
    # In a shell of its own, and not as a condition, so that `set -e` holds within.
    set +e
    (
        set -e
        "$variant"
    )
    code=$?
    set -e
    if [ $code = 0 ]; then
        echo "$variant: passed ($(($(date +%s) - begin)) s)"
    else
        echo "$variant: FAILED"
        failed=$((failed + 1))
    fi
done
test $failed = 0
