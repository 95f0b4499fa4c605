#!/bin/sh
# How many instructions 64-bit ARM runs for a training step of 784-512-10 at batch 128, and how many of
# them are multiply-adds of vectors: counted by qemu, which says nothing of time.
#
#   tests/bench/neon_instructions.sh BUILD_FOLDER [bfloat16]      BUILD_FOLDER: that of tests/neon.sh
#
# The step is the difference of a run of 2 steps and one of 1. Needed are the products' own
# multiplications: of both layers forward and by the kernel, of the second by the inputs; 4 a vector.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=$1
precision=${2:-float32}
cc=${CC:-aarch64-linux-gnu-gcc}
"$cc" -std=c11 -O2 -static -I "$top/include" "$top/tests/bench/steps.c" "$build/src/libdlcore.a" \
    -lm -pthread -o "$build/steps"

# count STEPS: instructions, multiply-adds. Of each block qemu first prints the instructions, by the place
# where it begins, and then a line for each time that it runs.
count() {
    rm -f "$build/trace"
    mkfifo "$build/trace"
    qemu-aarch64 -d in_asm,exec,nochain -D "$build/trace" "$build/steps" "$1" "$precision" \
        > "$build/steps.log" &
    awk '
    /^IN:/ {
        begin = ""
        next
    }
    /^0x/ {
        sub(":", "", $1)
        if (begin == "") {
            begin = substr($1, 3)
            while (length(begin) < 16) begin = "0" begin
            all[begin] = adds[begin] = 0
        }
        all[begin]++
        if ($3 == "fmla" || $3 == "fmls") adds[begin]++
        next
    }
    /^Trace/ {
        split($4, part, "/")
        runs[part[2]]++
    }
    END {
        for (begin in runs) {
            instructions += runs[begin] * all[begin]
            multiply_adds += runs[begin] * adds[begin]
        }
        printf "%.0f %.0f\n", instructions, multiply_adds
    }' "$build/trace"
    wait
}

one=$(count 1)
two=$(count 2)
cat "$build/steps.log"
echo "$one $two" | awk -v precision="$precision" '{
    all = $3 - $1
    adds = $4 - $2
    # a pair of bfloat16 takes two, as two floats do
    needed = 128 * (2 * 784 * 512 + 3 * 512 * 10) / 4
    printf "%s: %.1f million instructions a step, %.1f million multiply-adds, %.1f needed\n", \
        precision, all / 1e6, adds / 1e6, needed / 1e6
    printf "multiply-adds / needed %.3f, instructions / multiply-adds %.3f\n", adds / needed, all / adds
}'
