/* Reading that goes wrong: a program that names `read_faults` gets an open, a pread and an fstat of
 * its own, which do what that says. Without faults they open, read and tell as the system does.
 * Several threads may read.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_FAILING_READ_H
#define DLCORE_TESTS_FAILING_READ_H

#include <stdbool.h>
#include <stddef.h>

typedef struct read_faults {
    _Atomic size_t reads; /* that were asked for */
    size_t fault_at;      /* the read of this number, from 1, does not go as asked; 0: none */
    bool for_ever;        /* nor does any later one */
    int fault;            /* its errno; 0: it finds the file's end */
    size_t half_at;       /* the read of this number gives half of what it is asked for */
    size_t delay_at;      /* the read of this number takes its time */
    long delay_ms;
    size_t most; /* bytes that every read gives; 0: as many as asked for */
    size_t opens;
    int open_fault; /* the errno of every open, or of that of number open_at; 0: they work */
    size_t open_at;
    size_t stats;
    int stat_fault;
    long stat_size; /* the size to tell; 0: the real one */
} read_faults_t;

extern read_faults_t read_faults;

#endif
