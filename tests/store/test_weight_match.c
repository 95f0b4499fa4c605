/* Matching weights and tensors at the edges: names that are nearly those of a layer, counters,
 * strangers, too many tensors, pairs beside names, and what is then reported.
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

#include "dlcore/file.h"
#include "store/weight_ordering.h"
#include "support/folder.h"
#include "support/foreign_models.h"
#include "support/hostile_file.h"
#include "support/models.h"
#include "support/size_text.h"
#include "support/tensors.h"

#define TENSORS(...) ((const char *const[]){__VA_ARGS__, NULL})

static dlcore_weights_options_t options_of(bool partial, bool skip_mismatch)
{
    dlcore_weights_options_t options = dlcore_weights_options_default();

    options.partial = partial;
    options.skip_mismatch = skip_mismatch;
    return options;
}

/* Frees the model. */
static void assert_no_match(dlcore_model_t *model, const char *const *tensors,
                            const dlcore_weights_options_t *options, dlcore_status status,
                            const char *message)
{
    if (foreign_load(model, tensors, options) != status ||
        strstr(dlcore_model_error(model), message) == NULL)
        fail_msg("\"%s\" is not in: %s", message, dlcore_model_error(model));
    dlcore_model_free(model);
}

/* Each weight in turn is loaded from that source. Frees the model. */
static void assert_match(dlcore_model_t *model, const char *const *tensors,
                         dlcore_weights_options_t options, size_t count, const int *sources)
{
    dlcore_weights_report_t *report = NULL;

    options.report = &report;
    assert_accepted(model, foreign_load(model, tensors, &options));
    assert_int_equal(report->count, count);
    for (size_t i = 0; i < count; i++)
        if ((int)report->matches[i].source != sources[i])
            fail_msg("%s: by %s", report->matches[i].weight,
                     dlcore_weight_source_name(report->matches[i].source));
    dlcore_weights_report_free(report);
    dlcore_model_free(model);
}
#define SOURCES(...)                                    \
    sizeof((int[]){__VA_ARGS__}) / sizeof(int), (int[]) \
    {                                                   \
        __VA_ARGS__                                     \
    }

enum {
    LEFT = DLCORE_WEIGHT_LEFT,
    SHAPE_LEFT = DLCORE_WEIGHT_LEFT_BY_SHAPE,
    PAIR = DLCORE_WEIGHT_BY_PAIR,
    NAME = DLCORE_WEIGHT_BY_NAME,
    PREFIX = DLCORE_WEIGHT_BY_PREFIX,
    ORDER = DLCORE_WEIGHT_BY_ORDER
};

/* ---- nothing to load ---- */

static void test_weight_match_of_a_model_without_weights_loads_nothing(void **state)
{
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_flatten());
    assert_accepted(model, dlcore_model_build(model, 3));
    assert_accepted(model, foreign_load(model, TENSORS("lin.weight F32 2 3"), NULL));
    dlcore_model_free(model);
}

static void test_weight_match_that_leaves_every_weight_is_an_error(void **state)
{
    dlcore_weights_options_t options = options_of(false, true);

    (void)state;
    assert_no_match(DENSE_STACK(3, 2), TENSORS("dense/kernel F32 4 2", "dense/bias F32 3"),
                    &options, DLCORE_ERROR_NAME, "no weight of the model would be loaded");
}

/* ---- prefixes ---- */

static void test_weight_match_prefixes_have_a_length_limit(void **state)
{
    dlcore_weights_options_t options = dlcore_weights_options_default();
    char prefix[1101];

    (void)state;
    memset(prefix, 'a', sizeof prefix - 1);
    prefix[sizeof prefix - 1] = '\0';
    options.prefix = prefix;
    assert_no_match(DENSE_STACK(3, 2), TENSORS("dense/kernel F32 3 2"), &options,
                    DLCORE_ERROR_ARGUMENT, "prefix: longer than 1024 bytes");
    prefix[1020] = '\0'; /* no name of a tensor has this and a weight's */
    assert_no_match(DENSE_STACK(3, 2), TENSORS("dense/kernel F32 3 2"), &options, DLCORE_ERROR_NAME,
                    "has 0 tensors with weights");
}

static void test_weight_match_own_tensors_are_no_weights(void **state)
{
    (void)state;
    assert_match(DENSE_STACK(3, 2),
                 TENSORS("callback/a/dense/kernel F32 3 2", "model/dense/kernel F32 3 2",
                         "model/dense/bias F32 2"),
                 options_of(false, false), SOURCES(PREFIX, PREFIX));
    assert_match(DENSE_STACK(3, 2),
                 TENSORS("optimizer/x/kernel F32 3 2", "lin.weight F32 2 3", "lin.bias F32 2"),
                 options_of(false, false), SOURCES(ORDER, ORDER));
}

/* With partial, layers of one prefix are meant while nothing else is in the file. */
static void test_weight_match_partial_takes_a_prefix_that_all_have(void **state)
{
    (void)state;
    assert_match(DENSE_STACK(3, 2, 4), TENSORS("m/dense/kernel F32 3 2", "m/dense/bias F32 2"),
                 options_of(true, false), SOURCES(PREFIX, PREFIX, LEFT, LEFT));
    assert_match(DENSE_STACK(3, 2, 4),
                 TENSORS("m/dense/kernel F32 3 2", "m/dense/bias F32 2", "z/other F32 1"),
                 options_of(true, false), SOURCES(ORDER, ORDER, LEFT, LEFT));
}

/* ---- names that are nearly those ---- */

static void test_weight_match_names_that_end_alike_are_others(void **state)
{
    (void)state;
    assert_match(DENSE_STACK(3, 2), TENSORS("mydense/kernel F32 3 2", "mydense/bias F32 2"),
                 options_of(false, false), SOURCES(ORDER, ORDER));
    assert_match(DENSE_STACK(3, 2), TENSORS("mydense.weight F32 2 3", "mydense.bias F32 2"),
                 options_of(false, false), SOURCES(ORDER, ORDER));
    assert_no_match(DENSE_STACK(3, 2),
                    TENSORS("a.dense.weight F32 2 3", "a.dense.bias F32 2",
                            "b.dense.weight F32 2 3", "b.dense.bias F32 2"),
                    NULL, DLCORE_ERROR_NAME, "has 2 layers with weights");
    assert_no_match(DENSE_STACK(3, 2), TENSORS("enc.dense.weight F32 2 3"), NULL, DLCORE_ERROR_NAME,
                    "has nothing for dense/bias");
    assert_match(DENSE_STACK(3, 2, 4),
                 TENSORS("e.dense.weight F32 2 3", "e.dense.bias F32 2", "e.dense_1.weight F32 9 2",
                         "e.dense_1.bias F32 9"),
                 options_of(false, true), SOURCES(NAME, NAME, SHAPE_LEFT, SHAPE_LEFT));
}

static void test_weight_match_layers_that_have_others_weights_do_not_fit(void **state)
{
    (void)state;
    assert_match(DENSE_STACK(3, 2),
                 TENSORS("lin.weight F32 2 3", "lin.bias F32 2", "lin.count F32 1"),
                 options_of(false, false), SOURCES(ORDER, ORDER));
    assert_no_match(DENSE_STACK(3, 2), TENSORS("lin.weight F32 2 3", "lin.other F32 2"), NULL,
                    DLCORE_ERROR_NAME, "in the order of layers");
    assert_no_match(DENSE_STACK(3, 2), TENSORS("lin.weight F32 2 3", "lin.running_mean F32 2"),
                    NULL, DLCORE_ERROR_NAME, "has nothing for dense/bias");
}

/* A shape says more than a name. */
static void test_weight_match_kernels_may_lie_otherwise_than_they_are_called(void **state)
{
    (void)state;
    assert_match(DENSE_STACK(3, 2), TENSORS("lin.kernel F32 2 3", "lin.bias F32 2"),
                 options_of(false, false), SOURCES(ORDER, ORDER));
}

static void test_weight_match_alphas_have_the_shape_of_their_layer(void **state)
{
    (void)state;
    for (size_t width = 1; width <= 3; width += 2) {
        dlcore_weights_options_t options = dlcore_weights_options_default();
        dlcore_model_t *model = NULL;

        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        dlcore_model_add(model, dlcore_layer_prelu());
        assert_accepted(model, dlcore_model_build(model, width));
        if (width == 1)
            assert_match(model, TENSORS("p_re_lu/alpha F32 1"), options, SOURCES(NAME));
        else
            assert_no_match(model, TENSORS("p_re_lu/alpha F32 1 3"), NULL, DLCORE_ERROR_SHAPE,
                            "p_re_lu/alpha: expected (3), the file has (1, 3)");
    }
}

/* Its weight is "weight" in PyTorch, "scale" in Keras and Flax. */
static void test_weight_match_scales_have_the_names_of_other_programs(void **state)
{
    static const char *const names[] = {"norm.weight F32 3", "norm/scale F32 3"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dlcore_model_t *model = NULL;

        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        dlcore_model_add(model, dlcore_layer_rms_normalization());
        assert_accepted(model, dlcore_model_build(model, 3));
        assert_match(model, TENSORS(names[i]), options_of(false, false), SOURCES(ORDER));
    }
}

/* ---- order ---- */

/* "l1" and "l01" are one number, and told apart all the same. */
static void test_weight_match_numbers_with_zeros_have_an_order(void **state)
{
    (void)state;
    assert_match(DENSE_STACK(3, 4, 5, 6, 7, 8, 9),
                 TENSORS("l01.weight F32 5 4", "l01.bias F32 5", "l1.weight F32 4 3",
                         "l1.bias F32 4", "l01x1.weight F32 6 5", "l01x1.bias F32 6",
                         "l1x001.weight F32 7 6", "l1x001.bias F32 7", "l01y1.weight F32 8 7",
                         "l01y1.bias F32 8", "l1y01.weight F32 9 8", "l1y01.bias F32 9"),
                 options_of(false, false),
                 SOURCES(ORDER, ORDER, ORDER, ORDER, ORDER, ORDER, ORDER, ORDER, ORDER, ORDER,
                         ORDER, ORDER));
}

/* Two layers of four tensors are sorted four apart first, and then those of "l01" stand behind. */
static void test_weight_match_numbers_with_zeros_have_an_order_while_they_are_sorted(void **state)
{
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_batch_normalization());
    dlcore_model_add(model, dlcore_layer_batch_normalization());
    assert_accepted(model, dlcore_model_build(model, 3));
    assert_match(model,
                 TENSORS("l1.weight F32 3", "l1.bias F32 3", "l1.running_mean F32 3",
                         "l1.running_var F32 3", "l01.weight F32 3", "l01.bias F32 3",
                         "l01.running_mean F32 3", "l01.running_var F32 3"),
                 options_of(false, false),
                 SOURCES(ORDER, ORDER, ORDER, ORDER, ORDER, ORDER, ORDER, ORDER));
}

/* Where no tensor has the name of a weight, empty ones and zero bytes do not count. */
static void test_weight_match_of_tensors_alone_passes_by_empty_ones(void **state)
{
    (void)state;
    assert_match(DENSE_STACK(3, 2),
                 TENSORS("p0 F32 3 2", "p1 F32 2", "p2 F32 0 4", "p\\u0000 F32 3 2"),
                 options_of(false, false), SOURCES(ORDER, ORDER));
}

static char *many_tensors(size_t count)
{
    char *header = malloc(count * 80 + 8), *to = header;

    assert_non_null(header);
    *to++ = '{';
    for (size_t i = 0; i < count; i++)
        to += sprintf(to, "%s\"t%zu\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}",
                      i > 0 ? "," : "", i, 4 * i, 4 * i + 4);
    strcpy(to, "}");
    return header;
}

static void test_weight_match_tensors_without_names_have_a_limit(void **state)
{
    static const size_t counts[] = {4097, 16385};
    static const char *const messages[] = {"has 4097 tensors with weights",
                                           "16385 tensors are too many to match by order"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dlcore_weights_options_t options = options_of(true, false);
        dlcore_model_t *model = DENSE_STACK(3, 2);
        char *header = many_tensors(counts[i]);
        size_t size;
        unsigned char *file = hostile_file(header, 4 * counts[i], &size);

        assert_true(dlcore_model_load_weights_memory_with(model, file, size, &options) !=
                    DLCORE_OK);
        if (strstr(dlcore_model_error(model), messages[i]) == NULL)
            fail_msg("%s", dlcore_model_error(model));
        free(file);
        free(header);
        dlcore_model_free(model);
    }
}

/* What no file of a test makes: the search that gives up. */
static void test_weight_match_a_search_without_an_end_asks_for_pairs(void **state)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_matching_t matching = {.file_name = "file", .error = &error};
    dlcore_ordering_t ordering = {.matching = &matching};
    dlcore_search_t search = {.stuck_at = DLCORE_SEARCH_NONE};

    (void)state;
    assert_failed(dlcore_ordering_refuse_search(&ordering, &search, DLCORE_SEARCH_TOO_LONG),
                  DLCORE_ERROR_NAME, &error, "file: there are too many ways to match its layers");
    assert_failed(dlcore_ordering_refuse_search(&ordering, &search, DLCORE_SEARCH_NO_WAY),
                  DLCORE_ERROR_NAME, &error, "too many ways");
}

/* ---- pairs ---- */

static void test_weight_match_pairs_stand_beside_names_and_order(void **state)
{
    static const dlcore_weight_pair_t both[] = {{.weight = "dense/kernel", .tensor = "w"},
                                                {.weight = "dense/bias", .tensor = "b"}};
    dlcore_weights_options_t options = dlcore_weights_options_default();

    (void)state;
    options.pairs = both;
    options.pair_count = 2; /* nothing is left to be ordered */
    assert_match(DENSE_STACK(3, 2), TENSORS("w F32 3 2", "b F32 2", "c F32 9"), options,
                 SOURCES(PAIR, PAIR));
    options.pair_count = 1;
    assert_match(DENSE_STACK(3, 2), TENSORS("w F32 3 2", "dense/bias F32 2"), options,
                 SOURCES(PAIR, NAME));
    options.skip_mismatch = true; /* of a layer, but not what its pair gives */
    assert_match(DENSE_STACK(3, 2), TENSORS("w F32 3 2", "dense/bias F32 5"), options,
                 SOURCES(PAIR, SHAPE_LEFT));
}

#define HUGE_LENGTH " " SIZE_MAX_TEXT
#define HUGE_LENGTHS \
    HUGE_LENGTH HUGE_LENGTH HUGE_LENGTH HUGE_LENGTH HUGE_LENGTH HUGE_LENGTH HUGE_LENGTH

static void test_weight_match_shapes_that_do_not_fit_are_shown_as_far_as_they_go(void **state)
{
    static const dlcore_weight_pair_t pair = {.weight = "dense/kernel", .tensor = "dense/kernal"};
    dlcore_weights_options_t options = dlcore_weights_options_default();

    (void)state;
    options.pairs = &pair;
    options.pair_count = 1;
    options.partial = true;
    assert_no_match(DENSE_STACK(3, 2), TENSORS("dense/kernal F32 9 9"), &options,
                    DLCORE_ERROR_SHAPE, "dense/kernal (9, 9) does not fit dense/kernel (3, 2)");
    assert_no_match(DENSE_STACK(3, 2), TENSORS("dense/kernal F32"), &options, DLCORE_ERROR_SHAPE,
                    "dense/kernal () does not fit");
    assert_no_match(DENSE_STACK(3, 2), TENSORS("dense/kernal F32 0" HUGE_LENGTHS), &options,
                    DLCORE_ERROR_SHAPE,
                    "dense/kernal (0, " SIZE_MAX_TEXT ", " BY_SIZE("1844", "4294"));
}

/* ---- reports ---- */

static void test_weights_report_is_printed_line_by_line(void **state)
{
    dlcore_weights_options_t options = options_of(true, true);
    dlcore_model_t *model = DENSE_STACK(3, 2, 4, 5);
    dlcore_weights_report_t *report = NULL;
    FILE *stream = folder_stream("report");

    (void)state;
    options.report = &report;
    assert_accepted(model, foreign_load(model,
                                        TENSORS("dense/kernel F32 3 2", "dense/bias F32 2",
                                                "dense_1/kernel F32 9 2", "dense_1/bias F32 4",
                                                "more/a F32 1", "more/b F32 1"),
                                        &options));
    assert_int_equal(dlcore_weights_report_print(report, stream), DLCORE_OK);
    fclose(stream);
    assert_string_equal(folder_text("report"),
                        "dense/kernel (3, 2) = dense/kernel (3, 2) F32, by name\n"
                        "dense/bias (2) = dense/bias (2) F32, by name\n"
                        "dense_1/kernel (2, 4): left as it is: another shape in dense_1/kernel "
                        "(9, 2) F32\n"
                        "dense_1/bias (4): left as it is: another shape in dense_1/bias (4) F32\n"
                        "dense_2/kernel (4, 5): left as it is\n"
                        "dense_2/bias (5): left as it is\n"
                        "not used: dense_1/bias, dense_1/kernel, more/a, more/b\n");
    assert_int_equal(dlcore_weights_report_print(NULL, stdout), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_weights_report_print(report, NULL), DLCORE_ERROR_ARGUMENT);
    stream = fopen(folder_path("report"), "rb"); /* which takes no text */
    assert_non_null(stream);
    assert_int_equal(dlcore_weights_report_print(report, stream), DLCORE_ERROR_IO);
    fclose(stream);
    assert_string_equal(dlcore_weight_source_name((dlcore_weight_source_t)99), "unknown");
    dlcore_weights_report_free(report);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight_match_of_a_model_without_weights_loads_nothing),
        cmocka_unit_test(test_weight_match_that_leaves_every_weight_is_an_error),
        cmocka_unit_test(test_weight_match_prefixes_have_a_length_limit),
        cmocka_unit_test(test_weight_match_own_tensors_are_no_weights),
        cmocka_unit_test(test_weight_match_partial_takes_a_prefix_that_all_have),
        cmocka_unit_test(test_weight_match_names_that_end_alike_are_others),
        cmocka_unit_test(test_weight_match_layers_that_have_others_weights_do_not_fit),
        cmocka_unit_test(test_weight_match_kernels_may_lie_otherwise_than_they_are_called),
        cmocka_unit_test(test_weight_match_alphas_have_the_shape_of_their_layer),
        cmocka_unit_test(test_weight_match_scales_have_the_names_of_other_programs),
        cmocka_unit_test(test_weight_match_numbers_with_zeros_have_an_order),
        cmocka_unit_test(test_weight_match_numbers_with_zeros_have_an_order_while_they_are_sorted),
        cmocka_unit_test(test_weight_match_of_tensors_alone_passes_by_empty_ones),
        cmocka_unit_test(test_weight_match_tensors_without_names_have_a_limit),
        cmocka_unit_test(test_weight_match_a_search_without_an_end_asks_for_pairs),
        cmocka_unit_test(test_weight_match_pairs_stand_beside_names_and_order),
        cmocka_unit_test(test_weight_match_shapes_that_do_not_fit_are_shown_as_far_as_they_go),
        cmocka_unit_test(test_weights_report_is_printed_line_by_line),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
