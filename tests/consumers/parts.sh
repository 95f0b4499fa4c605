#!/bin/sh
# Programs that use a part of an installed dlcore, by pkg-config and by CMake. A program that uses
# none needs no package of theirs, whether these are installed or not.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

for part in $DLCORE_PARTS; do
    fresh "parts_$part"
    flags=$(PKG_CONFIG_PATH=$(dirname "$(find "$DLCORE_PREFIX" -name dlcore.pc)") pkg-config \
        --cflags --libs "dlcore-$part")
    # shellcheck disable=SC2086 # flags are words
    "$CC" -std=c11 $warnings -o program "$consumers/parts/$part.c" $flags
    LD_LIBRARY_PATH=$(dirname "$(find "$DLCORE_PREFIX" -name 'libdlcore.*' | head -n 1)") ./program
    "$CMAKE" -S "$consumers/parts" -B cmake -DCMAKE_C_COMPILER="$CC" -DDLCORE_PART="$part" \
        -DCMAKE_PREFIX_PATH="$DLCORE_PREFIX"
    "$CMAKE" --build cmake
    cmake/program
done
if dlcore_flags --libs | grep -E -e '-l(zip|hdf5|protobuf-nanopb)'; then
    echo "programs that use no part link their packages" >&2
    exit 1
fi
