/* Weights of other programs: which tensor is which weight, what is refused, and that nothing
 * changes where something is.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/little_endian.h"
#include "dlcore/file.h"
#include "model/model.h"
#include "support/failing_allocator.h"
#include "support/folder.h"
#include "support/foreign_models.h"
#include "support/models.h"

#define TENSORS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const cases[] = {"torch",   "float16", "bfloat16", "float64",
                                    "modules", "keras",   "numpy"};
enum { CASES = sizeof cases / sizeof cases[0] };

/* Loading fails with that text in its message, and no weight is another. */
static void assert_refused(dlcore_model_t *model, const char *const *tensors,
                           const dlcore_weights_options_t *options, dlcore_status status,
                           const char *text)
{
    size_t count = dlcore_model_parameter_count(model);
    float *before = malloc(count * sizeof *before), *after = malloc(count * sizeof *after);

    assert_non_null(before);
    assert_non_null(after);
    assert_int_equal(dlcore_model_get_weights(model, before, count), DLCORE_OK);
    assert_int_equal(foreign_load(model, tensors, options), status);
    if (strstr(dlcore_model_error(model), text) == NULL)
        fail_msg("\"%s\" is not in: %s", text, dlcore_model_error(model));
    assert_int_equal(dlcore_model_get_weights(model, after, count), DLCORE_OK);
    assert_memory_equal(before, after, count * sizeof *before);
    free(before);
    free(after);
}

/* "dense/kernel": what is said of it; for free with the report. */
static const dlcore_weight_match_t *match_of(const dlcore_weights_report_t *report,
                                             const char *weight)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->matches[i].weight, weight) == 0)
            return &report->matches[i];
    }
    fail_msg("no %s", weight);
    return NULL;
}

static dlcore_weights_report_t *load_reported(dlcore_model_t *model, const char *const *tensors,
                                              dlcore_weights_options_t options)
{
    dlcore_weights_report_t *report = NULL;

    options.report = &report;
    assert_accepted(model, foreign_load(model, tensors, &options));
    assert_non_null(report);
    return report;
}

static void assert_match(const dlcore_weights_report_t *report, const char *weight,
                         const char *tensor, dlcore_weight_source_t source, bool transposed)
{
    const dlcore_weight_match_t *match = match_of(report, weight);

    if (tensor == NULL)
        assert_null(match->tensor);
    else
        assert_string_equal(match->tensor, tensor);
    assert_int_equal(match->source, source);
    assert_int_equal(match->transposed, transposed);
}

/* ---- files that other programs wrote ---- */

static void test_model_load_weights_predicts_what_the_other_program_does(void **state)
{
    static const dlcore_engine_t engines[] = {DLCORE_ENGINE_AUTO, DLCORE_ENGINE_BLAS};

    (void)state;
    for (size_t i = 0; i < 2 * CASES; i++) {
        dlcore_model_options_t options = dlcore_model_options_default();
        dlcore_model_t *model;

        options.engine = engines[i % 2];
        model = foreign_model(cases[i / 2], &options);
        assert_non_null(model);
        assert_true(foreign_difference(model, cases[i / 2]) > 1e-2);
        assert_accepted(model, dlcore_model_load_weights(model, foreign_path(cases[i / 2])));
        if (foreign_difference(model, cases[i / 2]) > 2e-6)
            fail_msg("%s: %g", cases[i / 2], foreign_difference(model, cases[i / 2]));
        dlcore_model_free(model);
    }
}

static dlcore_status case_scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_weights_options_t how = dlcore_weights_options_default();
    dlcore_weights_report_t *report = NULL;
    dlcore_model_t *model;
    dlcore_status status;

    options.allocator = *allocator;
    options.threads = 1;
    how.report = &report;
    model = foreign_model(context, &options);
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = dlcore_model_load_weights_with(model, foreign_path(context), &how);
    assert_true((report != NULL) == (status == DLCORE_OK));
    dlcore_weights_report_free(report);
    dlcore_model_free(model);
    return status;
}

static void test_model_load_weights_every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        char name[16];

        snprintf(name, sizeof name, "%s", cases[i]);
        assert_true(failing_allocator_sweep(case_scenario, name) >= 10);
    }
}

static void test_model_load_weights_reports_what_went_where(void **state)
{
    dlcore_weights_options_t how = dlcore_weights_options_default();
    dlcore_weights_report_t *report;
    dlcore_model_t *model = foreign_model("torch", NULL);
    const dlcore_weight_match_t *match;
    const char *text;
    FILE *stream = folder_stream("printed");

    (void)state;
    how.report = &report;
    assert_accepted(model, dlcore_model_load_weights_with(model, foreign_path("torch"), &how));
    assert_int_equal(report->count, 12);
    assert_int_equal(report->loaded, 12);
    assert_int_equal(report->unused_count, 1);
    assert_string_equal(report->unused[0], "2.num_batches_tracked");
    assert_match(report, "dense/kernel", "0.weight", DLCORE_WEIGHT_BY_ORDER, true);
    assert_match(report, "dense_1/kernel", "3.weight", DLCORE_WEIGHT_BY_ORDER, true);
    assert_match(report, "batch_normalization/moving_variance", "2.running_var",
                 DLCORE_WEIGHT_BY_ORDER, false);
    assert_match(report, "p_re_lu/alpha", "4.weight", DLCORE_WEIGHT_BY_ORDER, false);
    match = match_of(report, "dense/kernel");
    assert_int_equal(match->rank, 2);
    assert_int_equal(match->shape[0], 5);
    assert_int_equal(match->shape[1], 4);
    assert_int_equal(match->tensor_rank, 2);
    assert_int_equal(match->tensor_shape[0], 4);
    assert_int_equal(match->tensor_shape[1], 5);
    assert_string_equal(match->dtype, "F32");
    assert_int_equal(dlcore_weights_report_print(report, stream), DLCORE_OK);
    fclose(stream);
    text = folder_text("printed");
    assert_non_null(
        strstr(text, "dense/kernel (5, 4) = 0.weight (4, 5) F32 transposed, by order\n"));
    assert_non_null(strstr(text, "not used: 2.num_batches_tracked\n"));
    dlcore_weights_report_free(report);
    dlcore_model_free(model);
}

/* ---- names ---- */

static void test_model_load_weights_finds_names_after_a_prefix(void **state)
{
    dlcore_weights_options_t how = dlcore_weights_options_default();
    dlcore_model_t *model = DENSE_STACK(3, 2, 2);
    dlcore_weights_report_t *report =
        load_reported(model,
                      TENSORS("m/a/dense/kernel F32 3 2", "m/a/dense/bias F32 2",
                              "m/a/dense_1/bias F32 2", "m/a/dense_1/kernel F32 2 2",
                              "other/bias F32 7", "optimizer/adam/m/dense/kernel F32 3 2"),
                      how);

    (void)state;
    assert_match(report, "dense_1/kernel", "m/a/dense_1/kernel", DLCORE_WEIGHT_BY_PREFIX, false);
    assert_int_equal(report->unused_count, 2);
    dlcore_weights_report_free(report);

    report = load_reported(model,
                           TENSORS("p.dense.kernel:0 F32 3 2", "p.dense.bias:0 F32 2",
                                   "p.dense_1.kernel:0 F32 2 2", "p.dense_1.bias:0 F32 2"),
                           how);
    assert_match(report, "dense/bias", "p.dense.bias:0", DLCORE_WEIGHT_BY_PREFIX, false);
    dlcore_weights_report_free(report);

    assert_refused(model,
                   TENSORS("a/dense/kernel F32 3 2", "a/dense/bias F32 2",
                           "a/dense_1/kernel F32 2 2", "a/dense_1/bias F32 2",
                           "b/dense/kernel F32 3 2", "b/dense/bias F32 2",
                           "b/dense_1/kernel F32 2 2", "b/dense_1/bias F32 2"),
                   &how, DLCORE_ERROR_NAME, "after \"a/\" and after another prefix: set prefix");
    how.prefix = "b/";
    report = load_reported(model,
                           TENSORS("a/dense/kernel F32 3 2", "b/dense/kernel F32 3 2",
                                   "b/dense/bias F32 2", "b/dense_1/kernel F32 2 2",
                                   "b/dense_1/bias F32 2"),
                           how);
    assert_match(report, "dense/kernel", "b/dense/kernel", DLCORE_WEIGHT_BY_NAME, false);
    dlcore_weights_report_free(report);
    dlcore_model_free(model);
}

/* Layers called as those of the model, whatever their order, shapes and companions. */
static void test_model_load_weights_finds_layers_by_name(void **state)
{
    dlcore_layer_t layers[] = {dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU),
                               dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU)};
    dlcore_weights_report_t *report;
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    snprintf(layers[0].name, sizeof layers[0].name, "second");
    snprintf(layers[1].name, sizeof layers[1].name, "first");
    dlcore_model_add(model, layers[0]);
    dlcore_model_add(model, layers[1]);
    assert_accepted(model, dlcore_model_build(model, 3));
    report = load_reported(model,
                           TENSORS("net.first.weight F32 3 3", "net.first.bias F32 3",
                                   "net.second.weight F32 3 3", "net.second.bias F32 3",
                                   "net.third.weight F32 9 3", "net.third.bias F32 9"),
                           dlcore_weights_options_default());
    assert_match(report, "second/kernel", "net.second.weight", DLCORE_WEIGHT_BY_NAME, true);
    assert_match(report, "first/bias", "net.first.bias", DLCORE_WEIGHT_BY_NAME, false);
    assert_int_equal(report->unused_count, 2);
    dlcore_weights_report_free(report);
    assert_refused(model,
                   TENSORS("first.weight F32 3 3", "first.bias F32 3", "second.weight F32 3 4",
                           "second.bias F32 3"),
                   NULL, DLCORE_ERROR_SHAPE,
                   "second.weight (3, 4) does not fit second/kernel (3, 3)");
    dlcore_model_free(model);
}

static void test_model_load_weights_same_names_are_meant(void **state)
{
    dlcore_model_t *model = DENSE_STACK(3, 2, 2);

    (void)state;
    assert_refused(model, TENSORS("dense/kernel F32 3 2", "dense/bias F32 2"), NULL,
                   DLCORE_ERROR_NAME, "has no tensor for dense_1/kernel (2, 2); it has");
    assert_refused(model,
                   TENSORS("dense/kernel F32 2 3", "dense/bias F32 2", "dense_1/kernel F32 2 2",
                           "dense_1/bias F32 2"),
                   NULL, DLCORE_ERROR_SHAPE, "dense/kernel: expected (3, 2), the file has (2, 3)");
    dlcore_model_free(model);
}

/* ---- order ---- */

static void test_model_load_weights_orders_as_people_count(void **state)
{
    dlcore_model_t *model = DENSE_STACK(4, 4, 4, 4);
    dlcore_weights_report_t *report =
        load_reported(model,
                      TENSORS("seq/dense_11/kernel F32 4 4", "seq/dense_11/bias F32 4",
                              "seq/dense_9/kernel F32 4 4", "seq/dense_9/bias F32 4",
                              "seq/dense_10/kernel F32 4 4", "seq/dense_10/bias F32 4"),
                      dlcore_weights_options_default());

    (void)state;
    assert_match(report, "dense/kernel", "seq/dense_9/kernel", DLCORE_WEIGHT_BY_ORDER, false);
    assert_match(report, "dense_1/kernel", "seq/dense_10/kernel", DLCORE_WEIGHT_BY_ORDER, false);
    assert_match(report, "dense_2/bias", "seq/dense_11/bias", DLCORE_WEIGHT_BY_ORDER, false);
    dlcore_weights_report_free(report);

    report =
        load_reported(model,
                      TENSORS("dense/dense/kernel:0 F32 4 4", "dense/dense/bias:0 F32 4",
                              "dense_1/dense_1/kernel:0 F32 4 4", "dense_1/dense_1/bias:0 F32 4",
                              "dense_2/kernel:0 F32 4 4", "dense_2/bias:0 F32 4"),
                      dlcore_weights_options_default());
    assert_match(report, "dense_1/bias", "dense_1/dense_1/bias:0", DLCORE_WEIGHT_BY_NAME, false);
    dlcore_weights_report_free(report);
    dlcore_model_free(model);
}

static void test_model_load_weights_takes_shapes_where_names_say_no_order(void **state)
{
    dlcore_model_t *model = DENSE_STACK(4, 6, 5, 4);
    dlcore_weights_report_t *report =
        load_reported(model,
                      TENSORS("zulu.weight F32 6 4", "zulu.bias F32 6", "mike.weight F32 5 6",
                              "mike.bias F32 5", "alpha.weight F32 4 5", "alpha.bias F32 4"),
                      dlcore_weights_options_default());

    (void)state;
    assert_match(report, "dense/kernel", "zulu.weight", DLCORE_WEIGHT_BY_ORDER, true);
    assert_match(report, "dense_1/kernel", "mike.weight", DLCORE_WEIGHT_BY_ORDER, true);
    assert_match(report, "dense_2/kernel", "alpha.weight", DLCORE_WEIGHT_BY_ORDER, true);
    dlcore_weights_report_free(report);
    dlcore_model_free(model);

    model = DENSE_STACK(4, 4, 4);
    assert_refused(model,
                   TENSORS("a.weight F32 4 4", "a.bias F32 4", "b.weight F32 4 4", "b.bias F32 4"),
                   NULL, DLCORE_ERROR_NAME, "\"a\" and \"b\" both fit dense: set pairs");
    dlcore_model_free(model);
}

static void test_model_load_weights_refuses_what_does_not_fit_in_order(void **state)
{
    dlcore_model_t *model = DENSE_STACK(4, 3, 2);

    (void)state;
    assert_refused(model,
                   TENSORS("0.weight F32 3 4", "0.bias F32 3", "2.weight F32 5 3", "2.bias F32 5"),
                   NULL, DLCORE_ERROR_SHAPE, "2.weight (5, 3) does not fit dense_1/kernel (3, 2)");
    assert_refused(model, TENSORS("0.weight F32 3 4", "0.bias F32 3", "2.weight F32 2 3"), NULL,
                   DLCORE_ERROR_NAME, "\"2\" has nothing for dense_1/bias (2)");
    assert_refused(model,
                   TENSORS("0.weight F32 3 4", "0.bias F32 3", "2.weight F32 2 3", "2.bias F32 2",
                           "2.weight_g F32 2"),
                   NULL, DLCORE_ERROR_NAME, "\"2\" has more weights than dense_1");
    assert_refused(model, TENSORS("0.weight F32 3 4", "0.bias F32 3"), NULL, DLCORE_ERROR_NAME,
                   "has 1 layers with weights (\"0\"), the model 2: set pairs or partial");
    assert_refused(model, TENSORS("steps I64"), NULL, DLCORE_ERROR_NAME, "has 0 tensors");
    assert_refused(
        model, TENSORS("0.weight F8_E4M3 3 4", "0.bias F32 3", "2.weight F32 2 3", "2.bias F32 2"),
        NULL, DLCORE_ERROR_DTYPE,
        "0.weight (3, 4): this version does not read elements of F8_E4M3");
    dlcore_model_free(model);
}

/* ---- square kernels ---- */

static void test_model_load_weights_asks_which_way_a_square_kernel_lies(void **state)
{
    dlcore_weights_options_t how = dlcore_weights_options_default();
    dlcore_model_t *model = DENSE_STACK(4, 4, 3);
    const char *const *contrary =
        TENSORS("0.weight F32 4 4", "0.bias F32 4", "1.weight F32 4 3", "1.bias F32 3");
    const char *const *nameless = TENSORS("W1 F32 4 4", "W2 F32 4 3", "b1 F32 4", "b2 F32 3");
    dlcore_weights_report_t *report;

    (void)state;
    assert_refused(model, contrary, NULL, DLCORE_ERROR_SHAPE, "0.weight (4, 4) is square");
    assert_refused(model, nameless, NULL, DLCORE_ERROR_SHAPE, "W1 (4, 4) is square");
    how.kernels = DLCORE_KERNEL_ORDER_INPUTS_FIRST;
    report = load_reported(model, contrary, how);
    assert_match(report, "dense/kernel", "0.weight", DLCORE_WEIGHT_BY_ORDER, false);
    dlcore_weights_report_free(report);
    report = load_reported(model, nameless, how);
    assert_match(report, "dense/bias", "b1", DLCORE_WEIGHT_BY_ORDER, false);
    dlcore_weights_report_free(report);
    how.kernels = DLCORE_KERNEL_ORDER_OUTPUTS_FIRST;
    assert_refused(model, nameless, &how, DLCORE_ERROR_SHAPE, "does not fit");
    report = load_reported(model,
                           TENSORS("dense/kernel F32 4 4", "dense/bias F32 4",
                                   "dense_1/kernel F32 3 4", "dense_1/bias F32 3"),
                           how);
    assert_match(report, "dense_1/kernel", "dense_1/kernel", DLCORE_WEIGHT_BY_NAME, true);
    dlcore_weights_report_free(report);
    dlcore_model_free(model);
}

static void test_model_load_weights_one_number_lies_either_way(void **state)
{
    dlcore_model_t *model = DENSE_STACK(1, 1);

    (void)state;
    assert_accepted(model, foreign_load(model, TENSORS("w F32 1 1", "b F32 1"), NULL));
    dlcore_model_free(model);
}

/* ---- parts of models ---- */

static void test_model_load_weights_partial_leaves_layers_alone(void **state)
{
    dlcore_weights_options_t how = dlcore_weights_options_default();
    dlcore_model_t *model = DENSE_STACK(4, 3, 2);
    dlcore_weights_report_t *report;
    float before[23], after[23];

    (void)state;
    assert_int_equal(dlcore_model_parameter_count(model), 23);
    assert_int_equal(dlcore_model_get_weights(model, before, 23), DLCORE_OK);
    how.partial = true;
    report = load_reported(
        model, TENSORS("dense/kernel F32 4 3", "dense/bias F32 3", "head/bias F32 9"), how);
    assert_match(report, "dense_1/kernel", NULL, DLCORE_WEIGHT_LEFT, false);
    assert_int_equal(report->loaded, 2);
    assert_int_equal(report->unused_count, 1);
    assert_string_equal(report->unused[0], "head/bias");
    dlcore_weights_report_free(report);
    assert_int_equal(dlcore_model_get_weights(model, after, 23), DLCORE_OK);
    assert_memory_equal(before + 15, after + 15, 8 * sizeof *before);
    for (size_t i = 0; i < 15; i++)
        assert_true(after[i] == 0.0f);
    /* half of a layer is none */
    assert_refused(model, TENSORS("dense/kernel F32 4 3"), &how, DLCORE_ERROR_NAME,
                   "has no tensor for dense/bias (3)");
    assert_refused(model, TENSORS("head/bias F32 9"), &how, DLCORE_ERROR_NAME, "");
    /* in order: the file goes on, or the model does */
    report = load_reported(model,
                           TENSORS("0.weight F32 3 4", "0.bias F32 3", "2.weight F32 2 3",
                                   "2.bias F32 2", "4.weight F32 9 2", "4.bias F32 9"),
                           how);
    assert_match(report, "dense_1/kernel", "2.weight", DLCORE_WEIGHT_BY_ORDER, true);
    assert_int_equal(report->unused_count, 2);
    dlcore_weights_report_free(report);
    report = load_reported(model, TENSORS("0.weight F32 3 4", "0.bias F32 3"), how);
    assert_match(report, "dense/kernel", "0.weight", DLCORE_WEIGHT_BY_ORDER, true);
    assert_match(report, "dense_1/kernel", NULL, DLCORE_WEIGHT_LEFT, false);
    dlcore_weights_report_free(report);
    dlcore_model_free(model);
}

static void test_model_load_weights_skip_mismatch_leaves_another_head_alone(void **state)
{
    const char *const *by_order =
        TENSORS("fc1.weight F32 3 4", "fc1.bias F32 3", "fc2.weight F32 3 3", "fc2.bias F32 3",
                "head.weight F32 10 3", "head.bias F32 10");
    const char *const *by_name =
        TENSORS("dense/kernel F32 4 3", "dense/bias F32 3", "dense_1/kernel F32 3 3",
                "dense_1/bias F32 3", "dense_2/kernel F32 3 10", "dense_2/bias F32 10");
    dlcore_weights_options_t how = dlcore_weights_options_default();
    dlcore_model_t *model = DENSE_STACK(4, 3, 3, 2);
    dlcore_weights_report_t *report;

    (void)state;
    assert_refused(model, by_order, &how, DLCORE_ERROR_SHAPE,
                   "head.weight (10, 3) does not fit dense_2/kernel (3, 2)");
    assert_refused(model, by_name, &how, DLCORE_ERROR_SHAPE,
                   "dense_2/kernel: expected (3, 2), the file has (3, 10)");
    how.skip_mismatch = true;
    for (int i = 0; i < 2; i++) {
        report = load_reported(model, i == 0 ? by_order : by_name, how);
        assert_int_equal(report->loaded, 4);
        assert_match(report, "dense_2/kernel", i == 0 ? "head.weight" : "dense_2/kernel",
                     DLCORE_WEIGHT_LEFT_BY_SHAPE, false);
        assert_match(report, "dense_2/bias", i == 0 ? "head.bias" : "dense_2/bias",
                     DLCORE_WEIGHT_LEFT_BY_SHAPE, false);
        assert_int_equal(report->unused_count, 2);
        dlcore_weights_report_free(report);
    }
    /* as a kind, none fits */
    assert_refused(model,
                   TENSORS("0.weight F32 7 7", "0.bias F32 7", "1.weight F32 7 7", "1.bias F32 7",
                           "2.weight F32 7 7", "2.bias F32 7"),
                   &how, DLCORE_ERROR_SHAPE, "does not fit");
    dlcore_model_free(model);
}

/* ---- pairs ---- */

static void test_model_load_weights_pairs_decide(void **state)
{
    const dlcore_weight_pair_t pairs[] = {{"dense/kernel", "b.weight", true},
                                          {"dense/bias", "b.bias", false},
                                          {"dense_2/kernel", NULL, false},
                                          {"dense_2/bias", NULL, false}};
    dlcore_weights_options_t how = dlcore_weights_options_default();
    dlcore_model_t *model = DENSE_STACK(4, 4, 4, 2);
    dlcore_weights_report_t *report;

    (void)state;
    how.pairs = pairs;
    how.pair_count = 4;
    report = load_reported(
        model, TENSORS("a.weight F32 4 4", "a.bias F32 4", "b.weight F32 4 4", "b.bias F32 4"),
        how);
    assert_match(report, "dense/kernel", "b.weight", DLCORE_WEIGHT_BY_PAIR, true);
    assert_match(report, "dense_1/kernel", "a.weight", DLCORE_WEIGHT_BY_ORDER, true);
    assert_match(report, "dense_2/bias", NULL, DLCORE_WEIGHT_LEFT_BY_CALLER, false);
    dlcore_weights_report_free(report);
    dlcore_model_free(model);
}

static void test_model_load_weights_pairs_that_are_wrong_are_named(void **state)
{
    static const struct {
        dlcore_weight_pair_t pairs[2];
        size_t count;
        dlcore_status status;
        const char *text;
    } wrong[] = {
        {{{"dense_7/kernel", "w", false}}, 1, DLCORE_ERROR_NAME, "no weight \"dense_7/kernel\""},
        {{{"dense/kernel", "x", false}},
         1,
         DLCORE_ERROR_NAME,
         "has no tensor \"x\", which pairs give dense/kernel"},
        {{{"dense/kernel", "w", false}},
         1,
         DLCORE_ERROR_SHAPE,
         "w (3, 4) does not fit dense/kernel (4, 3)"},
        {{{"dense/bias", "b", true}}, 1, DLCORE_ERROR_ARGUMENT, "\"dense/bias\" is no kernel"},
        {{{NULL, "b", false}}, 1, DLCORE_ERROR_ARGUMENT, "a weight is NULL"},
        {{{"dense/bias", "b", false}, {"dense/bias", "b", false}},
         2,
         DLCORE_ERROR_ARGUMENT,
         "the weight \"dense/bias\" stands there twice"},
        {{{"dense/bias", "b", false}, {"dense_1/bias", "b", false}},
         2,
         DLCORE_ERROR_ARGUMENT,
         "the tensor \"b\" stands there twice"},
        {{{"dense/bias", "b", false}}, 1, DLCORE_ERROR_NAME, "give all of them"},
        {{{"dense/bias", "b", false}}, 0, DLCORE_ERROR_ARGUMENT, "pair_count is 0"},
    };
    dlcore_weights_options_t how = dlcore_weights_options_default();
    dlcore_model_t *model = DENSE_STACK(4, 3, 3);

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        how.pairs = wrong[i].pairs;
        how.pair_count = wrong[i].count;
        assert_refused(model, TENSORS("w F32 3 4", "b F32 3", "c.weight F32 3 3", "c.bias F32 3"),
                       &how, wrong[i].status, wrong[i].text);
    }
    how.pairs = NULL;
    how.pair_count = 1;
    assert_refused(model, TENSORS("w F32 1"), &how, DLCORE_ERROR_ARGUMENT, "pairs is NULL");
    how = dlcore_weights_options_default();
    how.kernels = (dlcore_kernel_order_t)3;
    assert_refused(model, TENSORS("w F32 1"), &how, DLCORE_ERROR_ARGUMENT, "kernels");
    how = (dlcore_weights_options_t){.structure_size = 0};
    assert_refused(model, TENSORS("w F32 1"), &how, DLCORE_ERROR_ARGUMENT, "weights_options");
    dlcore_model_free(model);
}

/* ---- numbers ---- */

/* A kernel of 65 x 47, so that panels and pieces are not whole; every number is another. */
static void test_model_load_weights_transposes_exactly(void **state)
{
    enum { IN = 65, OUT = 47 };
    const char *const *names = TENSORS("0.weight F32 47 65", "0.bias F32 47");
    static float weights[IN * OUT + OUT];
    dlcore_engine_t engines[] = {DLCORE_ENGINE_AUTO, DLCORE_ENGINE_BLAS};
    size_t size;
    unsigned char *bytes = foreign_file(names, &size);
    unsigned char *data = bytes + size - sizeof weights;

    (void)state;
    for (size_t i = 0; i < IN * OUT + OUT; i++)
        weights[i] = (float)i + 1.0f;
    dlcore_floats_little_endian(weights, IN * OUT + OUT);
    memcpy(data, weights, sizeof weights);
    for (size_t e = 0; e < 2; e++) {
        dlcore_model_options_t options = dlcore_model_options_default();
        dlcore_model_t *model = NULL;

        options.engine = engines[e];
        assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
        dlcore_model_add(model, dlcore_layer_dense(OUT, DLCORE_ACTIVATION_LINEAR));
        assert_accepted(model, dlcore_model_build(model, IN));
        assert_accepted(model, dlcore_model_load_weights_memory(model, bytes, size));
        assert_int_equal(dlcore_model_get_weights(model, weights, IN * OUT + OUT), DLCORE_OK);
        for (size_t i = 0; i < IN; i++) {
            for (size_t o = 0; o < OUT; o++)
                assert_true(weights[i * OUT + o] == (float)(o * IN + i) + 1.0f);
        }
        dlcore_model_free(model);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_load_weights_predicts_what_the_other_program_does),
        cmocka_unit_test(test_model_load_weights_every_allocation_may_fail),
        cmocka_unit_test(test_model_load_weights_reports_what_went_where),
        cmocka_unit_test(test_model_load_weights_finds_names_after_a_prefix),
        cmocka_unit_test(test_model_load_weights_finds_layers_by_name),
        cmocka_unit_test(test_model_load_weights_same_names_are_meant),
        cmocka_unit_test(test_model_load_weights_orders_as_people_count),
        cmocka_unit_test(test_model_load_weights_takes_shapes_where_names_say_no_order),
        cmocka_unit_test(test_model_load_weights_refuses_what_does_not_fit_in_order),
        cmocka_unit_test(test_model_load_weights_asks_which_way_a_square_kernel_lies),
        cmocka_unit_test(test_model_load_weights_one_number_lies_either_way),
        cmocka_unit_test(test_model_load_weights_partial_leaves_layers_alone),
        cmocka_unit_test(test_model_load_weights_skip_mismatch_leaves_another_head_alone),
        cmocka_unit_test(test_model_load_weights_pairs_decide),
        cmocka_unit_test(test_model_load_weights_pairs_that_are_wrong_are_named),
        cmocka_unit_test(test_model_load_weights_transposes_exactly),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
