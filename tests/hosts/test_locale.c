/* Files in a host whose locale writes commas: models come back, and what is written and read is the
 * same as elsewhere. SKIPPED where the system has no such locale.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* strdup */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/curves.h"
#include "dlcore/data.h"
#include "support/callback_case.h"
#include "support/classifier.h"
#include "support/folder.h"
#include "support/running_model.h"

/* Whether there is a locale with a comma, which is set then. */
static bool set_commas(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8",
                                        "nl_NL.UTF-8"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (setlocale(LC_ALL, names[i]) != NULL && strcmp(localeconv()->decimal_point, ",") == 0)
            return true;
    }
    return false;
}

static int reset(void **state)
{
    (void)state;
    (void)setlocale(LC_ALL, "C");
    return 0;
}

static void test_locale_with_commas_gives_the_same_model_file(void **state)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_load_report_t report;
    size_t size, other_size;
    unsigned char *file = running_model_file(true, &size), *other;
    dlcore_model_t *before = NULL, *model = NULL;

    (void)state;
    options.report = &report;
    options.self_test = true;
    if (!set_commas()) {
        free(file);
        file = NULL;
        skip();
    }
    other = running_model_file(true, &other_size);
    assert_int_equal(size, other_size);
    assert_memory_equal(file, other, size);
    assert_int_equal(dlcore_model_load_memory(file, size, &options, &model), DLCORE_OK);
    assert_true(report.self_test_difference == 0.0);
    (void)setlocale(LC_ALL, "C");
    assert_int_equal(dlcore_model_load_memory(other, size, &options, &before), DLCORE_OK);
    assert_true(same_weights(before, model));
    dlcore_model_free(before);
    dlcore_model_free(model);
    free(other);
    free(file);
}

static void test_locale_with_commas_reads_csv_with_points(void **state)
{
    static const char text[] = "x,y\n1.5,0.25\n-2.75e-1,1000.125\n";
    dlcore_csv_t *csv = NULL;
    const float *x;

    (void)state;
    if (!set_commas())
        skip();
    assert_int_equal(dlcore_csv_parse(text, sizeof text - 1, NULL, NULL, &csv, NULL), DLCORE_OK);
    x = dlcore_tensor_data_const(dlcore_csv_x(csv));
    assert_int_equal(dlcore_tensor_size(dlcore_csv_x(csv)), 4);
    assert_true(x[0] == 1.5f && x[1] == 0.25f && x[2] == -0.275f && x[3] == 1000.125f);
    dlcore_csv_free(csv);
}

/* <name>.csv, <name>.svg and files whose names have numbers, of the same training; the last of
 * these names, without what it begins with. */
static void train_into(const char *name, char last[64])
{
    char names[3][128], log_path[512], checkpoint_path[512];
    dlcore_csv_logger_t logger;
    dlcore_model_checkpoint_t checkpoint;
    dlcore_callback_t callbacks[2];
    dlcore_fit_options_t how;
    dlcore_history_t *history = NULL;
    dlcore_model_t *model = case_model(NULL, NULL, 0.05);

    snprintf(names[0], sizeof names[0], "%s.csv", name);
    snprintf(names[1], sizeof names[1], "%s.svg", name);
    snprintf(names[2], sizeof names[2], "%s-{epoch}-{val_loss:.4f}-{loss}-{loss:e}", name);
    snprintf(log_path, sizeof log_path, "%s", folder_path(names[0]));
    snprintf(checkpoint_path, sizeof checkpoint_path, "%s", folder_path(names[2]));
    logger = dlcore_csv_logger_default(log_path);
    checkpoint = dlcore_model_checkpoint_default(checkpoint_path);
    logger.learning_rate = true;
    callbacks[0] = dlcore_csv_logger_callback(&logger);
    callbacks[1] = dlcore_model_checkpoint_callback(&checkpoint);
    how = case_options(callbacks, 2, 3);
    assert_int_equal(case_fit(model, &how, &history), DLCORE_OK);
    snprintf(last, 64, "%s", strrchr(checkpoint.last_path, '/') + 1 + strlen(name));
    assert_int_equal(dlcore_history_save_svg(history, folder_path(names[1]), NULL, NULL),
                     DLCORE_OK);
    dlcore_history_free(history);
    dlcore_model_free(model);
}

static void assert_same_text(const char *name, const char *other)
{
    char *text = strdup(folder_text(name));

    assert_non_null(text);
    assert_string_equal(folder_text(other), text);
    free(text);
}

static void test_locale_with_commas_writes_the_same_texts(void **state)
{
    char points[64], commas[64];

    (void)state;
    train_into("points", points);
    if (!set_commas())
        skip();
    train_into("commas", commas);
    assert_same_text("points.csv", "commas.csv");
    assert_same_text("points.svg", "commas.svg");
    assert_int_equal(strncmp(points, "-3-", 3), 0);
    assert_string_equal(points, commas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_locale_with_commas_gives_the_same_model_file, reset),
        cmocka_unit_test_teardown(test_locale_with_commas_reads_csv_with_points, reset),
        cmocka_unit_test_teardown(test_locale_with_commas_writes_the_same_texts, reset),
    };

    return cmocka_run_group_tests_name("locale", tests, folder_make, folder_remove);
}
