#!/bin/sh
# The stack of every public call on every path that the tests take: at most 16 KiB below the caller's frame. The
# library is compiled by clang so that each of its functions says where its frame lies (tests/stack/depth.c), and
# the whole suite runs. What the C library, a BLAS and the system take below the library's functions is not seen
# here; tests/hosts/test_stack.c measures it, for the calls that it makes.
#
#   tests/stack.sh [BUILD]            builds, runs the tests, prints the figures (BUILD: build-stack)
#   tests/stack.sh --report [BUILD]   the figures of the last run
#
# Prints the ten deepest of the public calls, the deepest of the library's threads, and which public functions no
# test calls. Writes BUILD/stack.txt: bytes, call, the deepest function, test. A call that a test's callback makes
# counts by itself. Fails where a call takes more than 16 KiB.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$top"
# shellcheck source=.ci/packages.sh
. .ci/packages.sh
report_only=false
if [ "${1:-}" = --report ]; then
    report_only=true
    shift
fi
build=${1:-$top/build-stack}
mkdir -p "$build"
build=$(CDPATH='' cd -- "$build" && pwd)
most=16384
# What looks at the archive as an ordinary build has it, and programs with a size; benchmarks; what measures its
# own stack.
left_out='^(archive|names|rooms|static_names|folders|headers|train_only|predict_only|stack|larger_than_memory|bench.*)$'

compile() {
    need_build
    need_clang
    need_command nm binutils
    need_package libcmocka-dev libhdf5-dev libnanopb-dev libzip-dev
    install_packages
    clang -std=c11 -O2 -Wall -Wextra -Werror -fno-omit-frame-pointer -c tests/stack/depth.c -o "$build/depth.o"
    # The library's sources alone are compiled so, not those of the tests.
    cat > "$build/compile" << END
#!/bin/sh
case \$* in
*" -c $top/src/"*) exec "\$@" -fno-omit-frame-pointer -finstrument-functions-after-inlining ;;
*" -c $top/tests/"*) exec "\$@" -include "$top/tests/stack/host.h" ;;
esac
exec "\$@"
END
    chmod +x "$build/compile"
    cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
        -DCMAKE_C_COMPILER_LAUNCHER="$build/compile" -DCMAKE_POSITION_INDEPENDENT_CODE=OFF \
        -DCMAKE_EXE_LINKER_FLAGS="-no-pie $build/depth.o" -DDLCORE_BUILD_EXAMPLES=OFF -DDLCORE_INSTALL=OFF \
        > "$build/log"
    cmake --build "$build" --parallel "$(nproc)" >> "$build/log"
}

run_tests() {
    rm -rf "$build/depths"
    mkdir -p "$build/depths"
    # Counting takes its time.
    find "$build" -name CTestTestfile.cmake -exec sed -i 's/TIMEOUT "[0-9]*"/TIMEOUT "3600"/' {} +
    DLCORE_STACK_FOLDER=$build/depths ctest --test-dir "$build" -LE hosts -E "$left_out" \
        --parallel "$(nproc)" > "$build/tests.log" || {
        tail -n 20 "$build/tests.log"
        echo "tests fail; see $build/tests.log" >&2
        exit 1
    }
}

# stack.txt, the deepest first, from addresses and the programs' names.
show() {
    for depths in "$build"/depths/*; do
        program=$(basename "$depths")
        nm "$(find "$build/tests" -name "$program" -type f -perm -u+x)" | awk -v program="$program" '
            FILENAME == "-" {
                sub(/^0*/, "", $1)
                if ($2 ~ /^[tTwW]$/) name[$1] = $3
                next
            }
            {print $2, ($1 in name ? name[$1] : $1), ($3 in name ? name[$3] : $3), program}' - "$depths"
    done | sort -k 1,1nr -k 2 > "$build/stack.txt"
}

# What the headers declare.
public() {
    cat include/dlcore.h include/dlcore/*.h | sed 's,/\*.*\*/,,' | tr '\n' ' ' |
        grep -oE '\<dlcore_[a-z0-9_]+ *\([^*]' | sed 's, *(.*,,' | LC_ALL=C sort -u
}

report() {
    public > "$build/public.txt"
    awk -v most="$most" '
        FILENAME ~ /public.txt$/ {
            public[$1] = 1
            functions++
            next
        }
        $2 in public {
            if ($2 in seen) next
            seen[$2] = 1
            calls++
            if (calls <= 10) printf "%6d  %s, in %s (%s)\n", $1, $2, $3, $4
            if ($1 > most) over++
            next
        }
        $2 == "run" && !threads++ {
            printf "%6d  a thread: %s, in %s (%s)\n", $1, $2, $3, $4
        }
        END {
            printf "%d of %d public functions called by the tests; %d take more than %d bytes\n", calls, functions,
                over, most
            for (f in public)
                if (!(f in seen)) print "not called: " f | "sort"
            close("sort")
            exit over > 0 || calls < 100
        }' "$build/public.txt" "$build/stack.txt"
}

if ! $report_only; then
    compile
    run_tests
    show
fi
report
