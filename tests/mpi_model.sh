#!/bin/sh
# How training over ranks scales, by a model of the time of a step: its computing, and what it sends.
#
#   mpi_model.sh table                   efficiencies, as README has them
#   mpi_model.sh check BUILD [MPI]       the model against runs on 2 processes in which each call of the
#                                        collective waits for the time that the model says
#   mpi_model.sh speed BUILD [MPI]       measured: 2 processes beside 2 threads, with `deterministic`,
#                                        and with pieces of other sizes; for a quiet machine
#
# BUILD: a build in which tests/mpi.sh was run, which builds the programs.
#
# Computing: the measured milliseconds of a step on one core, of README's table of measured steps; 16 cores
# take a twelfth of it, and the network that is not in that table as long a parameter as the largest one. A
# step sends its gradients in pieces of 1 MiB and two small messages. An all-reduce of n bytes takes
# 2 (P - 1) / P n / bandwidth and 2 log2 P latencies; a small message log2 P of them. Nothing overlaps.
#
# SPDX-License-Identifier: MIT
set -eu

table() {
    awk '
    function log2up(p,   l) { for (l = 0; 2 ^ l < p; l++); return l }
    function efficiency(n, compute, p, latency, bandwidth,   send, pieces) {
        pieces = int(4 * n / 1048576) + 1
        send = 2 * (p - 1) / p * 4 * n / bandwidth + (2 * pieces + 2) * log2up(p) * latency
        return compute / (compute + send)
    }
    function line(name, n, rows, kind, ms,   i, p, text) {
        text = sprintf("| %s | %d | %s |", name, rows, kind)
        for (i = 1; i <= 2; i++)
            for (p = 4; p <= 256; p *= 4)
                text = text sprintf(" %.0f %% |", 100 * efficiency(n, ms / 1e3, p,
                    i == 1 ? 2e-6 : 30e-6, i == 1 ? 12.5e9 : 3.125e9))
        print text
    }
    BEGIN {
        print "| network, parameters | rows | a rank | 100 Gb/s: 4 | 16 | 64 | 256 | 25 Gb/s: 4 | 16 | 64 | 256 |"
        print "|---|---|---|---|---|---|---|---|---|---|---|"
        small = 328960; middle = 4198400; large = 134250496
        line("5 x 256, 0.33 M", small, 256, "1 core", 4.80)
        line("5 x 256, 0.33 M", small, 1024, "1 core", 18.7)
        line("5 x 256, 0.33 M", small, 1024, "16 cores", 18.7 / 12)
        line("4 x 1024, 4.2 M", middle, 256, "1 core", 57.6)
        line("4 x 1024, 4.2 M", middle, 1024, "1 core", 218.5)
        line("4 x 1024, 4.2 M", middle, 1024, "16 cores", 218.5 / 12)
        line("8 x 4096, 134 M", large, 1024, "16 cores", 218.5 / 12 * large / middle)
        line("8 x 4096, 134 M", large, 8192, "16 cores", 218.5 / 12 * large / middle * 8)
    }'
}

# run LATENCY BYTES_PER_SECOND: "ms calls bytes" of a step on 2 processes.
run() {
    "mpirun.$mpi" -n 2 "$build/mpi/$mpi/mpi_ranks" time 32 256 5 60 "$@" |
        sed 's/.*parameters: \([0-9.]*\) ms, \([0-9.]*\) calls, \([0-9]*\) bytes.*/\1 \2 \3/'
}

check() {
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_rmaps_base_oversubscribe=1
    free=$(run 0 0)
    for network in "0.002 1e9" "0.005 2e8" "0.010 5e7"; do
        # shellcheck disable=SC2086 # two words
        waited=$(run $network)
        echo "$free $waited $network" | awk '{
            model = $1 + 1e3 * ($5 * $7 + $6 / $8)
            printf "latency %s s, %s B/s: %.1f calls and %d bytes a step; model %.1f ms, measured %.1f ms: %+.1f %%\n",
                $7, $8, $5, $6, model, $4, 100 * ($4 / model - 1)
        }'
    done
}

# best PROCESSES ROWS WIDTH LAYERS STEPS PIECE_BYTES THREADS SLICES: the least ms a step, of 3 programs.
best() {
    processes=$1 rows=$2 width=$3 layers=$4 steps=$5
    shift 5
    for _ in 1 2 3; do
        "mpirun.$mpi" -n "$processes" "$build/mpi/$mpi/mpi_ranks" time \
            "$rows" "$width" "$layers" "$steps" 0 0 "$@"
    done | sed 's/.*parameters: \([0-9.]*\) ms.*/\1/' | sort -n | head -n 1
}

speed() {
    printf 'rows, network: 1 thread, 2 threads; 2 processes, deterministic; pieces of 64 K, 256 K, 4 M (ms)\n'
    for network in "256 256 5 100" "1024 256 5 30" "256 1024 4 20" "1024 1024 4 8"; do
        # shellcheck disable=SC2086 # four words
        set -- $network
        printf '%s, %s x %s: %s, %s; %s, %s; %s, %s, %s\n' "$1" "$3" "$2" \
            "$(best 1 "$@" 0 1 1)" "$(best 1 "$@" 0 2 1)" "$(best 2 "$@" 0 1 1)" \
            "$(best 2 "$@" 0 1 8)" "$(best 2 "$@" 65536 1 1)" "$(best 2 "$@" 262144 1 1)" \
            "$(best 2 "$@" 4194304 1 1)"
    done
}

case ${1:-table} in
table) table ;;
check)
    build=$2
    mpi=${3:-openmpi}
    check
    ;;
speed)
    build=$2
    mpi=${3:-openmpi}
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_hwloc_base_binding_policy=none # or both threads would share one CPU
    speed
    ;;
*) exit 2 ;;
esac
