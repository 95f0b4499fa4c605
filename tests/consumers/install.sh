#!/bin/sh
# Installs this build into a folder, then moves that folder to where the other consumer tests look
# for it: an installation must not know where it, or its sources, have been.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

fresh install
"$CMAKE" --install "$DLCORE_BUILD_DIR" --prefix "$PWD/first"
rm -rf "$DLCORE_PREFIX"
mv first "$DLCORE_PREFIX"

if grep -rIlF -e "$DLCORE_SOURCE_DIR" -e "$PWD/first" "$DLCORE_PREFIX"; then
    echo "these installed files name a folder of the build" >&2
    exit 1
fi
for header in "$DLCORE_SOURCE_DIR"/include/dlcore.h* "$DLCORE_SOURCE_DIR"/include/dlcore/*.h \
    "$DLCORE_SOURCE_DIR"/include/dlcore/cpp/*.hpp; do
    cmp "$header" "$DLCORE_PREFIX/include/${header#"$DLCORE_SOURCE_DIR"/include/}"
done
