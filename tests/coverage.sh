#!/bin/sh
# Which lines and branches of src/ the tests go through, by clang's source-based coverage: it counts what is
# written in the source, not what a compiler makes of it. A branch is one condition that comes out one way, so
# that `if (a && b)` has four.
#
#   tests/coverage.sh [BUILD]            builds, runs the tests, prints the figures (BUILD: build-coverage)
#   tests/coverage.sh --report [BUILD]   the figures of the last run
#
# Prints, for each room, lines run and branches taken; writes BUILD/lines.txt, the lines that no test runs, and
# BUILD/branches.txt, the branches that no test takes. Branches of what reads foreign bytes (rooms files, data,
# store, json, exchange, table, but for sources that only write) must be taken or stand in
# tests/coverage_reasons.txt with the reason why they cannot be. A line there has, separated by tabs: file,
# function, "true" or "false" (the way that is not taken), the text of the line from the condition on, reason; the
# reason "-" says that nobody has looked at it yet. BUILD/reasons.txt is that file as it would have to be. Fails
# where a branch is in no line, where one with a reason is taken, or where fewer than 97 % of lines are run.
#
# Not counted, because they cannot run here: sources that this build does not compile (other systems',
# other processors'), which it lists; and code that another program made (*.pb.c).
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
build=${1:-$top/build-coverage}
mkdir -p "$build"
build=$(CDPATH='' cd -- "$build" && pwd)
tab=$(printf '\t')
least_lines=97
foreign="files data store json exchange table"
# Sources of these rooms that read nothing of others.
writers='exchange\/(export_|mpi|onnx_put|onnx_write|onnx_save|keras_save|keras_config|keras_numbers|hdf5_writing|zip_writer|npz_save)|store\/(model_sav|.*_put|config_writing|callback_|inspection_print)|data\/(.*_save|tensor_output)|table\/.*_describe'
# What looks at the archive or at memory as an ordinary build has it, and programs with a size.
left_out='^(archive|names|rooms|static_names|folders|headers|train_only|predict_only|stack|larger_than_memory|bench.*)$'

# Counters are not atomic: threads may lose counts. What one has counted never is 0 again, but how often
# a condition comes out one way is the difference of two: in the rooms above, and those where ranks and workers
# come to a decision, counters are atomic; in loops over numbers that would take too long.
compile() {
    need_build
    need_clang
    need_command llvm-cov llvm
    need_package libcmocka-dev libhdf5-dev libnanopb-dev libzip-dev
    install_packages
    {
        echo '#!/bin/sh'
        echo "case \"\$*\" in"
        for room in $foreign fit model report; do
            echo "*$top/src/$room/*.c) set -- \"\$@\" -fprofile-update=atomic ;;"
        done
        echo 'esac'
        echo 'exec "$@"'
    } > "$build/launcher.new"
    cmp -s "$build/launcher" "$build/launcher.new" || rm -rf "$build/src" # objects do not know of it
    mv "$build/launcher.new" "$build/launcher"
    chmod +x "$build/launcher"
    cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
        -DCMAKE_C_COMPILER_LAUNCHER="$build/launcher" \
        -DCMAKE_C_FLAGS="-O1 -fprofile-instr-generate -fcoverage-mapping" \
        -DCMAKE_EXE_LINKER_FLAGS=-fprofile-instr-generate > "$build/log"
    cmake --build "$build" --parallel "$(nproc)" >> "$build/log"
}

run_tests() {
    rm -rf "$build/profiles"
    # Counting takes its time, and who is stopped leaves no counts.
    find "$build" -name CTestTestfile.cmake -exec sed -i 's/TIMEOUT "[0-9]*"/TIMEOUT "3600"/' {} +
    LLVM_PROFILE_FILE=$build/profiles/%2m.profraw ctest --test-dir "$build" -LE hosts -E "$left_out" \
        --parallel "$(nproc)" > "$build/tests.log" || {
        tail -n 20 "$build/tests.log"
        echo "tests fail; see $build/tests.log" >&2
        exit 1
    }
    # Ranks are processes, started by mpiexec.
    if [ -e "$build/src/libdlcore_mpi.a" ]; then
        OMPI_CC=clang MPICH_CC=clang DLCORE_MPI_FLAGS="-fprofile-instr-generate -fcoverage-mapping" \
            LLVM_PROFILE_FILE=$build/profiles/%2m.profraw tests/mpi.sh "$build" > "$build/mpi.log" 2>&1 ||
            echo "without ranks over MPI; see $build/mpi.log"
    fi
}

# What was counted, beside the sources.
show() {
    find "$build/profiles" -name '*.profraw' > "$build/profiles.txt"
    llvm-profdata merge -sparse -f "$build/profiles.txt" -o "$build/all.profdata"
    # One object with all that is in the archives, whatever the programs link of them.
    clang -shared -fuse-ld=lld -Wl,--allow-multiple-definition -Wl,--whole-archive "$build"/src/*.a -Wl,--no-whole-archive -o "$build/all.so"
    llvm-cov show -instr-profile "$build/all.profdata" -show-branches=count -show-instantiations=false \
        "$build/all.so" -object "$build/tests/test_wait_without_futex" \
        -ignore-filename-regex='(\.pb\.[ch]$|/tests/)' "$top/src" > "$build/all.txt"
}

# all.txt as lines "line file number count" and "branch file number function true|false count text".
counts() {
    awk -v top="$top/src/" '
        function number(text) { # 12.3k, 4.56M
            if (text ~ /k$/) return 1e3 * text
            if (text ~ /M$/) return 1e6 * text
            if (text ~ /[GBT]$/) return 1e9 * text
            return text + 0
        }
        index($0, top) == 1 && /:$/ {
            file = substr($0, length(top) + 1, length($0) - length(top) - 1)
            next
        }
        match($0, /^ *[0-9]+\|/) {
            line = substr($0, 1, RLENGTH - 1) + 0
            rest = substr($0, RLENGTH + 1)
            bar = index(rest, "|")
            count = substr(rest, 1, bar - 1)
            text[line] = substr(rest, bar + 1)
            gsub(/ /, "", count)
            if (text[line] ~ /^[A-Za-z].*\(/ && text[line] !~ /;$/) {
                inside = text[line]
                sub(/\(.*/, "", inside)
                sub(/.*[ *]/, "", inside)
            }
            if (count != "") print "line", file, line, number(count)
            next
        }
        / Branch \([0-9]+:[0-9]+\): \[True: / {
            place = $0
            sub(/.* Branch \(/, "", place)
            split(place, at, /[:)]/)
            taken = place
            sub(/.*True: /, "", taken)
            untaken = taken
            sub(/,.*/, "", taken)
            sub(/.*False: /, "", untaken)
            sub(/\].*/, "", untaken)
            # Functions of headers have their branches once for each source that includes them; in a source
            # two at one place are two, as in `if (a ? b : c)`.
            key = file SUBSEP at[1] SUBSEP at[2]
            if (file ~ /\.c$/) key = key SUBSEP (++times[key])
            if (!(key in yes)) {
                keys[++n] = key
                function_of[key] = inside == "" ? "-" : inside
            }
            yes[key] += number(taken)
            no[key] += number(untaken)
            from[key] = substr(text[at[1]], at[2])
        }
        END {
            for (i = 1; i <= n; i++) {
                split(keys[i], part, SUBSEP)
                where = part[1] " " part[2] " " function_of[keys[i]]
                print "branch", where, "true", yes[keys[i]], from[keys[i]]
                print "branch", where, "false", no[keys[i]], from[keys[i]]
            }
        }' "$build/all.txt" > "$build/counts.txt"
}

figures() {
    awk -v foreign=" $foreign " -v least="$least_lines" '
        function room(file) {
            sub(/\/.*/, "", file)
            return file
        }
        $1 == "line" {
            lines[room($2)]++
            all_lines++
            if ($4 > 0) {
                run[room($2)]++
                all_run++
            }
            next
        }
        {
            branches[room($2)]++
            all_branches++
            if ($6 > 0) {
                taken[room($2)]++
                all_taken++
            }
        }
        function row(name, lines, run, branches, taken) {
            return sprintf("%-10s %7d %8.2f %% %9d %8.2f %%%s", name, lines, 100 * run / lines, branches,
                100 * taken / (branches ? branches : 1), index(foreign, " " name " ") ? "  foreign bytes" : "")
        }
        END {
            print "room         lines       run  branches      taken"
            for (r in lines) print row(r, lines[r], run[r], branches[r], taken[r]) | "sort"
            close("sort")
            print row("all", all_lines, all_run, all_branches, all_taken)
            exit !(100 * all_run >= least * all_lines)
        }' "$build/counts.txt"
}

# The sources of the tree that are not in all.txt and have code.
not_compiled() {
    echo "not compiled here, or without code of their own, and not counted:"
    find src -name '*.c' | sort | while read -r file; do
        grep -qxF "$top/$file:" "$build/all.txt" || echo "  $file"
    done
}

# Branches of what reads foreign bytes that are not taken, against the reasons.
reasons() {
    awk -v foreign=" $foreign " -v writers="$writers" '
        $1 != "branch" {next}
        {
            room = $2
            sub(/\/.*/, "", room)
            text = $0
            for (i = 0; i < 6; i++) sub(/^[^ ]* /, "", text)
            if ($6 == 0)
                print index(foreign, " " room " ") && $2 !~ "^(" writers ")" ? "foreign" : "own", $2, $3, $4, $5, text
        }' "$build/counts.txt" > "$build/untaken.txt"
    sed 's/^[a-z]* \([^ ]*\) \([0-9]*\) \([^ ]*\) \([a-z]*\) /src\/\1:\2: \3: never \4: /' "$build/untaken.txt" > "$build/branches.txt"
    awk '$1 == "line" && $4 == 0 {print "src/" $2 ":" $3}' "$build/counts.txt" > "$build/lines.txt"
    awk -F "$tab" -v OFS="$tab" -v written="$build/reasons.txt" '
        FILENAME ~ /reasons/ {
            if ($0 ~ /^#/) print > written
            else if (NF == 5) reason[$1, $2, $3, $4] = $5
            next
        }
        {
            split($0, word, " ")
            if (word[1] != "foreign") next
            text = $0
            for (i = 0; i < 5; i++) sub(/^[^ ]* /, "", text)
            key = word[2] SUBSEP word[4] SUBSEP word[5] SUBSEP text
            if (!(key in reason)) {
                print "src/" word[2] ":" word[3] ": " word[4] ": never " word[5] ": " text
                bad++
            } else if (reason[key] == "-") unseen++
            else explained++
            if (!(key in used)) print word[2], word[4], word[5], text, key in reason ? reason[key] : "-" > written
            used[key] = 1
        }
        END {
            for (key in reason) {
                if (key in used) continue
                split(key, part, SUBSEP)
                if (reason[key] == "-") taken++
                else {
                    print "has a reason, and is taken: src/" part[1] ": " part[2] ": " part[3] ": " part[4]
                    bad++
                }
            }
            printf "branches that read foreign bytes and are never taken: %d with a reason, %d that nobody has looked at", explained, unseen
            printf " (and %d more that are taken by now), %d others\n", taken, bad
            exit bad > 0
        }' tests/coverage_reasons.txt "$build/untaken.txt"
}

$report_only || compile
$report_only || run_tests
$report_only || show
status=0
counts
figures || status=1
not_compiled
reasons || status=1
exit $status
