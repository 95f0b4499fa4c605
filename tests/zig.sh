#!/bin/sh
# Compiles and links everything for systems that are not here, by `zig cc`: without a warning the archive, the
# examples, and every object into one library. Nothing of that is run.
#
#   tests/zig.sh BUILD_FOLDER [TARGET...]
#
# Targets: aarch64-macos, x86_64-macos, x86_64-freebsd and x86_64-windows-gnu without arguments. Needs zig, or
# Python with the package ziglang, which is installed into the build folder otherwise.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$1
shift
test $# != 0 || set -- aarch64-macos x86_64-macos x86_64-freebsd x86_64-windows-gnu
mkdir -p "$build"
build=$(CDPATH='' cd -- "$build" && pwd)

# The command of zig.
if command -v zig > /dev/null; then
    zig=zig
elif "${PYTHON:-python3}" -c 'import ziglang' 2> /dev/null; then
    zig="${PYTHON:-python3} -m ziglang"
else
    test -x "$build/venv/bin/python" || python3 -m venv "$build/venv"
    "$build/venv/bin/python" -c 'import ziglang' 2> /dev/null ||
        "$build/venv/bin/pip" --quiet install ziglang || {
        echo "zig: neither there nor to be had"
        exit 77
    }
    zig="$build/venv/bin/python -m ziglang"
fi

# tool NAME ARGUMENTS: a command of its own for CMake.
tool() {
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$zig" "$2" > "$DLCORE_ZIG_TOOLS/$1"
    chmod +x "$DLCORE_ZIG_TOOLS/$1"
}

# With all warnings, none of which zig may give. They do not depend on optimization, which takes half of the
# time. Without it zig would add a sanitizer.
builds() {
    if ! { cmake -S "$top" -B "$folder" -G "${CMAKE_GENERATOR:-Unix Makefiles}" \
        -DCMAKE_TOOLCHAIN_FILE="$top/tests/toolchains/zig.cmake" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_FLAGS_RELEASE="-O0 -fno-sanitize=undefined" -DDLCORE_BLAS=portable -DDLCORE_ZLIB=OFF \
        -DDLCORE_KERAS=OFF -DDLCORE_MPI=OFF -DDLCORE_NPZ=OFF -DDLCORE_ONNX=OFF -DDLCORE_BUILD_TESTS=OFF -DDLCORE_WERROR=ON &&
        cmake --build "$folder" --parallel "$(nproc)"; } > "$folder.log" 2>&1; then
        grep -E -A5 'error:|undefined' "$folder.log" | head -n 40 >&2
        echo "zig: $target failed, see $folder.log" >&2
        return 1
    fi
}

for target; do
    DLCORE_ZIG_TARGET=$target
    DLCORE_ZIG_TOOLS=$build/$target-tools
    export DLCORE_ZIG_TARGET DLCORE_ZIG_TOOLS
    mkdir -p "$DLCORE_ZIG_TOOLS"
    tool cc "cc -target $target"
    tool c++ "c++ -target $target"
    tool ar ar
    tool ranlib ranlib
    folder=$build/$target
    builds
    # Programs take of an archive what they need; this one has every object.
    find "$folder/src/CMakeFiles/dlcore.dir" \( -name '*.o' -o -name '*.obj' \) > "$build/objects"
    "$DLCORE_ZIG_TOOLS/cc" -shared -o "$folder/everything" @"$build/objects"
    echo "$target: compiled and linked"
done
