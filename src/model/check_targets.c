/* What is odd about y by itself: classes that are missing or rare, labels that are all the same or
 * that the loss does not go with.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "model/check.h"

#define TARGET_ROWS_MAX ((size_t)1000000)
#define TARGET_ROWS_LEAST 16
#define ROWS_OF_A_CLASS 5 /* fewer a class, and some may be missing by chance */
#define ROWS_TO_BE_RARE 100
#define UNBALANCED 20   /* times as many samples */
#define SHARES_OFF 1e-3 /* rounding, and more */

/* The number of samples of each class among the `rows` that are looked at of `count`, which begin
 * at `begin`. */
static void count_classes(const dlcore_check_t *check, size_t begin, size_t count, size_t rows,
                          size_t *counts)
{
    for (size_t i = 0; i < rows; i++) {
        size_t at = begin + dlcore_check_place(i, rows, count);
        size_t class_index =
            dlcore_check_class(check, check->order != NULL ? check->order[at] : at);

        if (class_index != SIZE_MAX)
            counts[class_index]++;
    }
}

/* The first class that is held out and not trained; `classes` where there is none. */
static size_t find_held_out(const size_t *counts, const size_t *held_out, size_t classes)
{
    size_t at = 0;

    while (at < classes && (counts[at] > 0 || held_out[at] == 0))
        at++;
    return at;
}

static const char *hint_of_split(const dlcore_check_t *check)
{
    return check->order == NULL ? ": validation_split takes the last samples; set "
                                  "shuffle_before_split if the data is sorted"
                                : "";
}

/* Whether some class is only among the samples that are held out, which is added. Where that seems
 * so from those that are looked at, all are counted. */
static bool find_not_trained(const dlcore_check_t *check, size_t *rows, size_t classes,
                             size_t *counts, size_t *held_out)
{
    size_t trained = check->samples, held = check->held_out, found;
    size_t held_rows = dlcore_check_rows(held, check->y->row_size, TARGET_ROWS_MAX);

    count_classes(check, trained, held, held_rows, held_out);
    found = find_held_out(counts, held_out, classes);
    if (found == classes)
        return false;
    if (*rows < trained) {
        *rows = trained;
        memset(counts, 0, classes * sizeof *counts);
        count_classes(check, 0, trained, trained, counts);
    }
    if (held_rows < held) {
        memset(held_out, 0, classes * sizeof *held_out);
        count_classes(check, trained, held, held, held_out);
    }
    found = find_held_out(counts, held_out, classes);
    if (found == classes)
        return false;
    dlcore_check_add(check, DLCORE_FINDING_CLASS_NOT_TRAINED, DLCORE_FINDING_NOWHERE, found,
                     "class %zu has no sample among the %zu that are trained on, but %zu among "
                     "those for validation%s",
                     found, trained, held_out[found], hint_of_split(check));
    return true;
}

static size_t count_classes_present(const size_t *counts, size_t classes)
{
    size_t present = 0;

    for (size_t i = 0; i < classes; i++)
        present += counts[i] > 0;
    return present;
}

/* Whether the samples that are held out are all of one class, and several are trained on. Where
 * that seems so from those that are looked at, all are counted. */
static void judge_held_out(const dlcore_check_t *check, size_t classes, const size_t *counts,
                           size_t *held_out)
{
    size_t held = check->held_out, only = 0;

    if (held < TARGET_ROWS_LEAST || count_classes_present(counts, classes) < 2 ||
        count_classes_present(held_out, classes) != 1)
        return;
    memset(held_out, 0, classes * sizeof *held_out);
    count_classes(check, check->samples, held, held, held_out);
    while (only < classes && held_out[only] != held)
        only++;
    if (only < classes)
        dlcore_check_add(check, DLCORE_FINDING_VALIDATION_ONE_CLASS, DLCORE_FINDING_NOWHERE, only,
                         "all %zu samples for validation are of class %zu%s", held, only,
                         hint_of_split(check));
}

/* `not_trained`: that a class is missing was said. */
static void judge_classes(const dlcore_check_t *check, size_t rows, size_t classes,
                          const size_t *counts, bool not_trained)
{
    size_t present = count_classes_present(counts, classes);
    size_t missing = 0, most = 0, least = SIZE_MAX, counted = 0;
    const char *seen = dlcore_check_looked_at(check, rows);

    for (size_t i = 0; i < classes; i++) {
        most = counts[i] > counts[most] ? i : most;
        counted += counts[i];
        if (counts[i] > 0 && (least == SIZE_MAX || counts[i] < counts[least]))
            least = i;
    }
    if (counted < rows) /* some samples are of no class, but shares of several */
        return;
    while (missing < classes && counts[missing] > 0)
        missing++;
    if (present == 1 && rows >= TARGET_ROWS_LEAST)
        dlcore_check_add(check, DLCORE_FINDING_LABELS_CONSTANT, DLCORE_FINDING_NOWHERE, most,
                         "all %zu samples%s are of class %zu", rows, seen, most);
    if (present < 2)
        return;
    if (missing < classes && !not_trained && rows / ROWS_OF_A_CLASS >= classes)
        dlcore_check_add(check, DLCORE_FINDING_CLASS_MISSING, DLCORE_FINDING_NOWHERE, missing,
                         "%zu of %zu classes have no sample among %zu%s, class %zu for one: "
                         "classes count from 0",
                         classes - present, classes, rows, seen, missing);
    if (!check->weighted && rows >= ROWS_TO_BE_RARE && counts[most] / UNBALANCED >= counts[least])
        dlcore_check_add(check, DLCORE_FINDING_CLASSES_UNBALANCED, DLCORE_FINDING_NOWHERE, least,
                         "class %zu has %zu samples, class %zu %zu, among %zu%s: accuracy tells "
                         "little then; see class_weight",
                         most, counts[most], least, counts[least], rows, seen);
}

static dlcore_status check_classes_of(const dlcore_check_t *check, size_t rows,
                                      dlcore_error_record_t *error)
{
    const dlcore_allocator_t *allocator = &check->model->allocator;
    size_t classes = dlcore_check_classes_count(check);
    size_t *counts = dlcore_allocate(allocator, 2 * classes, sizeof *counts);
    bool not_trained;

    if (counts == NULL)
        return dlcore_fail_memory(error, "check", 2 * classes * sizeof *counts);
    count_classes(check, 0, check->samples, rows, counts);
    not_trained = find_not_trained(check, &rows, classes, counts, counts + classes);
    judge_classes(check, rows, classes, counts, not_trained);
    if (!not_trained)
        judge_held_out(check, classes, counts, counts + classes);
    dlcore_release(allocator, counts);
    return DLCORE_OK;
}

static void check_shares(const dlcore_check_t *check, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        size_t row = dlcore_check_row(check, i, rows);
        double sum = 0.0;

        for (size_t c = 0; c < check->y->row_size; c++)
            sum += dlcore_row_number(check->y, row, c);
        if (fabs(sum - 1.0) > SHARES_OFF) {
            dlcore_check_add(
                check, DLCORE_FINDING_LABELS_DO_NOT_SUM_TO_1, DLCORE_FINDING_NOWHERE,
                DLCORE_FINDING_NOWHERE,
                "the labels of sample %zu sum to %g, but categorical_crossentropy needs "
                "a sum of 1; for several classes per sample use sigmoid and "
                "binary_crossentropy",
                row, sum);
            return;
        }
    }
}

/* Labels that are numbers, and not classes. */
static void check_values_of(const dlcore_check_t *check, size_t rows)
{
    dlcore_loss_kind_t kind = check->objective->loss_settings.kind;
    bool constant = true;
    size_t zero = SIZE_MAX, first = dlcore_check_row(check, 0, rows);

    for (size_t i = 0; i < rows; i++) {
        size_t row = dlcore_check_row(check, i, rows);

        for (size_t c = 0; c < check->y->row_size; c++) {
            double number = dlcore_row_number(check->y, row, c);

            constant = constant && number == dlcore_row_number(check->y, first, c);
            if (number == 0.0 && zero == SIZE_MAX)
                zero = row;
        }
    }
    if (constant && rows >= TARGET_ROWS_LEAST)
        dlcore_check_add(check, DLCORE_FINDING_LABELS_CONSTANT, DLCORE_FINDING_NOWHERE,
                         DLCORE_FINDING_NOWHERE, "y is %g in all %zu samples%s",
                         dlcore_row_number(check->y, first, 0), rows,
                         dlcore_check_looked_at(check, rows));
    if (zero != SIZE_MAX && kind == DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR)
        dlcore_check_add(
            check, DLCORE_FINDING_LABELS_ZERO, DLCORE_FINDING_NOWHERE, DLCORE_FINDING_NOWHERE,
            "y of sample %zu is 0, which mean_absolute_percentage_error divides by", zero);
}

/* False where a label is not finite, which is added. */
static bool targets_are_finite(const dlcore_check_t *check, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        size_t row = dlcore_check_row(check, i, rows);
        size_t at = dlcore_row_not_finite(check->y, row);

        if (at < check->y->row_size) {
            dlcore_check_add(check, DLCORE_FINDING_DATA_NOT_FINITE, DLCORE_FINDING_NOWHERE,
                             DLCORE_FINDING_NOWHERE, "y is %s: number %zu of sample %zu",
                             dlcore_not_finite_name(dlcore_row_number(check->y, row, at)), at, row);
            return false;
        }
    }
    return true;
}

dlcore_status dlcore_check_targets(const dlcore_check_t *check, dlcore_error_record_t *error)
{
    size_t rows = dlcore_check_rows(check->samples, check->y->row_size, TARGET_ROWS_MAX);

    if (!check->objective->loss_settings.missing_labels && !targets_are_finite(check, rows))
        return DLCORE_OK;
    if (check->objective->loss_settings.kind == DLCORE_LOSS_CATEGORICAL_CROSSENTROPY)
        check_shares(check, rows);
    if (dlcore_check_classes_count(check) > 1)
        return check_classes_of(check, rows, error);
    check_values_of(check, rows);
    return DLCORE_OK;
}
