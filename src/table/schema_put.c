/* Values to features: filled, scaled, one-hot. Numbers are doubles until the last.
 *
 * SPDX-License-Identifier: MIT */
#include "table/schema_put.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "table/date.h"

dlcore_cell_state_t dlcore_step_number(const dlcore_schema_step_t *step, const dlcore_cell_t *cell,
                                       const char *missing, double *number)
{
    return step->kind == DLCORE_COLUMN_NUMBER
               ? dlcore_cell_number(cell, missing, number)
               : dlcore_cell_date(cell, missing, (int)step->form, step->zone_minutes, number);
}

static dlcore_put_problem_t problem_of(const dlcore_schema_step_t *step, dlcore_cell_state_t state)
{
    if (state == DLCORE_CELL_MISSING)
        return DLCORE_PUT_MISSING;
    if (state == DLCORE_CELL_BEYOND)
        return DLCORE_PUT_BEYOND;
    return step->kind == DLCORE_COLUMN_DATE ? DLCORE_PUT_NO_DATE : DLCORE_PUT_NO_NUMBER;
}

static dlcore_put_problem_t put_scaled(const dlcore_schema_step_t *step, double number, float *x)
{
    *x = (float)((number - step->offset) / step->divisor);
    return isfinite(*x) ? DLCORE_PUT_DONE : DLCORE_PUT_BEYOND;
}

static dlcore_put_problem_t put_number_features(const dlcore_schema_step_t *step,
                                                const dlcore_cell_t *cell, const char *missing,
                                                float *x)
{
    double number, cycles[DLCORE_DATE_CYCLES];
    dlcore_cell_state_t state = dlcore_step_number(step, cell, missing, &number);
    bool gap = state == DLCORE_CELL_MISSING && step->fill != DLCORE_FILL_REFUSE;

    if (state != DLCORE_CELL_VALUE && !gap)
        return problem_of(step, state);
    number = gap ? step->fill_value : number;
    if (step->indicator)
        x[1] = gap ? 1 : 0;
    if (step->cycles) {
        dlcore_date_cycles(number, cycles);
        for (size_t i = 0; i < DLCORE_DATE_CYCLES; i++)
            x[1 + (size_t)step->indicator + i] = (float)cycles[i];
    }
    return put_scaled(step, number, x);
}

static dlcore_put_problem_t put_category_features(const dlcore_schema_step_t *step,
                                                  const dlcore_cell_t *cell, const char *missing,
                                                  float *x)
{
    char number_text[DLCORE_CELL_TEXT_SIZE];
    bool gap = dlcore_cell_is_missing(cell, missing), index = step->encode == DLCORE_ENCODE_INDEX;
    size_t place = step->count, length;
    const char *text;

    if (gap && step->fill == DLCORE_FILL_REFUSE)
        return DLCORE_PUT_MISSING;
    if (gap && step->fill == DLCORE_FILL_MOST_FREQUENT) {
        gap = false;
        place = step->fill_class;
    } else if (!gap) {
        text = dlcore_cell_text(cell, number_text, &length);
        place = dlcore_step_find(step, text, length);
    }
    if (index) {
        *x = (float)(gap ? 1 : place < step->count ? place + DLCORE_INDEX_FIRST : 0);
        return DLCORE_PUT_DONE;
    }
    for (size_t i = 0; i < step->width; i++)
        x[i] = 0;
    if (gap && step->missing)
        x[step->count] = 1;
    else if (place < step->count)
        x[place] = 1;
    else if (!gap && step->rare)
        x[step->width - 1] = 1;
    return DLCORE_PUT_DONE;
}

dlcore_put_problem_t dlcore_step_put(const dlcore_schema_step_t *step, const dlcore_cell_t *cell,
                                     const char *missing, float *x)
{
    return step->kind == DLCORE_COLUMN_CATEGORY ? put_category_features(step, cell, missing, x)
                                                : put_number_features(step, cell, missing, x);
}

dlcore_put_problem_t dlcore_step_put_target(const dlcore_schema_step_t *step,
                                            const dlcore_cell_t *cell, const char *missing, void *y)
{
    char number_text[DLCORE_CELL_TEXT_SIZE];
    dlcore_cell_state_t state;
    double number;
    size_t place, length;
    const char *text;

    if (step->kind != DLCORE_COLUMN_CATEGORY) {
        state = dlcore_step_number(step, cell, missing, &number);
        return state == DLCORE_CELL_VALUE ? put_scaled(step, number, y) : problem_of(step, state);
    }
    if (dlcore_cell_is_missing(cell, missing))
        return DLCORE_PUT_MISSING;
    text = dlcore_cell_text(cell, number_text, &length);
    place = dlcore_step_find(step, text, length);
    if (place == step->count)
        return DLCORE_PUT_UNKNOWN;
    *(int32_t *)y = (int32_t)place;
    return DLCORE_PUT_DONE;
}

/* ---- messages ---- */

dlcore_status dlcore_step_refuse(const dlcore_schema_step_t *step, dlcore_put_problem_t problem,
                                 const dlcore_cell_t *cell, const char *where,
                                 dlcore_error_record_t *error)
{
    char number_text[DLCORE_CELL_TEXT_SIZE], shown[DLCORE_SHOWN_SIZE];
    dlcore_shown_names_t names = {.used = 0};
    size_t length = 0;
    const char *text = cell->absent ? "" : dlcore_cell_text(cell, number_text, &length);

    dlcore_show(shown, text, length);
    switch (problem) {
    case DLCORE_PUT_MISSING:
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: missing value", where);
    case DLCORE_PUT_BEYOND:
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: %s is too large for float32", where,
                           shown);
    case DLCORE_PUT_NO_DATE:
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: \"%s\" is not a date (%s)", where,
                           shown, dlcore_date_form_name((int)step->form));
    case DLCORE_PUT_UNKNOWN:
        for (size_t i = 0; i < step->count && !names.cut; i++)
            dlcore_shown_add(&names, step->names[i]);
        return dlcore_fail(error, DLCORE_ERROR_NAME, "%s: no class is called \"%s\"; there are %s",
                           where, shown, names.text);
    case DLCORE_PUT_NO_NUMBER:
    case DLCORE_PUT_DONE:
        break;
    }
    return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: \"%s\" is not a number", where, shown);
}
