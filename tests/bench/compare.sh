#!/bin/sh
# dlcore beside other libraries on the same work, on this machine: Markdown tables, one for each
# number of threads that all were given (1, and all CPUs) and one with each at its best.
#
#   tests/bench/compare.sh [--install] [--quick] [--no-avx512] [--data DIR] [--case TEXT] [--build DIR]
#
# dlcore_bench must have been built (in build/, or --build DIR). The Python libraries are taken from
# the Python that DLCORE_PEERS_PYTHON names, else from build/peers, a virtual environment that
# --install makes (some GB), else from python3; FANN is found as dlcore is configured (libfann-dev), BLIS
# and LIBXSMM as the distribution has them (libblis4-pthread, libxsmm-dev): --install installs these, too.
# What is missing, or cannot be installed, is left out and said. Each library has a process of its
# own. All run in turn, twice (--quick: once); the fastest time of each counts. A cell says where a
# library kept more CPUs busy than it was given threads. That takes a good while, much of it in the
# peers' compilers. --no-avx512: as on a CPU without it, for dlcore and for those that can be told so
# (oneDNN, XLA, PyTorch's own loops, OpenBLAS, MKL, BLIS, LIBXSMM). The lines behind the tables stay in
# peers.jsonl in the build folder. At the end stands how the figure for 3 x 1024 agrees with a program
# that only trains.
#
# SPDX-License-Identifier: MIT
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$here/../.." && pwd)/build
install=no
quick=
without=
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
    --no-avx512) without=--no-avx512 ;;
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
missing=
failed=

# One by one: a package that cannot be had must not keep the others away.
install_packages_of_peers() {
    # shellcheck source=.ci/packages.sh
    . "$here/../../.ci/packages.sh"
    for package in libfann-dev libblis4-pthread libxsmm-dev; do
        need_package "$package"
        install_packages || echo "compare.sh: $package cannot be installed" >&2
    done
    test -x "$fann" || {
        cmake "$build" && cmake --build "$build" --target peer_fann
    } > "$build/peers.log" 2>&1 || echo "compare.sh: FANN's program cannot be built" >&2
}

install_peers() {
    if ! python3 -m venv "$build/peers"; then
        echo "compare.sh: no virtual environment; taking what there is" >&2
        rm -rf "$build/peers"
        return 0
    fi
    grep -v '^#' "$here/peers/requirements.txt" | while read -r package; do
        "$build/peers/bin/python" -m pip install --quiet "$package" ||
            echo "compare.sh: $package cannot be installed" >&2
    done
}
test $install = no || { install_packages_of_peers && install_peers; }
python=python3
test ! -x "$build/peers/bin/python" || python=$build/peers/bin/python
python=${DLCORE_PEERS_PYTHON:-$python}
# Peers and dlcore alike take the data from here.
if [ -n "$data" ]; then
    DLCORE_MNIST_DIR=$data
    export DLCORE_MNIST_DIR
fi

if [ -n "$without" ]; then
    export ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2
    # The second flag: YNNPACK, which XLA may call, takes AVX-512 whatever the first says.
    export XLA_FLAGS="--xla_cpu_max_isa=AVX2 --xla_cpu_experimental_ynn_fusion_type=" OPENBLAS_CORETYPE=Haswell
    export BLIS_ARCH_TYPE=3 # haswell: BLIS 0.9 knows no names, and takes one for 0, which is AVX-512
    export LIBXSMM_TARGET=hsw TORCHINDUCTOR_CACHE_DIR="$build/peers-inductor" # of another width
fi
lines=$build/peers.jsonl
log=$build/peers.log
: > "$lines"
: > "$log"

# measure NAME COMMAND...: its lines go to the file. A peer that is missing ends with status 3.
# Each runs after a moment of rest: threads of the one before must be gone.
measure() {
    name=$1
    shift
    case " $missing$failed" in
    *" $name,"*) return 0 ;;
    esac
    echo "... $name: $*" >> "$log"
    echo "$name ..." >&2
    status=0
    test "$name" = only_trains || set -- "$@" --case "$text" $quick
    "$@" >> "$lines" 2>> "$log" || status=$?
    sleep 0.2
    case $status in
    0) ;;
    3) missing="$missing $name," ;;
    *) failed="$failed $name," ;;
    esac
}

wide="train 1024-1024-1024-1024 b256 rmsprop"
cpus=$(nproc)
counts=1
test "$cpus" = 1 || counts="1 $cpus"
rounds="1 2"
test -z "$quick" || rounds=1
for _ in $rounds; do
    for threads in $counts; do
        # shellcheck disable=SC2086 # a word, or none
        measure dlcore "$bench" --peers --json --no-floor $without --threads "$threads"
        case $without$wide in
        --*) ;; # only_trains takes the CPU as it is
        *"$text"*) measure only_trains "$build/tests/bench/only_trains" --json --threads "$threads" ;;
        esac
        measure PyTorch "$python" "$here/peers/pytorch.py" --threads "$threads"
        measure BLAS "$python" "$here/peers/products.py" --threads "$threads"
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
printf '\nIn brackets: threads where they are not those of the table, and which of its ways was the\n'
printf 'fastest. Training is with RMSprop, but with Adam in scikit-learn, and with what the table says\n'
printf 'in FANN. Products are those of a step and nothing else, by a BLAS; bf16 is autocast to bfloat16.\n'
printf 'Neither counts as a peer in the last column.\n'
test -z "$missing" || printf '\nMissing:%s\n' "${missing%,}"
if [ -n "$failed" ]; then
    printf '\nFailed, see %s: %s\n' "$log" "${failed%,}" >&2
    exit 1
fi
