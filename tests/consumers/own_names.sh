#!/bin/sh
# A host that has a model_fit of its own.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

fresh own_names
# shellcheck disable=SC2046,SC2086 # flags are words
"$CC" -std=c11 $warnings $(dlcore_flags --cflags) -o program "$consumers/own_names_host.c" \
    "$consumers/own_names_trainer.c" $(dlcore_flags --libs)
./program
