/* Reading that goes wrong: a program that names `read_faults` gets a pread and an fstat of its own,
 * which do what that says. Without faults they read and tell as the system does.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_FAILING_READ_H
#define DLCORE_TESTS_FAILING_READ_H

#include <stddef.h>

typedef struct read_faults {
    size_t reads;    /* that were asked for */
    size_t fault_at; /* the read of this number, from 1, does not go as asked; 0: none */
    int fault;       /* its errno; 0: it finds the file's end */
    size_t most;     /* bytes that one read gives; 0: as many as asked for */
    size_t stats;
    int stat_fault;
    long stat_size; /* the size to tell; 0: the real one */
} read_faults_t;

extern read_faults_t read_faults;

#endif
