#!/bin/sh
# The example table: a class and a number to be predicted, with words, gaps and dates; and what it
# says of tables that it cannot use.
#
#   test_table_example.sh table
#
# SPDX-License-Identifier: MIT
set -eu
table=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

awk 'BEGIN {
    print "when,size,port,kind,price"
    for (i = 0; i < 240; i++) {
        port = i % 3 == 0 ? "north" : i % 3 == 1 ? "south" : ""
        size = i % 7 == 0 ? "NA" : i % 10
        kind = (port == "north" || i % 10 > 6) && i % 7 != 0 ? "dear" : "cheap"
        printf "2026-%02d-%02d,%s,%s,%s,%d\n", 1 + i % 12, 1 + i % 28, size, port, kind,
               100 * (port == "north") + 10 * (i % 10) * (i % 7 != 0)
    }
}' > goods.csv

# scored TARGET NAME LEAST: the score has that name and is at least so much.
scored() {
    answer=$("$table" goods.csv "$1" 1)
    echo "$answer" | awk -v name="$2" -v least="$3" '{exit !($1 == name && $2 >= least)}' || {
        echo "table goods.csv $1: $answer, expected $2 of at least $3" >&2
        exit 1
    }
}
scored kind accuracy 0.9
scored price r2_score 0.9

# fails TEXT ARGUMENT...: the program ends with an error that says so.
fails() {
    text=$1
    shift
    if "$table" "$@" > out 2>&1 || ! grep -qF -- "$text" out; then
        echo "table $*: no error \"$text\", but:" >&2
        cat out >&2
        exit 1
    fi
}
fails "table FILE.csv TARGET" goods.csv
fails "no column is named \"cost\"" goods.csv cost
fails "none.csv" none.csv kind
