#!/bin/sh
# The layers of the library: a file in a folder of src/ includes only from its own folder and from
# lower ones, only system/*.c knows the system and only products/blas.c a BLAS, and public headers
# include public headers alone. What the objects take from each other, test_rooms.sh looks at. The
# guard of a header has the name of its path. And the lists of the build are whole: every source and
# every test in the tree is in its CMakeLists.txt.
#
#   test_folders.sh folder-of-the-project
#
# SPDX-License-Identifier: MIT
set -eu
cd "$1"
order="system base kernels json products tensor nn engine model fit files data table store report exchange"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "file:line:included" of every #include in quotes or brackets, for the files given.
includes() {
    grep -nE '^[[:space:]]*#[[:space:]]*include' "$@" /dev/null |
        sed -E 's/^([^:]*:[0-9]+):[^"<]*["<]([^">]*)[">].*/\1:\2/'
}

# Headers without a folder: standard C everywhere, those of processors in the rooms of loops, and
# one library each where it is called. All others belong to the system.
standard="assert complex ctype errno fenv float inttypes iso646 limits math setjmp signal stdalign
stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath uchar wchar wctype"
elsewhere="kernels/ immintrin.h
kernels/ arm_neon.h
kernels/cpu.h cpuid.h
products/products_native_layout.c xmmintrin.h
base/float_mode.c xmmintrin.h
products/blas.c cblas.h
files/gunzip.c zlib.h
exchange/hdf5 hdf5.h
exchange/mpi.c mpi.h
exchange/onnx_proto pb_decode.h
exchange/onnx_write.c pb_encode.h
exchange/zip.c zip.h"

# shellcheck disable=SC2086 # names of files are words
{
    # What a generator made is not ours to write.
    sources=$(find src -name '*.[ch]' ! -name '*.pb.[ch]' | sort)
    headers=$(echo "$sources" | grep '\.h$')
    includes $sources > "$work/includes"
    test "$(cut -d: -f1 "$work/includes" | sort -u | wc -l)" -ge 10 ||
        echo "too few sources found under src/"
    awk -F: -v order="$order" -v standard="$standard" -v elsewhere="$elsewhere" '
        BEGIN {
            n = split(order, rooms, " ")
            for (i = 1; i <= n; i++) floor[rooms[i]] = i
            n = split(standard, names, "[ \n]+")
            for (i = 1; i <= n; i++) plain[names[i] ".h"] = 1
            exceptions = split(elsewhere, exception, "\n")
        }
        {
            split($1, of, "/")
            split($3, to, "/")
            if (to[1] == "dlcore") next
            if (to[1] in floor) {
                if (floor[to[1]] > floor[of[2]]) print $0 " (a higher folder)"
                next
            }
            if ($3 in plain || of[2] == "system") next
            for (i = 1; i <= exceptions; i++) {
                split(exception[i], pair, " ")
                if (index($1, "src/" pair[1]) == 1 && $3 == pair[2]) next
            }
            print $0 " (a header of the system, or of a library outside its place)"
        }' "$work/includes"
    grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' $sources |
        grep -vE '"[a-z]+/[a-z0-9_]+(\.pb)?\.h"' | sed 's/$/ (without its folder)/' || true
    # A header of the system in a header of system/ would reach every room.
    grep '^src/system/[a-z0-9_]*\.h:' "$work/includes" | grep -vE ':(std[a-z]+|system/[a-z_]+)\.h$' |
        sed 's/$/ (only in sources of src\/system)/' || true
    grep -nE '^[[:space:]]*#[[:space:]]*define[[:space:]]+_[A-Z_]*(SOURCE|BITS)' \
        $sources | grep -v '^src/system/' | sed 's/$/ (asks the system for more than C)/' || true
    # compiler.h says what functions are hidden from other modules, and what flags are refused.
    awk -F: '!seen[$1]++ && ($1 ~ /\.h$/ ? $3 != "system/compiler.h" : $3 ~ /^dlcore\//) {
            print $1 " (system/compiler.h comes first, in a source this or any internal header)"
        }' "$work/includes" |
        grep -vE '^src/(system/compiler\.h|[a-z]+/[a-z0-9_]+_template\.h) ' || true
    grep -E '^(extern|[a-z][a-z0-9_]* .*dlcore_[a-z0-9_]+\()' $headers |
        grep -vE ':(static|typedef) ' | cut -d: -f1 | sort -u |
        xargs grep -LE '^DLCORE_HIDDEN_BEGIN$' | sed 's/$/ (functions outside of DLCORE_HIDDEN_BEGIN)/'
    # The vector_*.h stand for each other, so they share a guard; templates may be included again.
    awk 'FNR == 1 {
            guard = FILENAME
            sub(/^(src|include\/dlcore)\//, "", guard)
            sub(/vector_(avx2|avx512|avx512_quiet|neon|portable)\.h$/, "vector.h", guard)
            gsub(/[\/.]/, "_", guard)
            guard = "DLCORE_" toupper(guard)
            again = FILENAME ~ /_template\.h$|products_native_(forward|input_gradient|kernel_gradient)\.h$/
            want = "#ifndef " guard
        }
        /^#/ {
            if ($0 != want && !again) print FILENAME " begins with " $0 ", not with " want
            if ($0 != want || $1 == "#define") nextfile
            want = "#define " guard
        }' $headers include/dlcore/*.h
    includes include/dlcore/*.h | grep -E ':(.*/.*|.*\.\..*)$' |
        sed 's/$/ (public headers stand side by side)/' || true
    for folder in src/*/; do
        folder=$(basename "$folder")
        case " $order " in
        *" $folder "*) ;;
        *) echo "src/$folder is not one of: $order" ;;
        esac
    done

    # The page about the inside names files that are there.
    grep -oE "\`[a-z_]+/[a-z0-9_]+\.[ch]\`" src/DESIGN.md | tr -d "\`" | sort -u | while read -r name; do
        test -e "src/$name" || test -e "include/$name" || echo "src/DESIGN.md names $name"
    done

    # listed LIST: of the lines "NAME FILE" given, those whose NAME is no word of LIST.
    listed() {
        grep -v '^ *#' "$1" | tr -s ' ()' '\n' > "$work/words"
        awk -v list="$1" 'NR == FNR {words[$1] = 1; next}
             !($1 in words) {print $2 " is not in " list}' "$work/words" -
    }
    for file in src/*/*.c; do
        echo "${file#src/} $file"
    done | listed src/CMakeLists.txt
    for file in tests/*/test_*.c; do
        room=${file#tests/}
        unit=${room#*/test_}
        echo "${room%%/*}/${unit%.c} $file"
    done | listed tests/CMakeLists.txt
    for file in tests/test_*.sh tests/support/*.c; do
        echo "${file#tests/} $file"
    done | listed tests/CMakeLists.txt
    for file in examples/*.c; do
        name=${file#examples/}
        echo "${name%.c} $file"
    done | listed examples/CMakeLists.txt
} > "$work/complaints"

if [ -s "$work/complaints" ]; then
    echo "test_folders:" >&2
    sed 's/^/    /' "$work/complaints" >&2
    exit 1
fi
echo "test_folders: $(find src -name '*.[ch]' | wc -l) files, all in order"
