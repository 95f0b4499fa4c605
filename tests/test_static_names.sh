#!/bin/sh
# Names that a file of src/ keeps to itself (static functions and variables, types, enumerators,
# macros) are no other file's, so that any of them can be compiled as one: in a unity build, or pasted
# together. What is compiled for one kind of CPU is compiled with its like alone.
#
#   test_static_names.sh folder-of-the-project
#
# SPDX-License-Identifier: MIT
set -eu
cd "$1/src"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# names FILE...: "name file" for each name that a file defines, but for those that begin with
# dlcore_, which the linker sees to.
names() {
    awk '
    function found(name) {
        if (name ~ /^[A-Za-z][A-Za-z_0-9]*$/ && name !~ /^(dlcore|DLCORE)_/)
            print name, FILENAME
    }
    function last_word(text) {
        sub(/[^A-Za-z_0-9]+$/, "", text)
        sub(/.*[^A-Za-z_0-9]/, "", text)
        return text
    }
    FNR == 1 { inside = 0; text = ""; }
    { # without comments and strings
        gsub(/"([^"\\]|\\.)*"/, "\"\"")
        line = ""
        rest = $0
        while (rest != "") {
            if (inside) {
                at = index(rest, "*/")
                if (at == 0) break
                rest = substr(rest, at + 2)
                inside = 0
            } else {
                at = index(rest, "/*")
                if (at == 0) { line = line rest; break }
                line = line substr(rest, 1, at - 1) " "
                rest = substr(rest, at + 2)
                inside = 1
            }
        }
    }
    line ~ /^[ \t]*#[ \t]*define[ \t]/ {
        sub(/^[ \t]*#[ \t]*define[ \t]+/, "", line)
        sub(/[^A-Za-z_0-9].*/, "", line)
        found(line)
        next
    }
    enumerating || line ~ /^[ ]*(typedef )?enum( [a-z_0-9]+)? \{/ {
        begins = !enumerating
        enumerating = line !~ /\}/
        if (begins) {
            name = line
            sub(/ *\{.*/, "", name)
            name = last_word(name)
            if (name != "enum") found(name)
            sub(/.*enum[^{]*\{/, "", line)
        }
        after = line
        sub(/\}.*/, "", line)
        count = split(line, parts, ",")
        for (i = 1; i <= count; i++) {
            sub(/=.*/, "", parts[i])
            gsub(/[ \t]/, "", parts[i])
            found(parts[i])
        }
        if (after ~ /\} *[a-z_0-9]+;/) found(last_word(after))
        next
    }
    line ~ /^\} *[A-Za-z_0-9]+(\[.*\])?( = \{.*|;)$/ { # of a type, or of a table of an unnamed one
        sub(/[[=;].*/, "", line)
        found(last_word(line))
        next
    }
    line ~ /^(static )?(_Thread_local )?(const )?(struct|union) \{/ { next } # the name stands behind it
    line ~ /^(typedef |static )?(const )?(struct|union) [A-Za-z_0-9]+ \{/ {
        sub(/ *\{.*/, "", line)
        found(last_word(line))
        next
    }
    line ~ /^typedef [^({]*\(/ { # of a function, or of a pointer to one
        if (line ~ /\(\*/) {
            sub(/[^(]*\(\*/, "", line)
            sub(/\).*/, "", line)
        } else {
            sub(/\(.*/, "", line)
        }
        found(last_word(line))
        next
    }
    line ~ /^typedef [^(){]*;$/ {
        sub(/\[.*/, "", line)
        found(last_word(line))
        next
    }
    line ~ /^(static|ALWAYS_INLINE|_Thread_local) / { # a function, or a variable
        gsub(/__attribute__\(\([^()]*(\([^()]*\))?\)\)/, "", line)
        sub(/[[(=;].*/, "", line)
        found(last_word(line))
    }' "$@" | sort -u
}

# closure FILE...: the files, and those of src/ that they include.
closure() {
    printf '%s\n' "$@" | sort -u > "$work/now"
    while :; do
        {
            cat "$work/now"
            xargs sed -nE 's/^[ ]*#[ ]*include "([a-z]+\/[a-z0-9_]+\.h)".*/\1/p' < "$work/now" | grep -v '^dlcore/'
        } | sort -u > "$work/next"
        cmp -s "$work/now" "$work/next" && break
        mv "$work/next" "$work/now"
    done
    cat "$work/now"
}

# together WHAT FILE...: complains of names that two of the files, or of what they include, define.
together() {
    what=$1
    shift
    closure "$@" > "$work/files"
    test "$(wc -l < "$work/files")" -ge 3 || echo "$what: only $(wc -l < "$work/files") files found"
    files=$(cat "$work/files")
    # shellcheck disable=SC2086
    names $files > "$work/names"
    test "$(wc -l < "$work/names")" -ge 20 || echo "$what: only $(wc -l < "$work/names") names found"
    cut -d' ' -f1 "$work/names" | uniq -d | while read -r name; do
        echo "$what: $name is defined in" "$(grep "^$name " "$work/names" | cut -d' ' -f2 | tr '\n' ' ')"
    done
}

{
    find . -name '*.c' | sed 's/^\.\///' | grep -vE '_(avx2|avx512|neon)\.c$' | sort > "$work/plain"
    # Of the sources of systems, those of one at a time.
    # shellcheck disable=SC2046
    together "plain C" $(grep -v '_windows\.c$' "$work/plain")
    # shellcheck disable=SC2046
    together "plain C, Windows" $(grep -v '_posix\.c$' "$work/plain")
    # shellcheck disable=SC2046
    together "AVX2" $(find . -name '*_avx2.c' | sed 's/^\.\///')
    # The chain's vectors are operations that leave the floating-point environment alone.
    # shellcheck disable=SC2046
    together "AVX-512" $(find . -name '*_avx512.c' ! -name chain_avx512.c | sed 's/^\.\///')
    together "AVX-512, quiet" products/chain_avx512.c
    # shellcheck disable=SC2046
    together "NEON" $(find . -name '*_neon.c' | sed 's/^\.\///')
} > "$work/complaints"

if [ -s "$work/complaints" ]; then
    echo "test_static_names:" >&2
    sed 's/^/    /' "$work/complaints" >&2
    exit 1
fi
echo "test_static_names: $(wc -l < "$work/plain") files of plain C, no name twice"
