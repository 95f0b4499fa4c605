#!/bin/sh
# The tests on other processors, under qemu: against the two files that amalgamate.sh writes, built with a
# cross compiler, linked statically, without BLAS.
#
#   tests/architectures.sh FOLDER ARCHITECTURE [TEST...]       TEST: a unit, such as model_save
#
# ARCHITECTURE is i386, armhf, arm64, ppc64el, riscv64 or s390x, or musl, which is this machine's processor
# with another C library. Without TESTs the whole suite runs, but for scripts and benchmarks. Builds in
# FOLDER/ARCHITECTURE. Needs, as Debian calls them, gcc-TRIPLET, libc6-dev-ARCHITECTURE-cross and
# qemu-user (for musl, musl-tools; i386 runs without qemu), and the sources of cmocka, which are taken from
# DLCORE_CMOCKA_SOURCE, or fetched from where this machine has its packages.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=.ci/packages.sh
. "$top/.ci/packages.sh"
mkdir -p "$1"
work=$(CDPATH='' cd -- "$1" && pwd)
architecture=$2
shift 2
jobs=$(nproc)

# Names of an architecture: of its compiler, of CMake's processor, of its emulator.
emulator=
case $architecture in
i386) compiler=i686-linux-gnu-gcc processor=i686 ;;
armhf) compiler=arm-linux-gnueabihf-gcc processor=armv7l emulator=qemu-arm ;;
arm64) compiler=aarch64-linux-gnu-gcc processor=aarch64 emulator=qemu-aarch64 ;;
ppc64el) compiler=powerpc64le-linux-gnu-gcc processor=ppc64le emulator=qemu-ppc64le ;;
riscv64) compiler=riscv64-linux-gnu-gcc processor=riscv64 emulator=qemu-riscv64 ;;
s390x) compiler=s390x-linux-gnu-gcc processor=s390x emulator=qemu-s390x ;;
musl) compiler=musl-gcc processor=$(uname -m) ;;
*)
    echo "architectures: \"$architecture\" is not one of i386, armhf, arm64, ppc64el, riscv64, s390x, musl" >&2
    exit 2
    ;;
esac
for command in $compiler $emulator; do
    command -v "$command" > /dev/null || {
        echo "architectures: there is no $command"
        exit 77
    }
done
build=$work/$architecture

# ---- cmocka ----

cmocka=$work/cmocka-$architecture
if [ ! -e "$cmocka/lib/pkgconfig/cmocka.pc" ]; then
    source=${DLCORE_CMOCKA_SOURCE:-}
    if [ -z "$source" ]; then
        cmocka_source "$work" || exit 77
        source=$work/cmocka
    fi
    # Of its one source: the build that comes with it is for CMake before 3.5.
    defines='-D_GNU_SOURCE -DHAVE_INTTYPES_H -DHAVE_MALLOC_H -DHAVE_SIGNAL_H -DHAVE_STRINGS_H
        -DHAVE_CLOCK_REALTIME -DHAVE_SIGLONGJMP -DHAVE_STRSIGNAL -DHAVE_STRUCT_TIMESPEC
        -DHAVE_GCC_THREAD_LOCAL_STORAGE'
    mkdir -p "$cmocka/lib/pkgconfig" "$cmocka/include"
    # shellcheck disable=SC2086 # words
    "$compiler" -O1 -w $defines -I "$source/include" -c "$source/src/cmocka.c" \
        -o "$cmocka/cmocka.o"
    rm -f "$cmocka/lib/libcmocka.a"
    ar rcs "$cmocka/lib/libcmocka.a" "$cmocka/cmocka.o"
    cp "$source/include/"cmocka*.h "$cmocka/include"
    printf 'Name: cmocka\nDescription: tests\nVersion: 1.1.5\nCflags: -I%s\nLibs: -L%s -lcmocka\n' \
        "$cmocka/include" "$cmocka/lib" > "$cmocka/lib/pkgconfig/cmocka.pc"
fi

# ---- what the emulator cannot do ----

left_out='folders|static_names|headers|names|rooms|archive|predict_only|train_only|agreement'
if [ -n "$emulator" ]; then
    "$compiler" -O1 -static -pthread -o "$build.fork" "$top/tests/qemu/fork.c"
    timeout 60 "$emulator" "$build.fork" > "$build.log" 2>&1 || {
        echo "$emulator fails in a child of fork, as a program without dlcore shows: tests that fork are left out:"
        forking=$(grep -l 'fork()' "$top"/tests/*/test_*.c | sed 's,.*/test_\(.*\)\.c,\1,' | tr '\n' '|')
        echo "    $forking" | tr '|' ' '
        left_out="$left_out|${forking}wait_without_futex"
    }
fi

# ---- dlcore ----

export PKG_CONFIG_LIBDIR="$cmocka/lib/pkgconfig"
rm -rf "$build.sources"
"$top/tests/amalgamate.sh" "$build.sources"
# Tests are compiled with -O1: gcc 12 for ARM crashes over some of them at -O3.
# shellcheck disable=SC2086 # words, or none
cmake -S "$top" -B "$build" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$processor" \
    -DCMAKE_C_COMPILER="$compiler" -DCMAKE_CROSSCOMPILING_EMULATOR="$emulator" \
    -DCMAKE_EXE_LINKER_FLAGS=-static -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-O1 \
    -DDLCORE_TWO_FILES="$build.sources" -DDLCORE_BLAS=portable -DDLCORE_ZLIB=OFF \
    -DDLCORE_KERAS=OFF -DDLCORE_MPI=OFF -DDLCORE_NPZ=OFF -DDLCORE_ONNX=OFF \
    -DDLCORE_BUILD_EXAMPLES=OFF -DDLCORE_INSTALL=OFF -DDLCORE_WERROR=ON \
    ${DLCORE_CMAKE_OPTIONS:-} > "$build.log"
if [ $# -gt 0 ]; then
    # shellcheck disable=SC2046
    cmake --build "$build" --parallel "$jobs" --target $(printf 'test_%s ' "$@") > "$build.log"
    set -- -R "^($(echo "$@" | tr ' ' '|'))\$"
else
    cmake --build "$build" --parallel "$jobs" > "$build.log"
fi
# An emulator takes a hundred times as long.
ctest --test-dir "$build" --output-on-failure --parallel "$jobs" --timeout 3600 -LE 'hosts|bench' \
    -E "^($left_out)\$" "$@" > "$build.log" ||
    {
        cat "$build.log"
        exit 1
    }
echo "$architecture: $(grep 'tests passed' "$build.log")"
sed -n 's/^\[  SKIPPED \] \(test_[a-z0-9_]*\)$/    \1: SKIPPED/p' "$build.log"
