#!/bin/sh
# Other compilers and other versions of CMake: the two files by every gcc and clang that is here, in every
# standard of C that each knows, without a warning, and their weights to the last bit; the headers in every
# standard of C and C++; the CMake build by the oldest CMake that is supported and by this one, with Ninja,
# Ninja Multi-Config, as a unity build and with link-time optimization.
#
#   tests/compilers.sh FOLDER [gcc-11|clang-19|...|compilers|cmake...]       by default the last two
#
# Compilers are gcc-11, gcc-12 ... and clang-13 ... as the distribution has them; `compilers` means all. CMake 3.21 comes from PyPI,
# into a folder of its own; what cannot be had is SKIPPED, by name.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
mkdir -p "$1"
work=$(CDPATH='' cd -- "$1" && pwd)
shift
warnings='-Wall -Wextra -Wconversion -Wshadow -Werror'

has() {
    command -v "$1" > /dev/null
}

# knows COMPILER LANGUAGE STANDARD
knows() {
    echo 'int main(void) { return 0; }' | "$1" -std="$3" -x "$2" -fsyntax-only - 2> /dev/null
}

compiled() { # COMPILER
    cc=$1
    folder=$work/$cc
    mkdir -p "$folder"
    standards=
    for standard in c11 c17 c2x c23; do
        knows "$cc" c "$standard" || continue
        standards="$standards $standard"
        for source in "$work"/sources/dlcore*.c; do
            # gcc's own intrinsics are macros without optimization, whose masks are -1
            # shellcheck disable=SC2086 # flags are words
            "$cc" -std="$standard" $warnings -Wstrict-prototypes -Wno-sign-conversion -fsyntax-only "$source"
        done
        # shellcheck disable=SC2086
        "$cc" -std="$standard" $warnings -Wpedantic -I "$work/sources" -fsyntax-only \
            "$top/tests/consumers/program.c"
    done
    for source in "$work"/sources/dlcore*.c; do
        "$cc" -O2 -Wall -Wextra -Werror -c -o "$folder/$(basename "$source" .c).o" "$source"
    done
    "$cc" -O2 -I "$work/sources" -o "$folder/bits" "$top/tests/consumers/two_files/bits.c" "$folder"/*.o -lm -pthread
    "$folder/bits" > "$folder/bits.txt"
    test -e "$work/bits.txt" || cp "$folder/bits.txt" "$work/bits.txt"
    cmp "$folder/bits.txt" "$work/bits.txt"
    echo "$cc: no warning in$standards; the same bits"
}

headers() { # COMPILER
    standards=
    for standard in c++17 c++20 c++23 c++2b c++26 c++2c; do
        knows "$1" c++ "$standard" || continue
        standards="$standards $standard"
        # shellcheck disable=SC2086
        "$1" -std="$standard" $warnings -Wpedantic -I "$top/include" -fsyntax-only "$top/tests/consumers/hpp.cpp"
        # shellcheck disable=SC2086
        "$1" -std="$standard" $warnings -Wpedantic -I "$work/sources" -fsyntax-only \
            "$top/tests/consumers/program.cpp"
    done
    echo "$1: headers in$standards"
}

# compiler NAME: gcc-12, say, and g++-12.
compiler() {
    if [ ! -e "$work/sources/dlcore.c" ]; then
        "$top/tests/amalgamate.sh" "$work/sources"
    fi
    compiled "$1"
    cxx=$(echo "$1" | sed 's/^gcc/g++/; s/^clang/clang++/')
    ! has "$cxx" || headers "$cxx"
}

compilers() {
    for version in 11 12 13 14 15 16; do
        ! has "gcc-$version" || compiler "gcc-$version"
    done
    for version in 13 14 15 16 17 18 19 20 21 22; do
        ! has "clang-$version" || compiler "clang-$version"
    done
}

# built CMAKE NAME OPTION...: the library, a test of it and the install, and no warning of CMake's.
built() {
    cmake=$1 name=$2
    shift 2
    "$cmake" -S "$top" -B "$work/$name" -DDLCORE_BLAS=portable -DDLCORE_ZLIB=OFF -DDLCORE_KERAS=OFF \
        -DDLCORE_MPI=OFF -DDLCORE_NPZ=OFF -DDLCORE_ONNX=OFF -DDLCORE_BUILD_EXAMPLES=OFF -DDLCORE_WERROR=ON \
        "$@" > "$work/$name.log" 2>&1 || {
        tail -n 20 "$work/$name.log"
        return 1
    }
    if grep -A4 'CMake .*Warning' "$work/$name.log"; then
        echo "$name: CMake warns"
        return 1
    fi
    "$cmake" --build "$work/$name" --config Release --parallel "$(nproc)" --target dlcore test_fit > "$work/$name.log"
    "$(find "$work/$name/tests" -name test_fit -type f | head -n 1)" > "$work/$name.log" 2>&1
    "$cmake" --install "$work/$name" --config Release --prefix "$work/$name/prefix" > "$work/$name.log"
    echo "$name: passed, by $("$cmake" --version | head -n 1)"
}

cmake_versions() {
    release=-DCMAKE_BUILD_TYPE=Release
    built cmake cmake_makefiles -G "Unix Makefiles" $release
    if has ninja; then
        built cmake cmake_ninja -G Ninja $release -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0
        built cmake cmake_multi -G "Ninja Multi-Config"
        built cmake cmake_lto -G Ninja $release -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON
    else
        echo "cmake: SKIPPED with Ninja, there is none"
    fi
    if [ ! -x "$work/venv/bin/cmake" ]; then
        { python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q 'cmake==3.21.*'; } > "$work/pip.log" 2>&1 || {
            echo "cmake: SKIPPED by 3.21, which cannot be had"
            return 0
        }
    fi
    built "$work/venv/bin/cmake" cmake_oldest -G "Unix Makefiles" $release
}

rm -rf "$work/sources" "$work/bits.txt"
test $# -gt 0 || set -- compilers cmake
for what in "$@"; do
    case $what in
    compilers) compilers ;;
    cmake) cmake_versions ;;
    gcc-* | clang-*) compiler "$what" ;;
    *)
        echo "compilers: \"$what\" is no compiler, and not one of compilers, cmake" >&2
        exit 2
        ;;
    esac
done
