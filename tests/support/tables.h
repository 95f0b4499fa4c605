/* Tables and schemas from text in one line each; they fail the test when they cannot be made.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_TABLES_H
#define DLCORE_TESTS_TABLES_H

#include "dlcore/schema.h"
#include "dlcore/table.h"

dlcore_table_t *table_of(const char *text, const dlcore_table_options_t *options);
dlcore_schema_t *schema_of(const dlcore_table_t *table, const dlcore_table_rows_t *rows,
                           const dlcore_schema_options_t *options);
/* A schema of the text with that target (NULL: none), all else by default. */
dlcore_schema_t *schema_of_text(const char *text, const char *target);

/* The features of all rows of the text are these, but for rounding. */
void assert_features(const dlcore_schema_t *schema, const char *text, size_t rows, size_t features,
                     const float *expected);
/* Fitting, or applying to the text with labels, fails like this. */
void assert_no_fit(const dlcore_table_t *table, const dlcore_schema_options_t *options,
                   dlcore_status status, const char *message);
void assert_not_applied(const dlcore_schema_t *schema, const char *text, bool labels,
                        dlcore_status status, const char *message);
void assert_feature_name(const dlcore_schema_t *schema, size_t feature, const char *name);

#endif
