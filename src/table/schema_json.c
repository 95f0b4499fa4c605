/* Writing schemas. Numbers have the digits that give their bits back.
 *
 * SPDX-License-Identifier: MIT */
#include "table/schema_json.h"

#include "json/json_writer.h"

const char *const dlcore_schema_fill_words[5] = {"", "median", "most_frequent", "place", "refuse"};
const char *const dlcore_schema_scale_words[4] = {"", "standardize", "min_max", "none"};
const char *const dlcore_schema_encode_words[3] = {"", "one_hot", "index"};
const char *const dlcore_schema_form_words[4] = {"", "ymd", "dmy", "mdy"};
const char *const dlcore_schema_kind_words[4] = {"", "number", "category", "date"};

static void put_number_step(dlcore_json_writer_t *writer, const dlcore_schema_step_t *step)
{
    dlcore_json_put_string(writer, "scale", dlcore_schema_scale_words[step->scale]);
    dlcore_json_put_double(writer, "offset", step->offset);
    dlcore_json_put_double(writer, "divisor", step->divisor);
    dlcore_json_put_double(writer, "fill_value", step->fill_value);
    dlcore_json_put_bool(writer, "indicator", step->indicator);
    if (step->kind != DLCORE_COLUMN_DATE)
        return;
    dlcore_json_put_string(writer, "form", dlcore_schema_form_words[step->form]);
    dlcore_json_put_double(writer, "zone_minutes", step->zone_minutes);
    dlcore_json_put_bool(writer, "cycles", step->cycles);
}

static void put_category_step(dlcore_json_writer_t *writer, const dlcore_schema_step_t *step)
{
    dlcore_json_put_string(writer, "encode", dlcore_schema_encode_words[step->encode]);
    dlcore_json_put_bool(writer, "rare", step->rare);
    dlcore_json_put_bool(writer, "missing", step->missing);
    dlcore_json_put_uint64(writer, "fill_category", step->fill_class);
    dlcore_json_open(writer, "categories", '[');
    for (size_t i = 0; i < step->count; i++)
        dlcore_json_put_string(writer, NULL, step->names[i]);
    dlcore_json_close(writer, ']');
}

static void put_step(dlcore_json_writer_t *writer, const dlcore_schema_step_t *step)
{
    dlcore_json_open(writer, NULL, '{');
    dlcore_json_put_string(writer, "name", step->name);
    dlcore_json_put_string(writer, "kind", dlcore_schema_kind_words[step->kind]);
    dlcore_json_put_string(writer, "fill", dlcore_schema_fill_words[step->fill]);
    if (step->kind == DLCORE_COLUMN_CATEGORY)
        put_category_step(writer, step);
    else
        put_number_step(writer, step);
    dlcore_json_close(writer, '}');
}

size_t dlcore_schema_put(const dlcore_schema_t *schema, char *to, size_t room)
{
    dlcore_json_writer_t writer = dlcore_json_writer(to, room);
    char decimal[2] = {schema->decimal, '\0'};

    dlcore_json_open(&writer, NULL, '{');
    dlcore_json_put_string(&writer, "version", DLCORE_SCHEMA_VERSION);
    dlcore_json_put_string(&writer, "decimal", decimal);
    dlcore_json_put_string(&writer, "missing", schema->missing != NULL ? schema->missing : "");
    dlcore_json_open(&writer, "columns", '[');
    for (size_t i = 0; i < schema->inputs; i++)
        put_step(&writer, &schema->steps[i]);
    dlcore_json_close(&writer, ']');
    dlcore_json_open(&writer, "targets", '[');
    for (size_t i = 0; i < schema->targets; i++)
        put_step(&writer, &schema->steps[schema->inputs + i]);
    dlcore_json_close(&writer, ']');
    dlcore_json_close(&writer, '}');
    if (writer.size < room)
        to[writer.size] = '\0';
    return writer.size + 1;
}
