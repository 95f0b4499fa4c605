/* How well two sets of numbers agree: measured, printed as one row per case, and asserted at the
 * end, so that one bad case does not hide the others.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_AGREEMENT_H
#define DLCORE_TESTS_AGREEMENT_H

#include <float.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct agreement {
    const char *title;
    const char *unit; /* of the printed numbers */
    double worst;
    size_t cells, failures;
    char row[64];    /* the case whose row is being printed */
    bool is_private; /* for a check of the check: not for tests/agreement.sh */
} agreement_t;

/* Prints the head of the table. Both texts must outlive it. The title is "kind: what". Where the
 * environment names a file in DLCORE_AGREEMENT, each number is added to it, as tests/agreement.sh
 * reads it. */
agreement_t agreement_begin(const char *title, const char *unit);
/* One number of a case; NaN, or one that is not below the limit, is a failure. Calls for one case
 * follow each other and share a row. */
void agreement_add(agreement_t *table, const char *scope, const char *what, double error,
                   double limit);
/* Ends the table and fails the test if a cell failed or none was added. */
void agreement_end(agreement_t *table);

/* norm(value - reference) / norm(reference), Euclidean; 0 when both are zero. NaN, or an infinity
 * that the other side lacks, makes it NaN or infinite. */
double agreement_norm(const float *value, const float *reference, size_t count);

/* The largest |value - reference| / max(norm of its group, floor), where groups are `width`
 * elements in a row and the norm is the largest absolute value of the reference. Elements that are
 * equal, infinities included, do not count. */
double agreement_grouped(const float *value, const float *reference, size_t count, size_t width,
                         double floor);

/* Element by element, relative to the reference's size, or the floor, or, where x is not NULL, its
 * element of x (up to 1e30) when that is larger. */
double agreement_elements(const float *value, const float *reference, const float *x, size_t count,
                          double floor);

#endif
