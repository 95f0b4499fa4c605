# shellcheck shell=sh
# What the consumer tests share. CTest sets DLCORE_SOURCE_DIR, DLCORE_BUILD_DIR, DLCORE_PREFIX,
# DLCORE_BLAS, DLCORE_VERSION, DLCORE_WORK_DIR, CMAKE, CC and CXX.
#
# SPDX-License-Identifier: MIT
set -eu

# shellcheck disable=SC2034 # for those who read this file
consumers=$DLCORE_SOURCE_DIR/tests/consumers
# shellcheck disable=SC2034
warnings="-Wall -Wextra -Wconversion -Wshadow -Werror"

# fresh NAME: an empty folder to work in, as the current directory.
fresh() {
    rm -rf "${DLCORE_WORK_DIR:?}/$1"
    mkdir -p "$DLCORE_WORK_DIR/$1"
    cd "$DLCORE_WORK_DIR/$1"
}

# Flags for the installed dlcore, as any Makefile would ask for them: no --static.
dlcore_flags() {
    PKG_CONFIG_PATH=$(dirname "$(find "$DLCORE_PREFIX" -name dlcore.pc)") pkg-config "$@" dlcore
}
