/* What inspecting and loading say of Keras files whose texts are odd: written by hand, around the
 * numbers of a small model.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>
#include <dlcore/keras.h>

#include "base/allocator.h"
#include "exchange/zip_writer.h"
#include "support/folder.h"
#include "support/keras_file.h"

/* The small model, and its numbers as a file. */
static model_t *small;
static keras_bytes_t weights;

static int begin(void **state)
{
    void *bytes = NULL;

    assert_int_equal(model_create(NULL, &small), DLCORE_OK);
    assert_int_equal(model_add(small, layer_dense(1, ACTIVATION_SIGMOID)), DLCORE_OK);
    assert_int_equal(model_build(small, 2), DLCORE_OK);
    assert_int_equal(keras_save_weights_memory(small, NULL, &bytes, &weights.size), DLCORE_OK);
    weights.bytes = bytes;
    return folder_make(state);
}

static int end(void **state)
{
    model_free(small);
    free(weights.bytes);
    return folder_remove(state);
}

/* ---- files ---- */

static dlcore_status add_to(void *to, const void *bytes, size_t size, dlcore_error_record_t *error)
{
    keras_bytes_t *all = to;

    (void)error;
    memcpy(all->bytes + all->size, bytes, size);
    all->size += size;
    return DLCORE_OK;
}

static void add_entry(dlcore_zip_writer_t *writer, const char *name, const void *bytes, size_t size)
{
    if (bytes != NULL)
        assert_int_equal(dlcore_zip_writer_add(writer, name, bytes, size, NULL), DLCORE_OK);
}

/* A .keras file of these texts, NULL: without that one. */
static keras_bytes_t file_of(const char *config, const char *metadata, bool has_numbers)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    keras_bytes_t file = {.bytes = malloc(weights.size + 16384)};
    dlcore_zip_writer_t writer;

    assert_non_null(file.bytes);
    dlcore_zip_writer_begin(&writer, add_to, &file, &allocator);
    add_entry(&writer, "config.json", config, config != NULL ? strlen(config) : 0);
    add_entry(&writer, "metadata.json", metadata, metadata != NULL ? strlen(metadata) : 0);
    add_entry(&writer, "model.weights.h5", has_numbers ? weights.bytes : NULL, weights.size);
    assert_int_equal(dlcore_zip_writer_finish(&writer, NULL), DLCORE_OK);
    dlcore_zip_writer_end(&writer);
    return file;
}

/* What inspecting a file writes, which can be loaded or not. */
static const char *inspected(const void *bytes, size_t size, const load_options_t *how, bool loads)
{
    FILE *stream = folder_stream("told");

    assert_int_equal(keras_inspect_memory(bytes, size, how, stream) == DLCORE_OK, loads);
    assert_int_equal(fclose(stream), 0);
    return folder_text("told");
}

#define LAYERS(list, more)                                                                   \
    "{\"class_name\":\"Sequential\",\"config\":{\"name\":\"s\",\"layers\":[{\"class_name\":" \
    "\"InputLayer\",\"config\":{\"batch_shape\":[null,2],\"name\":\"i\"}}" list "]}" more "}"
#define DENSE(more)                                                                         \
    ",{\"class_name\":\"Dense\",\"config\":{\"name\":\"dense\",\"units\":1,\"activation\":" \
    "\"sigmoid\"" more "}}"

typedef struct text_case {
    const char *config, *metadata;
    bool loads;
    const char *wanted;
} text_case_t;

static void test_keras_inspect_of_odd_texts(void **state)
{
    static const text_case_t cases[] = {
        {LAYERS(DENSE(""), ""), NULL, true,
         "Keras: 1 layers, 3 weights, 12 bytes\n  dense (Dense), 2 to 1: kernel (2, 1), bias (1)\n"
         "not compiled\n"},
        {LAYERS(DENSE(""), ",\"compile_config\":{}"), "{\"keras_version\":7}", true,
         "Keras: 1 layers, 3 weights, 12 bytes\n  dense (Dense), 2 to 1: kernel (2, 1), bias (1)\n"
         "not compiled\n"},
        {LAYERS(DENSE(",\"trainable\":false"), ""), "{\"keras_version\":\"3.1\"}", true,
         "Keras 3.1: 1 layers, 3 weights, 12 bytes\n"
         "  dense (Dense), 2 to 1: kernel (2, 1), bias (1); frozen\nnot compiled\n"},
        {LAYERS(DENSE(""), ""), "[", true, "Keras: 1 layers"},
        {"{\"class_name\":\"Sequential\",\"config\":{\"layers\":7}}", NULL, false,
         "Keras, layers:\n"},
        {LAYERS(",{\"class_name\":\"Conv9D\",\"config\":[]}", ""), NULL, false,
         "   (Conv9D); this version has no such layer\n"},
        {LAYERS(",{\"class_name\":\"Conv9D\",\"config\":{\"name\":\"c\",\"trainable\":false,"
                "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,"
                "\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1}}",
                ",\"compile_config\":{\"optimizer\":\"adam\"}"),
         NULL, false,
         ", o 1, p 1, ...; frozen; this version has no such layer\n"
         "compiled: optimizer adam, loss none, metrics none\n"},
        {LAYERS(",{\"class_name\":\"Conv9D\"}",
                ",\"compile_config\":{\"loss\":\"mse\",\"metrics\":[\"mae\"]}"),
         NULL, false, "compiled: optimizer none, loss mse, metrics mae\n"},
        {LAYERS(",{\"class_name\":\"Conv9D\"}", ",\"compile_config\":{}"), NULL, false,
         "(Conv9D); this version has no such layer\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        keras_bytes_t file = file_of(cases[i].config, cases[i].metadata, true);
        const char *text = inspected(file.bytes, file.size, NULL, cases[i].loads);

        if (strstr(text, cases[i].wanted) == NULL)
            fail_msg("case %zu: no \"%s\" in: %s", i, cases[i].wanted, text);
        free(file.bytes);
    }
}

static void test_keras_inspect_of_weights_alone_tells_no_layers(void **state)
{
    (void)state;
    assert_string_equal(inspected(weights.bytes, weights.size, NULL, false),
                        "cannot be loaded: memory: has only weights: keras_load_weights reads "
                        "them\n");
}

/* Of a file with metrics of both kinds, of either, and without its training. */
static void test_keras_inspect_tells_metrics_and_training(void **state)
{
    static const char *const wanted[] = {
        "metrics accuracy, mean_absolute_error, weighted accuracy; the optimizer begins anew\n",
        "metrics weighted accuracy, weighted mean_absolute_error; training goes on from step 0\n",
    };
    load_options_t how = load_options_default();

    (void)state;
    for (int i = 0; i < 2; i++) {
        compile_options_t options = compile_options_default();
        void *bytes = NULL;
        const char *text;
        size_t size;

        options.loss = loss_default(LOSS_BINARY_CROSSENTROPY);
        options.metric_count = i == 0 ? 2 : 0;
        options.weighted_metric_count = i == 0 ? 1 : 2;
        options.weighted_metrics[0] = metric_default(METRIC_ACCURACY);
        if (i == 0) {
            options.metrics[0] = options.weighted_metrics[0];
            options.metrics[1] = metric_default(METRIC_MEAN_ABSOLUTE_ERROR);
        } else {
            options.weighted_metrics[1] = metric_default(METRIC_MEAN_ABSOLUTE_ERROR);
        }
        if (model_compile_with(small, &options) != DLCORE_OK)
            fail_msg("%s", model_error(small));
        assert_int_equal(keras_save_memory(small, NULL, &bytes, &size), DLCORE_OK);
        how.training_state = i == 1;
        text = inspected(bytes, size, &how, true);
        if (strstr(text, wanted[i]) == NULL)
            fail_msg("no \"%s\" in: %s", wanted[i], text);
        free(bytes);
    }
}

static void test_keras_inspect_a_stream_that_fails_is_an_error(void **state)
{
    load_options_t how = load_options_default();
    error_record_t error = {.message = ""};
    keras_bytes_t file = file_of(LAYERS(DENSE(""), ""), NULL, true);
    FILE *stream;

    (void)state;
    how.error = &error;
    folder_write("told", "text");
    stream = fopen(folder_path("told"), "rb"); /* in which nothing can be written */
    assert_non_null(stream);
    assert_int_equal(keras_inspect_memory(file.bytes, file.size, &how, stream), DLCORE_ERROR_IO);
    assert_string_equal(error.message, "keras_inspect: cannot write to the stream");
    assert_int_equal(keras_inspect_memory(file.bytes, 20, &how, stream), DLCORE_ERROR_FORMAT);
    fclose(stream);
    stream = fopen("/dev/full", "wb");
    if (stream != NULL) {
        assert_int_equal(keras_inspect_memory(file.bytes, file.size, &how, stream),
                         DLCORE_ERROR_IO);
        fclose(stream);
    }
    free(file.bytes);
}

static void test_keras_inspect_of_files_by_their_path(void **state)
{
    load_options_t none = {.structure_size = 0};
    FILE *stream = folder_stream("told");

    (void)state;
    folder_write("none.keras", "PK\3\4");
    assert_int_equal(keras_inspect(folder_path("none.keras"), NULL, stream), DLCORE_ERROR_FORMAT);
    assert_int_equal(keras_inspect(folder_path("none.keras"), &none, stream),
                     DLCORE_ERROR_ARGUMENT);
    assert_int_equal(fclose(stream), 0);
}

/* ---- loading ---- */

static void refuse(const keras_bytes_t *file, dlcore_status status, const char *text)
{
    load_options_t how = load_options_default();
    error_record_t error = {.message = ""};
    model_t *model = NULL;

    how.error = &error;
    assert_int_equal(keras_load_memory(file->bytes, file->size, &how, &model), status);
    assert_null(model);
    if (strstr(error.message, text) == NULL)
        fail_msg("no \"%s\" in: %s", text, error.message);
}

static void test_keras_load_of_archives_that_lack_a_file_is_refused(void **state)
{
    keras_bytes_t file = file_of(NULL, NULL, true);

    (void)state;
    refuse(&file, DLCORE_ERROR_FORMAT, "has no config.json or no model.weights.h5");
    free(file.bytes);
    file = file_of(LAYERS(DENSE(""), ""), NULL, false);
    refuse(&file, DLCORE_ERROR_FORMAT, "has no config.json or no model.weights.h5");
    free(file.bytes);
    file = file_of(LAYERS(DENSE(""), ",\"compile_config\":{},\"compile_config\":{}"), NULL, true);
    refuse(&file, DLCORE_ERROR_FORMAT, "compile_config");
    free(file.bytes);
    file = keras_fixture_bytes("keras_2.15.1.h5");
    for (size_t at = 0; at + 16 <= file.size; at++) {
        if (memcmp(file.bytes + at, "GCOL\1", 5) == 0)
            memset(file.bytes + at + 8, 0, 8); /* the heap's size */
    }
    refuse(&file, DLCORE_ERROR_FORMAT, "has a text of another length than its heap says");
    free(file.bytes);
}

static void test_keras_load_misuse_of_each_call_is_refused(void **state)
{
    load_options_t how = load_options_default(), none = {.structure_size = 0};
    model_t *model = NULL;

    (void)state;
    assert_int_equal(keras_load_memory("x", 1, &none, &model), DLCORE_ERROR_ARGUMENT);
    how.model.allocator.release = NULL;
    assert_int_equal(keras_load_memory("x", 1, &how, &model), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(keras_load("x", &how, &model), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(keras_load_weights_memory(NULL, "x", 1), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(keras_load_weights_memory(small, NULL, 0), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(model_add(model, layer_dense(1, ACTIVATION_SIGMOID)), DLCORE_OK);
    assert_int_equal(keras_load_weights_memory(model, weights.bytes, weights.size),
                     DLCORE_ERROR_STATE);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_inspect_of_odd_texts),
        cmocka_unit_test(test_keras_inspect_of_weights_alone_tells_no_layers),
        cmocka_unit_test(test_keras_inspect_tells_metrics_and_training),
        cmocka_unit_test(test_keras_inspect_a_stream_that_fails_is_an_error),
        cmocka_unit_test(test_keras_inspect_of_files_by_their_path),
        cmocka_unit_test(test_keras_load_of_archives_that_lack_a_file_is_refused),
        cmocka_unit_test(test_keras_load_misuse_of_each_call_is_refused),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
