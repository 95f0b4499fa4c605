#!/bin/sh
# The tests that compute, built for 64-bit ARM and run under qemu: the NEON kernels on any machine.
#
#   tests/neon.sh BUILD_FOLDER
#
# Needs aarch64-linux-gnu-gcc, qemu-aarch64 and the arm64 build of cmocka, as Debian has them after
# `dpkg --add-architecture arm64`.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$1
units='kernels kernels_activations kernels_updates gemv low products_half small_loops products_sparse columns halves keras fit
    predictor predictor_precision engine_agreement'

PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig
export PKG_CONFIG_LIBDIR
# -O1: gcc 12 for ARM crashes over some tests at -O3.
cmake -S "$top" -B "$build" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_FLAGS_RELEASE=-O1 -DCMAKE_CROSSCOMPILING_EMULATOR="qemu-aarch64;-L;/" \
    -DDLCORE_BLAS=portable -DDLCORE_ZLIB=OFF -DDLCORE_BUILD_EXAMPLES=OFF -DDLCORE_WERROR=ON \
    > "$build.log"
# shellcheck disable=SC2046,SC2086 # words
cmake --build "$build" --parallel "$(nproc)" --target $(printf 'test_%s ' $units) > "$build.log"
# shellcheck disable=SC2086
ctest --test-dir "$build" --parallel "$(nproc)" --output-on-failure --no-tests=error \
    -R "^($(echo $units | tr ' ' '|'))\$" > "$build.log" || {
    cat "$build.log"
    exit 1
}
grep 'tests passed' "$build.log"
