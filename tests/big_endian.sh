#!/bin/sh
# Model and data files on a big-endian host: the tests of what reads and writes files, built for s390x, under qemu.
#
#   tests/big_endian.sh BUILD_FOLDER
#
# Needs s390x-linux-gnu-gcc, qemu-s390x and the s390x build of cmocka, as Debian has them after
# `dpkg --add-architecture s390x`.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$1
units='half safetensors safetensors_floats model_load_weights model_save_weights
    json elements npy npy_header npy_save npy_hostile idx idx_save idx_hostile
    csv csv_reader csv_columns csv_classes csv_hostile output tensor_output decimal
    model_file model_file_versions model_file_ways model_file_faults model_file_hostile model_save run_state_hostile
    compile_config config_reading schema_json update_file callback_tensor_board svmlight resume'

PKG_CONFIG_LIBDIR=/usr/lib/s390x-linux-gnu/pkgconfig
export PKG_CONFIG_LIBDIR
cmake -S "$top" -B "$build" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=s390x \
    -DCMAKE_C_COMPILER=s390x-linux-gnu-gcc -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_FLAGS_RELEASE=-O1 -DCMAKE_CROSSCOMPILING_EMULATOR="qemu-s390x;-L;/" \
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
