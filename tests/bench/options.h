/* The command line.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_OPTIONS_H
#define DLCORE_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/model.h"

typedef struct bench_options {
    size_t threads; /* 0: first 1, then as many as there are CPUs */
    dlcore_engine_t engine;
    const char
        *cases; /* those whose name contains this, or a part of it between | signs; NULL: all */
    const char *data; /* folder of MNIST; NULL: none */
    bool json;
    bool quick;
    bool peers; /* only cases that the peer programs have, too */
    bool list;
    bool cpu;      /* seconds of CPU, of all threads */
    bool no_floor; /* dlcore alone */
    bool no_avx512;
    bool check_threads;
    bool machine; /* only what the head of the table says */

    const char *program; /* what starts this program anew */
    const char *subject; /* NULL, or what this process measures for another one: serve.h */
} bench_options_t;

/* Ends the program: after --help with status 0, after a mistake with 2. */
bench_options_t bench_options_parse(int argc, char **argv);

/* "auto", "blas", "native" */
const char *bench_engine_name(dlcore_engine_t engine);

#endif
