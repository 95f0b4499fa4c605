#!/bin/sh
# The layers of the library: a file in a folder of src/ includes only from its own folder and from
# lower ones, only products/blas.c knows a BLAS, and public headers include public headers alone. And
# the lists of the build are whole: every source and every test in the tree is in its CMakeLists.txt.
#
#   test_folders.sh folder-of-the-project
#
# SPDX-License-Identifier: MIT
set -eu
cd "$1"
order="system base kernels json products tensor nn engine model fit files data store report"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "file:line:included" of every #include in quotes or brackets, for the files given.
includes() {
    grep -nE '^[[:space:]]*#[[:space:]]*include' "$@" /dev/null |
        sed -E 's/^([^:]*:[0-9]+):[^"<]*["<]([^">]*)[">].*/\1:\2/'
}

{
    allowed=dlcore
    seen=0
    for folder in $order; do
        allowed="$allowed|$folder"
        for file in src/"$folder"/*.[ch]; do
            test -e "$file" || continue
            seen=$((seen + 1))
            # Headers of the system have no folder of ours; all others name theirs.
            includes "$file" | grep -vE ":($allowed)/[a-z0-9_]+\.h$" |
                grep -E ":($(echo "$order" | tr ' ' '|'))/" | sed 's/$/ (a higher folder)/' || true
            grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$file" /dev/null |
                grep -vE '"[a-z]+/[a-z0-9_]+\.h"' | sed 's/$/ (without its folder)/' || true
        done
    done
    test $seen -ge 10 || echo "only $seen sources found under src/"

    includes src/*/*.[ch] | grep -E ':(.*/)?(cblas|openblas_config|f77blas)\.h$' |
        grep -v '^src/products/blas\.c:' | sed 's/$/ (BLAS outside its seam)/' || true
    includes include/dlcore/*.h | grep -E ':(.*/.*|.*\.\..*)$' |
        sed 's/$/ (public headers stand side by side)/' || true
    for folder in src/*/; do
        folder=$(basename "$folder")
        case " $order " in
        *" $folder "*) ;;
        *) echo "src/$folder is not one of: $order" ;;
        esac
    done

    # listed LIST NAME FILE: NAME is a word of its own in a line of LIST.
    listed() {
        grep -v '^ *#' "$1" | tr -s ' ()' '\n' | grep -qxF "$2" || echo "$3 is not in $1"
    }
    for file in src/*/*.c; do
        listed src/CMakeLists.txt "${file#src/}" "$file"
    done
    for file in tests/*/test_*.c; do
        unit=$(basename "$file" .c)
        listed tests/CMakeLists.txt "$(basename "$(dirname "$file")")/${unit#test_}" "$file"
    done
    for file in tests/test_*.sh tests/support/*.c; do
        listed tests/CMakeLists.txt "${file#tests/}" "$file"
    done
    for file in examples/*.c; do
        listed examples/CMakeLists.txt "$(basename "$file" .c)" "$file"
    done
} > "$work/complaints"

if [ -s "$work/complaints" ]; then
    echo "test_folders:" >&2
    sed 's/^/    /' "$work/complaints" >&2
    exit 1
fi
echo "test_folders: $(find src -name '*.[ch]' | wc -l) files, all in order"
