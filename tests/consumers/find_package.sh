#!/bin/sh
# find_package(dlcore) in a project that knows only where dlcore is installed.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

fresh find_package
"$CMAKE" -S "$consumers/find_package" -B . -DCMAKE_C_COMPILER="$CC" \
    -DCMAKE_PREFIX_PATH="$DLCORE_PREFIX" -DDLCORE_VERSION="$DLCORE_VERSION"
"$CMAKE" --build .
./program
