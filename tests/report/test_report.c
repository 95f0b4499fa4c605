/* Confusion matrices and classification reports, letter by letter as scikit-learn's.
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

#include "dlcore/report.h"
#include "support/fixture.h"
#include "support/tensors.h"

enum { CLASSES_MAX = 10 };

static char text[8192];

static void read_back(FILE *stream)
{
    size_t length;

    rewind(stream);
    length = fread(text, 1, sizeof text - 1, stream);
    text[length] = '\0';
    fclose(stream);
}

/* The lines of a case, which end without a newline but for the last, empty one. */
static void expected_text(const fixture_t *fixture, const char *name, char *to, size_t size)
{
    char key[24];
    const char *line;

    to[0] = '\0';
    for (size_t i = 0;; i++) {
        snprintf(key, sizeof key, "line%zu", i);
        line = fixture_text(fixture, name, key);
        if (line == NULL)
            return;
        assert_int_equal(line[0], '|');
        if (i > 0)
            strncat(to, "\n", size - strlen(to) - 1);
        strncat(to, line + 1, size - strlen(to) - 1);
    }
}

static void test_report_is_that_of_scikit_learn(void **state)
{
    fixture_t *fixture = fixture_load("reports.txt");
    size_t position = 0, cases = 0;
    const char *name;

    (void)state;
    while ((name = fixture_next(fixture, "classes", &position)) != NULL) {
        size_t classes = strtoul(fixture_text(fixture, name, "classes"), NULL, 10);
        const fixture_array_t *confusion = fixture_array(fixture, name, "confusion");
        dlcore_tensor_t *y_true = fixture_tensor(fixture_array(fixture, name, "y_true"));
        dlcore_tensor_t *y_pred = fixture_tensor(fixture_array(fixture, name, "y_pred"));
        const char *names[CLASSES_MAX] = {NULL};
        static char expected[4096];
        size_t counts[CLASSES_MAX * CLASSES_MAX];
        FILE *stream = tmpfile();

        for (size_t i = 0; i < classes; i++) {
            char key[32];
            snprintf(key, sizeof key, "name%zu", i);
            names[i] = fixture_text(fixture, name, key);
        }
        assert_int_equal(dlcore_confusion_matrix(y_true, y_pred, classes, counts, NULL), DLCORE_OK);
        for (size_t i = 0; i < classes * classes; i++)
            assert_int_equal(counts[i], ((const int32_t *)confusion->data)[i]);
        assert_int_equal(dlcore_report_classification(
                             counts, classes, names[0] != NULL ? names : NULL, stream, NULL),
                         DLCORE_OK);
        read_back(stream);
        expected_text(fixture, name, expected, sizeof expected);
        assert_string_equal(text, expected);
        dlcore_tensor_free(y_true);
        dlcore_tensor_free(y_pred);
        cases++;
    }
    assert_int_equal(cases, 7);
    fixture_free(fixture);
}

static void test_report_confusion_lines_up(void **state)
{
    static const size_t counts[] = {120, 3, 0, 7};
    static const char *const names[] = {"Käse", "no"};
    FILE *stream = tmpfile();

    (void)state;
    assert_int_equal(dlcore_report_confusion(counts, 2, names, stream, NULL), DLCORE_OK);
    read_back(stream);
    assert_string_equal(text, "true | Käse   no\n"
                              "-----+----------\n"
                              "Käse |  120    3\n"
                              "  no |    0    7\n");
    stream = tmpfile();
    assert_int_equal(dlcore_report_confusion(counts, 2, NULL, stream, NULL), DLCORE_OK);
    read_back(stream);
    assert_string_equal(text, "true |   0   1\n"
                              "-----+--------\n"
                              "   0 | 120   3\n"
                              "   1 |   0   7\n");
}

/* Twice the right ones, and those of a row with those of a column, are more than a size_t. */
static void test_report_of_as_many_samples_as_can_be_has_true_shares(void **state)
{
    static const size_t counts[] = {SIZE_MAX - 1, 0, 0, 1};
    FILE *stream = tmpfile();

    (void)state;
    assert_int_equal(dlcore_report_classification(counts, 2, NULL, stream, NULL), DLCORE_OK);
    read_back(stream);
    assert_non_null(strstr(text, "           0       1.00      1.00      1.00 "));
    assert_non_null(strstr(text, "   macro avg       1.00      1.00      1.00 "));
}

static void test_report_bad_labels_are_named(void **state)
{
    const int32_t labels[] = {0, 2, -1, 1};
    const uint8_t bytes[] = {0, 2, 1};
    const float floats[] = {0, 1, 2};
    dlcore_tensor_t *odd = tensor_of_ints(SHAPE(4), labels);
    dlcore_tensor_t *two = tensor_of_ints(SHAPE(2), labels);
    dlcore_tensor_t *wide = tensor_of_ints(SHAPE(2, 2), labels);
    dlcore_tensor_t *three = tensor_of_bytes(SHAPE(3, 1), bytes);
    dlcore_tensor_t *outputs = tensor_of_floats(SHAPE(3), floats);
    dlcore_tensor_t *matrix = tensor_of_floats(SHAPE(1, 2), floats);
    dlcore_error_record_t error = {0};
    size_t counts[9] = {77};

    (void)state;
    assert_failed(dlcore_confusion_matrix(odd, odd, 3, counts, &error), DLCORE_ERROR_RANGE, &error,
                  "y_true of sample 2 is -1, outside 0 .. 2");
    assert_failed(dlcore_confusion_matrix(three, three, 2, counts, &error), DLCORE_ERROR_RANGE,
                  &error, "y_true of sample 1 is 2, outside 0 .. 1");
    assert_failed(dlcore_confusion_matrix(two, three, 3, counts, &error), DLCORE_ERROR_SHAPE,
                  &error, "y_true has 2 samples, but y_pred has 3");
    assert_failed(dlcore_confusion_matrix(three, outputs, 3, counts, &error), DLCORE_ERROR_DTYPE,
                  &error,
                  "y_pred must be int32 or uint8, got float32; tensor_cast to int32 makes classes "
                  "0 and 1 of a sigmoid unit");
    assert_failed(dlcore_confusion_matrix(three, matrix, 3, counts, &error), DLCORE_ERROR_DTYPE,
                  &error, "got float32; tensor_argmax makes classes of 2 outputs");
    assert_failed(dlcore_confusion_matrix(wide, three, 3, counts, &error), DLCORE_ERROR_SHAPE,
                  &error, "got 2 rows of 2");
    assert_failed(dlcore_confusion_matrix(NULL, three, 3, counts, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "y_true is NULL");
    assert_failed(dlcore_confusion_matrix(three, three, 0, counts, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "confusion_matrix: class_count must lie in 1 .. ");
    assert_failed(dlcore_confusion_matrix(three, three, SIZE_MAX, counts, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "class_count must lie in 1 .. ");
    assert_failed(dlcore_confusion_matrix(three, three, (size_t)1 << (4 * sizeof(size_t) - 2),
                                          counts, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "class_count must lie in 1 .. ");
    assert_failed(dlcore_confusion_matrix(three, three, 3, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "counts is NULL");
    assert_int_equal(counts[0], 77);
    dlcore_tensor_free(odd);
    dlcore_tensor_free(two);
    dlcore_tensor_free(wide);
    dlcore_tensor_free(three);
    dlcore_tensor_free(outputs);
    dlcore_tensor_free(matrix);
}

static void test_report_bad_arguments_are_named(void **state)
{
    static const char *const names[] = {"a", NULL};
    static const size_t none[4] = {0}, some[4] = {1, 0, 0, 1};
    static const size_t many[4] = {SIZE_MAX, 0, 1, 0};
    dlcore_error_record_t error = {0};
    FILE *stream = tmpfile(), *full = fopen("/dev/full", "w");
    /* link-time optimization would follow a constant into loops that it never reaches, and warn */
    volatile size_t beyond = SIZE_MAX;

    (void)state;
    assert_failed(dlcore_report_classification(none, 2, NULL, stream, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "counts are all 0");
    assert_failed(dlcore_report_classification(NULL, 2, NULL, stream, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "counts is NULL");
    assert_failed(dlcore_report_confusion(some, 2, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "stream is NULL");
    assert_failed(dlcore_report_confusion(some, 0, NULL, stream, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "report: class_count must lie in 1 .. ");
    assert_failed(dlcore_report_confusion(some, beyond, names, stream, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "report: class_count must lie in 1 .. ");
    assert_failed(dlcore_report_classification(some, beyond, NULL, stream, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "report: class_count must lie in 1 .. ");
    assert_failed(dlcore_report_classification(many, 2, NULL, stream, &error),
                  DLCORE_ERROR_OVERFLOW, &error, "report: counts add up to more than ");
    assert_failed(dlcore_report_confusion(some, 2, names, stream, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "the name of class 1 is NULL");
    if (full != NULL) {
        assert_failed(dlcore_report_classification(some, 2, NULL, full, &error), DLCORE_ERROR_IO,
                      &error, "the stream failed");
        fclose(full);
    }
    fclose(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_is_that_of_scikit_learn),
        cmocka_unit_test(test_report_confusion_lines_up),
        cmocka_unit_test(test_report_of_as_many_samples_as_can_be_has_true_shares),
        cmocka_unit_test(test_report_bad_labels_are_named),
        cmocka_unit_test(test_report_bad_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
