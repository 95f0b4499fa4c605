#!/bin/sh
# The tests that take hours, in parts, each cut into pieces of some minutes. A piece that has passed
# is not run again on the same commit, so the command may be stopped and started at will. Where
# files are changed and not committed, or there is no git, every piece is run.
#
#   tests/long.sh                  every part
#   tests/long.sh PART...          these parts
#   tests/long.sh --list           the parts, with pieces and what has passed
#
# Works in build-long/; what a piece printed is in build-long/COMMIT/PART.PIECE.log. Ends with
# "N passed, N failed", of the pieces asked for, those that passed earlier included.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$top"
# shellcheck source=.ci/packages.sh
. .ci/packages.sh
build=$top/build-long
commit=$(git rev-parse --short HEAD 2> /dev/null || echo tree)
record=$build/$commit
if [ "$commit" = tree ] || [ -n "$(git status --porcelain)" ]; then
    record=$build/changed
    test "${1:-}" = --list || rm -rf "$record"
fi
jobs=$(nproc)

# name, pieces, what it does
parts="
sequences 50 random sequences of public calls against three oracles, 2,000 a piece
fuzz_calls 10 libFuzzer under ASan and UBSan: scripts of public calls, 100,000 a piece
calls_memory 4 scripts of public calls under MSan, 50,000 a piece
calls_thread 4 scripts of public calls on two threads or more, under TSan, 25,000 a piece
fuzz_csv 10 libFuzzer under ASan and UBSan, 100,000 inputs a piece
fuzz_idx 10 likewise
fuzz_keras 10 likewise
fuzz_npy 10 likewise
fuzz_npz 10 likewise
fuzz_onnx 10 likewise
fuzz_safetensors 10 likewise
fuzz_svmlight 10 likewise
fuzz_table 10 likewise
fuzz_weights 10 likewise
libraries 1 what fuzzing has found inside libhdf5 and libzip, shown without dlcore
keras 5 60 random networks to and from Keras 3.15.1, 3.10.0, 3.5.0, 3.0.5 and 2.15.1
kills 10 saving, killed at a random moment, 1,000 times a piece
forks 1 1,000 children of processes that train: before, during and after a fit, and in its callbacks
properties 5 properties of any network and table, 20,000 networks a piece
peers 1 unit tests of Keras, node tests of onnx and files of safetensors' tests, with dlcore behind them
soak 1 ten minutes of mixed work over threads
bytes 1 every value of every byte of a model file
address 1 every test under ASan and UBSan
thread 1 every test under TSan
memory 1 every test of the core under MSan, with a cmocka that it knows, too
valgrind 8 every test program but three under valgrind, with the BLAS of the system
mpi 2 ranks over Open MPI and MPICH: every case on 1, 2, 3, 4 and 8 processes; 100 kills
architectures 7 every test on i386, musl, armhf, arm64, s390x, riscv64 and ppc64el, a piece each
compilers 2 each gcc and clang of the distribution; CMake 3.21 and newer, unity, link-time optimization, kernels
zig 1 macOS, FreeBSD and Windows by zig cc: compiled and linked
two_files 1 every test against the two files of amalgamate.sh
windows 1 Windows: every test under wine
coverage 1 lines and branches of src that the tests go through, and those that nothing takes
stack 1 the stack of every public call, on every path that the tests take
messages 1 every message of src is written by some test, or has a reason why not: of what coverage counted
mutation 4 110 changes of the sources, one at a time, that the tests have to notice: at most an hour a piece
tidy 1 clang's analyzer, as far as it goes by itself; .ci/run has it go a ninth as far
reproducible 1 two builds in two folders have the same bytes
recipes 10 MNIST: the best recipe reaches 0.983 and the fast one 0.975, a seed a piece
"

# configured NAME OPTION...: build-long/NAME, up to date.
configured() {
    name=$1
    shift
    cmake -S . -B "$build/$name" -DCMAKE_BUILD_TYPE=RelWithDebInfo "$@" > "$build/$name.log"
    cmake --build "$build/$name" --parallel "$jobs" > "$build/$name.log"
}

released() {
    configured release -DCMAKE_BUILD_TYPE=Release
}

# recipe NAME SEED LEAST: its accuracy on the test images reaches LEAST.
recipe() {
    "$build/release/examples/mnist_recipes" --data "${DLCORE_MNIST_DIR:-../shared/mnist}" \
        --seed "$2" "$1" |
        awk -v least="$3" -v seed="$2:" \
            '{print} $2 == seed {found = $5} END {exit !(found + 0 >= least)}'
}

# What is not compiled under MSan would look unset to it: so without zlib and the parts' packages, and
# cmocka is compiled here.
memory_sanitizer() {
    cmocka_source "$build/memory-cmocka"
    cmocka=$build/memory-cmocka
    cmake -S "$cmocka/cmocka" -B "$cmocka/build" -DCMAKE_C_COMPILER="$memory_clang" \
        -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_FLAGS="-fsanitize=memory -fno-omit-frame-pointer -w" \
        -DBUILD_SHARED_LIBS=OFF -DWITH_STATIC_LIB=ON -DWITH_EXAMPLES=OFF -DCMAKE_INSTALL_PREFIX="$cmocka/prefix" > "$build/memory.log"
    cmake --build "$cmocka/build" --parallel "$jobs" --target install > "$build/memory.log"
    export PKG_CONFIG_LIBDIR="$cmocka/prefix/lib/pkgconfig"
    configured memory -DCMAKE_C_COMPILER="$memory_clang" -DCMAKE_CXX_COMPILER="clang++${memory_clang#clang}" \
        -DDLCORE_BLAS=portable -DDLCORE_SANITIZE=memory -DDLCORE_ZLIB=OFF \
        -DDLCORE_KERAS=OFF -DDLCORE_NPZ=OFF -DDLCORE_ONNX=OFF -DDLCORE_MPI=OFF
    ctest --test-dir "$build/memory" --output-on-failure --timeout 1200
}

# under_valgrind PIECE PIECES: every PIECES-th test program. Not test_stack, which measures stacks, not test_place,
# which asks who of two threads at work at once made a page, and not test_float_mode, as valgrind's processor has no
# such mode.
under_valgrind() {
    # shellcheck disable=SC2046 # words
    tests/valgrind.sh $(find build-long/valgrind/tests -maxdepth 1 -name 'test_*' -type f -perm -u+x | sort |
        grep -vE '/test_(float_mode|place|stack)$' |
        awk -v piece="$1" -v pieces="$2" 'NR % pieces == piece % pieces')
}

# A piece that was skipped, for want of the network, fails: it is none that has passed.
keras_piece() {
    case $1 in
    1) tests/keras_files.sh "$build/release" 3.15.1 60 ;;
    2) tests/keras_files.sh "$build/release" 3.10.0 60 ;;
    3) tests/keras_files.sh "$build/release" 3.5.0 60 ;;
    4) tests/keras_files.sh "$build/release" 3.0.5 60 ;;
    5) tests/keras_files.sh "$build/release" 2.15.1 60 ;;
    esac
}

# run PART PIECE
run() {
    case $1 in
    sequences)
        released
        DLCORE_SEQUENCES=2000 DLCORE_SEQUENCE_SEED=$(($2 * 1000003)) \
            "$build/release/tests/test_sequences"
        ;;
    keras)
        released
        keras_piece "$2"
        ;;
    fuzz_calls) DLCORE_FUZZ_CORPUS=$build/corpus tests/fuzz/run.sh 100000 fuzz_calls ;;
    fuzz_*) tests/fuzz/run.sh 100000 "$1" ;;
    libraries) tests/fuzz/libraries.sh ;;
    calls_memory) DLCORE_FUZZ_CORPUS=$build/corpus DLCORE_FUZZ_SANITIZE=memory tests/fuzz/run.sh 50000 fuzz_calls ;;
    calls_thread)
        DLCORE_FUZZ_CORPUS=$build/corpus DLCORE_FUZZ_SANITIZE=thread DLCORE_FUZZ_THREADS=2 \
            tests/fuzz/run.sh 25000 fuzz_calls
        ;;
    kills)
        released
        DLCORE_KILLS=1000 "$build/release/tests/test_kill"
        ;;
    forks)
        released
        children=0
        while [ "$children" -lt 1000 ]; do
            "$build/release/tests/test_fork" > "$build/forks.txt"
            children=$((children + $(sed -n 's/ children$//p' "$build/forks.txt")))
        done
        echo "$children children"
        ;;
    properties)
        released
        for unit in properties special_rows; do
            DLCORE_PROPERTIES=20000 DLCORE_PROPERTY_SEED=$((($2 - 1) * 20000)) "$build/release/tests/test_$unit"
        done
        ;;
    peers)
        released
        tests/peers/run.sh "$build/release"
        ;;
    soak)
        released
        DLCORE_SOAK_SECONDS=600 "$build/release/tests/test_soak"
        ;;
    bytes)
        released
        DLCORE_EVERY_VALUE=1 "$build/release/tests/test_safetensors_hostile"
        ;;
    address)
        configured address -DDLCORE_BLAS=portable -DDLCORE_SANITIZE=address,undefined
        ctest --test-dir "$build/address" --output-on-failure --timeout 1200
        ;;
    thread)
        configured thread -DDLCORE_BLAS=portable -DDLCORE_SANITIZE=thread
        ctest --test-dir "$build/thread" --output-on-failure --timeout 1200
        ;;
    memory)
        memory_sanitizer
        ;;
    valgrind)
        configured valgrind -DCMAKE_C_FLAGS="-DDLCORE_EMULATED -DDLCORE_VALGRIND"
        under_valgrind "$2" 8
        ;;
    mpi)
        released
        tests/mpi.sh "$build/release" long "$(test "$2" = 1 && echo openmpi || echo mpich)"
        ;;
    windows)
        tests/windows.sh "$build/windows"
        ;;
    architectures)
        tests/architectures.sh "$build/architectures" \
            "$(echo i386 musl armhf arm64 s390x riscv64 ppc64el | cut -d ' ' -f "$2")"
        ;;
    compilers)
        tests/compilers.sh "$build/compilers" "$(test "$2" = 1 && echo compilers || echo cmake)"
        test "$2" = 1 || tests/build_variants.sh "$build/variants" lto_long kernels_long
        ;;
    zig) tests/zig.sh "$build/zig" ;;
    two_files) tests/two_files.sh "$build/two_files" ;;
    coverage) tests/coverage.sh "$build/coverage" ;;
    stack) tests/stack.sh "$build/stack" ;;
    messages)
        test -s "$build/coverage/counts.txt" || tests/coverage.sh "$build/coverage" || true
        tests/messages.sh "$build/coverage"
        ;;
    mutation) tests/mutation.sh 110 "$2" "$build/mutation-$commit" ;;
    tidy) tests/tidy.sh "$build/tidy" ;;
    reproducible) tests/reproducible.sh "$build/reproducible" ;;
    recipes)
        released
        recipe best "$2" 0.983
        recipe fast "$2" 0.975
        ;;
    esac
}

chosen() { # PART WANTED...
    part=$1
    shift
    test $# = 0 && return 0
    for wanted in "$@"; do
        test "$wanted" != "$part" || return 0
    done
    return 1
}

list() {
    echo "$parts" | while read -r part pieces text; do
        test -n "$part" || continue
        passed=$(find "$record" -name "$part.*.passed" 2> /dev/null | wc -l)
        printf '%-18s %2d of %2d passed  %s\n' "$part" "$passed" "$pieces" "$text"
    done
}

if [ "${1:-}" = --list ]; then
    list
    exit 0
fi
for wanted in "$@"; do
    echo "$parts" | grep -q "^$wanted " || {
        echo "long.sh: there is no part \"$wanted\"; tests/long.sh --list names them" >&2
        exit 2
    }
done
need_build
need_command c++ g++
for part in $(echo "$parts" | cut -d ' ' -f 1); do
    chosen "$part" "$@" || continue
    case $part in
    architectures)
        need_package gcc-i686-linux-gnu libc6-dev-i386-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross \
            gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross \
            gcc-riscv64-linux-gnu libc6-dev-riscv64-cross gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross \
            musl-tools qemu-user dpkg-dev
        ;;
    compilers) need_package ninja-build ;;
    memory) need_memory_clang ;;
    mutation) need_package ninja-build lld ;;
    coverage | messages) need_command llvm-cov llvm ;;
    tidy) need_command clang-tidy clang-tidy clang ;;
    valgrind) need_command valgrind valgrind libc6-dbg ;;
    zig) need_package python3-venv ;;
    esac
done
need_package libcmocka-dev libhdf5-dev libnanopb-dev libzip-dev openmpi-bin libopenmpi-dev mpich libmpich-dev
need_command x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64 g++-mingw-w64-x86-64
need_command wine wine wine64
install_packages
mkdir -p "$record"

passed=0
failed=0
for part in $(echo "$parts" | cut -d ' ' -f 1); do
    chosen "$part" "$@" || continue
    pieces=$(echo "$parts" | awk -v part="$part" '$1 == part {print $2}')
    piece=1
    while [ "$piece" -le "$pieces" ]; do
        name=$part.$piece
        if [ -e "$record/$name.passed" ]; then
            passed=$((passed + 1))
        else
            begin=$(date +%s)
            code=0
            # In a shell of its own, and not as a condition, so that `set -e` holds within.
            set +e
            (
                set -e
                run "$part" "$piece"
            ) > "$record/$name.log" 2>&1
            code=$?
            set -e
            seconds=$(($(date +%s) - begin))
            if [ "$code" = 0 ]; then
                passed=$((passed + 1))
                echo "$seconds s" > "$record/$name.passed"
                echo "$name passed ($seconds s)"
            else
                failed=$((failed + 1))
                tail -n 20 "$record/$name.log"
                echo "$name FAILED ($seconds s), see $record/$name.log"
            fi
        fi
        piece=$((piece + 1))
    done
done
printf '\n%d passed, %d failed\n' "$passed" "$failed"
test "$failed" = 0
