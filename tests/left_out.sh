#!/bin/sh
# The library without threads and without files: the CMake build and the two files, on this machine, and the
# two files on a bare Cortex-M4 under qemu, where a network is trained.
#
#   tests/left_out.sh FOLDER
#
# The Cortex-M needs arm-none-eabi-gcc with newlib and qemu-system-arm; without them it is skipped (status 77).
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
mkdir -p "$1"
work=$(CDPATH='' cd -- "$1" && pwd)
program=$top/tests/consumers/two_files/left_out.c
options='-DDLCORE_NO_THREADS -DDLCORE_NO_FILES'

cmake -S "$top" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-O1 -DDLCORE_THREADS=OFF -DDLCORE_FILES=OFF \
    -DDLCORE_BLAS=portable -DDLCORE_ZLIB=OFF -DDLCORE_KERAS=OFF -DDLCORE_MPI=OFF -DDLCORE_NPZ=OFF \
    -DDLCORE_ONNX=OFF -DDLCORE_BUILD_TESTS=OFF -DDLCORE_BUILD_EXAMPLES=OFF -DDLCORE_WERROR=ON > "$work/build.log"
cmake --build "$work/build" --parallel "$(nproc)" > "$work/build.log"
"${CC:-cc}" -I "$top/include" -o "$work/program" "$program" "$work/build/src/libdlcore.a" -lm
"$work/program"
# Standard C is all that it calls.
nm -u "$work/build/src/libdlcore.a" | awk '$1 == "U" && $2 !~ /^dlcore_/ {print $2}' | sort -u > "$work/calls"
if grep -E '^(open|read|write|close|pthread_|syscall|sched_|clock_gettime|sysconf|isatty|madvise|fork)' "$work/calls"; then
    echo "left_out: these calls are no standard C"
    exit 1
fi

"$top/tests/amalgamate.sh" "$work/sources"
# shellcheck disable=SC2086 # options are words
"${CC:-cc}" -O1 $options -I "$work/sources" -o "$work/two_files" "$program" "$work"/sources/*.c -lm
"$work/two_files"

if ! command -v arm-none-eabi-gcc > /dev/null || ! command -v qemu-system-arm > /dev/null; then
    echo "left_out: on a Cortex-M nothing was run: install gcc-arm-none-eabi, libnewlib-arm-none-eabi, qemu-system-arm"
    exit 77
fi
flags='-mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard -O2 -ffunction-sections -fdata-sections'
# shellcheck disable=SC2086 # flags are words
arm-none-eabi-gcc $flags $options -c -o "$work/dlcore.o" "$work/sources/dlcore.c"
# shellcheck disable=SC2086
arm-none-eabi-gcc $flags -I "$work/sources" -nostartfiles --specs=nosys.specs \
    -T "$top/tests/embedded/cortex_m.ld" -Wl,--gc-sections -o "$work/program.elf" \
    "$top/tests/embedded/cortex_m_host.c" "$program" "$work/dlcore.o" -lm
arm-none-eabi-size "$work/program.elf" | awk 'NR == 2 {print "cortex-m4, a program that trains: flash " $1 + $2 " bytes"}'
timeout 60 qemu-system-arm -M mps2-an386 -nographic -semihosting -kernel "$work/program.elf"
