#!/bin/sh
# Fuzzes every reader, one after the other, under libFuzzer, ASan and UBSan.
#
#   tests/fuzz/run.sh [RUNS [FUZZER...]]
#
# RUNS inputs each, 1000000 when it is not given; FUZZER: fuzz_npy and so on, by default every reader.
# fuzz_calls, scripts of public calls, runs where it is named. DLCORE_FUZZ_SANITIZE=memory: under MSan
# of clang 16 or newer, without parts and zlib, which it does not know; =thread: under TSan.
# DLCORE_FUZZ_THREADS=N: models of fuzz_calls have N threads or more.
#
# Builds into build-fuzz (build-fuzz-memory, build-fuzz-thread), installs what is missing as .ci/run
# does. What is found along the way goes to a temporary corpus and is forgotten, or to the folder
# DLCORE_FUZZ_CORPUS, where the next run begins with it; an input that breaks something stays in the
# build's findings/, and the script fails.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$top"
# shellcheck source=.ci/packages.sh
. .ci/packages.sh
sanitize=${DLCORE_FUZZ_SANITIZE:-address,undefined}
build=$top/build-fuzz
without=
clang=clang
need_build
case $sanitize in
memory)
    need_memory_clang
    clang=$memory_clang
    build=$top/build-fuzz-memory
    without="-DDLCORE_ZLIB=OFF -DDLCORE_KERAS=OFF -DDLCORE_NPZ=OFF -DDLCORE_ONNX=OFF -DDLCORE_MPI=OFF"
    ;;
thread) build=$top/build-fuzz-thread ;;
esac
findings=$build/findings
runs=${1:-1000000}
test $# = 0 || shift

need_clang
need_package libcmocka-dev libhdf5-dev libnanopb-dev libzip-dev
install_packages

mkdir -p "$findings"
# shellcheck disable=SC2086 # words
cmake -S . -B "$build" -DCMAKE_C_COMPILER="$clang" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DDLCORE_FUZZ=ON -DDLCORE_BLAS=portable -DDLCORE_SANITIZE="$sanitize" \
    -DDLCORE_BUILD_EXAMPLES=OFF $without > "$build/log"
# shellcheck disable=SC2046 # words
test $# != 0 || set -- $(sed -n 's/^ *\(fuzz_[a-z]*\)$/\1/p' tests/fuzz/CMakeLists.txt |
    grep -vx fuzz_calls)
cmake --build "$build" --parallel "$(nproc)" --target "$@" > "$build/log"

corpus=${DLCORE_FUZZ_CORPUS:-}
if [ -z "$corpus" ]; then
    corpus=$(mktemp -d)
    trap 'rm -rf "$corpus"' EXIT
fi
failed=0
for fuzzer in "$@"; do
    mkdir -p "$corpus/$fuzzer"
    begin=$(date +%s)
    case $fuzzer in
    fuzz_calls) longest=512 ;;
    fuzz_keras) longest=20480 ;;
    fuzz_onnx | fuzz_safetensors | fuzz_weights) longest=16384 ;; # whole models
    *) longest=4096 ;;
    esac
    if "$build/tests/fuzz/$fuzzer" -runs="$runs" -max_len="$longest" -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="$findings/$fuzzer-" -verbosity=0 \
        "$corpus/$fuzzer" "tests/fuzz/corpus/$fuzzer" > "$findings/$fuzzer.log" 2>&1; then
        echo "$fuzzer: $runs runs without a finding, $(($(date +%s) - begin)) s"
    else
        tail -n 40 "$findings/$fuzzer.log"
        echo "$fuzzer: FAILED, see $findings" >&2
        failed=1
    fi
done
exit $failed
