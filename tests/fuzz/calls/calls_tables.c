/* CSV, tables, schemas, streams of them, and models that answer rows of a table.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"

#include <string.h>

enum { TEXT = 128 };

static const char *const table_texts[] = {
    "a,b,word,y\n1,2,u,0\n3,,v,1\n5,6,u,0\n7,8,w,1\n2,1,v,0\n4,4,u,1\n",
    "a;when;y\n1,5;2026-01-02;p\n2,5;2026-02-03;q\n3,5;;p\n",
    "a\ty\n1\t2\n",
    "x,y\n",
    "1,2\n3,4\n5,6\n",
    "a,a,y\n1,NaN,yes\n2,NA,no\n-1e39,1e999,yes\n",
};

/* One of the texts, at times with bytes of the script in it. */
static size_t text_of(script_t *script, char text[TEXT])
{
    const char *from = table_texts[script_pick(script, 6)];
    size_t size = strlen(from);

    memcpy(text, from, size + 1);
    for (size_t changes = script_rarely(script, 3) ? 1 + script_pick(script, 4) : 0; changes > 0;
         changes--)
        text[script_byte(script) % size] = (char)script_byte(script);
    return script_rarely(script, 12) ? script_pick(script, size + 1) : size;
}

static void csv(world_t *world)
{
    script_t *script = &world->script;
    static const dlcore_csv_column_t columns[] = {{.name = "y"}, {.name = "a"}, {.number = -1}};
    dlcore_csv_options_t how = dlcore_csv_options_default();
    char text[TEXT];
    size_t size = text_of(script, text);

    how.delimiter = script_rarely(script, 3) ? (char)script_byte(script) : ',';
    how.quote = script_rarely(script, 9) ? (char)script_byte(script) : '"';
    how.header = (dlcore_csv_header_t)script_choice(script, 0, 2);
    how.label_kind = (dlcore_csv_label_t)script_choice(script, 0, 2);
    how.label = (dlcore_csv_column_t){.name = script_flag(script) ? script_text(script) : NULL,
                                      .number = script_choice(script, -1, 3)};
    how.features = columns;
    how.feature_count = script_rarely(script, 6) ? script_pick(script, 4) : 0;
    how.labels = columns;
    how.label_count = script_rarely(script, 9) ? script_pick(script, 4) : 0;
    how.blank_runs = script_rarely(script, 12);
    how.comment = script_rarely(script, 12) ? '#' : '\0';
    how.decimal = script_rarely(script, 12) ? ',' : '.';
    QUERY(world, dlcore_csv_free(world->csv));
    world->csv = NULL;
    (void)TRY(world, dlcore_csv_parse(text, size, SCRIPT_OR_NULL(script, &how), &world->allocator,
                                      &world->csv, world_error(world)));
    QUERY(world, dlcore_csv_column_name(world->csv, script_size(script, 3)));
    QUERY(world, dlcore_csv_class_name(world->csv, script_size(script, 3)));
    QUERY(world, dlcore_csv_feature_name(world->csv, script_size(script, 3)));
    QUERY(world, dlcore_csv_class_count(world->csv));
}

/* ---- tables ---- */

static dlcore_table_options_t options(script_t *script)
{
    dlcore_table_options_t how = dlcore_table_options_default();

    how.delimiter = script_rarely(script, 6) ? (char)script_byte(script) : '\0';
    how.blank_runs = script_rarely(script, 12);
    how.comment = script_rarely(script, 12) ? (char)script_byte(script) : '\0';
    how.decimal = script_rarely(script, 12) ? (char)script_byte(script) : '\0';
    how.quote = script_rarely(script, 12) ? (char)script_byte(script) : '"';
    how.header = (dlcore_csv_header_t)script_choice(script, 0, 2);
    how.missing = script_rarely(script, 6) ? script_text(script) : NULL;
    how.in_memory = script_flag(script);
    how.structure_size *= !script_rarely(script, 96);
    return how;
}

static void parse(world_t *world)
{
    script_t *script = &world->script;
    size_t place = script_pick(script, WORLD_TABLES);
    dlcore_table_options_t how = options(script);
    char text[TEXT];
    size_t size = text_of(script, text);
    dlcore_status status;

    world_free_table(world, place);
    status =
        TRY(world, dlcore_table_parse(text, size, SCRIPT_OR_NULL(script, &how), &world->allocator,
                                      &world->tables[place], world_error(world)));
    world_require((status == DLCORE_OK) == (world->tables[place] != NULL), "a table",
                  "status and result disagree");
}

static void columns(world_t *world)
{
    static const double numbers[] = {1.0, 2.5, -3.0, 1e300, 4.0};
    static const char *const texts[] = {"u", "v", NULL, "u", "2026-01-01"};
    script_t *script = &world->script;
    size_t place = script_pick(script, WORLD_TABLES);
    dlcore_table_column_t list[3] = {{.name = "a", .numbers = numbers},
                                     {.name = "word", .texts = texts},
                                     {.name = script_text(script)}};

    if (script_flag(script))
        list[2].numbers = numbers;
    if (script_flag(script))
        list[2].texts = texts;
    world_free_table(world, place);
    (void)TRY(world, dlcore_table_from_columns(SCRIPT_OR_NULL(script, list), script_pick(script, 4),
                                               script_pick(script, 6), &world->allocator,
                                               &world->tables[place], world_error(world)));
}

static void file(world_t *world)
{
    script_t *script = &world->script;
    size_t place = script_pick(script, WORLD_TABLES);
    dlcore_table_options_t how = options(script);
    const char *path = world_path(world);

    world_free_table(world, place);
    (void)TRY(world, dlcore_table_load(path, &how, &world->allocator, &world->tables[place],
                                       world_error(world)));
}

static void change(world_t *world)
{
    script_t *script = &world->script;
    dlcore_table_t *table = world->tables[script_pick(script, WORLD_TABLES)];
    const char *column = script_flag(script)
                             ? dlcore_table_column_name(table, script_size(script, 3))
                             : script_text(script);

    if (table != NULL && table == world->tables[0]) { /* the stream reads it */
        QUERY(world, dlcore_table_stream_free(world->stream));
        world->stream = NULL;
    }
    if (script_flag(script))
        (void)TRY(world, dlcore_table_set_kind(table, column,
                                               (dlcore_column_kind_t)script_choice(script, 1, 4),
                                               world_error(world)));
    else
        (void)TRY(world, dlcore_table_set_date(
                             table, column, (dlcore_date_form_t)script_choice(script, 0, 3),
                             script_choice(script, -841, 841), world_error(world)));
    (void)TRY(world, dlcore_table_describe(table, world_stream(world), world_error(world)));
    QUERY(world, dlcore_table_column_kind(table, script_size(script, 3)));
}

/* Rows of a table: all, a range, or a list, mostly within. */
static const dlcore_table_rows_t *rows(script_t *script, dlcore_table_rows_t *to, size_t list[3])
{
    for (size_t i = 0; i < 3; i++)
        list[i] = script_size(script, 5);
    *to = (dlcore_table_rows_t){.list = script_flag(script) ? list : NULL,
                                .begin = script_size(script, 2),
                                .count = script_pick(script, 4)};
    if (to->list == NULL && script_rarely(script, 12))
        to->count = script_size(script, 9);
    return script_flag(script) ? to : NULL;
}

static void split(world_t *world)
{
    script_t *script = &world->script;
    dlcore_split_options_t how = dlcore_split_options_default();
    dlcore_table_split_t parts = {0};

    how.test_fraction = script_number(script, 0.25);
    how.validation_fraction = script_rarely(script, 3) ? script_number(script, 0.25) : 0.0;
    how.stratify = script_rarely(script, 3);
    (void)TRY(world, dlcore_table_split(world->tables[script_pick(script, WORLD_TABLES)],
                                        script_text(script), &how, &parts, world_error(world)));
    QUERY(world, dlcore_table_split_free(&parts));
}

/* ---- schemas ---- */

static void settings(script_t *script, dlcore_schema_column_t *column)
{
    column->fill = (dlcore_schema_fill_t)script_choice(script, 0, 4);
    column->indicator = script_flag(script);
    column->scale = (dlcore_schema_scale_t)script_choice(script, 0, 3);
    column->encode = (dlcore_schema_encode_t)script_choice(script, 0, 2);
    column->rare_below = script_size(script, 3);
    column->date_cycles = script_flag(script);
}

static void learn(world_t *world)
{
    static const char *const targets[] = {"a", "y", "b"};
    script_t *script = &world->script;
    size_t place = script_pick(script, WORLD_TABLES);
    dlcore_schema_column_t column = dlcore_schema_column(script_text(script));
    dlcore_schema_options_t how = dlcore_schema_options_default();
    size_t list[3];
    dlcore_table_rows_t some;
    const dlcore_table_rows_t *which = rows(script, &some, list);

    settings(script, &how.all);
    settings(script, &column);
    how.target = script_flag(script) ? "y" : script_text(script);
    if (script_rarely(script, 6)) {
        how.target = NULL;
        how.targets = targets;
        how.target_count = script_pick(script, 4);
    }
    how.target_scale = (dlcore_schema_scale_t)script_choice(script, 0, 3);
    how.columns = &column;
    how.column_count = script_rarely(script, 3);
    world_free_schema(world, place);
    (void)TRY(world, dlcore_schema_fit(world->tables[script_pick(script, WORLD_TABLES)], which,
                                       &how, &world->schemas[place], world_error(world)));
}

static void apply(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_schema_t *schema = world->schemas[script_pick(script, WORLD_TABLES)];
    const dlcore_table_t *table = world->tables[script_pick(script, WORLD_TABLES)];
    bool labels = script_flag(script);
    size_t list[3];
    dlcore_table_rows_t some;
    const dlcore_table_rows_t *which = rows(script, &some, list);
    dlcore_tensor_t *x = NULL, *y = NULL, *back = NULL;
    char name[16];

    (void)TRY(world, dlcore_schema_apply(schema, table, which, &x, labels ? &y : NULL,
                                         world_error(world)));
    (void)TRY(world, dlcore_schema_unscale_x(schema, x, &back, world_error(world)));
    if (labels) { /* and as sparse rows */
        dlcore_tensor_free(x);
        dlcore_tensor_free(y);
        x = y = NULL;
        (void)TRY(world,
                  dlcore_schema_apply_sparse(schema, table, which, &x, &y, world_error(world)));
    }
    world_free_tensor(world, 0);
    world_free_tensor(world, 1);
    world->tensors[0] = x;
    world->tensors[1] = y;
    dlcore_tensor_free(back);
    back = NULL;
    (void)TRY(world,
              dlcore_schema_unscale_y(schema, world_tensor(world), &back, world_error(world)));
    dlcore_tensor_free(back);
    QUERY(world, dlcore_schema_feature_name(schema, script_size(script, 4), name,
                                            script_pick(script, 17)));
    QUERY(world, dlcore_schema_class_name(schema, script_size(script, 3)));
    QUERY(world, dlcore_schema_target_name(schema, script_size(script, 3)));
    (void)TRY(world, dlcore_schema_describe(schema, world_stream(world), world_error(world)));
}

static void stream(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    dlcore_table_stream_options_t how = dlcore_table_stream_options_default();
    dlcore_fit_options_t fit = dlcore_fit_options_default();
    dlcore_dataset_t dataset;

    how.batch_size = script_size(script, 4);
    how.shuffle_rows = script_size(script, 4);
    QUERY(world, dlcore_table_stream_free(world->stream));
    world->stream = NULL;
    (void)TRY(world, dlcore_table_stream_create(world->schemas[0], world->tables[0], NULL, &how,
                                                &world->stream, world_error(world)));
    dataset = dlcore_table_stream_dataset(world->stream);
    (void)TRY_MODEL(world, model, dlcore_model_fit_dataset(model, &dataset, &fit, NULL));
}

static void answer(world_t *world)
{
    static const char *const names[] = {"a", "b", "word", "when"};
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    const dlcore_schema_t *schema = NULL;
    const char *values[4];
    dlcore_answer_t answers[8];
    dlcore_tensor_t *y = NULL;
    const dlcore_table_t *table = world->tables[script_pick(script, WORLD_TABLES)];

    if (script_flag(script))
        (void)TRY_MODEL(
            world, model,
            dlcore_model_set_schema(model, world->schemas[script_pick(script, WORLD_TABLES)]));
    (void)TRY(world, dlcore_model_schema(model, &schema, world_error(world)));
    for (size_t i = 0; i < 4; i++)
        values[i] = script_text(script);
    (void)TRY(world, dlcore_model_predict_row(model, names, values, script_pick(script, 5), answers,
                                              world_error(world)));
    if (dlcore_table_row_count(table) > 8)
        return;
    (void)TRY(world,
              dlcore_model_predict_table(model, table, NULL, answers, &y, world_error(world)));
    dlcore_tensor_free(y);
}

const world_call_t calls_tables[] = {
    {"csv", csv},       {"parse", parse},   {"parse", parse}, {"columns", columns},
    {"file", file},     {"change", change}, {"split", split}, {"learn", learn},
    {"learn", learn},   {"apply", apply},   {"apply", apply}, {"stream", stream},
    {"answer", answer}, {NULL, NULL},
};
