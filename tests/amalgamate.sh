#!/bin/sh
# The library as two files, for hosts that compile vendored sources: dlcore.c and dlcore.h. Beside them
# one file for each kind of vectors: compile what lies in the folder. README.md, "As two files", tells how.
#
#   tests/amalgamate.sh FOLDER
#
# Sources are those of src/CMakeLists.txt, in its order; parts, which need packages, are not among them.
# A header is pasted where it is first included; the names of all files differ (test_static_names.sh).
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
if [ $# != 1 ]; then
    echo "usage: tests/amalgamate.sh FOLDER" >&2
    exit 2
fi
mkdir -p "$1"
folder=$(CDPATH='' cd -- "$1" && pwd)
cd "$top"
version=$(sed -n 's/^#define DLCORE_VERSION_[A-Z]* \([0-9][0-9]*\)$/\1/p' include/dlcore/version.h | paste -sd .)

# sources LIST: the files in a list of src/CMakeLists.txt.
sources() {
    sed -nE "/^(set\(|list\(APPEND )$1\$/,/^\)/s/^    ([a-z_0-9/]*\.c)\$/\1/p" src/CMakeLists.txt
}

# paste_files [CONDITION=]FILE...: the files one after another, with what they include, each header once.
# Standing for themselves: public headers, but those of $public.
paste_files() {
    awk -v public="${public:-}" '
    function place(name) {
        return (name ~ /^dlcore(\/|\.h)/ ? "include/" : "src/") name
    }
    # `conditions` are open around the header. What is pasted within one may be needed again behind it:
    # then it is pasted anew, and its guard sees to it that it counts once.
    function paste(path, conditions,    line, name, guarded, open) {
        printf "/* ---- %s ---- */\n", path
        begun[path] = 1
        open = conditions
        guarded = -1
        while ((getline line < path) > 0) {
            if (line ~ /^ *# *if/) {
                if (guarded < 0) guarded = line ~ /^#ifndef DLCORE_[A-Z0-9_]*H(PP)?$/
                open++
            }
            if (line ~ /^ *# *endif/) open--
            if (line !~ /^ *# *include "/) {
                print line
                continue
            }
            name = line
            sub(/^[^"]*"/, "", name)
            sub(/".*/, "", name)
            if (path ~ /^include\/dlcore\//) name = "dlcore/" name
            if (name ~ /^dlcore[\/.]/ && name !~ public) continue
            if (place(name) in pasted || place(name) in begun) continue
            if (name !~ /_template\.h$/ && open - (guarded == 1) <= 0) pasted[place(name)] = 1
            paste(place(name), open - (guarded == 1))
            printf "/* ---- %s, continued ---- */\n", path
        }
        close(path)
        delete begun[path]
    }
    BEGIN {
        if (public == "") public = "^$"
        for (i = 1; i < ARGC; i++) {
            path = condition = ARGV[i]
            if (sub(/=.*/, "", condition)) sub(/.*=/, "", path)
            else condition = ""
            gsub(/&&/, " \\&\\& ", condition)
            if (condition != "") print "#if " condition
            if (path == "words") print "#    undef INFINITE\n#    undef far\n#    undef near\n#    undef small"
            else paste(place(path), condition != "")
            if (condition != "") print "#endif"
        }
    }' "$@"
}

# head_of LINE...: the comment at the top of a file.
head_of() {
    printf '/* dlcore %s. ' "$version"
    first=$1
    shift
    printf '%s\n' "$first"
    for line in "$@"; do printf ' * %s\n' "$line" | sed 's, $,,'; done
    printf ' *\n * Written by tests/amalgamate.sh out of the files that are named below.\n *\n'
    sed 's/^/ * /; s/ *$//' LICENSE
    printf ' *\n * SPDX-License-Identifier: MIT */\n'
}

exact='/* Multiplications and additions are fused where that is written, and nowhere else. */
#if defined(__clang__)
#    pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#    pragma GCC optimize("fp-contract=off")
#endif
#if defined(__GNUC__) /* of headers that no other file includes */
#    pragma GCC diagnostic ignored "-Wunused-function"
#endif
#define DLCORE_BUILDING
#define DLCORE_NO_SHORT_NAMES'

# On Windows gcc needs a flag for them, and says which (kernels/aligned_stack.h): without it they are left out.
x86='defined(__x86_64__) && (!defined(_WIN32) || defined(__clang__) || defined(DLCORE_UNALIGNED_MOVES))'

# vectors NAME CONDITION TARGET FILE...: a file for one kind of CPU.
vectors() {
    name=$1
    condition=$2
    target=$3
    shift 3
    {
        head_of "Vector kernels: compile this file where it lies beside dlcore.c. It asks for" \
            "the instructions itself, and is empty for processors of other kinds."
        printf '%s\n#include "dlcore.h"\n\n#if %s && !defined(DLCORE_GENERIC)\n' "$exact" "$condition"
        if [ -n "$target" ]; then
            printf '#if defined(__clang__)\n#    pragma clang attribute push(__attribute__((target("%s"))), \\\n' "$target"
            printf '                                    apply_to = function)\n'
            printf '#elif defined(__GNUC__)\n#    pragma GCC target("%s")\n#endif\n\n' "$target"
        fi
        paste_files "$@"
        test -z "$target" || printf '#if defined(__clang__)\n#    pragma clang attribute pop\n#endif\n'
        printf '#endif\n'
    } > "$folder/$name"
}

# Which source of a topic of system/ a system takes; then those of hosts that lack one.
with_condition() {
    while read -r source; do
        topic=${source#system/}
        topic=${topic%_*}
        case $topic in
        cpus | threads | wait) lacks='defined(DLCORE_NO_THREADS)' ;;
        cpu_quota | error_text | files) lacks='defined(DLCORE_NO_FILES)' ;;
        *) lacks='(defined(DLCORE_NO_THREADS)&&defined(DLCORE_NO_FILES))' ;;
        esac
        case $source in
        system/*_posix.c)
            echo "!defined(_WIN32)&&!$lacks=$source"
            test ! -e "src/system/${topic}_none.c" || echo "$lacks=system/${topic}_none.c"
            ;;
        system/*_windows.c) echo "defined(_WIN32)&&!$lacks=$source" ;;
        words) echo "defined(_WIN32)=words" ;; # that the header of Windows has as macros
        *) echo "$source" ;;
        esac
    done
}

{
    head_of "All that a program includes; dlcore.c is the library."
    public='^dlcore/' paste_files dlcore.h
} > "$folder/dlcore.h"

{
    head_of "The library: compile this file and those beside it, with no flag but optimization." \
        "" \
        "    -DDLCORE_OPENBLAS     matrix products by OpenBLAS (link -lopenblas), not by kernels of its own" \
        "    -DDLCORE_HAVE_ZLIB    reads gzip files (link -lz)" \
        "    -DDLCORE_NO_THREADS   for hosts that have one thread" \
        "    -DDLCORE_NO_FILES     for hosts that have no files; with both, standard C is all that is needed" \
        "    -DDLCORE_GENERIC      no vector kernels, as if dlcore_avx2.c and its like did not lie here" \
        "    -fno-math-errno       faster where there are no vector kernels; the same numbers"
    cat << EOF
$exact
#if !defined(DLCORE_GENERIC) && defined(__has_include)
#    if $x86
#        if __has_include("dlcore_avx2.c")
#            define DLCORE_AVX2_KERNELS
#            if __has_include("dlcore_avx512.c")
#                define DLCORE_AVX512_KERNELS
#            endif
#        endif
#    elif defined(__aarch64__) && defined(__ARM_NEON) && !defined(__AARCH64EB__)
#        if __has_include("dlcore_neon.c")
#            define DLCORE_NEON_KERNELS
#        endif
#    endif
#endif
#if defined(DLCORE_OPENBLAS)
#    define DLCORE_OPENBLAS_STRONG
#endif

EOF
    paste_files system/features.h
    printf '#include "dlcore.h"\n'
    paste_files 'defined(DLCORE_NO_FILES)=system/printf_none.c'
    # shellcheck disable=SC2046
    paste_files $({
        sources dlcore_sources_posix
        sources dlcore_sources_windows
        echo words
        sources dlcore_sources
    } | with_condition) \
        "defined(DLCORE_OPENBLAS)=products/blas.c" "!defined(DLCORE_OPENBLAS)=products/gemm_portable.c"
} > "$folder/dlcore.c"

# chain_avx512.c has vectors of its own, by the same names.
# shellcheck disable=SC2046
{
    vectors dlcore_avx2.c "$x86" avx2,fma $(sources dlcore_sources_avx2)
    vectors dlcore_avx512.c "$x86" avx512f,avx512dq,avx512vl,avx512bw,avx2,fma \
        $(sources dlcore_sources_avx512 | grep -v chain_avx512)
    vectors dlcore_avx512_chain.c "$x86" avx512f,avx512dq,avx512vl,avx512bw,avx2,fma \
        products/chain_avx512.c
    vectors dlcore_neon.c 'defined(__aarch64__) && defined(__ARM_NEON) && !defined(__AARCH64EB__)' '' \
        $(sources dlcore_sources_neon)
}
