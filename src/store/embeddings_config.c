/* Tables of embedding layers in JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "store/weight_config.h"

void dlcore_embeddings_config_put(dlcore_json_writer_t *writer, const char *name,
                                  const dlcore_embeddings_t *tables)
{
    dlcore_json_open(writer, name, '[');
    for (size_t i = 0; i < tables->count; i++) {
        dlcore_json_open(writer, NULL, '[');
        dlcore_json_put_uint64(writer, NULL, tables->table[i].column);
        dlcore_json_put_uint64(writer, NULL, tables->table[i].count);
        dlcore_json_put_uint64(writer, NULL, tables->table[i].units);
        dlcore_json_close(writer, ']');
    }
    dlcore_json_close(writer, ']');
}

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
    return found == 3;
}

DLCORE_KEPT_APART dlcore_status
dlcore_embeddings_config_read(const dlcore_config_reading_t *reading, const dlcore_json_t *value,
                              const char *name, dlcore_embeddings_t *tables)
{
    dlcore_json_steps_t steps = dlcore_json_steps(value);
    dlcore_json_t item;

    tables->count = 0;
    if (value->kind != DLCORE_JSON_ARRAY)
        return dlcore_config_refuse_value(reading, name, value, "no list of tables");
    for (; dlcore_json_step(&steps, NULL, &item); tables->count++) {
        if (tables->count == DLCORE_EMBEDDINGS_MAX)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "are too many");
        if (!read_embedding_table(&item, &tables->table[tables->count]))
            return dlcore_config_refuse_value(reading, name, &item,
                                              "no table: [column, count, units]");
    }
    return DLCORE_OK;
}
