#!/bin/sh
# What the objects of the library take from each other: nothing from a higher room, so that rooms
# stand in no circle, and in no circle within a room but those listed below. Includes say what a
# file may see (test_folders.sh), symbols what it calls.
#
#   test_rooms.sh folder-of-the-project nm libdlcore.a [ARCHIVE...]
#
# SPDX-License-Identifier: MIT
set -eu
cd "$1"
nm=$2
shift 2
order="system base kernels json products tensor nn engine model fit files data table store report exchange"

# Files that call each other, a circle a line; src/DESIGN.md says why. A list of const tables calls
# nobody: kinds of layers may call what the file with their list offers them.
allowed_circles="
store: activation_config initializer_config optimizer_config regularizer_config schedule_config settings_put settings_read
"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

number=0
for room in $order; do
    number=$((number + 1))
    for file in src/"$room"/*.c; do
        echo "$(basename "$file" .c) $room $number"
    done
done > "$work/rooms"
if [ -n "$(cut -d' ' -f1 "$work/rooms" | sort | uniq -d)" ]; then
    echo "test_rooms: sources of one name:" >&2
    cut -d' ' -f1 "$work/rooms" | sort | uniq -d >&2
    exit 1
fi

# "object class symbol", one a line.
"$nm" -A -f sysv "$@" |
    awk -F'|' 'NF >= 7 {
        gsub(/[ \t]/, "")
        parts = split($1, part, ":")
        object = part[parts - 1]
        sub(/\.(c\.)?(o|obj)$/, "", object)
        print object, $3, part[parts]
    }' > "$work/symbols"
if ! grep -q ' T ' "$work/symbols"; then
    echo "test_rooms: $nm shows no functions in $*" >&2
    exit 1
fi

# "from to symbol class" for each that one object takes from another.
awk 'NR == FNR {if ($2 ~ /^[A-TV-Z]$/) {home[$3] = $1; class[$3] = $2}; next}
     $2 == "U" && $3 in home && home[$3] != $1 {print $1, home[$3], $3, class[$3]}' \
    "$work/symbols" "$work/symbols" | sort -u > "$work/arrows"

{
    awk 'NR == FNR {room[$1] = $2; floor[$1] = $3; next}
         !($1 in room) {print $1 " has no room"; next}
         floor[$1] < floor[$2] {
             print room[$1] "/" $1 ".c takes " $3 " from the higher " room[$2] "/" $2 ".c"
         }' "$work/rooms" "$work/arrows" | sort -u

    # Files that reach each other through calls within their room.
    awk 'NR == FNR {room[$1] = $2; next}
         room[$1] == room[$2] && $4 ~ /^[TW]$/ {
             if (!(($1, $2) in reach)) {reach[$1, $2] = 1; to[$1] = to[$1] " " $2}
             if (!($1 in seen)) {seen[$1] = 1; names[++count] = $1}
         }
         function walk(start, at, next_ones, n, i) {
             n = split(to[at], next_ones, " ")
             for (i = 1; i <= n; i++)
                 if (!((start, next_ones[i]) in found)) {
                     found[start, next_ones[i]] = 1
                     walk(start, next_ones[i])
                 }
         }
         END {
             for (i = 1; i <= count; i++) walk(names[i], names[i])
             for (i = 1; i <= count; i++) {
                 if (names[i] in done || !((names[i], names[i]) in found)) continue
                 circle = room[names[i]] ":"
                 for (j = 1; j <= count; j++)
                     if ((names[i], names[j]) in found && (names[j], names[i]) in found) {
                         done[names[j]] = 1
                         circle = circle " " names[j]
                     }
                 print circle
             }
         }' "$work/rooms" "$work/arrows" | sort > "$work/circles"
    echo "$allowed_circles" | sed '/^$/d' > "$work/allowed"
    grep -vxF -f "$work/allowed" "$work/circles" | sed 's/^/a circle in /' || true
    grep -vxF -f "$work/circles" "$work/allowed" | sed 's/^/no longer a circle, but allowed: /' || true
    test "$(wc -l < "$work/arrows")" -ge 500 || echo "only $(wc -l < "$work/arrows") arrows found"
} > "$work/complaints"

if [ -s "$work/complaints" ]; then
    echo "test_rooms:" >&2
    sed 's/^/    /' "$work/complaints" >&2
    exit 1
fi
echo "test_rooms: $(wc -l < "$work/arrows") arrows between $(wc -l < "$work/rooms") sources, all in order"
