#!/bin/sh
# Ranks over MPI, with each MPI that is installed (Open MPI, MPICH): the part's own source and the test
# programs are built with its compiler, with DLCORE_MPI_FLAGS, too.
#
#   mpi.sh BUILD [short|long [openmpi|mpich]]
#
# short: 2 and 3 processes, some seconds. long: 1, 2, 3, 4 and 8, and 100 runs that are killed. More
# processes than CPUs are used on purpose. Status 77 where there is no MPI.
#
# SPDX-License-Identifier: MIT
set -eu
build=$(CDPATH='' cd -- "$1" && pwd)
length=${2:-short}
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
work=$build/mpi
mkdir -p "$work"
# shellcheck source=tests/support/made_mnist.sh
. "$top/tests/support/made_mnist.sh"
# Open MPI refuses root, and more processes than CPUs, unless it is told.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export OPENBLAS_NUM_THREADS=1

# What a program that uses the core's archive links.
libraries=$(sed -n 's/^Libs: -L[^ ]* -ldlcore//p' "$build/src/dlcore.pc")

# build_program CC FOLDER NAME SOURCE...: a program with the part's source, in its own MPI's words.
build_program() {
    compiler=$1
    target=$2/$3
    shift 3
    # shellcheck disable=SC2086 # flags are words
    (cd "$top" && "$compiler" -std=c11 -O2 -Wall -Wextra ${DLCORE_MPI_FLAGS:-} -Iinclude -Isrc -Itests -Iexamples \
        -o "$target" "$@" src/exchange/mpi.c "$build/src/libdlcore.a" $libraries)
}

# compile CC FOLDER: all of them.
compile() {
    mkdir -p "$2"
    build_program "$1" "$2" mpi_ranks tests/mpi_ranks.c tests/support/ranked_fit.c \
        tests/support/ranked_cases.c tests/support/collective_loopback.c
    build_program "$1" "$2" mpi_states tests/mpi_states.c tests/support/ranked_fit.c \
        tests/support/collective_loopback.c
    build_program "$1" "$2" cluster examples/cluster.c examples/support/mnist_data.c
    build_program "$1" "$2" simulation examples/simulation.c
}

# on N PROGRAM...: runs it on N processes, for a minute or two at most.
on() {
    number=$1
    shift
    timeout -k 5 "${limit:-120}" "$mpirun" -n "$number" "$@"
}

# Every case, on every number; and the same bits on 1, 2, 4 and 8.
agreement() {
    for number in $numbers; do
        on "$number" "$program" agree "$work/bits.$number"
    done
    for number in $numbers; do
        test "$number" = 3 || cmp "$work/bits.$number" "$work/bits.${numbers%% *}"
    done
    echo "deterministic: the same bits on 1, 2, 4 and 8, as far as they were run"
}

# What is refused, with which words; and processes of a part of all.
states() {
    on 2 "$work/$mpi/mpi_states" single
    on 3 "$work/$mpi/mpi_states" funneled
    code=0
    limit=30 on 2 "$work/$mpi/mpi_states" thread > "$work/states.log" 2>&1 || code=$?
    if [ $code = 0 ] || [ $code = 124 ] || [ $code = 137 ] ||
        ! grep -q "call dlcore on the thread that initialized MPI" "$work/states.log"; then
        cat "$work/states.log"
        echo "a step on another thread ended with $code" >&2
        return 1
    fi
    echo "states of MPI that do not do: refused"
}

# A collective that fails ends all processes, soon and with a message.
failing_calls() {
    for call in 0 3 7 20; do
        code=0
        limit=30 on 3 "$program" fail 1 "$call" > "$work/fail.log" 2>&1 || code=$?
        if [ $code = 0 ] || [ $code = 124 ] || [ $code = 137 ]; then
            cat "$work/fail.log"
            echo "a call that failed ended with $code" >&2
            return 1
        fi
        grep -q "failed on rank 1 of 3: this call was to fail" "$work/fail.log"
    done
    echo "calls that fail: all processes end, with one message"
}

# The examples: one prints for all and draws the curves, and leaves no backup; one is a simulation.
examples() {
    rm -rf "$work/cluster"
    mkdir -p "$work/cluster/data"
    made_mnist "$work/cluster/data"
    for number in 2 4; do
        (cd "$work/cluster" && rm -f cluster.svg && on $number "$work/$mpi/cluster" --data data --epochs 20 \
            --same-bits > "out.$number" && test -s cluster.svg && test ! -e cluster.safetensors)
        test "$(grep -c 'Epoch 20/20' "$work/cluster/out.$number")" = 1
        grep "^$number ranks: test accuracy [01].[0-9]*$" "$work/cluster/out.$number"
    done
    on 2 "$work/$mpi/simulation" 500 | tail -n 1
}

# The processes that mpirun started, but for mpirun itself.
ranks_of() {
    pgrep -f "^$program run $1 " || true
}

# kills COUNT: a run is killed at a random moment, again and again, and goes on with another number of
# processes; its weights are those of a run that nobody killed.
kills() {
    epochs=40
    rm -rf "$work/whole" "$work/killed"
    mkdir -p "$work/whole" "$work/killed"
    on 2 "$program" run "$work/whole" $epochs
    killed=0
    done=0
    longest=0
    seed=$$
    while [ $killed -lt "$1" ]; do
        rm -f "$work/killed/weights" "$work/killed/backup"
        while [ ! -e "$work/killed/weights" ]; do
            seed=$(((seed * 1103515245 + 12345) % 2147483648))
            case $((seed / 65536 % 3)) in
            0) number=1 ;;
            1) number=2 ;;
            *) number=4 ;;
            esac
            limit=300 on $number "$program" run "$work/killed" $epochs > "$work/kill.log" 2>&1 &
            job=$!
            hit=0
            if [ $killed -lt "$1" ]; then
                sleep "$(awk -v seed=$seed 'BEGIN {srand(seed); printf "%.2f", 0.2 + 1.2 * rand()}')"
                victim=$(ranks_of "$work/killed" | awk -v seed=$seed '
                    {pid[NR] = $1} END {srand(seed + 1); if (NR) print pid[1 + int(NR * rand())]}')
                if [ -n "$victim" ] && kill -9 "$victim" 2> "$work/kill"; then
                    killed=$((killed + 1))
                    hit=1
                fi
            fi
            code=0
            begin=$(date +%s)
            wait $job || code=$?
            took=$(($(date +%s) - begin))
            if [ $hit = 1 ] && [ $took -gt $longest ]; then
                longest=$took
            fi
            if [ $code = 124 ] || [ $longest -gt 60 ]; then
                echo "processes went on for $took s after one was killed" >&2
                return 1
            fi
        done
        cmp "$work/whole/weights" "$work/killed/weights"
        done=$((done + 1))
    done
    echo "killed $killed times in $done runs: the weights are those of a run that nobody killed;" \
        "the other processes ended within $longest s"
}

run_all() {
    program=$work/$mpi/mpi_ranks
    states
    agreement
    on 3 "$program" traffic
    echo "messages of the host: undisturbed"
    examples
    failing_calls
    kills "$kill_count"
}

if [ "$length" = long ]; then
    numbers="1 2 3 4 8"
    kill_count=${DLCORE_MPI_KILLS:-100}
else
    numbers="2 3"
    kill_count=2
fi
found=0
for mpi in ${3:-openmpi mpich}; do
    if ! command -v "mpicc.$mpi" > /dev/null || ! command -v "mpirun.$mpi" > /dev/null; then
        continue
    fi
    found=1
    mpirun=mpirun.$mpi
    echo "$mpi:"
    compile "mpicc.$mpi" "$work/$mpi"
    run_all
done
if [ $found = 0 ]; then
    echo "no mpicc.openmpi and no mpicc.mpich"
    exit 77
fi
