/* Reading schemas. Each member of each object has to be there, of its kind and in range; others are
 * refused by name.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "data/csv_classes.h"
#include "table/schema_json.h"
#include "json/json.h"

#define COUNT_OF(words) (sizeof(words) / sizeof *(words))

typedef struct schema_reading {
    dlcore_schema_t *schema;
    dlcore_error_record_t *error;
} schema_reading_t;

static dlcore_status refuse_member(const schema_reading_t *reading, const char *member,
                                   const char *what)
{
    return dlcore_fail(reading->error, DLCORE_ERROR_FORMAT, "schema: \"%s\" %s", member, what);
}

/* ---- members ---- */

static dlcore_status get_member(const schema_reading_t *reading, const dlcore_json_t *object,
                                const char *name, dlcore_json_t *value)
{
    if (!dlcore_json_member(object, name, value))
        return refuse_member(reading, name, "is there twice");
    return value->kind != DLCORE_JSON_NONE ? DLCORE_OK : refuse_member(reading, name, "is missing");
}

static dlcore_status get_choice(const schema_reading_t *reading, const dlcore_json_t *object,
                                const char *name, const char *const *words, size_t count,
                                int *choice)
{
    char text[32], shown[DLCORE_SHOWN_SIZE];
    dlcore_json_t value;
    dlcore_status status = get_member(reading, object, name, &value);

    if (status != DLCORE_OK)
        return status;
    for (size_t i = 1; i < count; i++)
        if (dlcore_json_is(&value, words[i])) {
            *choice = (int)i;
            return DLCORE_OK;
        }
    (void)dlcore_json_string(&value, text, sizeof text);
    return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                       "schema: \"%s\" is \"%s\", which this version does not know", name,
                       dlcore_show(shown, text, strlen(text)));
}

static dlcore_status get_number(const schema_reading_t *reading, const dlcore_json_t *object,
                                const char *name, double low, double high, double *number)
{
    dlcore_json_t value;
    dlcore_status status = get_member(reading, object, name, &value);

    if (status == DLCORE_OK &&
        !(dlcore_json_double(&value, number) && *number >= low && *number <= high))
        return refuse_member(reading, name, "is no number in its range");
    return status;
}

static dlcore_status get_bool(const schema_reading_t *reading, const dlcore_json_t *object,
                              const char *name, bool *answer)
{
    dlcore_json_t value;
    dlcore_status status = get_member(reading, object, name, &value);

    *answer = value.kind == DLCORE_JSON_TRUE;
    if (status == DLCORE_OK && !*answer && value.kind != DLCORE_JSON_FALSE)
        return refuse_member(reading, name, "is neither true nor false");
    return status;
}

/* A string without zero bytes, in a block of its own. */
static dlcore_status get_text(const schema_reading_t *reading, const dlcore_json_t *object,
                              const char *name, const char **text)
{
    dlcore_json_t value;
    dlcore_status status = get_member(reading, object, name, &value);
    size_t length;
    char *copy;

    if (status != DLCORE_OK)
        return status;
    if (value.kind != DLCORE_JSON_STRING)
        return refuse_member(reading, name, "is no text");
    length = dlcore_json_string(&value, NULL, 0);
    copy = dlcore_allocate_raw(&reading->schema->allocator, length + 1, 1);
    if (copy == NULL)
        return dlcore_fail_memory(reading->error, "schema", length + 1);
    *text = copy;
    (void)dlcore_json_string(&value, copy, length + 1);
    return strlen(copy) == length ? DLCORE_OK : refuse_member(reading, name, "has a zero byte");
}

/* Refuses members that are not among `names`, which end with NULL. */
static dlcore_status check_members(const schema_reading_t *reading, const dlcore_json_t *object,
                                   const char *const *names)
{
    dlcore_json_steps_t steps = dlcore_json_steps(object);
    dlcore_json_t name, value;

    while (dlcore_json_step(&steps, &name, &value)) {
        char text[32], shown[DLCORE_SHOWN_SIZE];
        size_t i = 0;

        while (names[i] != NULL && !dlcore_json_is(&name, names[i]))
            i++;
        if (names[i] != NULL)
            continue;
        (void)dlcore_json_string(&name, text, sizeof text);
        return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                           "schema: \"%s\" is not known to this version",
                           dlcore_show(shown, text, strlen(text)));
    }
    return DLCORE_OK;
}

/* ---- columns ---- */

static dlcore_status read_number_step(const schema_reading_t *reading, const dlcore_json_t *object,
                                      dlcore_schema_step_t *step)
{
    static const char *const of_number[] = {"name",    "kind",       "fill",      "scale", "offset",
                                            "divisor", "fill_value", "indicator", NULL};
    static const char *const of_date[] = {"name",   "kind",         "fill",       "scale",
                                          "offset", "divisor",      "fill_value", "indicator",
                                          "form",   "zone_minutes", "cycles",     NULL};
    bool date = step->kind == DLCORE_COLUMN_DATE;
    double zone = 0, most = 1.7976931348623157e308;
    int scale = 0, form = 0;
    dlcore_status status = check_members(reading, object, date ? of_date : of_number);

    if (status == DLCORE_OK)
        status = get_choice(reading, object, "scale", dlcore_schema_scale_words,
                            COUNT_OF(dlcore_schema_scale_words), &scale);
    if (status == DLCORE_OK)
        status = get_number(reading, object, "offset", -most, most, &step->offset);
    if (status == DLCORE_OK)
        status = get_number(reading, object, "divisor", 0, most, &step->divisor);
    if (status == DLCORE_OK && !(step->divisor > 0))
        status = refuse_member(reading, "divisor", "is 0");
    if (status == DLCORE_OK)
        status = get_number(reading, object, "fill_value", -most, most, &step->fill_value);
    if (status == DLCORE_OK)
        status = get_bool(reading, object, "indicator", &step->indicator);
    if (status == DLCORE_OK && date)
        status = get_choice(reading, object, "form", dlcore_schema_form_words,
                            COUNT_OF(dlcore_schema_form_words), &form);
    if (status == DLCORE_OK && date)
        status = get_number(reading, object, "zone_minutes", -840, 840, &zone);
    if (status == DLCORE_OK && date)
        status = get_bool(reading, object, "cycles", &step->cycles);
    if (status == DLCORE_OK && step->cycles &&
        (step->fill_value < -719164 || step->fill_value > 2932898))
        status = refuse_member(reading, "fill_value", "is no date"); /* years 1 to 9999 */
    step->scale = (dlcore_schema_scale_t)scale;
    step->form = (dlcore_date_form_t)form;
    step->zone_minutes = (int)zone;
    return status;
}

/* Counts the categories, and the bytes that their names need with their ends. */
static dlcore_status survey_categories(const schema_reading_t *reading, const dlcore_json_t *list,
                                       size_t *count, size_t *bytes)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t name;

    *count = *bytes = 0;
    if (list->kind != DLCORE_JSON_ARRAY)
        return refuse_member(reading, "categories", "is no list");
    for (; dlcore_json_step(&steps, NULL, &name); (*count)++) {
        size_t length = dlcore_json_string(&name, NULL, 0);

        if (name.kind != DLCORE_JSON_STRING || length >= DLCORE_CSV_CLASS_SIZE ||
            *count == DLCORE_CSV_CLASSES_MAX)
            return refuse_member(reading, "categories",
                                 "has more than 10000, or what is no text of up to 255 bytes");
        *bytes += length + 1;
    }
    return DLCORE_OK;
}

/* Copies them one behind the other, and lets the schema keep them. */
static dlcore_status keep_categories(const schema_reading_t *reading, const dlcore_json_t *list,
                                     size_t count, size_t bytes, dlcore_schema_step_t *step)
{
    const dlcore_allocator_t *allocator = &reading->schema->allocator;
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    const char **names = dlcore_allocate_raw(allocator, count * sizeof *names + bytes, 1);
    char *next = (char *)(names + count);
    dlcore_status status = DLCORE_OK;
    dlcore_json_t name;

    if (names == NULL)
        return dlcore_fail_memory(reading->error, "schema", count * sizeof *names + bytes);
    for (size_t i = 0; i < count && dlcore_json_step(&steps, NULL, &name); i++) {
        size_t length = dlcore_json_string(&name, next, DLCORE_CSV_CLASS_SIZE);

        names[i] = next;
        if (strlen(next) != length)
            status = refuse_member(reading, "categories", "has a zero byte");
        next += length + 1;
    }
    if (status == DLCORE_OK && !dlcore_step_set_names(reading->schema, step, names, count))
        status = dlcore_fail_memory(reading->error, "schema", bytes);
    dlcore_release(allocator, names);
    for (size_t i = 1; status == DLCORE_OK && i < step->count; i++)
        if (strcmp(step->names[step->sorted[i - 1]], step->names[step->sorted[i]]) == 0)
            status = refuse_member(reading, "categories", "has one twice");
    return status;
}

static dlcore_status read_category_step(const schema_reading_t *reading,
                                        const dlcore_json_t *object, dlcore_schema_step_t *step)
{
    static const char *const names[] = {"name",    "kind",          "fill",       "encode", "rare",
                                        "missing", "fill_category", "categories", NULL};
    size_t count = 0, bytes = 0;
    dlcore_json_t list = {0};
    int encode = 0;
    double fill = 0;
    dlcore_status status = check_members(reading, object, names);

    if (status == DLCORE_OK)
        status = get_choice(reading, object, "encode", dlcore_schema_encode_words,
                            COUNT_OF(dlcore_schema_encode_words), &encode);
    if (status == DLCORE_OK)
        status = get_bool(reading, object, "rare", &step->rare);
    if (status == DLCORE_OK)
        status = get_bool(reading, object, "missing", &step->missing);
    if (status == DLCORE_OK)
        status = get_number(reading, object, "fill_category", 0, DLCORE_CSV_CLASSES_MAX, &fill);
    if (status == DLCORE_OK)
        status = get_member(reading, object, "categories", &list);
    if (status == DLCORE_OK)
        status = survey_categories(reading, &list, &count, &bytes);
    if (status == DLCORE_OK && fill != 0 && !(fill < (double)count && fill == floor(fill)))
        status = refuse_member(reading, "fill_category", "is none of them");
    if (status == DLCORE_OK)
        status = keep_categories(reading, &list, count, bytes, step);
    step->encode = (dlcore_schema_encode_t)encode;
    step->fill_class = status == DLCORE_OK ? (size_t)fill : 0;
    return status;
}

static dlcore_status read_step(const schema_reading_t *reading, const dlcore_json_t *object,
                               dlcore_schema_step_t *step)
{
    int kind = 0, fill = 0;
    dlcore_status status = get_text(reading, object, "name", &step->name);

    if (status == DLCORE_OK)
        status = get_choice(reading, object, "kind", dlcore_schema_kind_words,
                            COUNT_OF(dlcore_schema_kind_words), &kind);
    if (status == DLCORE_OK)
        status = get_choice(reading, object, "fill", dlcore_schema_fill_words,
                            COUNT_OF(dlcore_schema_fill_words), &fill);
    if (status != DLCORE_OK)
        return status;
    step->kind = (dlcore_column_kind_t)kind;
    step->fill = (dlcore_schema_fill_t)fill;
    if (fill == (kind == DLCORE_COLUMN_CATEGORY ? (int)DLCORE_FILL_MEDIAN : (int)DLCORE_FILL_PLACE))
        return refuse_member(reading, "fill", "does not go with the kind of column");
    return kind == DLCORE_COLUMN_CATEGORY ? read_category_step(reading, object, step)
                                          : read_number_step(reading, object, step);
}

/* ---- all of it ---- */

static dlcore_status check_version(const schema_reading_t *reading, const dlcore_json_t *whole)
{
    char text[16], shown[DLCORE_SHOWN_SIZE];
    dlcore_json_t value;
    dlcore_status status = get_member(reading, whole, "version", &value);

    if (status != DLCORE_OK || dlcore_json_is(&value, DLCORE_SCHEMA_VERSION))
        return status;
    (void)dlcore_json_string(&value, text, sizeof text);
    return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                       "schema: version \"%s\", this dlcore reads " DLCORE_SCHEMA_VERSION,
                       dlcore_show(shown, text, strlen(text)));
}

static size_t count_steps(const dlcore_json_t *list)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t value;
    size_t count = 0;

    while (dlcore_json_step(&steps, NULL, &value))
        count++;
    return count;
}

static dlcore_status read_steps(const schema_reading_t *reading, const char *name,
                                const dlcore_json_t *list, dlcore_schema_step_t *step)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_status status = DLCORE_OK;
    dlcore_json_t value;

    if (list->kind != DLCORE_JSON_ARRAY)
        return refuse_member(reading, name, "is no list");
    while (status == DLCORE_OK && dlcore_json_step(&steps, NULL, &value))
        status = value.kind == DLCORE_JSON_OBJECT
                     ? read_step(reading, &value, step++)
                     : refuse_member(reading, name, "has what is no column");
    return status;
}

/* What all of them have to be together. */
static dlcore_status check_schema(const schema_reading_t *reading)
{
    const dlcore_schema_t *schema = reading->schema;

    for (size_t i = 0; i < schema->targets; i++) {
        const dlcore_schema_step_t *step = &schema->steps[schema->inputs + i];

        if (step->kind == DLCORE_COLUMN_CATEGORY && (schema->targets > 1 || step->count == 0))
            return refuse_member(reading, "targets", "has several, and classes, or no class");
    }
    return dlcore_schema_lay_out(reading->schema, "schema", reading->error);
}

static dlcore_status read_members(schema_reading_t *reading, const dlcore_json_t *whole,
                                  const dlcore_json_t *columns, const dlcore_json_t *targets)
{
    dlcore_schema_t *schema = reading->schema;
    dlcore_json_t decimal;
    dlcore_status status = get_member(reading, whole, "decimal", &decimal);

    if (status == DLCORE_OK && !dlcore_json_is(&decimal, ".") && !dlcore_json_is(&decimal, ","))
        status = refuse_member(reading, "decimal", "is neither a point nor a comma");
    if (status == DLCORE_OK) {
        schema->decimal = dlcore_json_is(&decimal, ",") ? ',' : '.';
        status = get_text(reading, whole, "missing", &schema->missing);
    }
    if (status == DLCORE_OK)
        status = read_steps(reading, "columns", columns, schema->steps);
    if (status == DLCORE_OK)
        status = read_steps(reading, "targets", targets, schema->steps + schema->inputs);
    return status == DLCORE_OK ? check_schema(reading) : status;
}

dlcore_status dlcore_schema_read(const char *text, const dlcore_allocator_t *allocator,
                                 dlcore_schema_t **out, dlcore_error_record_t *error)
{
    static const char *const names[] = {"version", "decimal", "missing",
                                        "columns", "targets", NULL};
    schema_reading_t reading = {.error = error};
    dlcore_json_t whole, columns = {0}, targets = {0};
    dlcore_json_problem_t problem;
    dlcore_status status;

    *out = NULL;
    if (!dlcore_json_check(text, strlen(text), &whole, &problem))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "schema: byte %zu: %s", problem.at,
                           problem.what);
    if (whole.kind != DLCORE_JSON_OBJECT)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "schema: is no object");
    status = check_version(&reading, &whole);
    if (status == DLCORE_OK)
        status = check_members(&reading, &whole, names);
    if (status == DLCORE_OK)
        status = get_member(&reading, &whole, "columns", &columns);
    if (status == DLCORE_OK)
        status = get_member(&reading, &whole, "targets", &targets);
    if (status != DLCORE_OK)
        return status;
    reading.schema = dlcore_schema_make(allocator, count_steps(&columns), count_steps(&targets));
    if (reading.schema == NULL)
        return dlcore_fail_memory(error, "schema", strlen(text));
    status = read_members(&reading, &whole, &columns, &targets);
    if (status == DLCORE_OK)
        *out = reading.schema;
    else
        dlcore_schema_free(reading.schema);
    return status;
}
