/* Learning curves as SVG: panels, gaps, one epoch, many, and what is refused.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "dlcore/curves.h"
#include "fit/history.h"
#include "support/folder.h"

enum { VALUES = 4 };
static const char *const names[VALUES] = {"loss", "accuracy", "val_loss", "val_accuracy"};

static dlcore_history_t *history_of(size_t epochs, const double (*rows)[VALUES])
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_history_t *history = dlcore_history_create(&allocator, names, VALUES, epochs);

    assert_non_null(history);
    for (size_t i = 0; i < epochs; i++)
        assert_true(dlcore_history_append(history, rows[i]));
    return history;
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;

    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        found++;
    return found;
}

/* The picture of the rows; fails the test when it cannot be made. */
static const char *draw(size_t epochs, const double (*rows)[VALUES],
                        const dlcore_curves_options_t *options)
{
    dlcore_history_t *history = history_of(epochs, rows);
    dlcore_error_record_t error = {0};

    if (dlcore_history_save_svg(history, folder_path("a.svg"), options, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    dlcore_history_free(history);
    return folder_text("a.svg");
}

static const double some[3][VALUES] = {
    {3.0, 0.5, 2.0, 0.5}, {2.0, 0.6, NAN, 0.5}, {1.0, 0.7, 1.0, 0.5}};

static void test_curves_have_a_panel_per_name_and_a_line_per_series(void **state)
{
    const char *text = draw(3, some, NULL);

    (void)state;
    assert_non_null(strstr(text, "width=\"960\" height=\"320\""));
    assert_int_equal(count(text, "class=\"frame\""), 2);
    assert_int_equal(count(text, ">loss</text>"), 1);
    assert_int_equal(count(text, ">accuracy</text>"), 1);
    assert_int_equal(count(text, ">validation</text>"), 2);
    /* epochs 1 .. 3 lie 8 pixels from the frame, 76 .. 460; values 3 .. 1 fill 40 .. 274 but for a
     * margin of 1/22 of it */
    assert_int_equal(count(text, "d=\"M84 50.64L268 157L452 263.36\""), 1);
    assert_int_equal(count(text, "d=\"M84 157M452 263.36\""), 1); /* a gap */
    assert_int_equal(count(text, "r=\"2.6\""), 3 + 2 + 3 + 3);
    assert_int_equal(count(text, "nan"), 0);
}

static void test_curves_join_epochs_with_validation_across_those_without(void **state)
{
    static const double rows[5][VALUES] = {{3.0, 0.5, NAN, NAN},
                                           {2.0, 0.6, 2.0, 0.5},
                                           {1.5, 0.6, NAN, NAN},
                                           {1.2, 0.6, NAN, NAN},
                                           {1.0, 0.7, 1.0, 0.5}};
    const char *text = draw(5, rows, NULL);

    (void)state;
    assert_int_equal(count(text, "d=\"M176 157L452 263.36\""), 1);
    assert_int_equal(count(text, "r=\"2.6\""), 5 + 2 + 5 + 2);
}

static void test_curves_of_an_infinite_value_have_a_gap_in_validation_too(void **state)
{
    static const double rows[3][VALUES] = {
        {3.0, 0.5, 2.0, 0.5}, {2.0, 0.6, INFINITY, NAN}, {1.0, 0.7, 1.0, 0.5}};
    const char *text = draw(3, rows, NULL);

    (void)state;
    assert_int_equal(count(text, "d=\"M84 157M452 263.36\""), 1);
    assert_int_equal(count(text, "inf"), 0);
}

static void test_curves_mark_the_epoch_of_the_least_loss_of_validation(void **state)
{
    static const double rows[3][VALUES] = {
        {3.0, 0.5, 2.0, 0.4}, {2.0, 0.6, 1.0, 0.5}, {1.0, 0.7, 1.0, 0.6}};
    const char *text = draw(3, rows, NULL);

    (void)state;
    assert_int_equal(count(text, "class=\"best\""), 4);
    assert_non_null(strstr(text, "<circle class=\"best\" cx=\"268\" cy=\"263.36\""));
    assert_non_null(strstr(text, ">best epoch 2: 1.000</text>"));
    assert_non_null(strstr(text, ">best epoch 2: 0.5000</text>"));
    text = draw(1, rows, NULL);
    assert_null(strstr(text, "class=\"best\""));
}

static void test_curves_of_a_later_epoch_count_on(void **state)
{
    dlcore_history_t *history = history_of(3, some);
    const char *text;

    (void)state;
    history->first_epoch = 9;
    assert_int_equal(dlcore_history_save_svg(history, folder_path("a.svg"), NULL, NULL), DLCORE_OK);
    text = folder_text("a.svg");
    assert_int_equal(
        count(text, ">10</text>") + count(text, ">11</text>") + count(text, ">12</text>"), 6);
    assert_null(strstr(text, ">1</text>"));
    assert_non_null(strstr(text, "best epoch 12: 1.000"));
    dlcore_history_free(history);
}

static const char *draw_named(const char *const *chosen, size_t chosen_count)
{
    dlcore_curves_options_t options = dlcore_curves_options_default();

    options.names = chosen;
    options.name_count = chosen_count;
    return draw(3, some, &options);
}

static void test_curves_by_a_name_of_validation_are_that_alone(void **state)
{
    static const char *const chosen[] = {"val_loss"};
    const char *text = draw_named(chosen, 1);

    (void)state;
    assert_int_equal(count(text, ">validation</text>"), 1);
    assert_int_equal(count(text, ">training</text>"), 0);
    assert_int_equal(count(text, ">val_loss</text>"), 1);
    assert_int_equal(count(text, "class=\"curve\""), 2); /* in the legend, too */
}

static void test_curves_that_do_not_fill_the_rows_begin_with_a_wide_one(void **state)
{
    static const char *const three[] = {"loss", "accuracy", "loss"};
    const char *text = draw_named(three, 3);

    (void)state;
    assert_non_null(strstr(text, "width=\"960\" height=\"640\""));
    assert_non_null(strstr(text, "x=\"76\" y=\"40\" width=\"864\" height=\"234\""));
    assert_non_null(strstr(text, "x=\"76\" y=\"360\" width=\"384\" height=\"234\""));
    assert_non_null(strstr(text, "x=\"556\" y=\"360\" width=\"384\" height=\"234\""));
}

static void test_curves_with_a_logarithmic_axis_want_values_above_0(void **state)
{
    static const char *const logarithmic[] = {"loss"};
    static const double powers[3][VALUES] = {
        {100.0, 0.0, 1.0, 0.5}, {10.0, 0.6, NAN, 0.5}, {1.0, 0.7, 1.0, 0.5}};
    static const double zero[2][VALUES] = {{1.0, 0.5, 1.0, 0.5}, {1.0, 0.5, 0.0, 0.5}};
    dlcore_curves_options_t options = dlcore_curves_options_default();
    dlcore_history_t *history = history_of(2, zero);
    dlcore_error_record_t error = {0};
    const char *text;

    (void)state;
    options.log_names = logarithmic;
    options.log_name_count = 1;
    text = draw(3, powers, &options);
    assert_int_equal(count(text, "d=\"M84 50.64L268 157L452 263.36\""), 1);
    assert_int_equal(count(text, ">loss (log scale)</text>"), 1);
    assert_int_equal(count(text, ">accuracy</text>"), 1);
    assert_int_equal(dlcore_history_save_svg(history, folder_path("d.svg"), &options, &error),
                     DLCORE_ERROR_RANGE);
    assert_string_equal(error.message, "curves: a logarithmic axis wants values above 0, but "
                                       "\"val_loss\" of epoch 2 is 0");
    assert_false(folder_has("d.svg"));
    dlcore_history_free(history);
}

static void test_curves_options_choose_panels_title_and_size(void **state)
{
    static const char *const chosen[] = {"ACCURACY"};
    dlcore_curves_options_t options = dlcore_curves_options_default();
    const char *text;

    (void)state;
    options.title = "a < b";
    options.width = 600;
    options.height = 200;
    options.names = chosen;
    options.name_count = 1;
    text = draw(3, some, &options);
    assert_non_null(strstr(text, "width=\"600\" height=\"244\""));
    assert_non_null(strstr(text, ">a &lt; b</text>"));
    assert_int_equal(count(text, "class=\"frame\""), 1);
    assert_null(strstr(text, ">loss<"));
}

static void test_curves_of_one_epoch_none_and_no_validation_are_pictures(void **state)
{
    const double one[1][VALUES] = {{0.5, NAN, NAN, NAN}};
    const char *text = draw(1, one, NULL);

    (void)state;
    assert_int_equal(count(text, "<circle"), 1);
    assert_non_null(strstr(text, "<circle cx=\"268\" cy=\"157\""));
    assert_null(strstr(text, ">validation<"));
    text = draw(0, one, NULL);
    assert_int_equal(count(text, "<circle"), 0);
    assert_int_equal(count(text, "</svg>"), 1);
}

/* 100,000 epochs, of which one sticks out. */
static void test_curves_of_many_epochs_are_small_and_keep_peaks(void **state)
{
    enum { EPOCHS = 100000 };
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_history_t *history = dlcore_history_create(&allocator, names, 1, EPOCHS);
    static char text[65536];
    FILE *file;

    (void)state;
    for (size_t i = 0; i < EPOCHS; i++)
        assert_true(dlcore_history_append(history, (double[]){i == 54321 ? 1.0 : 0.0}));
    assert_int_equal(dlcore_history_save_svg(history, folder_path("b.svg"), NULL, NULL), DLCORE_OK);
    file = fopen(folder_path("b.svg"), "rb");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, "</svg>"));
    assert_non_null(strstr(text, " 50.64L"));
    assert_int_equal(count(text, "<circle"), 0);
    dlcore_history_free(history);
}

static void assert_refused(const dlcore_history_t *history, const dlcore_curves_options_t *options,
                           dlcore_status status, const char *text)
{
    dlcore_error_record_t error = {0};

    assert_int_equal(dlcore_history_save_svg(history, folder_path("c.svg"), options, &error),
                     status);
    if (strstr(error.message, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, error.message);
    assert_false(folder_has("c.svg"));
}

static void test_curves_of_bad_options_are_refused_with_the_numbers(void **state)
{
    static const char *const unknown[] = {"accurcy"};
    dlcore_history_t *history = history_of(3, some);
    dlcore_curves_options_t options = {.columns = 2};
    dlcore_error_record_t error;

    (void)state;
    assert_refused(history, &options, DLCORE_ERROR_ARGUMENT, "curves");
    options = dlcore_curves_options_default();
    assert_refused(NULL, &options, DLCORE_ERROR_ARGUMENT, "history is NULL");
    options.columns = 9;
    assert_refused(history, &options, DLCORE_ERROR_ARGUMENT, "columns must lie in 1 .. 8, got 9");
    options.columns = 1;
    options.width = 319;
    assert_refused(history, &options, DLCORE_ERROR_ARGUMENT, "width must lie in 320 .. 4000");
    options.width = 400;
    options.height = 4001;
    assert_refused(history, &options, DLCORE_ERROR_ARGUMENT, "height must lie in 120 .. 4000");
    options.height = 120;
    options.name_count = 1;
    assert_refused(history, &options, DLCORE_ERROR_ARGUMENT, "names is NULL");
    options.name_count = 35;
    assert_refused(history, &options, DLCORE_ERROR_ARGUMENT, "name_count must lie in 0 .. 34");
    options.name_count = 0;
    options.log_name_count = 1;
    assert_refused(history, &options, DLCORE_ERROR_ARGUMENT, "log_names is NULL");
    options.log_names = unknown;
    assert_refused(history, &options, DLCORE_ERROR_NAME, "the history has no \"accurcy\"");
    options.log_name_count = 0;
    options.name_count = 1;
    options.names = unknown;
    assert_refused(history, &options, DLCORE_ERROR_NAME, "the history has no \"accurcy\"");
    assert_int_equal(dlcore_history_save_svg(history, "/nowhere/a.svg", NULL, &error),
                     DLCORE_ERROR_IO);
    dlcore_history_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curves_have_a_panel_per_name_and_a_line_per_series),
        cmocka_unit_test(test_curves_join_epochs_with_validation_across_those_without),
        cmocka_unit_test(test_curves_of_an_infinite_value_have_a_gap_in_validation_too),
        cmocka_unit_test(test_curves_mark_the_epoch_of_the_least_loss_of_validation),
        cmocka_unit_test(test_curves_of_a_later_epoch_count_on),
        cmocka_unit_test(test_curves_by_a_name_of_validation_are_that_alone),
        cmocka_unit_test(test_curves_that_do_not_fill_the_rows_begin_with_a_wide_one),
        cmocka_unit_test(test_curves_with_a_logarithmic_axis_want_values_above_0),
        cmocka_unit_test(test_curves_options_choose_panels_title_and_size),
        cmocka_unit_test(test_curves_of_one_epoch_none_and_no_validation_are_pictures),
        cmocka_unit_test(test_curves_of_many_epochs_are_small_and_keep_peaks),
        cmocka_unit_test(test_curves_of_bad_options_are_refused_with_the_numbers),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
