#!/bin/sh
# Windows, as far as Linux shows it: a build by MinGW-w64 without a warning, the tests under wine, and a model
# that is trained on MNIST there and here to the same bytes of its file.
#
#   tests/windows.sh BUILD_FOLDER [quick]
#
# quick: the tests of what Windows does in another way. Without it also a DLL of the two files: what it exports,
# and a program with it. MNIST is taken from DLCORE_MNIST_DIR; without it the status is 77.
# Needs x86_64-w64-mingw32-gcc, wine, and the source of cmocka, which apt-get brings.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
mkdir -p "$1"
build=$(CDPATH='' cd -- "$1" && pwd)
quick=${2:-}
toolchain=$top/tests/toolchains/mingw64.cmake
units='files terminal threads wait clock cpus error_text memory_advice output input team kernels
    kernels_activations products gemv csv_logger_file callback_model_checkpoint model_save predictor'

# logged NAME COMMAND...: its output is in a file, and seen where it fails.
logged() {
    log=$build/$1.log
    shift
    "$@" > "$log" 2>&1 || {
        grep -E 'error|warning|FAILED|\*\*\*|undefined' "$log" | head -n 40 >&2
        echo "windows: failed, see $log" >&2
        return 1
    }
}

# shellcheck source=.ci/packages.sh
. "$top/.ci/packages.sh"

cmocka() {
    cmocka_source "$build" || exit 77
    logged cmocka cmake -S "$build/cmocka" -B "$build/cmocka-build" -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$build/prefix" -DWITH_STATIC_LIB=ON \
        -DCMAKE_C_FLAGS=-D__USE_MINGW_ANSI_STDIO=1 -DCMAKE_POLICY_VERSION_MINIMUM=3.5
    logged cmocka cmake --build "$build/cmocka-build" --target install
    mv "$build/prefix/lib/libcmocka-static.a" "$build/prefix/lib/libcmocka.a"
    rm -f "$build/prefix/lib/libcmocka.dll.a"
}

test -e "$build/prefix/lib/libcmocka.a" || cmocka
DLCORE_CROSS_PREFIX=$build/prefix
PKG_CONFIG_LIBDIR=$build/prefix/lib/pkgconfig
WINEPREFIX=$build/wine
WINEDEBUG=-all
LC_ALL=C.UTF-8 # how names of files lie on Linux
export DLCORE_CROSS_PREFIX PKG_CONFIG_LIBDIR WINEPREFIX WINEDEBUG LC_ALL

# dll: exports what the header declares, and nothing else.
dll() {
    cc=x86_64-w64-mingw32-gcc
    rm -rf "$build/dll"
    "$top/tests/amalgamate.sh" "$build/dll"
    logged dll $cc -O1 -DDLCORE_SHARED -DDLCORE_GENERIC -shared -static-libgcc -o "$build/dll/dlcore.dll" \
        "$build/dll/dlcore.c" -Wl,--out-implib,"$build/dll/libdlcore.dll.a"
    logged dll $cc -O1 -DDLCORE_SHARED -I "$build/dll" -o "$build/dll/program.exe" \
        "$top/tests/consumers/program.c" "$build/dll/libdlcore.dll.a"
    x86_64-w64-mingw32-objdump -p "$build/dll/dlcore.dll" | sed -n '/^\[Ordinal\/Name Pointer\]/,/^$/p' |
        awk 'NR > 1 && NF > 1 {print $NF}' | LC_ALL=C sort > "$build/dll/exported"
    echo '#include "dlcore.h"' | $cc -E -P -DDLCORE_NO_SHORT_NAMES -I "$build/dll" -x c - | tr '\n' ' ' |
        grep -oE '\<dlcore_[a-z0-9_]+ *\([^*]' | sed 's, *(.*,,' | LC_ALL=C sort -u > "$build/dll/public"
    diff "$build/dll/public" "$build/dll/exported"
    wine "$build/dll/program.exe"
    echo "dlcore.dll exports $(wc -l < "$build/dll/exported") functions, and no other names"
}

targets=
if [ "$quick" = quick ]; then
    targets="--target example_mnist"
    for unit in $units; do
        targets="$targets test_$unit"
    done
fi
logged build cmake -S "$top" -B "$build/dlcore" -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
    -DCMAKE_BUILD_TYPE=Release -DDLCORE_BLAS=portable -DDLCORE_WERROR=ON
# shellcheck disable=SC2086 # words
logged build cmake --build "$build/dlcore" --parallel "$(nproc)" $targets
echo "compiled without a warning"

logged wine wineboot -i
if [ "$quick" = quick ]; then
    for unit in $units; do
        logged tests wine "$build/dlcore/tests/test_$unit.exe"
        echo "test_$unit passed$(sed -n 's/^ *\([0-9]*\) SKIPPED TEST.*/, \1 skipped/p' "$build/tests.log")"
    done
else
    logged tests ctest --test-dir "$build/dlcore" -j "$(nproc)" --timeout 900 --output-on-failure
    tail -n 12 "$build/tests.log"
    dll
fi

# The same kernels and the portable gemm here.
data=${DLCORE_MNIST_DIR:-$top/../shared/mnist}
test -d "$data" || {
    echo "MNIST was not trained: there is no folder $data"
    exit 77
}
mkdir -p "$build/mnist"
for file in "$data"/*-ubyte.gz; do
    gunzip -c "$file" > "$build/mnist/$(basename "$file" .gz)"
done
logged here cmake -S "$top" -B "$build/here" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-O1 -DDLCORE_BLAS=portable \
    -DDLCORE_BUILD_TESTS=OFF -DDLCORE_KERAS=OFF -DDLCORE_MPI=OFF -DDLCORE_NPZ=OFF -DDLCORE_ONNX=OFF
unset PKG_CONFIG_LIBDIR
logged here cmake --build "$build/here" --parallel "$(nproc)" --target example_mnist
cd "$build"
wine dlcore/examples/mnist.exe --data mnist --epochs 1 --save windows.safetensors | tail -n 3 | head -n 1
here/examples/mnist --data mnist --epochs 1 --save linux.safetensors > here.log
cmp windows.safetensors linux.safetensors
echo "MNIST: the model trained under wine and the one trained here are the same bytes"
