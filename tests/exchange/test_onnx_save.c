/* Models saved as ONNX: loaded again they predict the same, layer by layer and activation by
 * activation. Whether other programs read them, tests/onnx_files.sh asks.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "dlcore/note.h"
#include "exchange/onnx_write.h"
#include "nn/layer.h"
#include "support/failing_allocator.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/onnx_case.h"
#include "support/tensors.h"

enum { WIDTH = 5, ROWS = 3 };

/* A model of these layers, with weights that are not those of the start. */
static dlcore_model_t *model_of(const dlcore_layer_t *layers, size_t count)
{
    dlcore_model_t *model = NULL;
    float *weights;
    size_t parameters;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    for (size_t i = 0; i < count; i++)
        assert_accepted(model, dlcore_model_add(model, layers[i]));
    assert_accepted(model, dlcore_model_build(model, WIDTH));
    parameters = dlcore_model_parameter_count(model);
    weights = malloc((parameters + 1) * sizeof *weights);
    assert_non_null(weights);
    for (size_t i = 0; i < parameters; i++) /* above 0, as variances are */
        weights[i] = 0.05f + (float)(i * 37 % 101) / 202.0f;
    assert_accepted(model, dlcore_model_set_weights(model, weights, parameters));
    free(weights);
    return model;
}

static dlcore_model_t *saved_and_loaded(const dlcore_model_t *model)
{
    dlcore_onnx_save_options_t options = dlcore_onnx_save_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *loaded;
    void *bytes = NULL;
    size_t size;

    options.error = &error;
    if (dlcore_onnx_save_memory(model, &options, &bytes, &size) != DLCORE_OK)
        fail_msg("%s", error.message);
    loaded = onnx_case_load(bytes, size);
    free(bytes);
    return loaded;
}

/* Saves, loads, and compares the predictions; both models are freed. */
static void assert_comes_back(dlcore_model_t *model)
{
    dlcore_model_t *loaded = saved_and_loaded(model);
    size_t width = dlcore_model_output_width(model);
    float x[ROWS * WIDTH], *expected = calloc(2 * ROWS * width, sizeof(float));
    float *found = expected + ROWS * width;

    assert_non_null(expected);
    assert_int_equal(dlcore_model_output_width(loaded), width);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        x[i] = (float)(i * 7 % 15) / 8.0f - 0.9f;
    onnx_case_predict(model, ROWS, x, expected);
    onnx_case_predict(loaded, ROWS, x, found);
    for (size_t i = 0; i < ROWS * width; i++) {
        if (!(fabsf(found[i] - expected[i]) <= 2e-6f * fmaxf(1.0f, fabsf(expected[i]))))
            fail_msg("output %zu is %.9g, not %.9g", i, (double)found[i], (double)expected[i]);
    }
    free(expected);
    dlcore_model_free(model);
    dlcore_model_free(loaded);
}

/* Whether ONNX has it; what it has not is refused with the layer's name and `reason`. */
static bool can_be_saved(dlcore_layer_t layer, const char *reason)
{
    dlcore_onnx_save_options_t options = dlcore_onnx_save_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model;
    void *bytes = NULL;
    size_t size;
    dlcore_status status;

    snprintf(layer.name, sizeof layer.name, "the_layer");
    model = model_of(&layer, 1);
    options.error = &error;
    status = dlcore_onnx_save_memory(model, &options, &bytes, &size);
    free(bytes);
    dlcore_model_free(model);
    if (status != DLCORE_OK) {
        assert_failed(status, DLCORE_ERROR_UNSUPPORTED, &error, "\"the_layer\"");
        assert_failed(status, DLCORE_ERROR_UNSUPPORTED, &error, reason);
    }
    return status == DLCORE_OK;
}

static void test_onnx_save_each_activation_comes_back(void **state)
{
    int saved = 0;

    (void)state;
    for (int a = 1; a < DLCORE_ACTIVATION_COUNT; a++) {
        dlcore_layer_t layers[] = {dlcore_layer_dense(4, (dlcore_activation_t)a),
                                   dlcore_layer_activation((dlcore_activation_t)a)};
        dlcore_model_t *model, *loaded;

        assert_true(can_be_saved(layers[1], ""));
        saved++;
        layers[0].negative_slope = layers[1].negative_slope = 0.3;
        layers[0].alpha = layers[1].alpha = 0.6;
        assert_comes_back(model_of(layers, 2));
        model = model_of(layers, 1);
        loaded = saved_and_loaded(model);
        assert_int_equal(dlcore_model_layer_count(loaded), 1);
        if (a != DLCORE_ACTIVATION_RELU_GENERAL) /* which is leaky_relu, with these settings */
            assert_int_equal(dlcore_model_layer(loaded, 0)->activation, a);
        dlcore_model_free(model);
        dlcore_model_free(loaded);
    }
    assert_int_equal(saved, DLCORE_ACTIVATION_COUNT - 1);
}

static void test_onnx_save_relu_with_its_settings_comes_back(void **state)
{
    static const double settings[][3] = {
        {6, 0, 0}, {0.7, 0, 0},          {HUGE_VAL, 0, 0.3}, {0.6, 0, 0.2},   {0.5, 0.25, 0},
        {0, 0, 0}, {HUGE_VAL, 0.1, 0.1}, {0.4, 0.2, 0.3},    {0.2, 0.5, 0.25}};

    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        dlcore_layer_t layer = dlcore_layer_relu(settings[i][0], settings[i][1], settings[i][2]);

        assert_comes_back(model_of(&layer, 1));
    }
}

/* As one layer, with its settings. */
static void test_onnx_save_relu_with_threshold_and_slope_is_one_layer_again(void **state)
{
    dlcore_layer_t layer = dlcore_layer_relu(0.75, 0.125, 0.5);
    dlcore_model_t *model = model_of(&layer, 1), *loaded = saved_and_loaded(model);

    (void)state;
    assert_int_equal(dlcore_model_layer_count(loaded), 1);
    assert_true(dlcore_model_layer(loaded, 0)->max_value == 0.75);
    assert_true(dlcore_model_layer(loaded, 0)->negative_slope == 0.125);
    assert_true(dlcore_model_layer(loaded, 0)->threshold == 0.5);
    dlcore_model_free(model);
    dlcore_model_free(loaded);
}

static void test_onnx_save_each_layer_comes_back(void **state)
{
    int saved = 0;

    (void)state;
    for (int kind = 1; kind < DLCORE_LAYER_KIND_COUNT; kind++) {
        dlcore_layer_t layers[] = {
            dlcore_layer_from_name(dlcore_layer_kind_name((dlcore_layer_kind_t)kind)),
            dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR)};

        if (kind == DLCORE_LAYER_EMBEDDING || kind == DLCORE_LAYER_GLU ||
            kind == DLCORE_LAYER_GROUPED_SOFTMAX)
            continue;
        if (kind == DLCORE_LAYER_DENSE)
            layers[0].units = 4;
        if (!can_be_saved(layers[0], ""))
            continue;
        saved++;
        assert_comes_back(model_of(layers, 2));
    }
    assert_int_equal(saved, DLCORE_LAYER_KIND_COUNT - 4);
}

/* Whether the file has a tensor of that name with these int64. */
static bool has_list(const unsigned char *bytes, size_t size, const char *name,
                     const int64_t *numbers, size_t count)
{
    unsigned char wanted[256];
    size_t length = strlen(name);

    assert_true(length + 2 + 8 * count <= sizeof wanted && 8 * count < 128);
    memcpy(wanted, name, length);
    wanted[length++] = 9 << 3 | 2; /* raw_data */
    wanted[length++] = (unsigned char)(8 * count);
    for (size_t i = 0; i < 8 * count; i++)
        wanted[length++] = (unsigned char)((uint64_t)numbers[i / 8] >> (8 * (i % 8)));
    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(bytes + i, wanted, length) == 0)
            return true;
    }
    return false;
}

/* Of columns 0 .. 4, tables for 1, 2 and 4: where each number is looked up, and in what order they
 * come. tests/onnx_files.sh has the numbers that ONNX Runtime computes. */
static void test_onnx_save_embedding_is_lists_of_places_and_refused_by_loading(void **state)
{
    static const dlcore_embedding_t tables[] = {{.column = 1, .count = 3, .units = 2},
                                                {.column = 2, .count = 1, .units = 1},
                                                {.column = 4, .count = 70000, .units = 3}};
    static const struct {
        const char *name;
        size_t count;
        int64_t numbers[8];
    } lists[] = {
        {"t/index_columns", 3, {1, 2, 4}},        {"t/first_row", 1, {0}},
        {"t/last_rows", 3, {2, 0, 69999}},        {"t/beyond", 1, {3 * 2 + 1 + 3 * 70000}},
        {"t/unit_tables", 6, {0, 0, 1, 2, 2, 2}}, {"t/unit_strides", 6, {2, 2, 1, 3, 3, 3}},
        {"t/unit_starts", 6, {0, 1, 6, 7, 8, 9}}, {"t/output_order", 8, {0, 5, 6, 7, 3, 8, 9, 10}},
    };
    dlcore_layer_t layers[] = {dlcore_layer_embedding(tables, 3),
                               dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR)};
    dlcore_onnx_load_options_t options = dlcore_onnx_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model, *loaded = NULL;
    void *bytes = NULL;
    size_t size;

    (void)state;
    snprintf(layers[0].name, sizeof layers[0].name, "t");
    model = model_of(layers, 2);
    options.error = &error;
    assert_int_equal(dlcore_onnx_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (!has_list(bytes, size, lists[i].name, lists[i].numbers, lists[i].count))
            fail_msg("%s has other numbers", lists[i].name);
    }
    assert_failed(dlcore_onnx_load_memory(bytes, size, &options, &loaded), DLCORE_ERROR_UNSUPPORTED,
                  &error, "Gather \"t/embedded\": an operator that is not supported");
    free(bytes);
    dlcore_model_free(model);
}

/* Alone, and before another layer. */
static void test_onnx_save_halves_and_groups_come_back(void **state)
{
    dlcore_layer_t layers[] = {dlcore_layer_glu(), dlcore_layer_grouped_softmax(2)};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dlcore_layer_t all[] = {dlcore_layer_dense(6, DLCORE_ACTIVATION_LINEAR), layers[i],
                                dlcore_layer_dense(2, DLCORE_ACTIVATION_TANH)};
        dlcore_model_t *model = model_of(all, 3), *loaded = saved_and_loaded(model);

        assert_int_equal(dlcore_model_layer_count(loaded), 3);
        assert_int_equal(dlcore_model_layer(loaded, 1)->kind, layers[i].kind);
        assert_int_equal(dlcore_model_layer(loaded, 1)->axis_width, layers[i].axis_width);
        dlcore_model_free(loaded);
        assert_comes_back(model);
        assert_comes_back(model_of(all, 2));
    }
}

/* What normalizes a sample by its size, and an inverted normalization: as the layer that it was,
 * but for the last, of which all that counts is what it computes. */
static void test_onnx_save_normalizations_of_samples_are_layers_again(void **state)
{
    dlcore_layer_t layers[] = {dlcore_layer_rms_normalization(), dlcore_layer_layer_normalization(),
                               dlcore_layer_unit_normalization(), dlcore_layer_normalization()};

    (void)state;
    layers[0].epsilon = layers[1].epsilon = 0.03125;
    layers[1].rms_scaling = true;
    layers[3].invert = true;
    for (size_t i = 0; i < 4; i++) {
        dlcore_model_t *model = model_of(&layers[i], 1), *loaded = saved_and_loaded(model);

        assert_int_equal(dlcore_model_layer_count(loaded), 1);
        if (i < 3) {
            assert_int_equal(dlcore_model_layer(loaded, 0)->kind, layers[i].kind);
            assert_int_equal(dlcore_model_layer(loaded, 0)->rms_scaling, i == 1);
            assert_true(dlcore_model_layer(loaded, 0)->epsilon == layers[i].epsilon);
            assert_int_equal(dlcore_model_parameter_count(loaded),
                             dlcore_model_parameter_count(model));
        }
        dlcore_model_free(loaded);
        assert_comes_back(model);
    }
    assert_comes_back(model_of(layers, 4));
}

static void test_onnx_save_each_layer_without_what_it_may_lack_comes_back(void **state)
{
    dlcore_layer_t layers[4] = {dlcore_layer_dense(4, DLCORE_ACTIVATION_GELU),
                                dlcore_layer_batch_normalization(),
                                dlcore_layer_layer_normalization(), dlcore_layer_prelu()};

    (void)state;
    layers[0].use_bias = false;
    for (int i = 0; i < 4; i++) {
        layers[1].center = layers[2].center = i % 2 == 1;
        layers[1].use_scale = layers[2].use_scale = i / 2 == 1;
        layers[1].epsilon = layers[2].epsilon = 0.02;
        assert_comes_back(model_of(layers, 4));
    }
}

static void test_onnx_save_numbers_around_a_network_come_back(void **state)
{
    dlcore_layer_t layers[] = {dlcore_layer_flatten(),
                               dlcore_layer_rescaling(0.25, -3.0),
                               dlcore_layer_normalization(),
                               dlcore_layer_rescaling(1.0, 0.5),
                               dlcore_layer_dropout(0.25),
                               dlcore_layer_gaussian_noise(0.1),
                               dlcore_layer_dense(2, DLCORE_ACTIVATION_SOFTMAX),
                               dlcore_layer_rescaling(2.0, 0.0)};

    (void)state;
    assert_comes_back(model_of(layers, sizeof layers / sizeof layers[0]));
}

/* The file, which is for everybody, has what its numbers say: found by hand. */
static void test_onnx_save_writes_low_versions_and_names(void **state)
{
    dlcore_layer_t layers[] = {dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR),
                               dlcore_layer_layer_normalization()};
    FILE *stream = tmpfile();
    static char text[4096];
    size_t length;

    (void)state;
    assert_non_null(stream);
    for (size_t count = 1; count <= 2; count++) {
        dlcore_model_t *model = model_of(layers, count);
        void *bytes = NULL;
        size_t size;

        assert_int_equal(dlcore_onnx_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
        assert_int_equal(dlcore_onnx_inspect_memory(bytes, size, NULL, stream), DLCORE_OK);
        free(bytes);
        dlcore_model_free(model);
    }
    rewind(stream);
    length = fread(text, 1, sizeof text - 1, stream);
    text[length] = '\0';
    fclose(stream);
    assert_non_null(strstr(text, "IR version 7, by dlcore"));
    assert_non_null(strstr(text, "operators of ONNX, version 13"));
    assert_non_null(strstr(text, "IR version 8, by dlcore"));
    assert_non_null(strstr(text, "operators of ONNX, version 17"));
}

static void test_onnx_save_to_a_path_is_all_or_nothing(void **state)
{
    dlcore_layer_t layer = dlcore_layer_dense(2, DLCORE_ACTIVATION_RELU);
    dlcore_onnx_save_options_t options = dlcore_onnx_save_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = model_of(&layer, 1), *loaded = NULL;

    (void)state;
    options.error = &error;
    assert_int_equal(dlcore_onnx_save(model, folder_path("saved.onnx"), &options), DLCORE_OK);
    assert_int_equal(dlcore_onnx_load(folder_path("saved.onnx"), NULL, &loaded), DLCORE_OK);
    dlcore_model_free(loaded);
    assert_failed(dlcore_onnx_save(model, folder_path("no folder/saved.onnx"), &options),
                  DLCORE_ERROR_IO, &error, "no folder");
    assert_int_equal(folder_files(true), 1);
    dlcore_model_free(model);
}

static void test_onnx_save_bad_arguments_are_refused(void **state)
{
    dlcore_layer_t layer = dlcore_layer_dense(2, DLCORE_ACTIVATION_RELU);
    dlcore_onnx_save_options_t options = dlcore_onnx_save_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = model_of(&layer, 1), *empty = NULL;
    void *bytes = &layer;
    size_t size;

    (void)state;
    options.error = &error;
    assert_int_equal(dlcore_model_create(NULL, &empty), DLCORE_OK);
    assert_failed(dlcore_onnx_save_memory(empty, &options, &bytes, &size), DLCORE_ERROR_STATE,
                  &error, "built");
    assert_null(bytes);
    assert_failed(dlcore_onnx_save_memory(NULL, &options, &bytes, &size), DLCORE_ERROR_ARGUMENT,
                  &error, "model");
    assert_failed(dlcore_onnx_save_memory(model, &options, NULL, &size), DLCORE_ERROR_ARGUMENT,
                  &error, "where");
    assert_failed(dlcore_onnx_save_memory(model, &options, &bytes, NULL), DLCORE_ERROR_ARGUMENT,
                  &error, "where");
    assert_failed(dlcore_onnx_save(model, NULL, &options), DLCORE_ERROR_ARGUMENT, &error, "where");
    assert_int_equal(
        dlcore_onnx_save(model, "x", &(dlcore_onnx_save_options_t){.structure_size = 0}),
        DLCORE_ERROR_ARGUMENT);
    dlcore_model_free(model);
    dlcore_model_free(empty);
}

typedef struct refusing {
    size_t calls, refuse_at;
} refusing_t;

static dlcore_status refuse_once(void *to, const void *bytes, size_t size,
                                 dlcore_error_record_t *error)
{
    refusing_t *refusing = to;

    (void)bytes;
    (void)size;
    if (++refusing->calls != refusing->refuse_at)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_IO, "the disk is full");
}

/* Also where the next write would succeed: the file lacks what came before. */
static void test_onnx_save_a_failed_write_ends_the_writing(void **state)
{
    enum { LAYERS = 300 };
    static const char *const names[] = {"one", "two", "three"};
    static char text[3000];
    dlcore_layer_t layers[LAYERS];
    dlcore_error_record_t error = {.message = ""};
    dlcore_onnx_putting_t putting = {.model = NULL};
    refusing_t refusing = {.refuse_at = 0};
    dlcore_model_t *model;
    dlcore_status status;

    (void)state;
    for (size_t i = 0; i < LAYERS; i++)
        layers[i] = dlcore_layer_dense(2, DLCORE_ACTIVATION_GELU);
    model = model_of(layers, LAYERS);
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(dlcore_model_set_note(model, names[i], text), DLCORE_OK);
    assert_int_equal(dlcore_onnx_put_model(&putting, model, &error), DLCORE_OK);
    for (size_t n = 1;; n++) {
        refusing = (refusing_t){.refuse_at = n};
        status = dlcore_onnx_write(&putting, refuse_once, &refusing);
        if (refusing.calls < n)
            break;
        assert_failed(status, DLCORE_ERROR_IO, &error, "the disk is full");
        assert_int_equal(refusing.calls, n);
    }
    assert_int_equal(status, DLCORE_OK);
    assert_true(refusing.calls > 20);
    dlcore_onnx_put_end(&putting);
    dlcore_model_free(model);
}

static dlcore_status save_scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;
    void *bytes = NULL;
    size_t size;
    dlcore_status status;

    (void)context;
    options.allocator = *allocator;
    status = dlcore_model_create(&options, &model);
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_GELU));
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, dlcore_layer_normalization());
    if (status == DLCORE_OK)
        status = dlcore_model_build(model, WIDTH);
    if (status == DLCORE_OK)
        status = dlcore_onnx_save_memory(model, NULL, &bytes, &size);
    if (status == DLCORE_OK)
        allocator->release(allocator->user, bytes);
    else
        assert_null(bytes);
    dlcore_model_free(model);
    return status;
}

static void test_onnx_save_each_failed_allocation_loses_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(save_scenario, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_save_each_activation_comes_back),
        cmocka_unit_test(test_onnx_save_relu_with_its_settings_comes_back),
        cmocka_unit_test(test_onnx_save_relu_with_threshold_and_slope_is_one_layer_again),
        cmocka_unit_test(test_onnx_save_each_layer_comes_back),
        cmocka_unit_test(test_onnx_save_normalizations_of_samples_are_layers_again),
        cmocka_unit_test(test_onnx_save_each_layer_without_what_it_may_lack_comes_back),
        cmocka_unit_test(test_onnx_save_numbers_around_a_network_come_back),
        cmocka_unit_test(test_onnx_save_writes_low_versions_and_names),
        cmocka_unit_test(test_onnx_save_to_a_path_is_all_or_nothing),
        cmocka_unit_test(test_onnx_save_halves_and_groups_come_back),
        cmocka_unit_test(test_onnx_save_embedding_is_lists_of_places_and_refused_by_loading),
        cmocka_unit_test(test_onnx_save_bad_arguments_are_refused),
        cmocka_unit_test(test_onnx_save_a_failed_write_ends_the_writing),
        cmocka_unit_test(test_onnx_save_each_failed_allocation_loses_nothing),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
