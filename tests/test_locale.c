/* Files in a host whose locale writes commas: models come back, their bytes and those of CSV are
 * the same as elsewhere. SKIPPED where the system has no such locale.
 *
 * SPDX-License-Identifier: MIT */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/classifier.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_locale_with_commas_gives_the_same_model_file, reset),
        cmocka_unit_test_teardown(test_locale_with_commas_reads_csv_with_points, reset),
    };

    return cmocka_run_group_tests_name("locale", tests, NULL, NULL);
}
