#!/bin/sh
# dlcore beside other libraries on the same work, on this machine: one Markdown table.
#
#   tests/bench/compare.sh [--install] [--quick] [--data DIR] [--case TEXT] [--build DIR]
#
# dlcore_bench must have been built (in build/, or --build DIR). The Python libraries are taken from
# build/peers, a virtual environment that --install makes (some GB), else from the Python that
# DLCORE_PEERS_PYTHON names, else from python3. What is missing is left out and said. Everything
# runs in turn, twice (--quick: once), at one thread and at all CPUs; the fastest time of each counts.
# That takes a good while, much of it in the peers' compilers. The lines behind the table stay in
# peers.jsonl in the build folder.
#
# SPDX-License-Identifier: MIT
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$here/../.." && pwd)/build
install=no
quick=
data=${DLCORE_MNIST_DIR:-}
text=

usage() {
    sed -n '2,/^# SPDX/ { /SPDX/d; s/^# \{0,1\}//; p; }' "$0"
    exit "$1"
}

while [ $# -gt 0 ]; do
    case $1 in
    --install) install=yes ;;
    --quick) quick=--quick ;;
    --help) usage 0 ;;
    --data | --case | --build)
        test $# -ge 2 || usage 2 >&2
        case $1 in
        --data) data=$2 ;;
        --case) text=$2 ;;
        --build) build=$2 ;;
        esac
        shift
        ;;
    *) usage 2 >&2 ;;
    esac
    shift
done

bench=$build/tests/bench/dlcore_bench
fann=$build/tests/bench/peer_fann
if [ ! -x "$bench" ]; then
    echo "compare.sh: no $bench: build dlcore first" >&2
    exit 1
fi
if [ $install = yes ]; then
    python3 -m venv "$build/peers"
    "$build/peers/bin/python" -m pip install --requirement "$here/peers/requirements.txt"
fi
python=${DLCORE_PEERS_PYTHON:-python3}
test ! -x "$build/peers/bin/python" || python=$build/peers/bin/python
# Peers and dlcore alike take the data from here.
if [ -n "$data" ]; then
    DLCORE_MNIST_DIR=$data
    export DLCORE_MNIST_DIR
fi

lines=$build/peers.jsonl
log=$build/peers.log
: > "$lines"
: > "$log"
missing=
failed=

# measure NAME COMMAND...: its lines go to the file. A peer that is missing ends with status 3.
measure() {
    name=$1
    shift
    case " $missing$failed" in
    *" $name,"*) return 0 ;;
    esac
    echo "... $name: $*" >> "$log"
    echo "$name ..." >&2
    status=0
    "$@" --case "$text" $quick >> "$lines" 2>> "$log" || status=$?
    case $status in
    0) ;;
    3) missing="$missing $name," ;;
    *) failed="$failed $name," ;;
    esac
}

cpus=$(nproc)
counts=1
test "$cpus" = 1 || counts="1 $cpus"
rounds="1 2"
test -z "$quick" || rounds=1
for _ in $rounds; do
    for threads in $counts; do
        measure dlcore "$bench" --peers --json --threads "$threads"
        measure PyTorch "$python" "$here/peers/pytorch.py" --threads "$threads"
        measure JAX "$python" "$here/peers/jax_jit.py" --threads "$threads"
        measure Keras-on-TensorFlow env KERAS_BACKEND=tensorflow \
            "$python" "$here/peers/keras_bench.py" --threads "$threads"
        measure Keras-on-JAX env KERAS_BACKEND=jax \
            "$python" "$here/peers/keras_bench.py" --threads "$threads"
        measure scikit-learn "$python" "$here/peers/sklearn_mlp.py" --threads "$threads"
    done
    if [ -x "$fann" ]; then
        measure FANN "$fann"
    else
        missing="$missing FANN,"
    fi
done

sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2> /dev/null | head -n 1
echo "$cpus CPUs, $(date +%Y-%m-%d)"
echo
python3 "$here/peers/table.py" "$lines"
printf '\nIn brackets: threads, and which of its ways was the fastest. Training is with RMSprop, but\n'
printf 'with Adam in scikit-learn, and with what the table says in FANN.\n'
test -z "$missing" || printf '\nMissing:%s\n' "${missing%,}"
if [ -n "$failed" ]; then
    printf '\nFailed, see %s: %s\n' "$log" "${failed%,}" >&2
    exit 1
fi
