#!/bin/sh
# A compiler and pkg-config, nothing else.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

fresh pkg_config
test "$(dlcore_flags --modversion)" = "$DLCORE_VERSION"
# shellcheck disable=SC2046,SC2086 # flags are words
"$CC" -std=c11 $warnings $(dlcore_flags --cflags) -o program "$consumers/program.c" \
    $(dlcore_flags --libs)
./program
