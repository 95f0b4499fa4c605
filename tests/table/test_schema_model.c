/* Schemas in models: as text and back to the same bits, in files, and predictions by them.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "dlcore/keras.h"
#include "dlcore/onnx.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/tables.h"
#include "support/tensors.h"
#include "table/schema_json.h"

static const char flowers[] =
    "size,color,seen,kind\n1.5,red,2026-01-02,rose\n,blue,2026-02-03,lily\n"
    "7.25,,2026-03-04 05:06,rose\n2,\"r\xC3\xA9"
    "d \\ \"\"q\"\"\",,tulip\n";

static dlcore_schema_t *flower_schema(const char *target)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_schema_column_t seen = dlcore_schema_column("seen");
    dlcore_table_t *table = table_of(flowers, NULL);
    dlcore_schema_t *schema;

    seen.date_cycles = seen.indicator = true;
    seen.scale = DLCORE_SCALE_MIN_MAX;
    options.columns = &seen;
    options.column_count = 1;
    options.target = target;
    schema = schema_of(table, NULL, &options);
    dlcore_table_free(table);
    return schema;
}

static char *text_of(const dlcore_schema_t *schema)
{
    size_t size = dlcore_schema_put(schema, NULL, 0);
    char *text = malloc(size);

    assert_non_null(text);
    assert_int_equal(dlcore_schema_put(schema, text, size), size);
    assert_int_equal(strlen(text), size - 1);
    return text;
}

static dlcore_schema_t *read_again(const char *text)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema = NULL;

    if (dlcore_schema_read(text, &allocator, &schema, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return schema;
}

static void assert_same_features(const dlcore_schema_t *a, const dlcore_schema_t *b)
{
    dlcore_table_t *table = table_of(flowers, NULL);
    dlcore_tensor_t *x, *y, *x2, *y2;

    assert_int_equal(dlcore_schema_apply(a, table, NULL, &x, &y, NULL), DLCORE_OK);
    assert_int_equal(dlcore_schema_apply(b, table, NULL, &x2, &y2, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_size(x), dlcore_tensor_size(x2));
    assert_memory_equal(dlcore_tensor_data_const(x), dlcore_tensor_data_const(x2),
                        dlcore_tensor_size(x) * sizeof(float));
    assert_memory_equal(dlcore_tensor_data_const(y), dlcore_tensor_data_const(y2),
                        dlcore_tensor_size(y) * 4);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(x2);
    dlcore_tensor_free(y2);
    dlcore_table_free(table);
}

static void test_schema_text_gives_the_same_bits(void **state)
{
    static const char *const targets[] = {"kind", "size"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dlcore_table_t *table = table_of(flowers, NULL);
        dlcore_schema_options_t options = dlcore_schema_options_default();
        dlcore_schema_t *schema, *again;
        char *text, *text2;

        options.target = targets[i];
        options.all.encode = i == 1 ? DLCORE_ENCODE_INDEX : DLCORE_ENCODE_ONE_HOT;
        options.all.rare_below = 1 + i;
        options.all.fill = i == 1 ? DLCORE_FILL_MOST_FREQUENT : DLCORE_FILL_DEFAULT;
        if (i == 1) { /* its target has no gap */
            dlcore_table_rows_t rows = {.list = (const size_t[]){0, 2, 3}, .count = 3};

            assert_int_equal(dlcore_schema_fit(table, &rows, &options, &schema, NULL), DLCORE_OK);
        } else {
            schema = flower_schema(targets[i]);
        }
        text = text_of(schema);
        again = read_again(text);
        text2 = text_of(again);
        assert_string_equal(text, text2);
        if (i == 0)
            assert_same_features(schema, again);
        free(text);
        free(text2);
        dlcore_schema_free(schema);
        dlcore_schema_free(again);
        dlcore_table_free(table);
    }
}

static void assert_unreadable(const char *text, dlcore_status status, const char *message)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema = NULL;

    assert_failed(dlcore_schema_read(text, &allocator, &schema, &error), status, &error, message);
    assert_null(schema);
}

/* The text of a schema with one piece of it in another's place. */
static void assert_edit_unreadable(const char *from, const char *to, dlcore_status status,
                                   const char *message)
{
    dlcore_schema_t *schema = flower_schema("kind");
    char *text = text_of(schema), *at = strstr(text, from);
    char *edited = malloc(strlen(text) + strlen(to) + 1);

    assert_non_null(edited);
    if (at == NULL)
        fail_msg("\"%s\" is not in %s", from, text);
    sprintf(edited, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_unreadable(edited, status, message);
    free(edited);
    free(text);
    dlcore_schema_free(schema);
}

static void test_schema_text_that_is_none_is_refused_by_name(void **state)
{
    (void)state;
    assert_unreadable("", DLCORE_ERROR_FORMAT, "schema: byte 0");
    assert_unreadable("[]", DLCORE_ERROR_FORMAT, "no object");
    assert_unreadable("{}", DLCORE_ERROR_FORMAT, "\"version\" is missing");
    assert_edit_unreadable("\"version\":\"1\"", "\"version\":\"2\"", DLCORE_ERROR_UNSUPPORTED,
                           "version \"2\", this dlcore reads 1");
    assert_edit_unreadable("\"decimal\":\".\"", "\"decimal\":\".\",\"x\":1",
                           DLCORE_ERROR_UNSUPPORTED, "\"x\" is not known");
    assert_edit_unreadable("\"decimal\":\".\"", "\"decimal\":\";\"", DLCORE_ERROR_FORMAT,
                           "decimal");
    assert_edit_unreadable("\"scale\":\"standardize\"", "\"scale\":\"robust\"",
                           DLCORE_ERROR_UNSUPPORTED, "\"scale\" is \"robust\"");
    assert_edit_unreadable("\"kind\":\"number\"", "\"kind\":\"picture\"", DLCORE_ERROR_UNSUPPORTED,
                           "picture");
    assert_edit_unreadable("\"divisor\":", "\"divisor\":0,\"other\":", DLCORE_ERROR_UNSUPPORTED,
                           "\"other\"");
    assert_edit_unreadable("\"divisor\":", "\"divisor\":-", DLCORE_ERROR_FORMAT,
                           "\"divisor\" is no number in its range");
    assert_edit_unreadable("\"indicator\":false", "\"indicator\":0", DLCORE_ERROR_FORMAT,
                           "neither true nor false");
    assert_edit_unreadable("\"rare\":false", "\"rare\":false,\"rare\":false", DLCORE_ERROR_FORMAT,
                           "\"rare\" is there twice");
    assert_edit_unreadable("\"blue\"", "\"red\"", DLCORE_ERROR_FORMAT, "has one twice");
    assert_edit_unreadable("\"blue\"", "7", DLCORE_ERROR_FORMAT, "what is no text");
    assert_edit_unreadable("\"blue\"", "\"b\\u0000\"", DLCORE_ERROR_FORMAT, "has a zero byte");
    assert_edit_unreadable("\"fill_category\":", "\"fill_category\":9", DLCORE_ERROR_FORMAT,
                           "is none of them");
    assert_edit_unreadable("\"form\":\"ymd\"", "\"form\":\"\"", DLCORE_ERROR_UNSUPPORTED, "form");
    assert_edit_unreadable("\"zone_minutes\":0", "\"zone_minutes\":1e4", DLCORE_ERROR_FORMAT,
                           "zone_minutes");
    assert_edit_unreadable("\"fill\":\"place\"", "\"fill\":\"median\"", DLCORE_ERROR_FORMAT,
                           "does not go with the kind");
    assert_edit_unreadable("\"name\":\"size\"", "\"name\":null", DLCORE_ERROR_FORMAT,
                           "\"name\" is no text");
    assert_edit_unreadable("\"columns\":[", "\"columns\":[1,", DLCORE_ERROR_FORMAT, "no column");
    assert_unreadable("{\"version\":\"1\",\"decimal\":\".\",\"missing\":\"\",\"columns\":[],"
                      "\"targets\":[]}",
                      DLCORE_ERROR_SHAPE, "no column gives a feature");
}

static void test_schema_columns_of_one_name_are_refused_where_they_are_used(void **state)
{
    static const char other[] = "\"name\":\"size\" ";
    dlcore_schema_t *schema = flower_schema(NULL), *twice;
    char *text = text_of(schema), *at = strstr(text, "\"name\":\"color\"");

    (void)state;
    assert_non_null(at);
    memcpy(at, other, sizeof other - 1);
    twice = read_again(text);
    assert_not_applied(twice, flowers, false, DLCORE_ERROR_NAME, "\"size\" is twice in the schema");
    dlcore_schema_free(schema);
    dlcore_schema_free(twice);
    free(text);
}

/* ---- models ---- */

static dlcore_model_t *model_for(size_t inputs, size_t units, dlcore_activation_t activation)
{
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(units, activation)), DLCORE_OK);
    assert_int_equal(dlcore_model_build(model, inputs), DLCORE_OK);
    return model;
}

static void test_schema_travels_with_its_model(void **state)
{
    dlcore_schema_t *schema = flower_schema("kind");
    dlcore_model_t *model =
        model_for(dlcore_schema_feature_count(schema), 3, DLCORE_ACTIVATION_SOFTMAX);
    dlcore_model_t *loaded = NULL, *clone = NULL;
    const dlcore_schema_t *found = NULL;
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    assert_int_equal(dlcore_model_schema(model, &found, &error), DLCORE_OK);
    assert_null(found);
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_OK);
    assert_int_equal(dlcore_model_save(model, scratch_path("flowers.safetensors"), NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_load(scratch_path("flowers.safetensors"), NULL, &loaded),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_schema(loaded, &found, &error), DLCORE_OK);
    assert_same_features(schema, found);
    assert_int_equal(dlcore_model_clone(loaded, &clone), DLCORE_OK);
    dlcore_model_free(loaded);
    assert_int_equal(dlcore_model_schema(clone, &found, &error), DLCORE_OK);
    assert_same_features(schema, found);
    assert_int_equal(dlcore_model_set_schema(clone, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_schema(clone, &found, &error), DLCORE_OK);
    assert_null(found);
    dlcore_model_free(clone);
    dlcore_model_free(model);
    dlcore_schema_free(schema);
    (void)remove(scratch_path("flowers.safetensors"));
}

/* Other programs do not apply it, but their files carry it. */
static void test_schema_travels_in_other_files(void **state)
{
    dlcore_schema_t *schema = flower_schema("kind");
    dlcore_model_t *model =
        model_for(dlcore_schema_feature_count(schema), 3, DLCORE_ACTIVATION_SOFTMAX);
    const dlcore_schema_t *found = NULL;
    dlcore_model_t *loaded = NULL;

    (void)state;
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_OK);
#ifdef DLCORE_PART_KERAS
    assert_int_equal(dlcore_keras_save(model, scratch_file("s.keras", "", 0), NULL), DLCORE_OK);
    assert_int_equal(dlcore_keras_load(scratch_path("s.keras"), NULL, &loaded), DLCORE_OK);
    assert_int_equal(dlcore_model_schema(loaded, &found, NULL), DLCORE_OK);
    assert_same_features(schema, found);
    dlcore_model_free(loaded);
#endif
#ifdef DLCORE_PART_ONNX
    assert_int_equal(dlcore_onnx_save(model, scratch_file("s.onnx", "", 0), NULL), DLCORE_OK);
    assert_int_equal(dlcore_onnx_load(scratch_path("s.onnx"), NULL, &loaded), DLCORE_OK);
    assert_int_equal(dlcore_model_schema(loaded, &found, NULL), DLCORE_OK);
    assert_same_features(schema, found);
    dlcore_model_free(loaded);
#endif
    (void)found;
    (void)loaded;
    dlcore_model_free(model);
    dlcore_schema_free(schema);
}

static void assert_inspected(const dlcore_model_t *model, const char *text)
{
    dlcore_inspection_t *inspection = NULL;
    FILE *stream = tmpfile();
    char found[8192] = "";

    assert_int_equal(dlcore_model_save(model, scratch_file("i.safetensors", "", 0), NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_inspect(scratch_path("i.safetensors"), NULL, &inspection),
                     DLCORE_OK);
    assert_int_equal(dlcore_inspection_print(inspection, stream), DLCORE_OK);
    rewind(stream);
    found[fread(found, 1, sizeof found - 1, stream)] = '\0';
    if (strstr(found, text) == NULL)
        fail_msg("\"%s\" is not in %s", text, found);
    fclose(stream);
    dlcore_inspection_free(inspection);
}

static void test_schema_is_shown_by_inspect(void **state)
{
    dlcore_schema_t *schema = flower_schema("kind");
    dlcore_model_t *model =
        model_for(dlcore_schema_feature_count(schema), 3, DLCORE_ACTIVATION_SOFTMAX);

    (void)state;
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_OK);
    assert_inspected(model, "  target kind: category, 3 classes: \"lily\", \"rose\", \"tulip\"\n");
    assert_int_equal(dlcore_model_set_note(model, DLCORE_NOTE_SCHEMA, "{\"version\":\"7\"}"),
                     DLCORE_OK);
    assert_inspected(model, "the schema cannot be used: schema: version \"7\"");
    dlcore_model_free(model);
    dlcore_schema_free(schema);
}

static void test_schema_of_another_width_is_refused(void **state)
{
    dlcore_schema_t *schema = flower_schema("kind");
    dlcore_model_t *model = model_for(4, 3, DLCORE_ACTIVATION_SOFTMAX);
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = table_of(flowers, NULL);
    const dlcore_schema_t *found;

    (void)state;
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_ERROR_SHAPE);
    assert_string_equal(dlcore_model_error(model),
                        "schema: it gives 13 features, the model has 4 inputs");
    assert_failed(dlcore_model_predict_table(model, table, NULL, NULL, NULL, &error),
                  DLCORE_ERROR_STATE, &error, "the model has no schema");
    assert_int_equal(dlcore_model_set_note(model, DLCORE_NOTE_SCHEMA, "{\"version\":\"7\"}"),
                     DLCORE_OK);
    assert_failed(dlcore_model_schema(model, &found, &error), DLCORE_ERROR_UNSUPPORTED, &error,
                  "version \"7\"");
    assert_failed(dlcore_model_predict_table(model, table, NULL, NULL, NULL, &error),
                  DLCORE_ERROR_UNSUPPORTED, &error, "version \"7\"");
    dlcore_table_free(table);
    dlcore_model_free(model);
    dlcore_schema_free(schema);
}

static void test_schema_answers_have_class_names(void **state)
{
    static const char *const names[] = {"size", "color", "seen"};
    static const char *const values[] = {"1.5", "red", "2026-01-02"};
    dlcore_schema_t *schema = flower_schema("kind");
    dlcore_model_t *model =
        model_for(dlcore_schema_feature_count(schema), 3, DLCORE_ACTIVATION_SOFTMAX);
    dlcore_table_t *table = table_of(flowers, NULL);
    dlcore_error_record_t error = {.message = ""};
    dlcore_answer_t answers[4], answer;
    dlcore_tensor_t *x, *y = NULL, *expected = NULL;
    const float *outputs;

    (void)state;
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_OK);
    assert_int_equal(dlcore_model_predict_table(model, table, NULL, answers, &y, &error),
                     DLCORE_OK);
    assert_int_equal(dlcore_schema_apply(schema, table, NULL, &x, NULL, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(4, 3), &expected, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_predict(model, x, expected), DLCORE_OK);
    assert_true(dlcore_tensor_equal(y, expected, 1e-6));
    outputs = dlcore_tensor_data_const(y);
    for (size_t i = 0; i < 4; i++) {
        size_t best = answers[i].class_index;

        for (size_t k = 0; k < 3; k++)
            assert_true(outputs[3 * i + best] >= outputs[3 * i + k]);
        assert_string_equal(answers[i].class_name, dlcore_schema_class_name(schema, best));
        assert_true(answers[i].probability == (double)outputs[3 * i + best]);
    }
    assert_int_equal(dlcore_model_predict_row(model, names, values, 3, &answer, &error), DLCORE_OK);
    assert_int_equal(answer.class_index, answers[0].class_index);
    assert_true(fabs(answer.probability - answers[0].probability) < 1e-6);
    assert_failed(dlcore_model_predict_row(model, names, values, 2, &answer, &error),
                  DLCORE_ERROR_NAME, &error, "no value is called \"seen\"");
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(expected);
    dlcore_table_free(table);
    dlcore_model_free(model);
    dlcore_schema_free(schema);
}

/* Two columns of words as indices, each with a table; what is not known has a row, too. */
static void test_schema_with_an_embedding_answers_rows(void **state)
{
    static const char *const names[] = {"size", "color", "shape"};
    static const char *const seen[] = {"3", "red", "round"}, *const odd[] = {"3", "mauve", NULL};
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("size,color,shape,kind\n1,red,round,a\n2,blue,long,b\n"
                                     "3,red,flat,a\n4,green,round,b\n",
                                     NULL);
    dlcore_schema_t *schema;
    dlcore_layer_t layer;
    dlcore_model_t *model = NULL, *loaded = NULL;
    dlcore_answer_t answer;

    (void)state;
    options.target = "kind";
    options.all.encode = DLCORE_ENCODE_INDEX;
    schema = schema_of(table, NULL, &options);
    layer = dlcore_schema_embedding(schema);
    assert_int_equal(layer.embeddings.count, 2);
    assert_int_equal(layer.embeddings.table[0].column, 1);
    assert_int_equal(layer.embeddings.table[0].count, 5);
    assert_int_equal(layer.embeddings.table[0].units, dlcore_embedding_units(5));
    assert_int_equal(layer.embeddings.table[1].column, 2);
    assert_int_equal(dlcore_schema_embedding(NULL).embeddings.count, 0);
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, layer), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_SOFTMAX)),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_build(model, dlcore_schema_feature_count(schema)), DLCORE_OK);
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_OK);
    assert_int_equal(dlcore_model_save(model, scratch_path("words.safetensors"), NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_load(scratch_path("words.safetensors"), NULL, &loaded),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_predict_row(loaded, names, seen, 3, &answer, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_predict_row(loaded, names, odd, 3, &answer, NULL), DLCORE_OK);
    (void)remove(scratch_path("words.safetensors"));
    dlcore_model_free(loaded);
    dlcore_model_free(model);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

/* A layer has room for one table fewer than there are columns. */
static void test_schema_with_too_many_indices_for_an_embedding_has_no_layer(void **state)
{
    enum { COLUMNS = DLCORE_EMBEDDINGS_MAX + 1 };
    char text[3 * 5 * COLUMNS];
    size_t used = 0;
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table;
    dlcore_schema_t *schema;
    dlcore_model_t *model = NULL;

    (void)state;
    for (int row = 0; row < 3; row++)
        for (int i = 0; i < COLUMNS; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%c%d%c",
                                     row == 0 ? 'c' : (char)('t' + row), i,
                                     i < COLUMNS - 1 ? ',' : '\n');
    table = table_of(text, NULL);
    options.all.encode = DLCORE_ENCODE_INDEX;
    schema = schema_of(table, NULL, &options);
    assert_int_equal(dlcore_schema_feature_count(schema), COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        assert_int_equal(dlcore_schema_feature_index_count(schema, i), 4);
    assert_int_equal(dlcore_schema_embedding(schema).embeddings.count, COLUMNS);
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_schema_embedding(schema)),
                     DLCORE_ERROR_ARGUMENT);
    assert_string_equal(dlcore_model_error(model),
                        "embedding: embeddings.count must lie in 1 .. 64, got 65");
    dlcore_model_free(model);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_answers_of_one_sigmoid_unit(void **state)
{
    static const char *const names[] = {"a"};
    dlcore_schema_t *schema = schema_of_text("a,kind\n-1,no\n1,yes\n", "kind");
    dlcore_model_t *model = model_for(1, 1, DLCORE_ACTIVATION_SIGMOID);
    dlcore_answer_t answer;

    (void)state;
    assert_int_equal(dlcore_model_set_weights(model, (const float[]){2, 0}, 2), DLCORE_OK);
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_OK);
    assert_int_equal(
        dlcore_model_predict_row(model, names, (const char *const[]){"1"}, 1, &answer, NULL),
        DLCORE_OK);
    assert_string_equal(answer.class_name, "yes");
    assert_true(fabs(answer.probability - 0.880797) < 1e-5);
    assert_int_equal(
        dlcore_model_predict_row(model, names, (const char *const[]){"-1"}, 1, &answer, NULL),
        DLCORE_OK);
    assert_string_equal(answer.class_name, "no");
    assert_true(fabs(answer.probability - 0.880797) < 1e-5);
    dlcore_model_free(model);
    dlcore_schema_free(schema);
}

static void test_schema_answers_undo_the_scaling_of_targets(void **state)
{
    static char text[3000 * 16];
    size_t used = (size_t)snprintf(text, sizeof text, "a,y\n");
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *y = NULL;
    dlcore_answer_t *answers = calloc(3000, sizeof *answers);
    dlcore_schema_t *schema;
    dlcore_model_t *model;
    dlcore_table_t *table;

    (void)state;
    assert_non_null(answers);
    for (int i = 0; i < 3000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,%d\n", i, 5 * i + 100);
    schema = schema_of_text(text, "y");
    model = model_for(1, 1, DLCORE_ACTIVATION_LINEAR);
    assert_int_equal(dlcore_model_set_weights(model, (const float[]){1, 0}, 2), DLCORE_OK);
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_OK);
    table = table_of(text, NULL); /* more rows than a piece has */
    assert_int_equal(dlcore_model_predict_table(model, table, NULL, answers, &y, &error),
                     DLCORE_OK);
    for (int i = 0; i < 3000; i++) {
        assert_true(fabs(answers[i].number - (5 * i + 100)) < 0.01);
        assert_true(((const float *)dlcore_tensor_data_const(y))[i] == (float)answers[i].number);
        assert_null(answers[i].class_name);
    }
    dlcore_tensor_free(y);
    dlcore_table_free(table);
    dlcore_model_free(model);
    model = model_for(1, 2, DLCORE_ACTIVATION_LINEAR);
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_OK);
    table = table_of("a\n1\n", NULL);
    assert_failed(dlcore_model_predict_table(model, table, NULL, answers, NULL, &error),
                  DLCORE_ERROR_SHAPE, &error, "the model has 2 outputs, for 1 targets");
    free(answers);
    dlcore_table_free(table);
    dlcore_model_free(model);
    dlcore_schema_free(schema);
}

static dlcore_status read_with(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_schema_t *schema = NULL;
    dlcore_status status = dlcore_schema_read((const char *)context, allocator, &schema, NULL);

    dlcore_schema_free(schema);
    return status;
}

static void test_schema_read_survives_every_failing_allocation(void **state)
{
    dlcore_schema_t *schema = flower_schema("kind");
    char *text = text_of(schema);

    (void)state;
    assert_in_range(failing_allocator_sweep(read_with, text), 8, 30);
    free(text);
    dlcore_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_text_gives_the_same_bits),
        cmocka_unit_test(test_schema_text_that_is_none_is_refused_by_name),
        cmocka_unit_test(test_schema_columns_of_one_name_are_refused_where_they_are_used),
        cmocka_unit_test(test_schema_travels_with_its_model),
        cmocka_unit_test(test_schema_travels_in_other_files),
        cmocka_unit_test(test_schema_is_shown_by_inspect),
        cmocka_unit_test(test_schema_of_another_width_is_refused),
        cmocka_unit_test(test_schema_answers_have_class_names),
        cmocka_unit_test(test_schema_with_an_embedding_answers_rows),
        cmocka_unit_test(test_schema_with_too_many_indices_for_an_embedding_has_no_layer),
        cmocka_unit_test(test_schema_answers_of_one_sigmoid_unit),
        cmocka_unit_test(test_schema_answers_undo_the_scaling_of_targets),
        cmocka_unit_test(test_schema_read_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
