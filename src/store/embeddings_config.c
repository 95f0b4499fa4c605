/* Tables of embedding layers, read from JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/embeddings.h"
#include "store/weight_config.h"

/* [column, count, units] */
static bool read_embedding_table(const dlcore_json_t *value, dlcore_embedding_t *table)
{
    uint32_t *const places[] = {&table->column, &table->count, &table->units};
    dlcore_json_steps_t steps = dlcore_json_steps(value);
    dlcore_json_t number;
    size_t found = 0;
    uint64_t count;

    if (value->kind != DLCORE_JSON_ARRAY)
        return false;
    for (; dlcore_json_step(&steps, NULL, &number); found++) {
        if (found == 3 || !dlcore_config_is_count(&number, &count) || count > UINT32_MAX)
            return false;
        *places[found] = (uint32_t)count;
    }
    return found == 3 && table->units > 0; /* files have sizes */
}

DLCORE_KEPT_APART dlcore_status
dlcore_embeddings_config_read(const dlcore_config_reading_t *reading, const dlcore_json_t *value,
                              const char *name, dlcore_embeddings_t *tables)
{
    dlcore_json_steps_t steps = dlcore_json_steps(value);
    dlcore_json_t item;

    *tables = (dlcore_embeddings_t){.table = reading->tables, .code = &dlcore_embeddings_code};
    if (value->kind != DLCORE_JSON_ARRAY)
        return dlcore_config_refuse_value(reading, name, value, "no list of tables");
    for (; dlcore_json_step(&steps, NULL, &item); tables->count++) {
        if (tables->count == DLCORE_EMBEDDINGS_MAX)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "are too many");
        if (!read_embedding_table(&item, &reading->tables[tables->count]))
            return dlcore_config_refuse_value(reading, name, &item,
                                              "no table: [column, count, units]");
    }
    return DLCORE_OK;
}
