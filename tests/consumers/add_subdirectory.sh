#!/bin/sh
# dlcore as a part of another CMake project, in a program and in a shared library.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

fresh add_subdirectory
"$CMAKE" -S "$consumers/add_subdirectory" -B . -DCMAKE_C_COMPILER="$CC" \
    -DDLCORE_DIR="$DLCORE_SOURCE_DIR" -DDLCORE_BLAS="$DLCORE_BLAS"
"$CMAKE" --build . --parallel 2
./program
./plugin_host
