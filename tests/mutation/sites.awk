# Every place of C sources that tests/mutation.sh may change, one a line:
#
#   room <tab> file <tab> line <tab> operator <tab> the line as it is <tab> the line as it becomes
#
# Comments, text and lines of the preprocessor are left alone. clang-format puts blanks around binary
# operators, so that those are told from pointers and signs.
#
# SPDX-License-Identifier: MIT

# The line with comments and text blanked out, so that columns stay.
function code_of(line,    i, c, next_two, out) {
    out = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        next_two = substr(line, i, 2)
        if (in_comment) {
            if (next_two == "*/") {
                in_comment = 0
                i++
                out = out " "
            }
            out = out " "
        } else if (in_text != "") {
            if (c == "\\") {
                i++
                out = out "~"
            } else if (c == in_text) in_text = ""
            out = out "~"
        } else if (next_two == "/*") {
            in_comment = 1
            i++
            out = out "  "
        } else if (next_two == "//") {
            return out
        } else if (c == "\"" || c == "\047") {
            in_text = c
            out = out "~"
        } else out = out c
    }
    in_text = ""
    return out
}

function site(operator, column, length_before, after) {
    printf "%s\t%s\t%d\t%s\t%s\t%s\n", room, FILENAME, FNR, operator, $0,
        substr($0, 1, column - 1) after substr($0, column + length_before)
}

# Each place of `before`, which has blanks around it.
function swap(operator, before, after,    from, at) {
    from = 1
    while ((at = index(substr(code, from), before)) > 0) {
        site(operator, from + at - 1, length(before), after)
        from += at + length(before) - 1
    }
}

function words(operator, before, after,    from, at, rest) {
    from = 1
    while (match(substr(code, from), "(^|[^A-Za-z0-9_])" before "([^A-Za-z0-9_]|$)")) {
        at = from + RSTART - 1
        rest = substr(code, at)
        if (substr(rest, 1, length(before)) != before) at++
        site(operator, at, length(before), after)
        from = at + length(before)
    }
}

# Whole numbers become one more and one less, others twice as much.
function numbers(    from, at, number, suffix) {
    from = 1
    while (match(substr(code, from), /[A-Za-z_]*[0-9][0-9A-Za-z_.]*([eE][-+][0-9]+)?[fuUlL]*/)) {
        at = from + RSTART - 1
        number = substr(code, at, RLENGTH)
        from = at + RLENGTH
        if (number ~ /^[0-9]+(u|U|l|L|ul|UL|ull|ULL|ll)?$/ && length(number) < 9) {
            suffix = number
            sub(/^[0-9]+/, "", suffix)
            site("constant", at, length(number), (number + 1) suffix)
            if (number + 0 > 0) site("constant", at, length(number), (number - 1) suffix)
        } else if (number ~ /^[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?f?$/) {
            suffix = number ~ /f$/ ? "f" : ""
            site("constant", at, length(number),
                number + 0 == 0 ? "1.0" suffix : "2.0" suffix " * " number)
        }
    }
}

# `if (...)` and `while (...)` that end on their line.
function conditions(    at, i, depth, c) {
    if (!match(code, /(^|[^A-Za-z0-9_])(if|while) \(/)) return
    at = RSTART + RLENGTH - 1
    for (i = at; i <= length(code); i++) {
        c = substr(code, i, 1)
        if (c == "(") depth++
        else if (c == ")" && --depth == 0) {
            site("negated", at, i - at + 1, "(!" substr($0, at, i - at + 1) ")")
            return
        }
    }
}

# A statement that has a line of its own: calls, assignments, breaks and jumps.
function statement(    text) {
    if (before_code !~ /[;{})]$/ && before_code !~ /^ *(case .*|default)?:$/ && before_code !~ /^[a-z_]+:$/) return
    text = code
    gsub(/^ +| +$/, "", text)
    if (text !~ /;$/ || code !~ /^    /) return
    if (text ~ /^(break|continue|goto [a-z_]+);$/ || text ~ /^(\(\*)?[a-z_0-9]+(->|\.|\[[^;=]*\])?[^ ;=]* [-+*\/|&^]?= / ||
        text ~ /^\*+[a-z_]+ [-+*\/|&]?= / || text ~ /^(\(void\))?[a-z_0-9>.-]+\(.*\);$/ || text ~ /^[^ ]+(\+\+|--);$/) {
        match($0, /^ */)
        site("removed", RLENGTH + 1, length($0) - RLENGTH, ";")
    }
}

FNR == 1 {
    in_comment = 0
    in_text = ""
    before_code = ""
    in_macro = 0
    split(FILENAME, part, "/")
    room = part[2]
}

{
    gsub(/\t/, "    ")
    code = code_of($0)
    if (in_macro || code ~ /^ *#/) {
        in_macro = code ~ /\\$/
        next
    }
    if (code !~ /[^ ]/) next
    if (code !~ /static_assert|_Static_assert|__asm__|^extern|^typedef/) {
        swap("relation", " < ", " <= ")
        swap("relation", " <= ", " < ")
        swap("relation", " > ", " >= ")
        swap("relation", " >= ", " > ")
        swap("relation", " == ", " != ")
        swap("relation", " != ", " == ")
        swap("logic", " && ", " || ")
        swap("logic", " || ", " && ")
        swap("arithmetic", " + ", " - ")
        swap("arithmetic", " - ", " + ")
        swap("arithmetic", " * ", " / ")
        swap("arithmetic", " / ", " * ")
        swap("arithmetic", " % ", " / ")
        swap("arithmetic", " += ", " -= ")
        swap("arithmetic", " -= ", " += ")
        swap("arithmetic", " *= ", " /= ")
        swap("bits", " & ", " | ")
        swap("bits", " | ", " & ")
        swap("bits", " << ", " >> ")
        swap("bits", " >> ", " << ")
        swap("bits", " |= ", " &= ")
        swap("bits", " &= ", " |= ")
        words("truth", "true", "false")
        words("truth", "false", "true")
        if (code !~ /^[a-z].*\) *\{$/) {
            conditions()
            numbers()
        }
        statement()
    }
    before_code = code
    sub(/ +$/, "", before_code)
}
