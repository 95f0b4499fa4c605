/* Lists of tables: what is one, how large it is, and what x must be for it.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/embeddings.h"

#include <limits.h>
#include <math.h>

#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "kernels/kernels.h"
#include "tensor/tensor.h"

#define EMBEDDING_ROWS_MAX 16777216u /* whole numbers up to here are floats */
#define EMBEDDING_UNITS_MAX 65536u

size_t dlcore_embedding_units(size_t count)
{
    dlcore_traces_t before = dlcore_traces_note();
    double units = round(1.6 * pow((double)count, 0.56));

    (void)dlcore_traces_end(before, DLCORE_OK);
    return units < 1.0 ? 1 : units > 600.0 ? 600 : (size_t)units;
}

dlcore_status dlcore_embeddings_validate(const dlcore_embeddings_t *tables, const char *what,
                                         dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_count(what, "embeddings.count", tables->count, 1,
                                              DLCORE_EMBEDDINGS_MAX, error);

    if (status == DLCORE_OK && tables->table == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: embeddings.table is NULL", what);
    for (size_t i = 0; i < tables->count && status == DLCORE_OK; i++) {
        const dlcore_embedding_t *table = &tables->table[i];

        if (i > 0 && table->column <= table[-1].column)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: the columns of its tables must ascend, but %u comes after %u",
                               what, (unsigned)table->column, (unsigned)table[-1].column);
        if (table->count < 1 || table->count > EMBEDDING_ROWS_MAX ||
            table->units > EMBEDDING_UNITS_MAX)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: the table of column %u must have 1 .. %u rows of 1 .. %u "
                               "units, got %u rows of %u",
                               what, (unsigned)table->column, EMBEDDING_ROWS_MAX,
                               EMBEDDING_UNITS_MAX, (unsigned)table->count, (unsigned)table->units);
    }
    return status;
}

void dlcore_embeddings_copy(const dlcore_embeddings_t *tables, dlcore_embedding_t *to)
{
    for (size_t i = 0; i < tables->count; i++) {
        to[i] = tables->table[i];
        if (to[i].units == 0)
            to[i].units = (uint32_t)dlcore_embedding_units(to[i].count);
    }
}

bool dlcore_embeddings_size(const dlcore_embeddings_t *tables, size_t *size)
{
    size_t one;

    *size = 0;
    for (size_t i = 0; i < tables->count; i++) {
        if (!dlcore_size_multiply(tables->table[i].count, tables->table[i].units, &one) ||
            !dlcore_size_add(*size, one, size))
            return false;
    }
    return true;
}

static bool embedding_uses_fans(const dlcore_initializer_t *initializer)
{
    switch (initializer->kind) {
    case DLCORE_INITIALIZER_ZEROS:
    case DLCORE_INITIALIZER_ONES:
    case DLCORE_INITIALIZER_CONSTANT:
    case DLCORE_INITIALIZER_RANDOM_UNIFORM:
    case DLCORE_INITIALIZER_RANDOM_NORMAL:
    case DLCORE_INITIALIZER_TRUNCATED_NORMAL:
    case DLCORE_INITIALIZER_NAMED: /* what draws refuses it */
        return false;
    default:
        return true;
    }
}

static dlcore_status check_columns(const dlcore_layer_t *layer, size_t input_width,
                                   dlcore_error_record_t *error)
{
    size_t last = layer->embeddings.table[layer->embeddings.count - 1].column;

    if (last >= input_width)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%s: has a table for column %zu, but x has the columns 0 .. %zu",
                           layer->name, last, input_width - 1);
    return DLCORE_OK;
}

dlcore_status dlcore_embeddings_check_build(const dlcore_layer_t *layer, size_t input_width,
                                            dlcore_error_record_t *error)
{
    const dlcore_embeddings_t *tables = &layer->embeddings;
    size_t size;
    dlcore_status status = check_columns(layer, input_width, error);

    if (status != DLCORE_OK)
        return status;
    if (embedding_uses_fans(&layer->embeddings_initializer))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: embeddings_initializer is %s, which goes by the shape of a kernel; "
                           "take random_uniform, random_normal or truncated_normal",
                           layer->name,
                           dlcore_initializer_name(layer->embeddings_initializer.kind));
    if (!dlcore_embeddings_size(tables, &size) ||
        dlcore_embeddings_width(tables, input_width) > INT_MAX)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: the tables are too large",
                           layer->name);
    return DLCORE_OK;
}

static dlcore_status refuse_table_row(const dlcore_layer_t *layer, const dlcore_embedding_t *table,
                                      double number, size_t row, dlcore_error_record_t *error)
{
    return dlcore_fail(error, DLCORE_ERROR_RANGE,
                       "%s: column %zu of sample %zu is %.9g; its table has the rows 0 .. %zu",
                       layer->name, (size_t)table->column, row, number, (size_t)table->count - 1);
}

dlcore_status dlcore_embeddings_check_indices(const dlcore_layer_t *layer, const dlcore_tensor_t *x,
                                              dlcore_error_record_t *error)
{
    const dlcore_embeddings_t *tables = &layer->embeddings;
    dlcore_status status = check_columns(layer, x->row_size, error);

    if (status != DLCORE_OK)
        return status;
    for (size_t row = 0; row < x->shape[0]; row++) {
        for (size_t i = 0; i < tables->count; i++) {
            const dlcore_embedding_t *table = &tables->table[i];
            double number = dlcore_row_number(x, row, table->column);

            if (!dlcore_embedding_has(table, number))
                return refuse_table_row(layer, table, number, row, error);
        }
    }
    return DLCORE_OK;
}
