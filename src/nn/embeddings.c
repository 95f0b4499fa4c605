/* Lists of tables: what is one, and how large it is.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/embeddings.h"

#include <math.h>

#include "base/error.h"
#include "base/size.h"
#include "kernels/kernels.h"

#define EMBEDDING_ROWS_MAX 16777216u /* whole numbers up to here are floats */
#define EMBEDDING_UNITS_MAX 65536u

size_t dlcore_embedding_units(size_t count)
{
    double units = round(1.6 * pow((double)count, 0.56));

    return units < 1.0 ? 1 : units > 600.0 ? 600 : (size_t)units;
}

dlcore_status dlcore_embeddings_validate(const dlcore_embeddings_t *tables, const char *what,
                                         dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_count(what, "embeddings.count", tables->count, 1,
                                              DLCORE_EMBEDDINGS_MAX, error);

    for (size_t i = 0; i < tables->count && status == DLCORE_OK; i++) {
        const dlcore_embedding_t *table = &tables->table[i];

        if (i > 0 && table->column <= table[-1].column)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: the columns of its tables must ascend, but %u comes after %u",
                               what, (unsigned)table->column, (unsigned)table[-1].column);
        if (table->count < 1 || table->count > EMBEDDING_ROWS_MAX || table->units < 1 ||
            table->units > EMBEDDING_UNITS_MAX)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: the table of column %u must have 1 .. %u rows of 1 .. %u "
                               "units, got %u rows of %u",
                               what, (unsigned)table->column, EMBEDDING_ROWS_MAX,
                               EMBEDDING_UNITS_MAX, (unsigned)table->count, (unsigned)table->units);
    }
    return status;
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
