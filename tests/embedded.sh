#!/bin/sh
# Exported networks on small processors: compiled for Cortex-M3 and M4F, their self-tests run under
# qemu, and compiled and linked for AVR (ATmega2560), with every warning an error. Says how large each is.
#
#   tests/embedded.sh BUILD_FOLDER
#
# Needs arm-none-eabi-gcc with newlib, qemu-system-arm, avr-gcc with avr-libc. Skips (77) without all of
# them, and leaves out what is missing otherwise.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings='-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror'
networks='2_8_1 16_32_32_4 all 16_32_32_4_int8 all_int8'
ran=0

has() {
    command -v "$1" > /dev/null
}

# sizes LABEL OBJECT SIZE_PROGRAM: flash (code and constants) and RAM of an object.
sizes() {
    "$3" "$2" | awk -v label="$1" 'NR == 2 {printf "%-34s flash %6d bytes, RAM %4d\n", label, $1 + $2, $2 + $3}'
}

"$build/tests/export_files" "$work"

if has arm-none-eabi-gcc && echo '#include <math.h>' | arm-none-eabi-gcc -x c -fsyntax-only - 2> /dev/null; then
    for cpu in "mps2-an385 -mcpu=cortex-m3" "mps2-an386 -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard"; do
        board=${cpu%% *}
        flags="-mthumb ${cpu#* } -O2 -ffunction-sections -fdata-sections"
        for network in $networks; do
            label="cortex-m${cpu#*cortex-m}"
            label="${label%% *} $network"
            cp "$work/net_$network.c" "$work/net.c"
            # shellcheck disable=SC2086 # flags are words
            arm-none-eabi-gcc $flags $warnings -c -o "$work/net.o" "$work/net.c"
            sizes "$label" "$work/net.o" arm-none-eabi-size
            has qemu-system-arm || continue
            # shellcheck disable=SC2086
            arm-none-eabi-gcc $flags -DNET_SELF_TEST -nostartfiles --specs=nosys.specs -I "$work" \
                -T "$top/tests/embedded/cortex_m.ld" -Wl,--gc-sections -o "$work/program.elf" \
                "$top/tests/embedded/cortex_m.c" "$work/net.c" -lm
            timeout 60 qemu-system-arm -M "$board" -nographic -semihosting -kernel "$work/program.elf"
            ran=$((ran + 1))
        done
    done
fi

if has avr-gcc && echo '#include <avr/pgmspace.h>' | avr-gcc -mmcu=atmega2560 -x c -fsyntax-only - 2> /dev/null; then
    for network in $networks; do
        cp "$work/net_$network.c" "$work/net.c"
        # shellcheck disable=SC2086
        avr-gcc -mmcu=atmega2560 -Os $warnings -c -o "$work/net.o" "$work/net.c"
        sizes "atmega2560 $network" "$work/net.o" avr-size
        avr-gcc -mmcu=atmega2560 -Os -std=c99 -I "$work" -o "$work/program.elf" \
            "$top/tests/embedded/avr.c" "$work/net.o" -lm
        sizes "atmega2560 $network, program" "$work/program.elf" avr-size
        ran=$((ran + 1))
    done
fi

if [ $ran = 0 ]; then
    echo "no compilers for small processors: install gcc-arm-none-eabi, libnewlib-arm-none-eabi," \
        "qemu-system-arm, gcc-avr, avr-libc"
    exit 77
fi
