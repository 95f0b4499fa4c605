/* A label that is a class: its field, and whether NA there is a name or a missing value.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_label.h"

#include <string.h>

#include "base/error.h"
#include "data/csv_classes.h"
#include "data/csv_columns.h"
#include "data/csv_field.h"
#include "data/csv_reader.h"

static dlcore_status refuse_missing(const dlcore_csv_columns_t *columns,
                                    const dlcore_csv_reader_t *reader, size_t line, const char *why,
                                    dlcore_error_record_t *error)
{
    char where[DLCORE_CSV_WHERE_SIZE];

    dlcore_csv_where(where, reader, columns, line, columns->label);
    return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: missing value%s", where, why);
}

dlcore_status dlcore_csv_read_class(dlcore_csv_classes_t *classes,
                                    const dlcore_csv_columns_t *columns,
                                    dlcore_csv_reader_t *reader, int32_t *code,
                                    dlcore_error_record_t *error)
{
    char where[DLCORE_CSV_WHERE_SIZE];
    dlcore_csv_field_t field;
    bool na;
    dlcore_status status = dlcore_csv_next_field(reader, columns->label, &field, error);

    if (status != DLCORE_OK)
        return status;
    if (classes->fixed &&
        dlcore_csv_class_code(classes, field.text, field.length, code) == DLCORE_OK)
        return DLCORE_OK;
    na = dlcore_csv_is_na(&field);
    if (dlcore_csv_is_missing_class(&field) || (na && classes->fixed))
        return refuse_missing(columns, reader, field.line, "", error);
    if (na && classes->na_line == 0)
        classes->na_line = field.line;
    classes->quoted = classes->quoted || field.quoted;
    status = dlcore_csv_class_code(classes, field.text, field.length, code);
    if (status == DLCORE_OK)
        return DLCORE_OK;
    dlcore_csv_where(where, reader, columns, field.line, columns->label);
    return dlcore_csv_refuse_class(classes, field.text, field.length, where, status, error);
}

/* An NA that was read as a class is one among words alone, such as countries: among numbers, and
 * where names are in quotes, it is a missing value. */
dlcore_status dlcore_csv_check_na(const dlcore_csv_classes_t *classes,
                                  const dlcore_csv_columns_t *columns,
                                  const dlcore_csv_reader_t *reader, dlcore_error_record_t *error)
{
    bool among_words = false;

    for (size_t i = 0; i < classes->count && classes->na_line > 0; i++) {
        char name[DLCORE_CSV_CLASS_SIZE];
        dlcore_csv_field_t field = {.text = name, .length = strlen(classes->names[i])};
        float value;

        memcpy(name, classes->names[i], field.length + 1);
        among_words =
            among_words || !(dlcore_csv_is_na(&field) || dlcore_csv_is_number(&field, &value));
    }
    if (classes->na_line == 0 || (among_words && !classes->quoted))
        return DLCORE_OK;
    return refuse_missing(columns, reader, classes->na_line,
                          "; NA is a class in quotes, or where all classes are words without "
                          "quotes",
                          error);
}
