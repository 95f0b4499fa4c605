/* Exporting a model as C: the three ways out, what is refused, and what becomes part of a dense
 * layer. That the files compile and compute the same, test_export_c_networks.c sees to.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exchange/export_c.h"
#include "support/failing_allocator.h"
#include "support/failing_io.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/random_numbers.h"

static dlcore_error_record_t error;

static dlcore_export_c_options_t options(void)
{
    dlcore_export_c_options_t how = dlcore_export_c_options_default();

    error = (dlcore_error_record_t){0};
    how.error = &error;
    how.sync = false;
    return how;
}

static dlcore_model_t *new_model(const dlcore_layer_t *layers, size_t count, size_t width)
{
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    for (size_t i = 0; i < count; i++)
        assert_accepted(model, dlcore_model_add(model, layers[i]));
    if (width > 0)
        assert_accepted(model, dlcore_model_build(model, width));
    return model;
}

static dlcore_model_t *two_dense(void)
{
    dlcore_layer_t layers[] = {dlcore_layer_dense(8, DLCORE_ACTIVATION_RELU),
                               dlcore_layer_dense(1, DLCORE_ACTIVATION_SIGMOID)};

    return new_model(layers, 2, 2);
}

/* The text, for free(). */
static char *text_of(const dlcore_model_t *model, const dlcore_export_c_options_t *how)
{
    char *text = NULL;
    size_t size = 0;

    if (dlcore_model_export_c_memory(model, how, &text, &size) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(strlen(text), size);
    return text;
}

static void assert_refused(const dlcore_model_t *model, const dlcore_export_c_options_t *how,
                           dlcore_status status, const char *words)
{
    static char before;
    char *text = &before;
    size_t size = 7;

    assert_int_equal(dlcore_model_export_c_memory(model, how, &text, &size), status);
    assert_null(text);
    assert_int_equal(error.status, status);
    if (strstr(error.message, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, words);
    assert_int_equal(dlcore_model_export_c(model, folder_path("refused.c"), how), status);
    assert_false(folder_has("refused.c"));
}

/* ---- the three ways ---- */

typedef struct collected {
    char text[65536];
    size_t size, calls, refuse_at;
} collected_t;

static bool collect(void *user, const void *bytes, size_t size)
{
    collected_t *to = user;

    if (++to->calls == to->refuse_at)
        return false;
    assert_true(to->size + size <= sizeof to->text);
    memcpy(to->text + to->size, bytes, size);
    to->size += size;
    return true;
}

static void test_export_c_to_a_path_memory_and_a_writer_is_the_same_text(void **state)
{
    dlcore_model_t *model = two_dense();
    dlcore_export_c_options_t how = options();
    dlcore_export_report_t report = {0}, other = {0};
    static collected_t collected;
    dlcore_byte_writer_t writer = {.write = collect, .user = &collected};
    FILE *file;
    static char read[65536];
    char *text;

    (void)state;
    how.prefix = "Net_2";
    how.report = &report;
    text = text_of(model, &how);
    assert_int_equal(report.text_bytes, strlen(text));
    assert_int_equal(report.inputs, 2);
    assert_int_equal(report.outputs, 1);
    assert_int_equal(report.weight_bytes, (3 * 8 + 9) * sizeof(float));
    assert_int_equal(report.scratch_bytes, sizeof(float)); /* all of it is on the stack */
    assert_non_null(strstr(text, "void Net_2_predict(const float *x, float *y, float *scratch)"));
    assert_non_null(strstr(text,
                           "#define NET_2_INPUTS 2\n#define NET_2_OUTPUTS 1\n"
                           "#define NET_2_SCRATCH_BYTES 4\n#define NET_2_WEIGHT_BYTES 132\n"));
    assert_non_null(strstr(text, " * Flash: 132 bytes of constants, and the code.\n"
                                 " * RAM: 4 bytes of scratch, which the caller passes; "));

    how.report = &other;
    assert_int_equal(dlcore_model_export_c_to(model, &writer, &how), DLCORE_OK);
    assert_int_equal(collected.size, strlen(text));
    assert_memory_equal(collected.text, text, collected.size);
    assert_memory_equal(&report, &other, sizeof report);

    assert_int_equal(dlcore_model_export_c(model, folder_path("net.c"), &how), DLCORE_OK);
    file = fopen(folder_path("net.c"), "rb");
    assert_non_null(file);
    assert_int_equal(fread(read, 1, sizeof read, file), strlen(text));
    assert_memory_equal(read, text, strlen(text));
    fclose(file);

    free(text);
    assert_int_equal(dlcore_model_export_c_memory(model, NULL, &text, &(size_t){0}), DLCORE_OK);
    assert_non_null(strstr(text, "void network_predict(")); /* the defaults */
    free(text);
    dlcore_model_free(model);
}

/* ---- what is refused ---- */

static void test_export_c_prefix_that_is_no_identifier_is_refused(void **state)
{
    static const char *const bad[] = {"",  "1net", "a b", "a-b",      "_net", "int", "class",
                                      "ä", "a.c",  "a$",  "restrict", "@",    "a\n", "template"};
    dlcore_model_t *model = two_dense();
    dlcore_export_c_options_t how = options();
    char *text, name[DLCORE_EXPORT_PREFIX_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        how.prefix = bad[i];
        assert_refused(model, &how, DLCORE_ERROR_ARGUMENT, "the prefix \"");
    }
    how.prefix = NULL;
    assert_refused(model, &how, DLCORE_ERROR_ARGUMENT, "the prefix is NULL");
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    how.prefix = name;
    assert_refused(model, &how, DLCORE_ERROR_ARGUMENT, "has 61 bytes, at most 60 fit");
    name[sizeof name - 2] = '\0';
    text = text_of(model, &how);
    assert_non_null(strstr(text, name));
    free(text);
    dlcore_model_free(model);
}

static void test_export_c_without_what_it_needs_says_what_is_missing(void **state)
{
    dlcore_layer_t layer = dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU);
    dlcore_model_t *unbuilt = new_model(&layer, 1, 0), *model = two_dense();
    dlcore_export_c_options_t how = options(), zeroed = {.error = &error};
    dlcore_byte_writer_t writer = {0};
    char *text = NULL;

    (void)state;
    assert_refused(unbuilt, &how, DLCORE_ERROR_STATE, "before it is built");
    assert_refused(NULL, &how, DLCORE_ERROR_ARGUMENT, "the model is NULL");
    assert_refused(model, &zeroed, DLCORE_ERROR_ARGUMENT, "export_c_options");
    assert_int_equal(dlcore_model_export_c(model, NULL, &how), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "export: the path is NULL");
    assert_int_equal(dlcore_model_export_c_to(model, NULL, &how), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_export_c_to(model, &writer, &how), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(error.message, "export: the writer is NULL");
    assert_int_equal(dlcore_model_export_c_memory(model, &how, &text, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_export_c_memory(model, &how, NULL, &(size_t){0}),
                     DLCORE_ERROR_ARGUMENT);
    dlcore_model_free(model);
    dlcore_model_free(unbuilt);
}

static void test_export_c_samples_that_do_not_fit_are_refused(void **state)
{
    static const float wide[3] = {0}, unknown[2] = {NAN, 0};
    dlcore_model_t *model = two_dense();
    dlcore_export_c_options_t how = options();
    dlcore_tensor_t *samples = borrow_floats(wide, 1, 3);

    (void)state;
    how.samples = samples;
    assert_refused(model, &how, DLCORE_ERROR_SHAPE, "expects 2");
    dlcore_tensor_free(samples);
    how.samples = samples = borrow_floats(unknown, 1, 2);
    assert_refused(model, &how, DLCORE_ERROR_RANGE, "sample 0 of the self-test");
    dlcore_tensor_free(samples);
    dlcore_model_free(model);
}

static void test_export_c_weights_that_are_not_finite_are_refused_by_name(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    dlcore_layer_t layers[] = {dlcore_layer_dense(2, DLCORE_ACTIVATION_RELU),
                               dlcore_layer_layer_normalization()};
    dlcore_export_c_options_t how = options();
    dlcore_export_report_t report = {.inputs = 77};

    (void)state;
    how.report = &report;
    for (size_t weight = 0; weight < 4; weight++) {
        dlcore_model_t *model = new_model(layers, 2, 1);
        float values[2] = {1, bad[weight % 3]};

        assert_accepted(model, dlcore_model_set_weight(model, weight, values, 2));
        assert_refused(model, &how, DLCORE_ERROR_RANGE,
                       weight < 2 ? "a weight of dense" : "a weight of layer_normalization");
        dlcore_model_free(model);
    }
    assert_int_equal(report.inputs, 77); /* as it was */
}

/* ---- int8 ---- */

static float points[6] = {-1, 0.5F, 0.25F, -2, 2, 1};

static void test_export_c_in_int8_needs_samples_and_reports_how_near_it_comes(void **state)
{
    dlcore_model_t *model = two_dense();
    dlcore_export_c_options_t how = options();
    dlcore_export_report_t report = {0};
    dlcore_tensor_t *samples = borrow_floats(points, 3, 2);
    char *text;

    (void)state;
    how.numbers = DLCORE_EXPORT_INT8;
    how.report = &report;
    assert_refused(model, &how, DLCORE_ERROR_ARGUMENT, "int8 needs samples");
    how.samples = samples;
    text = text_of(model, &how);
    /* weights, biases, multipliers, shifts; weights, bias, factor */
    assert_int_equal(report.weight_bytes, 8 * (2 + 4 + 4 + 1) + (8 + 4 + 4));
    assert_int_equal(report.scratch_bytes, 12); /* 2 and 8, rounded up */
    assert_true(report.difference > 0 && report.difference < 0.02);
    assert_true(report.same_class > 0.6 && report.same_class <= 1);
    assert_non_null(strstr(text, "2 inputs, 1 outputs, int8."));
    assert_non_null(strstr(text, " * Flash: 104 bytes of constants, and the code.\n"
                                 " * RAM: 12 bytes of scratch"));
    assert_non_null(strstr(text, "static const int8_t network_w0[16] NETWORK_FLASH"));
    free(text);
    how.numbers = DLCORE_EXPORT_FLOAT32;
    free(text_of(model, &how));
    assert_true(report.difference == 0 && report.same_class == 1);
    dlcore_tensor_free(samples);
    dlcore_model_free(model);
}

/* Of three samples, the one near 0 becomes 0, and is of another class then. */
static void test_export_c_in_int8_reports_the_share_of_one_class(void **state)
{
    static float numbers[3] = {-100, 0.2F, 100};
    static const float several[6] = {-1, 1, 1, 0.1F, 0, -1000}, one[2] = {1, 0.4F};
    dlcore_tensor_t *samples = borrow_floats(numbers, 3, 1);
    dlcore_export_c_options_t how = options();
    dlcore_export_report_t report = {0};

    (void)state;
    how.numbers = DLCORE_EXPORT_INT8;
    how.samples = samples;
    how.report = &report;
    for (size_t units = 1; units <= 3; units += 2) {
        dlcore_layer_t layer = dlcore_layer_dense(units, DLCORE_ACTIVATION_LINEAR);
        dlcore_model_t *model = new_model(&layer, 1, 1);

        assert_int_equal(dlcore_model_set_weights(model, units == 1 ? one : several, 2 * units),
                         DLCORE_OK);
        free(text_of(model, &how));
        assert_true(fabs(report.same_class - 2 / 3.0) < 1e-12);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(samples);
}

/* 8 bits of inputs, of what is normalized and of what comes of it. */
static void test_export_c_in_int8_norms_come_near(void **state)
{
    enum { ROWS = 40, WIDTH = 12 };
    dlcore_layer_t norms[] = {dlcore_layer_layer_normalization(),
                              dlcore_layer_layer_normalization(), dlcore_layer_rms_normalization(),
                              dlcore_layer_unit_normalization(), dlcore_layer_normalization()};
    dlcore_tensor_t *samples;
    dlcore_export_c_options_t how = options();
    dlcore_export_report_t report = {0};
    static float x[ROWS * WIDTH];

    (void)state;
    norms[1].rms_scaling = true;
    norms[4].invert = true;
    random_seed(3);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        x[i] = (float)(random_normal() + 0.5);
    how.numbers = DLCORE_EXPORT_INT8;
    how.report = &report;
    how.samples = samples = borrow_floats(x, ROWS, WIDTH);
    for (size_t i = 0; i < sizeof norms / sizeof norms[0]; i++) {
        dlcore_layer_t layers[3] = {dlcore_layer_dense(16, DLCORE_ACTIVATION_TANH), norms[i],
                                    dlcore_layer_dense(6, DLCORE_ACTIVATION_LINEAR)};
        dlcore_model_t *model = new_model(layers, 3, WIDTH);

        free(text_of(model, &how));
        if (!(report.difference < 0.1))
            fail_msg("layer %zu is %.2g off", i, report.difference);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(samples);
}

static void test_export_c_embedding_is_refused_by_name(void **state)
{
    const dlcore_embedding_t table = {.column = 1, .count = 3};
    dlcore_layer_t layers[] = {dlcore_layer_embedding(&table, 1)};
    dlcore_export_c_options_t how = options();
    dlcore_model_t *model = new_model(layers, 1, 2);

    (void)state;
    assert_refused(model, &how, DLCORE_ERROR_UNSUPPORTED,
                   "embedding has no C form: it is a layer of class Embedding");
    dlcore_model_free(model);
}

static void test_export_c_in_int8_what_has_no_such_form_is_refused_by_name(void **state)
{
    dlcore_layer_t none[] = {dlcore_layer_activation(DLCORE_ACTIVATION_TANH)};
    dlcore_layer_t within[] = {dlcore_layer_dense(2, DLCORE_ACTIVATION_LOG_SOFTMAX),
                               dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR)};
    dlcore_layer_t end[] = {dlcore_layer_dense(2, DLCORE_ACTIVATION_LOG_SOFTMAX)};
    dlcore_layer_t halves[] = {dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR), dlcore_layer_glu()};
    dlcore_layer_t groups[] = {dlcore_layer_dense(4, DLCORE_ACTIVATION_LINEAR),
                               dlcore_layer_grouped_softmax(2),
                               dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR)};
    dlcore_layer_t sparse[] = {dlcore_layer_dense(2, DLCORE_ACTIVATION_SPARSEMAX),
                               dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR)};
    dlcore_export_c_options_t how = options();
    dlcore_tensor_t *samples = borrow_floats(points, 3, 2);
    dlcore_model_t *model = new_model(none, 1, 2);

    (void)state;
    how.numbers = DLCORE_EXPORT_INT8;
    how.samples = samples;
    assert_refused(model, &how, DLCORE_ERROR_UNSUPPORTED, "without a dense layer");
    dlcore_model_free(model);
    model = new_model(within, 2, 2);
    assert_refused(model, &how, DLCORE_ERROR_UNSUPPORTED, "dense has the activation log_softmax");
    dlcore_model_free(model);
    model = new_model(halves, 2, 2);
    assert_refused(model, &how, DLCORE_ERROR_UNSUPPORTED,
                   "glu has no int8 form: it is a layer of class GLU");
    dlcore_model_free(model);
    model = new_model(groups, 3, 2);
    assert_refused(model, &how, DLCORE_ERROR_UNSUPPORTED,
                   "grouped_softmax has no int8 form within a network: it is a layer of class "
                   "GroupedSoftmax");
    dlcore_model_free(model);
    model = new_model(sparse, 2, 2);
    assert_refused(model, &how, DLCORE_ERROR_UNSUPPORTED, "dense has the activation sparsemax");
    how.numbers = (dlcore_export_numbers_t)3;
    assert_refused(model, &how, DLCORE_ERROR_ARGUMENT, "numbers 3 is unknown");
    how.numbers = DLCORE_EXPORT_INT8;
    dlcore_model_free(model);
    model = new_model(end, 1, 2);
    free(text_of(model, &how));
    dlcore_model_free(model);
    dlcore_tensor_free(samples);
}

/* 70,000 products of -127 and -128 are more than 2^30. */
static void test_export_c_in_int8_sums_that_do_not_fit_are_refused(void **state)
{
    enum { WIDE = 70000 };
    static float weights[WIDE], samples_of[WIDE];
    dlcore_layer_t layer[] = {dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR)};
    dlcore_model_t *model = new_model(layer, 1, WIDE);
    dlcore_export_c_options_t how = options();
    dlcore_tensor_t *samples = borrow_floats(samples_of, 1, WIDE);

    (void)state;
    for (size_t i = 0; i < WIDE; i++)
        weights[i] = samples_of[i] = 1;
    assert_accepted(model, dlcore_model_set_weight(model, 0, weights, WIDE));
    how.numbers = DLCORE_EXPORT_INT8;
    how.samples = samples;
    assert_refused(model, &how, DLCORE_ERROR_UNSUPPORTED, "dense has 70000 inputs");
    dlcore_model_free(model);
    dlcore_tensor_free(samples);
    how.samples = samples = borrow_floats(samples_of, 1, 1);
    model = new_model((dlcore_layer_t[]){dlcore_layer_dense(30001, DLCORE_ACTIVATION_LINEAR),
                                         dlcore_layer_layer_normalization(), layer[0]},
                      3, 1);
    assert_refused(model, &how, DLCORE_ERROR_UNSUPPORTED,
                   "layer_normalization has 30001 units, in int8 at most 30000 fit");
    dlcore_tensor_free(samples);
    dlcore_model_free(model);
}

static void test_export_c_in_int8_samples_that_are_not_finite_are_refused(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    dlcore_model_t *model = two_dense();
    dlcore_export_c_options_t how = options();

    (void)state;
    how.numbers = DLCORE_EXPORT_INT8;
    for (size_t i = 0; i < 3; i++) {
        float x[6] = {0, bad[i], 1, 1, 1, 1};
        dlcore_tensor_t *samples = borrow_floats(x, 3, 2);

        how.samples = samples;
        assert_refused(model, &how, DLCORE_ERROR_RANGE, "not finite, before dense");
        dlcore_tensor_free(samples);
    }
    dlcore_model_free(model);
}

/* ---- what fails ---- */

static dlcore_status export_three_ways(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_export_c_options_t how = options();
    dlcore_tensor_t *samples = borrow_floats(points, 3, 2);
    dlcore_model_options_t memory = dlcore_model_options_default();
    static collected_t collected;
    dlcore_byte_writer_t writer = {.write = collect, .user = &collected};
    dlcore_model_t *own = NULL;
    char *text = NULL;
    size_t size;
    dlcore_status status;

    if (context != NULL) {
        how.numbers = DLCORE_EXPORT_INT8;
        how.samples = samples;
    }
    collected = (collected_t){.size = 0};
    memory.allocator = *allocator;
    status = dlcore_model_create(&memory, &own);
    if (status == DLCORE_OK)
        status = dlcore_model_add(own, dlcore_layer_dense(8, DLCORE_ACTIVATION_RELU));
    if (status == DLCORE_OK)
        status = dlcore_model_build(own, 2);
    if (status == DLCORE_OK)
        status = dlcore_model_export_c(own, folder_path("memory.c"), &how);
    if (status == DLCORE_OK)
        status = dlcore_model_export_c_memory(own, &how, &text, &size);
    if (text != NULL)
        allocator->release(allocator->user, text);
    if (status == DLCORE_OK)
        status = dlcore_model_export_c_to(own, &writer, &how);
    dlcore_model_free(own);
    dlcore_tensor_free(samples);
    return status;
}

static void test_export_c_without_memory_says_so_and_keeps_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(export_three_ways, NULL) > 10);
    assert_true(failing_allocator_sweep(export_three_ways, points) > 30); /* in int8 */
}

static void test_export_c_a_writer_that_refuses_ends_the_export(void **state)
{
    dlcore_model_t *model = two_dense();
    dlcore_export_c_options_t how = options();
    static collected_t collected;
    dlcore_byte_writer_t writer = {.write = collect, .user = &collected};
    dlcore_status status = DLCORE_ERROR_IO;

    (void)state;
    for (size_t n = 1; status != DLCORE_OK; n++) {
        collected = (collected_t){.refuse_at = n};
        status = dlcore_model_export_c_to(model, &writer, &how);
        assert_true(n < 100);
        if (status != DLCORE_OK) {
            assert_int_equal(status, DLCORE_ERROR_IO);
            assert_non_null(strstr(error.message, "the writer did not take byte"));
            assert_int_equal(collected.calls, n); /* and nothing after it */
        }
    }
    assert_true(collected.calls > 3);
    dlcore_model_free(model);
}

static void test_export_c_calls_of_the_system_that_fail_leave_the_old_file(void **state)
{
    dlcore_model_t *model = two_dense();
    dlcore_export_c_options_t how = options();
    failing_io_t io;
    size_t n = 0;

    (void)state;
    do {
        dlcore_system_t system;
        dlcore_status status;

        folder_write("old.c", "old");
        failing_io_init(&io);
        io.fail_at = ++n;
        io.error = ENOSPC;
        system = failing_io(&io);
        how.sync = true;
        status = dlcore_model_export_c_with(&system, model, folder_path("old.c"), &how);
        if (status != DLCORE_OK && strstr(error.message, "was written") == NULL) {
            assert_int_equal(status, DLCORE_ERROR_IO);
            assert_string_equal(folder_text("old.c"), "old");
        }
        assert_int_equal(io.opened, io.closed);
        assert_true(n < 100);
    } while (io.failures > 0);
    assert_true(n > 5);
    dlcore_model_free(model);
}

/* ---- what is in it ---- */

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    const char *at = text;

    while ((at = strstr(at, word)) != NULL) {
        at += strlen(word);
        count++;
    }
    return count;
}

static void test_export_c_what_is_linear_beside_a_dense_layer_is_part_of_it(void **state)
{
    dlcore_layer_t layers[] = {dlcore_layer_rescaling(1 / 127.5, -1),
                               dlcore_layer_dense(9, DLCORE_ACTIVATION_LINEAR),
                               dlcore_layer_batch_normalization(),
                               dlcore_layer_activation(DLCORE_ACTIVATION_RELU),
                               dlcore_layer_dropout(0.5),
                               dlcore_layer_batch_normalization(),
                               dlcore_layer_rescaling(2, 1),
                               dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR)};
    dlcore_model_t *model = new_model(layers, 8, 3);
    dlcore_export_c_options_t how = options();
    dlcore_export_report_t report;
    char *text;

    (void)state;
    how.report = &report;
    text = text_of(model, &how);
    assert_int_equal(report.weight_bytes, (4 * 9 + 10 * 2) * sizeof(float));
    assert_int_equal(count_of(text, "static void network_step"), 2);
    free(text);
    dlcore_model_free(model);
}

/* A year less its mean is a step of its own: (x - 2000) / 10 from x / 10 - 200 would lose digits.
 */
static void test_export_c_means_far_from_zero_are_subtracted_first(void **state)
{
    static const float near[2] = {1, -2}, far[2] = {2000, 0.5F}, variance[2] = {100, 4};
    dlcore_layer_t layers[] = {dlcore_layer_normalization(),
                               dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR)};
    dlcore_model_t *model = new_model(layers, 2, 2);
    dlcore_export_c_options_t how = options();
    char *text;

    (void)state;
    assert_accepted(model, dlcore_model_set_weight(model, 1, variance, 2));
    assert_accepted(model, dlcore_model_set_weight(model, 0, near, 2));
    text = text_of(model, &how);
    assert_null(strstr(text, "network_m0"));
    free(text);
    assert_accepted(model, dlcore_model_set_weight(model, 0, far, 2));
    text = text_of(model, &how);
    assert_non_null(strstr(text, "network_m0[2] NETWORK_FLASH = {\n    2.0e+03f, 5.0e-01f\n}"));
    free(text);
    dlcore_model_free(model);
}

static void test_export_c_numbers_have_nine_digits_and_names_stay_in_the_comment(void **state)
{
    static const float kernel[4] = {1.0F / 3.0F, -16777216.0F, 1e-39F, 0.1F};
    dlcore_layer_t layer = dlcore_layer_dense(4, DLCORE_ACTIVATION_LINEAR);
    dlcore_model_t *model;
    dlcore_export_c_options_t how = options();
    char *text;

    (void)state;
    snprintf(layer.name, sizeof layer.name, "*@$?\\name");
    model = new_model(&layer, 1, 1);
    assert_accepted(model, dlcore_model_set_weight(model, 0, kernel, 4));
    text = text_of(model, &how);
    /* the bias, then a unit after the other; what is below FLT_MIN is 0 */
    assert_non_null(strstr(text, "{\n    0.0f, 0.0f, 0.0f, 0.0f, 3.33333343e-01f, -1.6777216e+07f,"
                                 "\n    0.0f, 1.00000001e-01f\n}"));
    assert_non_null(strstr(text, " *   _____name: Dense, 1 -> 4\n"));
    free(text);
    dlcore_model_free(model);
}

static void test_export_c_large_networks_take_scratch_for_their_widths(void **state)
{
    dlcore_layer_t layers[] = {dlcore_layer_dense(200, DLCORE_ACTIVATION_RELU),
                               dlcore_layer_dense(30, DLCORE_ACTIVATION_RELU),
                               dlcore_layer_dense(100, DLCORE_ACTIVATION_RELU),
                               dlcore_layer_dense(2, DLCORE_ACTIVATION_SOFTMAX)};
    dlcore_model_t *model = new_model(layers, 4, 5);
    dlcore_export_c_options_t how = options();
    dlcore_export_report_t report;

    (void)state;
    how.report = &report;
    free(text_of(model, &how));
    assert_int_equal(report.scratch_bytes, (200 + 30) * sizeof(float)); /* two buffers, in turn */
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export_c_to_a_path_memory_and_a_writer_is_the_same_text),
        cmocka_unit_test(test_export_c_prefix_that_is_no_identifier_is_refused),
        cmocka_unit_test(test_export_c_without_what_it_needs_says_what_is_missing),
        cmocka_unit_test(test_export_c_samples_that_do_not_fit_are_refused),
        cmocka_unit_test(test_export_c_weights_that_are_not_finite_are_refused_by_name),
        cmocka_unit_test(test_export_c_in_int8_needs_samples_and_reports_how_near_it_comes),
        cmocka_unit_test(test_export_c_in_int8_reports_the_share_of_one_class),
        cmocka_unit_test(test_export_c_in_int8_norms_come_near),
        cmocka_unit_test(test_export_c_embedding_is_refused_by_name),
        cmocka_unit_test(test_export_c_in_int8_what_has_no_such_form_is_refused_by_name),
        cmocka_unit_test(test_export_c_in_int8_sums_that_do_not_fit_are_refused),
        cmocka_unit_test(test_export_c_in_int8_samples_that_are_not_finite_are_refused),
        cmocka_unit_test(test_export_c_without_memory_says_so_and_keeps_nothing),
        cmocka_unit_test(test_export_c_a_writer_that_refuses_ends_the_export),
        cmocka_unit_test(test_export_c_calls_of_the_system_that_fail_leave_the_old_file),
        cmocka_unit_test(test_export_c_what_is_linear_beside_a_dense_layer_is_part_of_it),
        cmocka_unit_test(test_export_c_means_far_from_zero_are_subtracted_first),
        cmocka_unit_test(test_export_c_numbers_have_nine_digits_and_names_stay_in_the_comment),
        cmocka_unit_test(test_export_c_large_networks_take_scratch_for_their_widths),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
