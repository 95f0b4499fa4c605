#!/bin/sh
# Which messages the tests have seen: every place in src/ that writes one, and every status that goes
# with it, out of what tests/coverage.sh has counted.
#
#   tests/messages.sh [BUILD]   BUILD: the build of coverage.sh, build-coverage by default
#
# A place is a line with a call that writes a message (dlcore_fail and its kin, refuse...), or with a
# part of its text: of "model == NULL ? "model" : "y"" over two lines each has to be run. Not texts of
# another kind: exported C, members of JSON, the line of progress, assembly. Writes
# BUILD/messages.txt: "reached" or "never", file, line, text. Those that are never reached must stand
# in tests/messages_reasons.txt with the reason, separated by tabs: file, text of the line, reason.
# Fails where one is missing, where one stands there and is reached, and where a status of
# dlcore/status.h goes with no message that is reached.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$top"
build=${1:-build-coverage}
test -s "$build/counts.txt" || {
    echo "no counts in $build: run tests/coverage.sh first" >&2
    exit 2
}
# The lines that have code, with how often each was run, beside their text.
awk '
    $1 == "line" {count[$2, $3] = $4; files[$2] = 1}
    # Whether a text in the line has a space in it.
    function has_words(line) {
        while (match(line, /"([^"\\]|\\.)*"/)) {
            if (index(substr(line, RSTART, RLENGTH), " ")) return 1
            line = substr(line, RSTART + RLENGTH)
        }
        return 0
    }
    END {
        for (file in files) {
            path = "src/" file
            number = 0
            statement = ""
            while ((getline text < path) > 0) {
                number++
                statement = statement text
                other = statement ~ /[^a-z](dlcore_export_puts?|dlcore_export_put_[a-z_]*|put_number|dlcore_json_put_[a-z]*|add_text|__asm__)\(/
                if (text ~ /[;{}]( *\/\*.*)?$/) statement = ""
                if (other) continue
                if (!((file, number) in count)) continue
                if (text !~ /(^|[^a-z])[a-z_]*(fail|refuse)[a-z_]*\(/ && text !~ /DLCORE_ERROR_/ &&
                    !has_words(text)) continue
                if (text ~ /^[a-z#].*\)?$/ && text !~ /;/) continue # the head of a function
                sub(/^ */, "", text)
                print (count[file, number] > 0 ? "reached" : "never") "\t" file "\t" number "\t" text
            }
            close(path)
        }
    }' "$build/counts.txt" | sort -t "$(printf '\t')" -k 2,2 -k 3,3n > "$build/messages.txt"

status=0
sed -n 's/^    X(\(ERROR_[A-Z_]*\),.*/\1/p' include/dlcore/status.h > "$build/statuses.txt"
while read -r name; do
    grep "^reached" "$build/messages.txt" | grep -q "DLCORE_$name\b" || {
        echo "DLCORE_$name goes with no message that a test has seen"
        status=1
    }
done < "$build/statuses.txt"

awk -F '\t' '
    FILENAME ~ /reasons/ {
        if ($0 !~ /^#/ && NF == 3) reason[$1, $2] = $3
        next
    }
    {places++}
    $1 == "never" && ($2, $4) in reason {explained++; used[$2, $4] = 1; next}
    $1 == "never" {print "src/" $2 ":" $3 ": " $4; never++}
    END {
        for (key in reason)
            if (!(key in used)) {
                split(key, part, SUBSEP)
                print "reached, or no longer there: " part[1] ": " part[2]
                never++
            }
        printf "%d lines that write messages: %d reached, %d not with a reason, %d without\n", places,
            places - explained - never, explained, never
        exit never > 0
    }' tests/messages_reasons.txt "$build/messages.txt" || status=1
exit $status
