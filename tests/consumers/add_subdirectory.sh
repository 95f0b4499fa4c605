#!/bin/sh
# dlcore as a part of another CMake project, in a program and in a shared library.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

# configure OPTION...: prints what CMake says, also into the file said.
configure() {
    "$CMAKE" -S "$consumers/add_subdirectory" -B . -DCMAKE_C_COMPILER="$CC" \
        -DDLCORE_DIR="$DLCORE_SOURCE_DIR" -DDLCORE_BLAS="$DLCORE_BLAS" \
        -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "$@" > said
    cat said
}

# optimized: whether dlcore's error.c, which is no loop, is compiled with -O3.
optimized() {
    grep '"command".*base/error\.c' compile_commands.json | grep -q -e ' -O3 '
}

refuse() {
    if "$@"; then
        echo "add_subdirectory: not wanted: $*" >&2
        exit 1
    fi
}

# A host without a build type is told.
fresh add_subdirectory_default
configure -G "Unix Makefiles"
optimized
grep -q 'CMAKE_BUILD_TYPE is empty' said
grep -q -E 'dlcore [0-9.]+: an archive, BLAS [a-z]+, gzip files O(N|FF)' said

# One that chose has what it chose.
fresh add_subdirectory_flags
configure -DCMAKE_C_FLAGS=-O1 -G "Unix Makefiles"
refuse optimized
fresh add_subdirectory
configure -DCMAKE_BUILD_TYPE=Debug -DHOST_BUILD_TYPE=Debug
refuse optimized
refuse grep -q 'CMAKE_BUILD_TYPE is empty' said
"$CMAKE" --build . --parallel 2
./program
./plugin_host
