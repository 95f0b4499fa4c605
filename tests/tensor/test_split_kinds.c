/* Splits and folds by class and by group, and three-way splits.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/fixture.h"
#include "support/tensors.h"

enum { ROWS = 120, CLASSES = 4, GROUPS = 12 };

/* x is the number of the sample, twice. */
typedef struct table {
    dlcore_tensor_t *x, *y, *groups;
    int32_t labels[ROWS], group_of[ROWS];
} table_t;

static void table_make(table_t *t)
{
    static const int shares[CLASSES] = {70, 30, 15, 5};
    float numbers[2 * ROWS];
    int left[CLASSES];

    for (int c = 0; c < CLASSES; c++)
        left[c] = shares[c];
    for (int i = 0; i < ROWS; i++) {
        int c = (i * 7) % CLASSES;

        while (left[c] == 0)
            c = (c + 1) % CLASSES;
        left[c]--;
        t->labels[i] = c;
        t->group_of[i] = (i * i) % 97 % GROUPS * 3 - 5; /* not in order, some below 0 */
        numbers[2 * i] = numbers[2 * i + 1] = (float)i;
    }
    t->x = tensor_of_floats(SHAPE(ROWS, 2), numbers);
    t->y = tensor_of_ints(SHAPE(ROWS), t->labels);
    t->groups = tensor_of_ints(SHAPE(ROWS), t->group_of);
}

static void table_free(table_t *t)
{
    dlcore_tensor_free(t->x);
    dlcore_tensor_free(t->y);
    dlcore_tensor_free(t->groups);
}

/* Marks the samples of a part, which must be new and have their own labels; counts its classes. */
static void mark(const table_t *t, const dlcore_tensor_t *x, const dlcore_tensor_t *y, int part,
                 int parts[ROWS], int counts[CLASSES])
{
    const float *numbers = dlcore_tensor_data_const(x);
    const int32_t *labels = dlcore_tensor_data_const(y);

    for (int c = 0; c < CLASSES; c++)
        counts[c] = 0;
    for (size_t i = 0; i < dlcore_tensor_length(x, 0); i++) {
        int sample = (int)numbers[2 * i];

        assert_int_equal(parts[sample], 0);
        parts[sample] = part;
        assert_int_equal(labels[i], t->labels[sample]);
        counts[labels[i]]++;
    }
}

static void test_split_stratified_has_the_shares_of_classes_in_each_of_three_parts(void **state)
{
    table_t t;
    dlcore_split_options_t how = dlcore_split_options_default();
    static const int all[CLASSES] = {70, 30, 15, 5};

    (void)state;
    table_make(&t);
    how.stratify = true;
    how.test_fraction = 0.2;
    how.validation_fraction = 0.15;
    for (int shuffle = 0; shuffle < 2; shuffle++) {
        int parts[ROWS] = {0}, counts[CLASSES];
        dlcore_split_t split;

        how.shuffle = shuffle;
        how.seed = 3;
        assert_int_equal(dlcore_train_test_split(t.x, t.y, &how, &split, NULL), DLCORE_OK);
        assert_int_equal(dlcore_tensor_length(split.test_x, 0), 24);
        assert_int_equal(dlcore_tensor_length(split.validation_x, 0), 18);
        assert_int_equal(dlcore_tensor_length(split.train_x, 0), 78);
        mark(&t, split.train_x, split.train_y, 1, parts, counts);
        mark(&t, split.validation_x, split.validation_y, 2, parts, counts);
        for (int c = 0; c < CLASSES; c++)
            assert_true(abs(counts[c] * ROWS - 18 * all[c]) < 2 * ROWS);
        mark(&t, split.test_x, split.test_y, 3, parts, counts);
        for (int c = 0; c < CLASSES; c++)
            assert_true(abs(counts[c] * ROWS - 24 * all[c]) < ROWS); /* within one sample */
        dlcore_split_free(&split);
        assert_null(split.validation_x);
    }
    table_free(&t);
}

static void test_split_of_groups_keeps_each_in_one_part(void **state)
{
    table_t t;
    dlcore_split_options_t how = dlcore_split_options_default();
    int parts[ROWS] = {0}, counts[CLASSES], part_of[3 * GROUPS] = {0}, groups[4] = {0};
    dlcore_split_t split;

    (void)state;
    table_make(&t);
    how.groups = t.groups;
    how.test_fraction = 0.25;
    how.validation_fraction = 0.25;
    assert_int_equal(dlcore_train_test_split(t.x, t.y, &how, &split, NULL), DLCORE_OK);
    mark(&t, split.train_x, split.train_y, 1, parts, counts);
    mark(&t, split.validation_x, split.validation_y, 2, parts, counts);
    mark(&t, split.test_x, split.test_y, 3, parts, counts);
    for (int i = 0; i < ROWS; i++) {
        int *of = &part_of[t.group_of[i] + 5];

        groups[parts[i]] += *of == 0;
        assert_true(parts[i] > 0 && (*of == 0 || *of == parts[i]));
        *of = parts[i];
    }
    assert_int_equal(groups[2], groups[3]);
    assert_int_equal(groups[3], (groups[1] + groups[2] + groups[3] + 3) / 4);
    dlcore_split_free(&split);
    table_free(&t);
}

/* Without validation_fraction and stratify the split is what it always was; with it the test part
 * is the same. */
static void test_split_in_three_has_the_test_part_of_a_split_in_two(void **state)
{
    table_t t;
    dlcore_split_options_t how = dlcore_split_options_default();
    dlcore_split_t two, three;

    (void)state;
    table_make(&t);
    assert_int_equal(dlcore_train_test_split(t.x, NULL, &how, &two, NULL), DLCORE_OK);
    assert_null(two.validation_x);
    how.validation_fraction = 0.5;
    assert_int_equal(dlcore_train_test_split(t.x, NULL, &how, &three, NULL), DLCORE_OK);
    assert_floats(three.test_x, SHAPE(30, 2), dlcore_tensor_data_const(two.test_x));
    assert_floats(three.train_x, SHAPE(30, 2), dlcore_tensor_data_const(two.train_x));
    assert_int_equal(dlcore_tensor_length(three.validation_x, 0), 60);
    assert_null(three.validation_y);
    dlcore_split_free(&two);
    dlcore_split_free(&three);
    how.shuffle = false; /* views */
    assert_int_equal(dlcore_train_test_split(t.x, NULL, &how, &three, NULL), DLCORE_OK);
    assert_ptr_equal(dlcore_tensor_data_const(three.validation_x),
                     (const float *)dlcore_tensor_data_const(t.x) + 60);
    dlcore_split_free(&three);
    table_free(&t);
}

/* StratifiedKFold and GroupKFold. */
static void test_k_fold_by_class_and_by_group_is_that_of_scikit_learn(void **state)
{
    fixture_t *fixture = fixture_load("splits.txt");
    size_t position = 0, cases = 0;
    const char *name;

    (void)state;
    while ((name = fixture_next(fixture, "folds", &position)) != NULL) {
        const fixture_array_t *labels = fixture_array(fixture, name, "labels");
        const int32_t *fold_of = fixture_array(fixture, name, "fold_of")->data;
        dlcore_k_fold_options_t how = dlcore_k_fold_options_default();
        dlcore_tensor_t *y = fixture_tensor(labels), *x;
        float numbers[ROWS];

        how.folds = strtoul(fixture_text(fixture, name, "folds"), NULL, 10);
        how.stratify = name[0] == 'c';
        how.groups = name[0] == 'g' ? y : NULL;
        for (size_t i = 0; i < labels->size; i++)
            numbers[i] = (float)i;
        x = tensor_of_floats(SHAPE(labels->size), numbers);
        for (size_t fold = 0; fold < how.folds; fold++) {
            dlcore_split_t parts;
            size_t at = 0;

            assert_int_equal(dlcore_k_fold(x, y, &how, fold, &parts, NULL), DLCORE_OK);
            for (size_t i = 0; i < labels->size; i++)
                if (fold_of[i] == (int)fold)
                    assert_true(((const float *)dlcore_tensor_data_const(parts.test_x))[at++] ==
                                (float)i);
            assert_int_equal(at, dlcore_tensor_length(parts.test_x, 0));
            dlcore_split_free(&parts);
        }
        dlcore_tensor_free(x);
        dlcore_tensor_free(y);
        cases++;
    }
    assert_int_equal(cases, 5);
    fixture_free(fixture);
}

/* Sizes are those without shuffling, the samples are others. */
static void test_k_fold_stratified_and_shuffled_has_the_same_counts_in_each_fold(void **state)
{
    table_t t;
    dlcore_k_fold_options_t how = dlcore_k_fold_options_default();

    (void)state;
    table_make(&t);
    how.stratify = true;
    for (size_t fold = 0; fold < 5; fold++) {
        int plain[CLASSES], shuffled[CLASSES], parts[ROWS] = {0}, others[ROWS] = {0}, moved = 0;
        dlcore_split_t split;

        how.shuffle = false;
        assert_int_equal(dlcore_k_fold(t.x, t.y, &how, fold, &split, NULL), DLCORE_OK);
        mark(&t, split.test_x, split.test_y, 1, parts, plain);
        dlcore_split_free(&split);
        how.shuffle = true;
        assert_int_equal(dlcore_k_fold(t.x, t.y, &how, fold, &split, NULL), DLCORE_OK);
        mark(&t, split.test_x, split.test_y, 1, others, shuffled);
        dlcore_split_free(&split);
        assert_memory_equal(plain, shuffled, sizeof plain);
        for (int i = 0; i < ROWS; i++)
            moved += parts[i] != others[i];
        assert_true(moved > 0);
    }
    table_free(&t);
}

static void test_splits_by_class_and_group_refuse_what_does_not_fit(void **state)
{
    table_t t;
    dlcore_split_options_t how = dlcore_split_options_default();
    dlcore_k_fold_options_t folds = dlcore_k_fold_options_default();
    dlcore_tensor_t *few = tensor_of_ints(SHAPE(3), (int32_t[]){1, 2, 3});
    dlcore_tensor_t *no_numbers = tensor_of_floats(SHAPE(ROWS, 0), NULL);
    dlcore_error_record_t error = {0};
    dlcore_split_t split;

    (void)state;
    table_make(&t);
    how.stratify = folds.stratify = true;
    assert_failed(dlcore_train_test_split(t.x, no_numbers, &how, &split, &error),
                  DLCORE_ERROR_SHAPE, &error, "each of the 120 labels has 0 numbers");
    assert_failed(dlcore_k_fold(t.x, no_numbers, &folds, 0, &split, &error), DLCORE_ERROR_SHAPE,
                  &error, "each of the 120 labels has 0 numbers");
    folds.stratify = false;
    assert_failed(dlcore_train_test_split(t.x, NULL, &how, &split, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "stratify is by y, which is NULL");
    how.groups = t.groups;
    assert_failed(dlcore_train_test_split(t.x, t.y, &how, &split, &error), DLCORE_ERROR_UNSUPPORTED,
                  &error, "stratify and groups do not go together");
    how.stratify = false;
    how.groups = few;
    assert_failed(dlcore_train_test_split(t.x, t.y, &how, &split, &error), DLCORE_ERROR_SHAPE,
                  &error, "groups must be a number for each of 120 samples, got 3 x 1");
    how.groups = t.x;
    assert_failed(dlcore_train_test_split(t.x, t.y, &how, &split, &error), DLCORE_ERROR_DTYPE,
                  &error, "groups must be int32 or uint8");
    how.groups = t.groups;
    how.validation_fraction = 0.74;
    assert_failed(dlcore_train_test_split(t.x, t.y, &how, &split, &error), DLCORE_ERROR_SHAPE,
                  &error, "groups leave none to train with");
    how.validation_fraction = -0.1;
    assert_failed(dlcore_train_test_split(t.x, t.y, &how, &split, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "validation_fraction must be 0 or more and below 1, got -0.1");
    folds.groups = t.groups;
    folds.folds = 20;
    assert_failed(dlcore_k_fold(t.x, t.y, &folds, 0, &split, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "groups cannot be cut into 20 folds");
    table_free(&t);
    dlcore_tensor_free(few);
    dlcore_tensor_free(no_numbers);
}

static dlcore_status scenario(const dlcore_allocator_t *allocator, void *context)
{
    const int *way = context;
    const size_t shape[1] = {ROWS};
    table_t t;
    dlcore_tensor_t *x = NULL;
    dlcore_split_t split = {0};
    dlcore_split_options_t how = dlcore_split_options_default();
    dlcore_k_fold_options_t folds = dlcore_k_fold_options_default();
    dlcore_status status;

    table_make(&t);
    status = dlcore_tensor_create(allocator, DLCORE_DTYPE_FLOAT32, 1, shape, &x, NULL);
    how.stratify = folds.stratify = *way % 2 == 0;
    how.groups = folds.groups = *way % 2 == 0 ? NULL : t.groups;
    how.validation_fraction = 0.1;
    if (status == DLCORE_OK)
        status = *way < 2 ? dlcore_train_test_split(x, t.y, &how, &split, NULL)
                          : dlcore_k_fold(x, t.y, &folds, 1, &split, NULL);
    dlcore_split_free(&split);
    dlcore_tensor_free(x);
    table_free(&t);
    return status;
}

static void test_splits_by_class_and_group_without_memory_leak_nothing(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++)
        assert_true(failing_allocator_sweep(scenario, &way) >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_stratified_has_the_shares_of_classes_in_each_of_three_parts),
        cmocka_unit_test(test_split_of_groups_keeps_each_in_one_part),
        cmocka_unit_test(test_split_in_three_has_the_test_part_of_a_split_in_two),
        cmocka_unit_test(test_k_fold_by_class_and_by_group_is_that_of_scikit_learn),
        cmocka_unit_test(test_k_fold_stratified_and_shuffled_has_the_same_counts_in_each_fold),
        cmocka_unit_test(test_splits_by_class_and_group_refuse_what_does_not_fit),
        cmocka_unit_test(test_splits_by_class_and_group_without_memory_leak_nothing),
    };

    return cmocka_run_group_tests_name("split_kinds", tests, NULL, NULL);
}
