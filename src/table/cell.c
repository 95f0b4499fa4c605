/* Values of tables: numbers, dates, words, gaps.
 *
 * SPDX-License-Identifier: MIT */
#include "table/cell.h"

#include <math.h>
#include <string.h>

#include "table/date.h"
#include "json/json_writer.h"

bool dlcore_cell_is_missing(const dlcore_cell_t *cell, const char *missing)
{
    const dlcore_csv_field_t *field = &cell->field;

    if (cell->numeric || cell->absent)
        return cell->absent;
    if (field->length == 0)
        return true;
    if (field->quoted || field->length > 64)
        return false;
    return dlcore_csv_is_missing_class(field) || dlcore_csv_is_na(field) ||
           (missing != NULL && dlcore_csv_is_one_of(field, missing));
}

/* Likewise, among numbers and dates. */
static bool is_gap(const dlcore_cell_t *cell, const char *missing)
{
    return cell->absent || cell->field.length == 0 ||
           (cell->field.length <= 64 &&
            (dlcore_csv_is_missing(&cell->field) ||
             (missing != NULL && dlcore_csv_is_one_of(&cell->field, missing))));
}

dlcore_cell_state_t dlcore_cell_number(const dlcore_cell_t *cell, const char *missing,
                                       double *number)
{
    *number = cell->number;
    if (cell->numeric)
        return isfinite(*number) ? DLCORE_CELL_VALUE : DLCORE_CELL_BEYOND;
    if (!cell->absent && dlcore_csv_is_double(&cell->field, number)) {
        if (missing != NULL && missing[0] != '\0' && dlcore_csv_is_one_of(&cell->field, missing))
            return DLCORE_CELL_MISSING; /* "-999" */
        return isfinite(*number) ? DLCORE_CELL_VALUE : DLCORE_CELL_BEYOND;
    }
    return is_gap(cell, missing) ? DLCORE_CELL_MISSING : DLCORE_CELL_WRONG;
}

dlcore_cell_state_t dlcore_cell_date(const dlcore_cell_t *cell, const char *missing, int form,
                                     int zone_minutes, double *days)
{
    if (cell->numeric)
        return DLCORE_CELL_WRONG;
    if (is_gap(cell, missing))
        return DLCORE_CELL_MISSING;
    return dlcore_date_read(cell->field.text, cell->field.length, (dlcore_date_form_t)form,
                            zone_minutes, days)
               ? DLCORE_CELL_VALUE
               : DLCORE_CELL_WRONG;
}

const char *dlcore_short_number(char to[DLCORE_CELL_TEXT_SIZE], double number)
{
    dlcore_json_writer_t writer = dlcore_json_writer(to, DLCORE_CELL_TEXT_SIZE - 1);

    dlcore_json_put_double(&writer, NULL, number == 0 ? 0.0 : number); /* no -0 */
    to[writer.size < DLCORE_CELL_TEXT_SIZE ? writer.size : DLCORE_CELL_TEXT_SIZE - 1] = '\0';
    return to;
}

const char *dlcore_cell_text(const dlcore_cell_t *cell, char to[DLCORE_CELL_TEXT_SIZE],
                             size_t *length)
{
    if (!cell->numeric) {
        *length = cell->field.length;
        return cell->field.text;
    }
    dlcore_short_number(to, cell->number);
    *length = strlen(to);
    return to;
}
