/* Rows to a sparse tensor. Of the features of a one-hot column at most one is not zero.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "table/schema_apply.h"
#include "tensor/sparse.h"

typedef struct sparse_making {
    const dlcore_schema_t *schema;
    dlcore_applying_t applying;
    dlcore_table_rows_t rows;
    float *features; /* of one row */
    dlcore_sparse_arrays_t to;
    dlcore_tensor_t *x, *y; /* y NULL: not wanted */
} sparse_making_t;

static bool is_one_hot(const dlcore_schema_step_t *step)
{
    return step->kind == DLCORE_COLUMN_CATEGORY && step->encode == DLCORE_ENCODE_ONE_HOT;
}

/* The most entries that a row can have; *has_values: some may be other numbers than 1. */
static size_t most_entries(const dlcore_schema_t *schema, bool *has_values)
{
    size_t most = 0;

    *has_values = false;
    for (size_t i = 0; i < schema->inputs; i++) {
        const dlcore_schema_step_t *step = &schema->steps[i];

        most += is_one_hot(step) ? dlcore_size_min(step->width, 1) : step->width;
        *has_values |= !is_one_hot(step);
    }
    return most;
}

static dlcore_status make_sparse_room(sparse_making_t *making, bool labels,
                                      dlcore_error_record_t *error)
{
    const dlcore_schema_t *schema = making->schema;
    const dlcore_allocator_t *allocator = &making->applying.table->allocator;
    size_t count = making->rows.count, entries;
    bool has_values;
    dlcore_status status;

    if (!dlcore_size_multiply(count, most_entries(schema, &has_values), &entries))
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                           "schema_apply_sparse: %zu rows are too many", count);
    status = dlcore_sparse_allocate(allocator, count, schema->features, entries, has_values,
                                    &making->to, &making->x, error);
    if (status == DLCORE_OK && labels)
        status = dlcore_schema_make_labels(schema, allocator, count, &making->y, error);
    if (status != DLCORE_OK)
        return status;
    making->features = dlcore_allocate_raw(allocator, schema->features, sizeof(float));
    if (making->features == NULL)
        return dlcore_fail_memory(error, "schema_apply_sparse", schema->features * sizeof(float));
    return DLCORE_OK;
}

/* Appends what is not zero; answers how many entries there are now. */
static size_t append_features(const sparse_making_t *making, size_t used)
{
    for (size_t i = 0; i < making->schema->features; i++) {
        if (making->features[i] == 0)
            continue;
        making->to.indices[used] = (int32_t)i;
        if (making->to.values != NULL)
            making->to.values[used] = making->features[i];
        used++;
    }
    return used;
}

static dlcore_status fill_sparse(sparse_making_t *making, dlcore_error_record_t *error)
{
    unsigned char *labels = making->y != NULL ? making->y->data : NULL;

    making->to.starts[0] = 0;
    for (size_t i = 0; i < making->rows.count; i++) {
        dlcore_status status = dlcore_applying_row(
            &making->applying, dlcore_table_row(&making->rows, i), making->features,
            labels != NULL ? labels + 4 * i * making->schema->targets : NULL, error);

        if (status != DLCORE_OK)
            return status;
        making->to.starts[i + 1] = append_features(making, making->to.starts[i]);
    }
    return DLCORE_OK;
}

static dlcore_status apply_sparse(const dlcore_schema_t *schema, const dlcore_table_t *table,
                                  const dlcore_table_rows_t *asked, dlcore_tensor_t **x,
                                  dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    sparse_making_t making = {.schema = schema};
    dlcore_status status =
        dlcore_table_check_rows(table, "schema_apply_sparse", asked, &making.rows, error);

    if (status == DLCORE_OK && y != NULL && schema->targets == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "schema_apply_sparse: y is asked for, but the schema has no target");
    if (status != DLCORE_OK)
        return status;
    status = dlcore_applying_begin(&making.applying, schema, table, y != NULL,
                                   "schema_apply_sparse", error);
    if (status == DLCORE_OK)
        status = make_sparse_room(&making, y != NULL, error);
    if (status == DLCORE_OK)
        status = fill_sparse(&making, error);
    dlcore_applying_end(&making.applying);
    dlcore_release(&table->allocator, making.features);
    if (status != DLCORE_OK) {
        dlcore_tensor_free(making.x);
        dlcore_tensor_free(making.y);
        return status;
    }
    *x = making.x;
    if (y != NULL)
        *y = making.y;
    return DLCORE_OK;
}

dlcore_status dlcore_schema_apply_sparse(const dlcore_schema_t *schema, const dlcore_table_t *table,
                                         const dlcore_table_rows_t *rows, dlcore_tensor_t **x,
                                         dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    return dlcore_schema_apply_by("schema_apply_sparse", apply_sparse, schema, table, rows, x, y,
                                  error);
}
