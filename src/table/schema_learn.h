/* What is learned of a column, value by value.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TABLE_SCHEMA_LEARN_H
#define DLCORE_TABLE_SCHEMA_LEARN_H

#include "system/compiler.h"

#include "data/csv_classes.h"
#include "table/schema.h"
#include "table/schema_put.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_learned {
    size_t values, gaps;
    double mean, squares; /* about the mean */
    double least, greatest;
    size_t begin; /* of its numbers, where they are collected */
    dlcore_csv_classes_t classes;
    size_t *counts; /* rows of each class, by its code */
    size_t counts_room;
} dlcore_learned_t; /* begins as all 0, with an allocator in `classes` */

/* Takes a value into account. On DLCORE_ERROR_FORMAT *problem says what is wrong with it; messages
 * of other errors begin with `where`, a function of the caller's place. */
dlcore_status dlcore_learn(dlcore_learned_t *learned, const dlcore_schema_step_t *step, bool target,
                           const dlcore_cell_t *cell, const char *missing,
                           dlcore_put_problem_t *problem);

/* Once all values, and what gaps become, are known: scales, or categories, of which those in fewer
 * than `rare_below` rows are joined. */
dlcore_status dlcore_learn_end(dlcore_learned_t *learned, const dlcore_schema_t *schema,
                               dlcore_schema_step_t *step, size_t rare_below,
                               dlcore_error_record_t *error);
void dlcore_learned_release(dlcore_learned_t *learned);

/* Of `count` numbers, 1 or more, which change their order: the middle one, of an even number the
 * mean of two; and the one that is there most often, the least of several. */
double dlcore_median(double *numbers, size_t count);
double dlcore_most_frequent(double *numbers, size_t count);

DLCORE_HIDDEN_END

#endif
