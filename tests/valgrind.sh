#!/bin/sh
# Test programs under valgrind, several at once, each for an hour at most: no error, and nothing that is lost for
# certain. What a program that fails said is shown. Ends with "N passed, N failed".
#
#   tests/valgrind.sh PROGRAM...
#
# It is for builds with -DDLCORE_EMULATED -DDLCORE_VALGRIND, where tests do less and leave out what valgrind's
# processor does not have; many programs need neither.
#
# SPDX-License-Identifier: MIT
set -eu
test $# -gt 0 || {
    echo "valgrind.sh: which programs?" >&2
    exit 2
}
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

# one FOLDER PROGRAM. Threads take turns (fair), or one that waits for another would do so for most of the time.
one() {
    name=$(basename "$2")
    log=$1/$name.log
    program=$2
    case $name in
    test_keras_hostile) more=--suppressions=$top/tests/support/leaks_of_libhdf5.supp ;; # as for LeakSanitizer
    test_fork) more=--leak-check=no ;; # a child cannot free what other threads of its parent had
    *) more=--leak-check=full ;;
    esac
    begin=$(date +%s)
    if timeout -k 10 3600 valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite \
        --errors-for-leak-kinds=definite --fair-sched=yes "$more" "$program" > "$log" 2>&1 < /dev/null; then
        echo "$name passed ($(($(date +%s) - begin)) s)"
        rm "$log"
    else
        tail -n 60 "$log"
        echo "$name FAILED ($(($(date +%s) - begin)) s)"
    fi
}

if [ "${1:-}" = --one ]; then
    one "$2" "$3"
    exit 0
fi
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
# What a program that fails said comes at its end, in one piece.
printf '%s\n' "$@" | xargs -d '\n' -P "$(nproc)" -n 1 "$0" --one "$logs" | tee "$logs/all"
passed=$(grep -c '^test_[a-z0-9_]* passed (' "$logs/all") || true
printf '\n%d passed, %d failed\n' "$passed" $(($# - passed))
test "$passed" = $#
