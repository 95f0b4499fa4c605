#!/bin/sh
# How well dlcore agrees with Keras: every case that the tests compare, with the figure of it that is
# nearest to its limit, and a summary by kinds. Runs the test_keras* programs of a build directory,
# build/ by default; their errors and limits are described at the top of each. The exit status is 0
# when all figures are within their limits.
#
#   agreement.sh [build]
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=${1:-$top/build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

DLCORE_AGREEMENT=$work/figures
export DLCORE_AGREEMENT
: > "$DLCORE_AGREEMENT"
for program in "$build"/tests/test_keras*; do
    case $program in
    *.*) continue ;; # test_keras.exe.manifest and the like
    */test_keras_hostile | */test_keras_load | */test_keras_save | */test_keras_state)
        continue # of Keras's files
        ;;
    esac
    # What another commit left in this folder is none of this tree's tests.
    if [ -x "$program" ] && [ -z "$(find "$top/tests" -name "$(basename "$program").c")" ]; then
        continue
    fi
    if [ ! -x "$program" ]; then
        echo "agreement: no tests in $build; build them first" >&2
        exit 2
    fi
    "$program" > "$work/output" 2>&1 || {
        failed=1
        sed -n '/ERROR/p; /FAILED/p' "$work/output" >&2
    }
done

# Cases of a table, in order, each with its worst figure; then kinds. NaN is never below a limit.
awk -F '\t' '
function ratio(error, limit) { return error ~ /[ni]/ ? 1e300 : error / limit }
{
    key = $1 FS $2
    if (!(key in worst)) {
        title[++cases] = $1
        name[cases] = $2
        unit[cases] = $6
        worst[key] = -1
    }
    figures++
    if (ratio($4, $5) > worst[key]) {
        worst[key] = ratio($4, $5)
        line[key] = sprintf("%-26s %9.2g %9.2g %9.2g", $3, $4, $5, worst[key])
    }
}
END {
    printf "%-38s %-26s %9s %9s %9s\n", "case", "worst figure", "error", "limit", "ratio"
    for (i = 1; i <= cases; i++) {
        if (title[i] in seen)
            continue
        seen[title[i]] = 1
        printf "%s (%s)\n", title[i], unit[i]
        kind = title[i]
        sub(/:.*/, "", kind)
        if (!(kind in count)) {
            kinds[++kind_count] = kind
            largest[kind] = -1
        }
        for (k = i; k <= cases; k++) {
            if (title[k] != title[i])
                continue
            key = title[k] FS name[k]
            printf "  %-36s %s%s\n", name[k], line[key], worst[key] < 1 ? "" : "  FAILS"
            count[kind]++
            if (worst[key] > largest[kind]) {
                largest[kind] = worst[key]
                of[kind] = name[k]
            }
        }
    }
    printf "%-38s %-26s %9s %19s\n", "summary", "nearest to its limit", "cases", "error/limit"
    for (i = 1; i <= kind_count; i++) {
        kind = kinds[i]
        printf "  %-36s %-26s %9d %19.2g\n", kind, of[kind], count[kind], largest[kind]
        if (largest[kind] > all) {
            all = largest[kind]
            last = of[kind]
        }
    }
    printf "  %-36s %-26s %9d %19.2g\n", "all, " figures " figures", last, cases, all
}' "$DLCORE_AGREEMENT"
exit "$failed"
