/* Learning from the values of a column: sums of numbers, as Welford ("Note on a method for
 * calculating corrected sums of squares and products", 1962) has them, and counts of categories.
 *
 * SPDX-License-Identifier: MIT */
#include "table/schema_learn.h"

#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/utf8.h"

void dlcore_learned_release(dlcore_learned_t *learned)
{
    dlcore_release(&learned->classes.allocator, learned->counts);
    dlcore_csv_release_classes(&learned->classes);
    learned->counts = NULL;
}

/* ---- values ---- */

static void learn_number(dlcore_learned_t *learned, double number)
{
    double away = number - learned->mean;

    learned->least = learned->values == 0 || number < learned->least ? number : learned->least;
    learned->greatest =
        learned->values == 0 || number > learned->greatest ? number : learned->greatest;
    learned->values++;
    learned->mean += away / (double)learned->values;
    learned->squares += away * (number - learned->mean);
}

static bool count_category(dlcore_learned_t *learned, size_t code)
{
    if (code >= learned->counts_room) {
        size_t room = 2 * code + 8;
        size_t *counts = dlcore_allocate(&learned->classes.allocator, room, sizeof *counts);

        if (counts == NULL)
            return false;
        if (learned->counts_room > 0)
            memcpy(counts, learned->counts, learned->counts_room * sizeof *counts);
        dlcore_release(&learned->classes.allocator, learned->counts);
        learned->counts = counts;
        learned->counts_room = room;
    }
    learned->counts[code]++;
    learned->values++;
    return true;
}

/* A text that is too long to be a category is one that is not known. */
static dlcore_status learn_category(dlcore_learned_t *learned, const dlcore_cell_t *cell)
{
    char number_text[DLCORE_CELL_TEXT_SIZE];
    size_t length;
    const char *text = dlcore_cell_text(cell, number_text, &length);
    dlcore_status status;
    int32_t code;

    status = dlcore_csv_class_code(&learned->classes, text, length, &code);
    if (status == DLCORE_OK && !count_category(learned, (size_t)code))
        status = DLCORE_ERROR_MEMORY;
    return status == DLCORE_ERROR_FORMAT ? DLCORE_ERROR_RANGE : status;
}

dlcore_status dlcore_learn(dlcore_learned_t *learned, const dlcore_schema_step_t *step, bool target,
                           const dlcore_cell_t *cell, const char *missing,
                           dlcore_put_problem_t *problem)
{
    bool category = step->kind == DLCORE_COLUMN_CATEGORY;
    double number = 0;
    dlcore_cell_state_t state =
        category ? (dlcore_cell_is_missing(cell, missing) ? DLCORE_CELL_MISSING : DLCORE_CELL_VALUE)
                 : dlcore_step_number(step, cell, missing, &number);

    if (state == DLCORE_CELL_VALUE && category)
        return learn_category(learned, cell);
    if (state == DLCORE_CELL_VALUE) {
        learn_number(learned, number);
        return DLCORE_OK;
    }
    if (state == DLCORE_CELL_MISSING && !target && step->fill != DLCORE_FILL_REFUSE) {
        learned->gaps++;
        return DLCORE_OK;
    }
    *problem = state == DLCORE_CELL_MISSING       ? DLCORE_PUT_MISSING
               : state == DLCORE_CELL_BEYOND      ? DLCORE_PUT_BEYOND
               : step->kind == DLCORE_COLUMN_DATE ? DLCORE_PUT_NO_DATE
                                                  : DLCORE_PUT_NO_NUMBER;
    return DLCORE_ERROR_FORMAT;
}

/* ---- numbers ---- */

/* Mean and squares with `gaps` values of `fill` among the others (Chan, Golub, LeVeque, 1979). */
static void fill_gaps(dlcore_learned_t *learned, double fill)
{
    double values = (double)learned->values, gaps = (double)learned->gaps;
    double away = fill - learned->mean;

    if (learned->gaps == 0)
        return;
    learned->mean += away * (gaps / (values + gaps));
    learned->squares += away * away * (values * (gaps / (values + gaps)));
}

static dlcore_status end_number(dlcore_learned_t *learned, dlcore_schema_step_t *step,
                                dlcore_error_record_t *error)
{
    double deviation, range = learned->greatest - learned->least;
    char shown[DLCORE_SHOWN_SIZE];

    fill_gaps(learned, step->fill_value);
    deviation = sqrt(learned->squares / ((double)learned->values + (double)learned->gaps));
    step->offset = 0;
    step->divisor = 1;
    if (step->scale == DLCORE_SCALE_STANDARDIZE) {
        step->offset = learned->mean;
        step->divisor = learned->least < learned->greatest && deviation > 0 ? deviation : 1;
    } else if (step->scale == DLCORE_SCALE_MIN_MAX) {
        step->offset = learned->least;
        step->divisor = range > 0 ? range : 1;
    }
    if (isfinite(step->offset) && isfinite(step->divisor))
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_RANGE,
                       "schema_fit: column \"%s\": its numbers are too large to be scaled",
                       dlcore_show(shown, step->name, strlen(step->name)));
}

/* ---- categories ---- */

/* Names in their order, and `counts` in the same. */
static dlcore_status order_classes(dlcore_learned_t *learned, dlcore_error_record_t *error)
{
    size_t count = learned->classes.count;
    const dlcore_allocator_t *allocator = &learned->classes.allocator;
    int32_t *places = dlcore_allocate_raw(allocator, count, sizeof *places);
    size_t *counts = dlcore_allocate(allocator, count, sizeof *counts);
    dlcore_status status = DLCORE_OK;

    if (places == NULL || counts == NULL)
        status = dlcore_fail_memory(error, "schema_fit", count * sizeof *counts);
    for (size_t i = 0; i < count && status == DLCORE_OK; i++)
        places[i] = (int32_t)i;
    if (status == DLCORE_OK)
        status = dlcore_csv_finish_classes(&learned->classes, places, count, error);
    for (size_t i = 0; i < count && status == DLCORE_OK; i++)
        counts[places[i]] = learned->counts[i];
    dlcore_release(allocator, places);
    if (status != DLCORE_OK) {
        dlcore_release(allocator, counts);
        return status;
    }
    dlcore_release(allocator, learned->counts);
    learned->counts = counts;
    learned->counts_room = count;
    return DLCORE_OK;
}

static dlcore_status refuse_encoding(const dlcore_schema_step_t *step, const char *category,
                                     dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE], name[DLCORE_SHOWN_SIZE];

    return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                       "schema_fit: column \"%s\": the category \"%s\" is not UTF-8; convert the "
                       "text, or leave the column out",
                       dlcore_show(name, step->name, strlen(step->name)),
                       dlcore_show(shown, category, strlen(category)));
}

static dlcore_status end_category(dlcore_learned_t *learned, const dlcore_schema_t *schema,
                                  dlcore_schema_step_t *step, size_t rare_below,
                                  dlcore_error_record_t *error)
{
    dlcore_csv_classes_t *classes = &learned->classes;
    dlcore_status status = order_classes(learned, error);
    size_t kept = 0, most = 0;

    if (status != DLCORE_OK)
        return status;
    for (size_t i = 0; i < classes->count; i++) {
        if (!dlcore_utf8_is_text(classes->names[i]))
            return refuse_encoding(step, classes->names[i], error);
        if (learned->counts[i] < rare_below) {
            step->rare = true;
            continue;
        }
        if (kept == 0 || learned->counts[i] > most) {
            most = learned->counts[i];
            step->fill_class = kept;
        }
        classes->names[kept++] = classes->names[i];
    }
    if (kept == 0) /* all are rare, and most frequent is their place */
        step->fill_class = 0;
    step->missing = learned->gaps > 0 && step->fill == DLCORE_FILL_PLACE;
    if (!dlcore_step_set_names(schema, step, classes->names, kept))
        return dlcore_fail_memory(error, "schema_fit", kept * sizeof *step->names);
    return DLCORE_OK;
}

dlcore_status dlcore_learn_end(dlcore_learned_t *learned, const dlcore_schema_t *schema,
                               dlcore_schema_step_t *step, size_t rare_below,
                               dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];

    if (learned->values == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "schema_fit: column \"%s\" has no value in these rows; table_set_kind "
                           "leaves it out",
                           dlcore_show(shown, step->name, strlen(step->name)));
    return step->kind == DLCORE_COLUMN_CATEGORY
               ? end_category(learned, schema, step, rare_below, error)
               : end_number(learned, step, error);
}
