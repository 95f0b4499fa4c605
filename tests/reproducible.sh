#!/bin/sh
# The same sources give the same bytes, in whatever folder they are built: archives, examples and the bill of
# materials.
#
#   tests/reproducible.sh WORK_FOLDER [CMAKE_OPTION...]     builds twice, in folders of different names
#   tests/reproducible.sh --names SOURCE_FOLDER ARCHIVE...  quick: no archive names a folder of the build, and no
#                                                           source asks for the time or place of its compilation
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
if [ "$1" = --names ]; then
    source=$2
    shift 2
    if grep -rnE '__(DATE|TIME|TIMESTAMP|FILE)__' "$source/src" "$source/include" "$source/examples" \
        --include='*.[ch]' --include='*.hpp'; then
        echo "these sources are compiled to other bytes at another time or place" >&2
        exit 1
    fi
    for archive in "$@"; do
        for folder in "$source" "$(dirname "$archive")"; do
            if grep -qaF "$folder/" "$archive"; then
                echo "$archive has the name of the folder $folder in it" >&2
                exit 1
            fi
        done
    done
    exit 0
fi

work=$1
shift
mkdir -p "$work"
work=$(CDPATH='' cd -- "$work" && pwd)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2> /dev/null || echo 1700000000)}
export SOURCE_DATE_EPOCH
first=$work/a
second=$work/another/folder
for folder in "$first" "$second"; do
    rm -rf "$folder"
    mkdir -p "$folder/sources"
    for part in include src examples CMakeLists.txt README.md LICENSE; do
        cp -R "$top/$part" "$folder/sources/"
    done
    cmake -S "$folder/sources" -B "$folder/build" -DCMAKE_BUILD_TYPE=Release -DDLCORE_BUILD_TESTS=OFF "$@" \
        > "$work/log"
    cmake --build "$folder/build" --parallel "$(nproc)" > "$work/log"
done

# Of a build: archives, libraries, programs and the bill of materials.
products() {
    (cd "$1/build" && {
        find src -name '*.a' -o -name '*.so*' -type f -o -name '*.spdx.json'
        find examples -type f -perm -u+x -not -path '*/CMakeFiles/*'
    } | sort)
}
products "$first" > "$work/names"
products "$second" | cmp - "$work/names"
differ=0
while read -r name; do
    cmp "$first/build/$name" "$second/build/$name" || differ=$((differ + 1))
done < "$work/names"
count=$(wc -l < "$work/names")
echo "reproducible: $count files, $differ differ"
test "$count" -ge 10
test "$differ" = 0
