#!/bin/sh
# The targets, one by one: what is measured, the target, the figure; or, of what takes hours or other
# programs, the command. For a quiet machine; about six minutes.
#
#   tests/bench/targets.sh [--quick] [--data DIR] [--build DIR] [--before BENCH]
#
# The tests must have been built (in build/, or --build DIR). --data (default $DLCORE_MNIST_DIR)
# is MNIST's folder; --before the dlcore_bench of an earlier commit, with which epochs of MNIST are
# compared, in turn. Rates are best samples, of the peak of fused multiply-adds as wide as the
# kernels; ratios to the floor are of medians. OPENBLAS_CORETYPE is set for the floors alone.
# --quick leaves out what takes seconds.
#
# SPDX-License-Identifier: MIT
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$here/../.." && pwd)/build
data=${DLCORE_MNIST_DIR:-}
before=
quick=

usage() {
    sed -n '2,/^# SPDX/ { /SPDX/d; s/^# \{0,1\}//; p; }' "$0"
    exit "$1"
}

while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=--quick ;;
    --help) usage 0 ;;
    --data | --build | --before)
        test $# -ge 2 || usage 2 >&2
        case $1 in
        --data) data=$2 ;;
        --build) build=$2 ;;
        --before) before=$2 ;;
        esac
        shift
        ;;
    *) usage 2 >&2 ;;
    esac
    shift
done
bench=$build/tests/bench/dlcore_bench
test -x "$bench" || { echo "targets.sh: no $bench: build dlcore first" >&2 && exit 1; }
cpus=$(nproc)
two=$((cpus < 2 ? cpus : 2))
unset OPENBLAS_CORETYPE

# The value of a key in lines of JSON.
value() {
    sed -n "s/.*\"$1\": \\([0-9.e+-]*\\).*/\\1/p"
}

row() {
    printf '%-44s %-12s %s\n' "$1" "$2" "$3"
}

# measure CASE ARGUMENTS: a line of JSON, or nothing. Other cases have the name in theirs.
measure() {
    case=$1
    shift
    # shellcheck disable=SC2086 # --quick or nothing
    "$bench" --json $quick --case "$case" "$@" 2> /dev/null | grep -F "\"case\": \"$case\"" || true
}

# Percent of the peak, of the best sample: name, target, case, threads, more.
percent() {
    name=$1 target=$2 case=$3 threads=$4
    shift 4
    line=$(measure "$case" --threads "$threads" "$@")
    seconds=$(echo "$line" | value seconds)
    share=$(echo "$line" | value percent_of_peak)
    best=$(echo "$line" | value best_seconds)
    if [ -n "$share" ]; then
        row "$name, $threads threads" ">= $target %" "$(echo "$share $seconds $best" |
            awk '{ printf "%.1f %% (%.4g ms)", $1 * $2 / $3, 1e3 * $3 }')"
    else
        row "$name, $threads threads" ">= $target %" "not measured"
    fi
}

# Time over the floor: name, target, case, BLAS core, more.
ratio() {
    name=$1 target=$2 case=$3 core=$4
    shift 4
    figure=$(OPENBLAS_CORETYPE=$core measure "$case" --threads 1 "$@" | value ratio)
    row "$name over floor, $core" "<= $target" "${figure:-not measured}"
}

# The least of some numbers; nothing, of none.
least() {
    echo "$*" | tr ' ' '\n' | awk 'NF && (least == "" || $1 + 0 < least + 0) { least = $1 }
        END { print least }'
}

# One number over another, where both are there.
quotient() {
    echo "$1 $2" | awk 'NF == 2 { printf "%.3f", $1 / $2 } NF < 2 { printf "not measured" }'
}

# A step in bfloat16 over the same in float32, of best samples in turn: name, case.
halves() {
    name=$1 case=$2
    full=
    low=
    # shellcheck disable=SC2086 # words
    for _ in ${quick:-1 2 3}; do
        full="$full $(measure "$case" --threads 1 --no-floor | value best_seconds)"
        low="$low $(measure "bfloat16 $case" --threads 1 --no-floor | value best_seconds)"
    done
    row "bfloat16 step of $name" "<= 0.66" "$(quotient "$(least "$low")" "$(least "$full")")"
}

# Predictors in bfloat16 and int8 over float32: medians of ratios.
predictors() {
    # shellcheck disable=SC2086 # --quick or nothing
    times=$("$build/tests/bench/dlcore_bench_precision" $quick --seeds 1)
    for target in '1 row:0.60:0.35' '128 rows:0.55:0.35'; do
        rows=${target%%:*}
        line=$(echo "$times" | grep "^ *$rows ")
        low=${target#*:}
        row "predict $rows, bfloat16" "<= ${low%:*}" \
            "$(echo "$line" | sed -n 's/.*bfloat16[^(]*(\([0-9.]*\)).*/\1/p')"
        row "predict $rows, int8" "<= ${low#*:}" \
            "$(echo "$line" | sed -n 's/.*int8[^(]*(\([0-9.]*\)).*/\1/p')"
    done
}

# Eleven epochs of texts, dense over sparse.
texts() {
    size='--texts 15000'
    test -z "$quick" || size=--quick
    # shellcheck disable=SC2086 # words
    times=$("$build/tests/bench/dlcore_bench_texts" $size --threads 1)
    # of ROWS: what they take, in ms.
    of() {
        echo "$times" | sed -n "s/.* $1 .*epoch *\([0-9.]*\) ms.*first *\([0-9.]*\)).*/\1 \2/p" |
            awk '{ print 10 * $1 + $2 }'
    }
    row "texts of 10,000 words, dense / sparse" ">= 8" "$(quotient "$(of dense)" "$(of sparse)")"
}

# Steps while another thread spins.
beside() {
    # shellcheck disable=SC2086 # --quick or nothing
    checks=$("$bench" threads --threads "$two" $quick 2> /dev/null || true)
    # said TEXT: the figure of the line that begins so.
    said() {
        figure=$(echo "$checks" | sed -n "s/^$1.* \([0-9.]\{1,\}\) *limit .*/\1/p")
        echo "${figure:-not measured}"
    }
    row "steps beside a thread that spins / 1 thread" "<= 1.1" "$(said 'steps while another thread spins')"
    row "from its end to full speed" "<= 0.05 s" "$(said 'from its end to full speed')"
}

# Of a bench of this or an earlier commit, which may have a floor in any case.
best_of() {
    "$1" --list | grep -qx 'epoch mnist' || return 0
    for more in --no-floor --json; do
        # shellcheck disable=SC2086
        best=$("$1" --json $quick $more --data "$data" --case 'epoch mnist' --threads "$2" \
            2> /dev/null | grep -F '"case": "epoch mnist"' | value best_seconds)
        test -z "$best" || break
    done
    echo "$best"
}

epochs() {
    for threads in 1 "$two"; do
        new=
        old=
        for _ in 1 2 3; do
            new="$new $(best_of "$bench" "$threads")"
            test -z "$before" || old="$old $(best_of "$before" "$threads")"
        done
        figure=$(echo "$(least "$new") $(least "$old")" | awk '{ printf "%.1f ms", 1e3 * $1
            if ($2 > 0) printf ", %.3f of %.1f ms", $1 / $2, 1e3 * $2 }')
        row "epoch of MNIST, $threads threads" "<= 0.75" "$figure"
    done
}

"$bench" machine | sed -n '1,6p'
echo
for threads in 1 "$two"; do
    percent "784-512-10 b128" "$([ "$threads" = 1 ] && echo 88 || echo 86)" \
        'train 784-512-10 b128 rmsprop' "$threads"
    percent "3 x 1024 b256" "$([ "$threads" = 1 ] && echo 92 || echo 90)" \
        'train 1024-1024-1024-1024 b256 rmsprop' "$threads"
    test -n "$quick" || percent "4096-4096-4096 b1024" "$([ "$threads" = 1 ] && echo 92 || echo 90)" \
        'train 4096-4096-4096 b1024 rmsprop' "$threads"
done
percent "64-64-64-10 b32" 65 'train 64-64-64-10 b32 rmsprop' 1
export OPENBLAS_CORETYPE=Haswell
percent "AVX2 784-512-10 b128" 88 'train 784-512-10 b128 rmsprop' 1 --no-avx512
percent "AVX2 3 x 1024 b256" 91 'train 1024-1024-1024-1024 b256 rmsprop' 1 --no-avx512
ratio "AVX2 784-512-10" 1.00 'train 784-512-10 b128 rmsprop' Haswell --no-avx512
ratio "AVX2 3 x 1024" 1.00 'train 1024-1024-1024-1024 b256 rmsprop' Haswell --no-avx512
if [ -z "$quick" ]; then
    percent "AVX2 4096-4096-4096 b1024" 91 'train 4096-4096-4096 b1024 rmsprop' 1 --no-avx512
    ratio "AVX2 4096" 1.00 'train 4096-4096-4096 b1024 rmsprop' Haswell --no-avx512
fi
ratio "AVX2 64-64-64-10" 1.00 'train 64-64-64-10 b32 rmsprop' Haswell --no-avx512
for core in SkylakeX Haswell; do
    ratio "BLAS engine, 784-512-10" 1.10 'train 784-512-10 b128 rmsprop' "$core" --engine blas
    ratio "BLAS engine, 3 x 1024" 1.05 'train 1024-1024-1024-1024 b256 rmsprop' "$core" --engine blas
    test -n "$quick" || ratio "BLAS engine, 4096" 1.05 'train 4096-4096-4096 b1024 rmsprop' "$core" \
        --engine blas
done
unset OPENBLAS_CORETYPE
for rule in sgd:90 rmsprop:110; do
    figure=$(measure "train 2-8-1 b1 ${rule%:*}" --no-floor --threads 1 | value best_seconds)
    row "2-8-1 b1, ${rule%:*}" "<= ${rule#*:} ns" "$(echo "$figure" | awk '{ printf "%.1f ns", 1e9 * $1 }')"
done
halves "784-512-10 over float32" 'train 784-512-10 b128 rmsprop'
halves "3 x 1024 over float32" 'train 1024-1024-1024-1024 b256 rmsprop'
predictors
texts
beside
if [ -z "$quick" ]; then
    first=$("$build/tests/bench/only_trains" --threads "$two" --seconds 3 --json)
    row "first fit of 3 x 1024, 20 steps, $two threads" "<= 1.15" "$(echo "$(echo "$first" |
        value first_seconds) $(echo "$first" | value seconds)" | awk '{ printf "%.2f", $1 / $2 }')"
fi
if [ -n "$data" ]; then
    epochs
else
    row "epoch of MNIST" "<= 0.75" "needs --data DIR"
fi
row "NEON: instructions / multiply-adds" "<= 1.5" "tests/bench/neon_instructions.sh"
row "memory of a fit, of what it needs" "<= 1.10" "build/tests/test_memory"
row "accuracy in bfloat16, of 10 seeds" "+- 0.1" "dlcore_bench_precision --data DIR"
row "classes in int8 that are float32's" ">= 99.8 %" "dlcore_bench_precision --data DIR"
row "ahead of every peer, in every case" "1 to 2" "tests/bench/compare.sh"
