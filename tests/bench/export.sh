#!/bin/sh
# How fast exported networks are: 2-8-1 and 16-32-32-4 with relu, compiled with -O3 -march=native by gcc
# and clang, those that there are.
#
#   tests/bench/export.sh BUILD_FOLDER
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$build/tests/export_files" "$work"
for compiler in gcc clang; do
    command -v $compiler > /dev/null || continue
    for network in 2_8_1 16_32_32_4; do
        cp "$work/net_$network.c" "$work/net.c"
        $compiler -O3 -march=native -c -o "$work/net.o" "$work/net.c"
        $compiler -O2 -std=c99 -I "$work" -o "$work/timer" "$top/tests/bench/export_timer.c" "$work/net.o" -lm
        echo "$compiler, $network"
        "$work/timer"
    done
done
