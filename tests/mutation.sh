#!/bin/sh
# Whether the tests notice when the library is wrong: changes one place of a source at a time (a mutant),
# builds it, and runs tests until one fails, which kills the mutant. Places are drawn from all rooms of src/
# with a seed: half of them the same number from each room, half by the rooms' sizes.
#
#   tests/mutation.sh COUNT SEED [WORK]    COUNT mutants of this seed, in WORK (build-mutation)
#   tests/mutation.sh --again SEED [WORK]  those that survived, against the tests as they are committed now
#   tests/mutation.sh --report [WORK]      what all seeds of WORK came to
#
# With DLCORE_MUTATION_MINUTES it stops after so many minutes; called again, it goes on. A mutant is given the
# tests named like its source first, then its room's, then those of rooms that use it, as many as take
# DLCORE_MUTATION_SECONDS (60) without a mutant. Only programs that the mutant changes are run. A failure
# counts when it is seen twice; a test that takes five times its time and 10 seconds (of processors), has
# failed. A mutant from which the compiler makes the same objects is none: another one takes its place. So does
# one that does not compile. Survivors that tests/mutation_equivalent.txt explains (file, line as it is, line as
# it becomes, reason; separated by tabs) change nothing that a test could see and do not count.
#
# Fails when less than 92 % of the others were killed.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$top"
tab=$(printf '\t')
end=$(($(date +%s) + 60 * ${DLCORE_MUTATION_MINUTES:-100000}))
most_seconds=${DLCORE_MUTATION_SECONDS:-60}

# Which rooms use a room, nearest first.
users='
system files base store engine hosts
base nn tensor data store table engine
kernels nn products engine model
json store table report exchange
products engine model fit
tensor model data fit
nn engine model fit store
engine model fit hosts
model fit store report hosts
fit store report hosts
files data store table
data table exchange
table exchange report
store exchange report
report store fit
exchange store
'

# ---- the copy of the tree that is changed ----

prepare() {
    heal # where it was stopped in the midst of one
    if [ ! -e "$work/tree/CMakeLists.txt" ]; then
        mkdir -p "$work/tree"
        git archive HEAD | tar -x -m -C "$work/tree"
    fi
    if [ ! -e "$work/build/built" ]; then
        # -O2 and nothing for debuggers: then mutants that are the same program are the same bytes.
        cmake -G Ninja -S "$work/tree" -B "$work/build" -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS=-O2 \
            -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld \
            -DDLCORE_BUILD_EXAMPLES=OFF -DDLCORE_INSTALL=OFF > "$work/build.log"
        ninja -C "$work/build" >> "$work/build.log"
        touch "$work/build/built"
    fi
    healthy
}

# What the tree's build came to without a mutant: programs, the commands that made them, and which objects are
# made of which sources and headers ("source object").
healthy() {
    test ! -e "$work/objects" || return 0
    rm -rf "$work/healthy"
    mkdir -p "$work/healthy"
    : > "$work/tests"
    touch "$work/times"
    for test in "$work"/tree/tests/*/test_*.c; do
        unit=$(basename "$test" .c)
        test -x "$work/build/tests/$unit" || continue
        cp "$work/build/tests/$unit" "$work/healthy/$unit"
        echo "$(basename "$(dirname "$test")") $unit" >> "$work/tests"
    done
    ninja -C "$work/build" -t commands all > "$work/commands"
    # A source that is in several archives is compiled once.
    (cd "$work/build" && ninja -t deps) | awk -v tree="$work/tree/" '
        /^[^ ]/ {
            object = $1
            sub(/:$/, "", object)
            name = object
            sub(/.*\.dir\//, "", name)
            wanted = object ~ /^src\// && !(name in seen)
            seen[name] = wanted || name in seen
            next
        }
        wanted {
            sub(/^ */, "")
            sub(/^\.\.\/tree\//, tree)
            if (index($0, tree "src/") == 1 && $0 ~ /\.[ch]$/) print substr($0, length(tree) + 1), object
        }' > "$work/found"
    mv "$work/found" "$work/objects"
}

# seconds_of UNIT: what it takes without a mutant, or "failed".
seconds_of() {
    grep -q "^$1 " "$work/times" || echo "$1 $(run_test "$work/healthy/$1" 300)" >> "$work/times"
    sed -n "s/^$1 //p" "$work/times"
}

# run_test PROGRAM SECONDS: its seconds of processors, or "failed".
run_test() {
    mkdir -p "$work/run"
    # shellcheck disable=SC3045 # which sh of the systems that this is for have
    (
        cd "$work/run"
        ulimit -c 0
        ulimit -t "$2"
        ulimit -v 8000000
        # shellcheck disable=SC2016 # the inner shell's
        if CMOCKA_TEST_ABORT=1 timeout -k 5 $((120 + 10 * $2)) \
            sh -c '"$0" > output 2>&1 && times > seconds' "$1" 2> /dev/null < /dev/null; then
            awk 'NR == 2 {for (i = 1; i <= 2; i++) {split($i, part, /[ms]/); sum += 60 * part[1] + part[2]}}
                END {print sum + 0}' seconds
        else
            echo failed
        fi
    )
}

# ---- which places, which tests ----

# draw COUNT SEED: twice as many as wanted; the first column is how many are wanted of the room. Headers that more
# than 40 sources include are left out.
draw() {
    # shellcheck disable=SC2046 # words
    (cd "$work/tree" && awk -f tests/mutation/sites.awk $(cut -d ' ' -f 1 "$work/objects" |
        sort | uniq -c | awk '$1 <= 40 {print $2}')) |
        awk -F '\t' -v OFS='\t' -v count="$1" -v seed="$2" '
            function random(most) {
                state = (16807 * state) % 2147483647
                return int(state / 2147483647 * most)
            }
            BEGIN {
                state = seed + 1
                for (i = 0; i < 20; i++) random(1)
            }
            {
                key = $1 SUBSEP $4
                if (!(key in sites)) operator[$1, operators[$1]++] = $4
                if (!($1 in size)) room[rooms++] = $1
                size[$1]++
                site[key, sites[key]++] = $0
            }
            END {
                for (r = 0; r < rooms; r++) {
                    exact = count / 2 / rooms + count / 2 * size[room[r]] / NR + left
                    wanted = int(exact + 0.5)
                    left = exact - wanted
                    for (drawn = 0; drawn < 2 * wanted + 2;) { # an operator, then a place
                        o = operator[room[r], random(operators[room[r]])]
                        key = room[r] SUBSEP o
                        if (!sites[key]) continue
                        n = random(sites[key])
                        print drawn / (wanted + 1), wanted, site[key, n]
                        site[key, n] = site[key, --sites[key]]
                        drawn++
                    }
                }
            }' | sort -s -k 1,1n | cut -f 2- # the rooms in turns
}

# tests_of ROOM FILE: units, in the order in which they are run.
tests_of() {
    unit=$(basename "$2" | sed 's/\.[ch]$//; s/_template$//')
    echo "$users" | awk -v room="$1" -v unit="$unit" -v most="$most_seconds" '
        FILENAME == "-" {
            if ($1 == room)
                for (i = 2; i <= NF; i++) rank[$i] = i
            next
        }
        function alike(a, b,    i) {
            for (i = 1; i <= length(a) && substr(a, i, 1) == substr(b, i, 1);) i++
            return i - 1
        }
        FILENAME ~ /times$/ {
            seconds[$1] = $2
            next
        }
        {
            name = substr($2, 6)
            if ($1 == room) key = name == unit ? 0 : 100 - alike(name, unit)
            else if ($1 in rank) key = 100 * rank[$1] - (alike(name, unit) > 4 ? 50 : 0)
            else key = 2000
            time = $2 in seconds ? seconds[$2] : 1
            if (time != "failed") printf "%05d %s %s\n", key, time, $2
        }' - "$work/times" "$work/tests" | sort -k 1,1 -k 2,2n |
        awk -v most="$most_seconds" '{sum += $2} sum <= most || NR == 1 {print $3}'
}

# ---- one mutant ----

# compile FILE: the objects that are made of it, into $work/mutants; fails when one cannot be. "same" when they are
# what they were.
compile() {
    rm -rf "$work/mutants"
    mkdir -p "$work/mutants"
    difference=same
    awk -v file="$1" '$1 == file {print $2}' "$work/objects" > "$work/made"
    while read -r object; do
        mutant=$work/mutants/$(echo "$object" | tr / _)
        command=$(grep -F -- " -o $object " "$work/commands" |
            sed "s| -o $object | -o $mutant |; s| -MF [^ ]*| -MF $work/mutant.d|")
        (cd "$work/build" && eval "$command") > "$work/log" 2>&1 < /dev/null || return 1
        if cmp -s "$mutant" "$work/build/$object"; then
            rm "$mutant"
        else
            difference=other
        fi
    done < "$work/made"
    echo "$difference"
}

# link UNIT: $work/program, with the mutant's objects where it would have those of the archives.
link() {
    command=$(grep -F -- " -o tests/$1 " "$work/commands" | sed "s| -o tests/$1 | -o $work/program \
        -Wl,--start-lib $work/mutants/*.o -Wl,--end-lib |; s|-Wl,--dependency-file=[^ ]*||" | tr -d '\n')
    (cd "$work/build" && eval "$command") > "$work/log" 2>&1 < /dev/null
}

# verdict ROOM FILE: "killed by TEST", "survived", "same program" or "does not compile".
verdict() {
    if ! difference=$(compile "$2"); then
        echo "does not compile"
        return
    fi
    if [ "$difference" = same ]; then
        echo "same program"
        return
    fi
    tests_of "$1" "$2" > "$work/order"
    while read -r unit; do
        link "$unit" || {
            echo "does not compile"
            return
        }
        ! cmp -s "$work/program" "$work/healthy/$unit" || continue
        seconds=$(seconds_of "$unit")
        test "$seconds" != failed || continue
        seconds=$(awk -v seconds="$seconds" 'BEGIN {print int(10 + 5 * seconds)}')
        if [ "$(run_test "$work/program" "$seconds")" = failed ] &&
            [ "$(run_test "$work/program" "$seconds")" = failed ]; then
            echo "killed by $unit"
            return
        fi
    done < "$work/order"
    echo survived
}

# The source is as it was; newer than what was built of the mutant.
heal() {
    test -e "$work/place" || return 0
    cat "$work/original" > "$work/tree/$(cat "$work/place")"
    rm "$work/place"
}

# mutate ROOM FILE LINE OPERATOR BEFORE AFTER: a line of the record.
mutate() {
    cp "$work/tree/$2" "$work/original"
    LINE=$3 BEFORE=$5 AFTER=$6 awk '
        NR == ENVIRON["LINE"] {
            if ($0 != ENVIRON["BEFORE"]) exit 1
            $0 = ENVIRON["AFTER"]
        }
        {print}' "$work/original" > "$work/mutant"
    echo "$2" > "$work/place"
    cat "$work/mutant" > "$work/tree/$2"
    found=$(verdict "$1" "$2")
    heal
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$found" "$@"
}

# ---- the record ----

# Lines of records: verdict, room, file, line, operator, before, after. Without a file, every seed's.
report() {
    cat "$@" | awk -F '\t' '
        function bare(text) {
            gsub(/^ +| +$/, "", text)
            return text
        }
        FILENAME != "-" {
            if ($0 !~ /^#/ && NF == 4) reason[$1, bare($2), bare($3)] = $4
            next
        }
        $1 == "same program" || $1 == "does not compile" {
            none[$1]++
            next
        }
        {
            room[$2]++
            count++
            if ($1 ~ /^killed/) {
                killed[$2]++
                all_killed++
            } else if (($3, bare($6), bare($7)) in reason) {
                explained[$2]++
                all_explained++
            } else left[++lefts] = $3 ":" $4 ": " $5 ": " bare($6) "  ->  " bare($7)
        }
        function line(name, count, killed, explained) {
            return sprintf("%-10s %7d %7d %9d %9d  %5.1f %%", name, count, killed, explained,
                count - killed - explained, 100 * killed / (count - explained > 0 ? count - explained : 1))
        }
        END {
            for (i = 1; i <= lefts; i++) print left[i]
            print "room       mutants  killed explained  survived"
            for (r in room) print line(r, room[r], killed[r], explained[r]) | "sort"
            close("sort")
            print line("all", count, all_killed, all_explained)
            printf "not counted: %d the same program, %d do not compile\n", none["same program"],
                none["does not compile"]
            exit !(all_killed >= 0.92 * (count - all_explained))
        }' tests/mutation_equivalent.txt -
}

# Goes through the drawn places until the room has what is wanted of it.
go_on() {
    touch "$record"
    while IFS="$tab" read -r wanted room file line operator before after; do
        test "$(date +%s)" -lt "$end" || {
            echo "stopped; call again to go on"
            return
        }
        counted=$(awk -F '\t' -v room="$room" \
            '$2 == room && $1 != "same program" && $1 != "does not compile"' "$record" | wc -l)
        test "$counted" -lt "$wanted" || continue
        ! cut -f 2- "$record" | grep -qxF "$room$tab$file$tab$line$tab$operator$tab$before$tab$after" || continue
        mutate "$room" "$file" "$line" "$operator" "$before" "$after" < /dev/null > "$work/done"
        cat "$work/done" >> "$record"
    done < "$work/places.$seed"
}

case $1 in
--report)
    work=${2:-$top/build-mutation}
    report "$work"/record.*
    exit
    ;;
--again)
    seed=$2
    work=${3:-$top/build-mutation}
    record=$work/record.$seed
    grep -v "^survived" "$record" > "$work/kept" || true
    mv "$work/kept" "$record"
    rm -f "$work/build/built" "$work/objects" "$work/times" # a new test may fail on the tree as it was
    git archive HEAD tests | tar -x -C "$work/tree"
    prepare
    ;;
*)
    count=$1
    seed=$2
    work=${3:-$top/build-mutation}
    record=$work/record.$seed
    prepare
    test -e "$work/places.$seed" || draw "$count" "$seed" > "$work/places.$seed"
    ;;
esac
echo "seed $seed"
go_on
report "$record"
