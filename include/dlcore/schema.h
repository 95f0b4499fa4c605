/* Schemas: how the columns of a table become numbers. A schema is learned once, from the training
 * rows, kept in the model's file, and gives the same bits for the same row ever after.
 *
 *     table_split_t rows;
 *     table_split(passengers, "survived", NULL, &rows, &error);
 *     schema_options_t how = schema_options_default();
 *     how.target = "survived";
 *     schema_fit(passengers, &rows.train, &how, &schema, &error);
 *     schema_apply(schema, passengers, &rows.train, &x, &y, &error);
 *     ... a model with schema_feature_count(schema) inputs is trained with x and y ...
 *     model_set_schema(network, schema);
 *     model_save(network, "titanic.safetensors", NULL);
 *     ...
 *     answer_t answer;                                      (model_load brings the schema back)
 *     model_predict_row(network, names, values, count, &answer, &error);
 *     printf("%s\n", answer.class_name);
 *
 * What becomes of a column:
 *
 *   number     one feature: the value, a gap filled, then scaled. On request another one that is 1
 *              where there was a gap, else 0.
 *   date       the same of the days since 1970-01-01 in Greenwich, with their fraction. On request
 *              sine and cosine of its place in the year, in the week (from Monday) and in the day.
 *   category   one-hot: a feature for each category of the training rows, in order, and one for
 *              gaps if these had any. With rare_below, one for all that are rarer. A category that
 *              is not known is all zeros, or counts as rare. Where there are hundreds:
 *              dlcore_schema_apply_sparse. index: one feature, a whole number: 0 unknown or rare, 1
 *              missing, 2 the first category; for an embedding layer: dlcore_schema_embedding.
 *
 * Categories are sorted: by value if all are numbers, else by bytes. They have at most 255 bytes;
 * longer ones are unknown. Features stand in the order of the columns.
 *
 * Rows are applied one by one: neither their order nor in how many pieces they come changes a bit.
 * Columns are found by their names: other columns of a table are not looked at, and may stand
 * anywhere; one that is missing is DLCORE_ERROR_NAME, with its name and those that there are.
 *
 * Ownership: a schema is the caller's. Names are borrowed from it. Threads: any number may use a
 * schema; nothing changes it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SCHEMA_H
#define DLCORE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "api.h"
#include "dataset.h"
#include "model.h"
#include "status.h"
#include "table.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dlcore_schema dlcore_schema_t;

/* What a gap becomes. */
typedef enum dlcore_schema_fill {
    DLCORE_FILL_DEFAULT = 0,   /* of a category a place of its own, else the median */
    DLCORE_FILL_MEDIAN,        /* of the training rows; not for categories */
    DLCORE_FILL_MOST_FREQUENT, /* likewise; of equally frequent ones the first */
    DLCORE_FILL_PLACE,         /* a place of its own; for categories alone */
    DLCORE_FILL_REFUSE         /* DLCORE_ERROR_RANGE, with its place */
} dlcore_schema_fill_t;

typedef enum dlcore_schema_scale {
    DLCORE_SCALE_DEFAULT = 0, /* standardize */
    DLCORE_SCALE_STANDARDIZE, /* (x - mean) / deviation of the training rows, their gaps filled; the
                                 deviation is that of the population, and 1 where all are equal */
    DLCORE_SCALE_MIN_MAX,     /* (x - least) / (greatest - least); 1 where these are equal */
    DLCORE_SCALE_NONE
} dlcore_schema_scale_t;

typedef enum dlcore_schema_encode {
    DLCORE_ENCODE_DEFAULT = 0, /* one-hot */
    DLCORE_ENCODE_ONE_HOT,
    DLCORE_ENCODE_INDEX
} dlcore_schema_encode_t;

/* Settings of a column. What does not go with its kind is refused by dlcore_schema_fit; in
 * options.all it is not used. */
typedef struct dlcore_schema_column_settings {
    const char *name;
    dlcore_schema_fill_t fill;
    bool indicator; /* of a number or date: a feature that says where gaps were */
    dlcore_schema_scale_t scale;
    dlcore_schema_encode_t encode;
    size_t rare_below; /* categories in fewer training rows are joined; 0: none */
    bool date_cycles;  /* sines and cosines of year, week and day: 6 features more */
} dlcore_schema_column_t;
/* The defaults, for the column of that name. */
DLCORE_API dlcore_schema_column_t dlcore_schema_column(const char *name);

/* Start from the default, then change fields. A zeroed struct is refused. */
typedef struct dlcore_schema_options {
    size_t structure_size; /* set by ..._default() */
    /* The column that is to be predicted; NULL: none. A category gives classes, int32 labels; a
     * number, scaled, or a date, float32. */
    const char *target;
    /* Several targets, numbers each; `target` is NULL then. */
    const char *const *targets;
    size_t target_count;
    dlcore_schema_scale_t target_scale; /* of numbers; undone in predictions */
    dlcore_schema_column_t all; /* of every column that is not in the list; its name is not used */
    const dlcore_schema_column_t *columns;
    size_t column_count;
} dlcore_schema_options_t;
DLCORE_API dlcore_schema_options_t dlcore_schema_options_default(void);

/* Learns a schema from rows of a table (NULL: all), from no others. Columns that are left out stay
 * out. Rows are read once, and once more for medians and most frequent numbers, for as many columns
 * at a time as 256 MB hold. Sums run in the order of the rows.
 *
 * Memory: the categories; and where a median or most frequent number is asked for, the default for
 * numbers and dates, 8 bytes for each row with a value in such a column, at most 256 MB at a time,
 * or one column's where that is more. With DLCORE_FILL_REFUSE memory does not grow with the rows.
 *
 * Errors: DLCORE_ERROR_NAME for columns that the table does not have, or has twice;
 * DLCORE_ERROR_FORMAT, with the place, for a value that is not what its column is, and for dates of
 * two forms; DLCORE_ERROR_RANGE for a target that is missing, and for numbers beyond double;
 * DLCORE_ERROR_SHAPE without rows or features; DLCORE_ERROR_OVERFLOW for more than 10,000
 * categories in a column; DLCORE_ERROR_ARGUMENT, _MEMORY, _IO. */
DLCORE_API dlcore_status dlcore_schema_fit(const dlcore_table_t *table,
                                           const dlcore_table_rows_t *rows,
                                           const dlcore_schema_options_t *options,
                                           dlcore_schema_t **out, dlcore_error_record_t *error);
/* NULL is fine. */
DLCORE_API void dlcore_schema_free(dlcore_schema_t *schema);

/* ---- applying it ---- */

/* Makes tensors of rows (NULL: all): *x float32, (rows, features), and *y (NULL: not wanted), with
 * one target (rows), int32 classes or float32, with several float32 (rows, targets). Without `y`
 * the table need not have the targets. The table's own kinds do not count here.
 *
 * Errors: DLCORE_ERROR_NAME; DLCORE_ERROR_FORMAT and DLCORE_ERROR_RANGE, with the place, for what
 * is no number or date, a missing target, a class that is not known, and what is beyond float32. */
DLCORE_API dlcore_status dlcore_schema_apply(const dlcore_schema_t *schema,
                                             const dlcore_table_t *table,
                                             const dlcore_table_rows_t *rows, dlcore_tensor_t **x,
                                             dlcore_tensor_t **y, dlcore_error_record_t *error);
/* The same, *x sparse (dlcore/sparse.h): the numbers that are not zero, for one-hot categories of
 * which there are hundreds. Memory: for each row at most 8 bytes a one-hot column and a feature of
 * other columns, 4 where all are one-hot, and 8. */
DLCORE_API dlcore_status dlcore_schema_apply_sparse(const dlcore_schema_t *schema,
                                                    const dlcore_table_t *table,
                                                    const dlcore_table_rows_t *rows,
                                                    dlcore_tensor_t **x, dlcore_tensor_t **y,
                                                    dlcore_error_record_t *error);
/* One row, as texts: value i is that of column names[i], NULL or a word from the list in table.h
 * missing. Columns that the schema does not have are passed over. Writes the features to `x`,
 * dlcore_schema_feature_count of them; allocates nothing. */
DLCORE_API dlcore_status dlcore_schema_apply_row(const dlcore_schema_t *schema,
                                                 const char *const *names,
                                                 const char *const *values, size_t count, float *x,
                                                 dlcore_error_record_t *error);

/* Undoes the scaling: of numbers and dates (as days) among the features in `x`, (rows, features),
 * and of targets in `y`, (rows), (rows, 1) or (rows, targets). What is not scaled stays. */
DLCORE_API dlcore_status dlcore_schema_unscale_x(const dlcore_schema_t *schema,
                                                 const dlcore_tensor_t *x, dlcore_tensor_t **out,
                                                 dlcore_error_record_t *error);
DLCORE_API dlcore_status dlcore_schema_unscale_y(const dlcore_schema_t *schema,
                                                 const dlcore_tensor_t *y, dlcore_tensor_t **out,
                                                 dlcore_error_record_t *error);

/* ---- what it is ---- */

/* Queries never fail; of NULL, and beyond the last, they answer 0 or NULL. */
DLCORE_API size_t dlcore_schema_feature_count(const dlcore_schema_t *schema);
/* "age", "age missing", "port=Southampton", "port missing", "port rare", "built year sine". The
 * text goes to `to`, cut to `room` bytes with its end; answers its full length without that. */
DLCORE_API size_t dlcore_schema_feature_name(const dlcore_schema_t *schema, size_t feature,
                                             char *to, size_t room);
/* Of a feature that is an index: how many values it can have, 2 and its categories. Else 0. */
DLCORE_API size_t dlcore_schema_feature_index_count(const dlcore_schema_t *schema, size_t feature);
/* An embedding layer with a table for each feature that is an index, of the size that
 * dlcore_embedding_units gives; for other sizes give dlcore_layer_embedding a changed copy of its
 * tables. They are the schema's: add the layer before you free it. Without such features, or with
 * more than DLCORE_EMBEDDINGS_MAX, adding it is refused. */
DLCORE_API dlcore_layer_t dlcore_schema_embedding(const dlcore_schema_t *schema);
DLCORE_API size_t dlcore_schema_target_count(const dlcore_schema_t *schema);
DLCORE_API const char *dlcore_schema_target_name(const dlcore_schema_t *schema, size_t target);
/* Classes of a target that is a category: class i is label i. */
DLCORE_API size_t dlcore_schema_class_count(const dlcore_schema_t *schema);
DLCORE_API const char *dlcore_schema_class_name(const dlcore_schema_t *schema, size_t label);
/* Writes a line for each column: what is filled in, scales, categories. DLCORE_ERROR_IO when the
 * stream fails. */
DLCORE_API dlcore_status dlcore_schema_describe(const dlcore_schema_t *schema, FILE *stream,
                                                dlcore_error_record_t *error);

/* ---- streams ---- */

typedef struct dlcore_table_stream_options {
    size_t structure_size; /* set by ..._default() */
    size_t batch_size;     /* 32 */
    /* 0: rows as they come. Else so many rows, rounded up to whole batches, are read at a time and
     * shuffled, these pieces in a random order, too; another one in each pass. */
    size_t shuffle_rows;
    uint64_t seed; /* 0 */
} dlcore_table_stream_options_t;
DLCORE_API dlcore_table_stream_options_t dlcore_table_stream_options_default(void);

typedef struct dlcore_table_stream dlcore_table_stream_t;

/* Batches of rows of a table (NULL: all), for tables that are read from their file with in_memory
 * false. Memory: the tensors of max(batch_size, shuffle_rows) rows. Schema and table, and the list
 * of rows, must outlive it and stay as they are. Errors at rows that cannot be applied come up in
 * fit. */
DLCORE_API dlcore_status dlcore_table_stream_create(const dlcore_schema_t *schema,
                                                    const dlcore_table_t *table,
                                                    const dlcore_table_rows_t *rows,
                                                    const dlcore_table_stream_options_t *options,
                                                    dlcore_table_stream_t **out,
                                                    dlcore_error_record_t *error);
/* NULL is fine. */
DLCORE_API void dlcore_table_stream_free(dlcore_table_stream_t *stream);
/* For dlcore_model_fit_dataset and its like; it borrows the stream. The batches have a y if the
 * schema and the table have targets. */
DLCORE_API dlcore_dataset_t dlcore_table_stream_dataset(dlcore_table_stream_t *stream);

/* ---- models ---- */

/* Gives a model a copy of a schema, in place of the one it had; NULL takes it away. It is the note
 * DLCORE_NOTE_SCHEMA (dlcore/note.h), JSON text, and so is saved and loaded with the model: by
 * dlcore_model_save, and by keras_save and onnx_save, too, whose programs do not apply it. Neither
 * layers nor training look at it. DLCORE_ERROR_SHAPE for a built model with another number of
 * inputs; DLCORE_ERROR_OVERFLOW for what is more than notes may be (8 MiB). Writes the model. */
DLCORE_API dlcore_status dlcore_model_set_schema(dlcore_model_t *model,
                                                 const dlcore_schema_t *schema);
/* The model's schema, borrowed: until another is set or the model freed. *schema is NULL where it
 * has none. A schema from a file is looked at when it is first asked for, by any of the calls
 * below: DLCORE_ERROR_FORMAT, or DLCORE_ERROR_UNSUPPORTED for one that a newer version wrote. */
DLCORE_API dlcore_status dlcore_model_schema(const dlcore_model_t *model,
                                             const dlcore_schema_t **schema,
                                             dlcore_error_record_t *error);

/* What a model says of a row. */
typedef struct dlcore_answer {
    /* Of classes: the most probable one, or of one sigmoid unit the class 1 from 0.5 on. */
    const char *class_name; /* borrowed from the model's schema; NULL for a number */
    size_t class_index;
    /* Its output; of one sigmoid unit for the class 0 one minus that. */
    double probability;
    double number; /* of the first target that is a number, its scaling undone */
} dlcore_answer_t;

/* Predicts rows of a table (NULL: all) by the model's schema: an answer each to `answers`, and the
 * outputs to *y, float32 (rows, units), with the scaling of targets undone; either may be NULL.
 * DLCORE_ERROR_STATE without a schema; DLCORE_ERROR_SHAPE when the outputs are not what the targets
 * need: a unit for each number; for classes one each, or one for two. Then as schema_apply and
 * model_predict, in pieces of 1024 rows. */
DLCORE_API dlcore_status dlcore_model_predict_table(const dlcore_model_t *model,
                                                    const dlcore_table_t *table,
                                                    const dlcore_table_rows_t *rows,
                                                    dlcore_answer_t *answers, dlcore_tensor_t **y,
                                                    dlcore_error_record_t *error);
/* One row as texts, as in dlcore_schema_apply_row. */
DLCORE_API dlcore_status dlcore_model_predict_row(const dlcore_model_t *model,
                                                  const char *const *names,
                                                  const char *const *values, size_t count,
                                                  dlcore_answer_t *answer,
                                                  dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
