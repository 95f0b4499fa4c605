/* Tables: their life, names and queries.
 *
 * SPDX-License-Identifier: MIT */
#include "table/table.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "table/date.h"

const char *dlcore_column_kind_name(dlcore_column_kind_t kind)
{
    static const char *const names[] = {"unknown", "number", "category", "date", "left out"};

    return kind >= DLCORE_COLUMN_NUMBER && kind <= DLCORE_COLUMN_LEFT_OUT ? names[kind] : names[0];
}

dlcore_status dlcore_table_make_columns(dlcore_table_t *table, size_t columns, size_t bytes,
                                        dlcore_error_record_t *error)
{
    table->columns = columns;
    table->facts = dlcore_allocate(&table->allocator, columns, sizeof *table->facts);
    table->names = dlcore_allocate(&table->allocator, columns, sizeof *table->names);
    table->by_name = dlcore_allocate(&table->allocator, columns, sizeof *table->by_name);
    table->name_text = dlcore_allocate(&table->allocator, bytes, 1);
    if (table->facts == NULL || table->names == NULL || table->by_name == NULL ||
        table->name_text == NULL)
        return dlcore_fail_memory(error, "table", columns * sizeof *table->facts + bytes);
    return DLCORE_OK;
}

void dlcore_table_free(dlcore_table_t *table)
{
    dlcore_allocator_t allocator;

    if (table == NULL)
        return;
    allocator = table->allocator;
    for (size_t i = 0; table->facts != NULL && i < table->columns; i++)
        dlcore_release(&allocator, table->facts[i].seen);
    if (table->open)
        dlcore_input_close(&table->input);
    dlcore_release(&allocator, table->facts);
    dlcore_release(&allocator, table->names);
    dlcore_release(&allocator, table->by_name);
    dlcore_release(&allocator, table->name_text);
    dlcore_release(&allocator, table->missing);
    dlcore_release(&allocator, table->text);
    dlcore_release(&allocator, table->places);
    dlcore_release(&allocator, table->arrays);
    dlcore_release(&allocator, table);
}

/* ---- names ---- */

static int compare_names(const dlcore_table_t *table, uint32_t a, uint32_t b)
{
    int order = strcmp(table->names[a], table->names[b]);

    return order != 0 ? order : (a > b) - (a < b);
}

/* Sinks `root` into the heap of the first `count`, whose greatest is on top. */
static void sink_name(const dlcore_table_t *table, size_t root, size_t count)
{
    uint32_t *heap = table->by_name, moved = heap[root];

    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        if (child + 1 < count && compare_names(table, heap[child], heap[child + 1]) < 0)
            child++;
        if (compare_names(table, heap[child], moved) <= 0)
            break;
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = moved;
}

void dlcore_table_sort_names(dlcore_table_t *table)
{
    for (size_t i = 0; i < table->columns; i++)
        table->by_name[i] = (uint32_t)i;
    for (size_t i = table->columns / 2; i-- > 0;)
        sink_name(table, i, table->columns);
    for (size_t count = table->columns; count-- > 1;) {
        uint32_t greatest = table->by_name[0];

        table->by_name[0] = table->by_name[count];
        table->by_name[count] = greatest;
        sink_name(table, 0, count);
    }
}

size_t dlcore_table_find(const dlcore_table_t *table, const char *name, size_t *column)
{
    size_t low = 0, high = table->columns, count = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(table->names[table->by_name[middle]], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low + count < table->columns; count++)
        if (strcmp(table->names[table->by_name[low + count]], name) != 0)
            break;
    if (count > 0)
        *column = table->by_name[low];
    return count;
}

dlcore_status dlcore_table_find_one(const dlcore_table_t *table, const char *call, const char *name,
                                    size_t *column, dlcore_error_record_t *error)
{
    size_t count = dlcore_table_find(table, name, column);
    dlcore_shown_names_t names = {.used = 0};
    char shown[DLCORE_SHOWN_SIZE];

    if (count == 1)
        return DLCORE_OK;
    dlcore_show(shown, name, strlen(name));
    if (count > 1)
        return dlcore_fail(error, DLCORE_ERROR_NAME, "%s: %zu columns are named \"%s\"", call,
                           count, shown);
    for (size_t i = 0; i < table->columns && !names.cut; i++)
        dlcore_shown_add(&names, table->names[i]);
    return dlcore_fail(error, DLCORE_ERROR_NAME, "%s: no column is named \"%s\"; there are %s",
                       call, shown, names.text);
}

/* ---- rows ---- */

dlcore_status dlcore_table_check_rows(const dlcore_table_t *table, const char *call,
                                      const dlcore_table_rows_t *asked, dlcore_table_rows_t *rows,
                                      dlcore_error_record_t *error)
{
    *rows = asked != NULL ? *asked : (dlcore_table_rows_t){.count = table->rows};
    if (rows->list == NULL) {
        if (rows->begin <= table->rows && rows->count <= table->rows - rows->begin)
            return DLCORE_OK;
        return dlcore_fail(error, DLCORE_ERROR_RANGE,
                           "%s: rows %zu and %zu behind it, the table has %zu", call, rows->begin,
                           rows->count, table->rows);
    }
    for (size_t i = 0; i < rows->count; i++)
        if (rows->list[i] >= table->rows)
            return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: row %zu, the table has 0 to %zu",
                               call, rows->list[i], table->rows);
    return DLCORE_OK;
}

/* ---- queries ---- */

size_t dlcore_table_row_count(const dlcore_table_t *table)
{
    return table != NULL ? table->rows : 0;
}

size_t dlcore_table_column_count(const dlcore_table_t *table)
{
    return table != NULL ? table->columns : 0;
}

const char *dlcore_table_column_name(const dlcore_table_t *table, size_t column)
{
    return table != NULL && column < table->columns ? table->names[column] : NULL;
}

dlcore_column_kind_t dlcore_table_column_kind(const dlcore_table_t *table, size_t column)
{
    return table != NULL && column < table->columns ? table->facts[column].kind
                                                    : (dlcore_column_kind_t)0;
}

/* ---- corrections ---- */

static const char *kind_choice(int value)
{
    return dlcore_column_kind_name((dlcore_column_kind_t)value);
}

static dlcore_status find_for(dlcore_table_t *table, const char *call, const char *column,
                              size_t *found, dlcore_error_record_t *error)
{
    if (table == NULL || column == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s is NULL", call,
                           table == NULL ? "table" : "column");
    return dlcore_table_find_one(table, call, column, found, error);
}

dlcore_status dlcore_table_set_kind(dlcore_table_t *table, const char *column,
                                    dlcore_column_kind_t kind, dlcore_error_record_t *error)
{
    size_t found = 0;
    dlcore_status status =
        dlcore_check_choice("table_set_kind", "kind", (int)kind, DLCORE_COLUMN_NUMBER,
                            DLCORE_COLUMN_LEFT_OUT, kind_choice, error);

    if (status == DLCORE_OK)
        status = find_for(table, "table_set_kind", column, &found, error);
    if (status == DLCORE_OK)
        table->facts[found].kind = kind;
    return status;
}

dlcore_status dlcore_table_set_date(dlcore_table_t *table, const char *column,
                                    dlcore_date_form_t form, int zone_minutes,
                                    dlcore_error_record_t *error)
{
    size_t found = 0;
    dlcore_status status = dlcore_check_choice("table_set_date", "form", (int)form, DLCORE_DATE_YMD,
                                               DLCORE_DATE_MDY, dlcore_date_form_name, error);

    if (status == DLCORE_OK)
        status =
            dlcore_check_range("table_set_date", "zone_minutes", zone_minutes, -840, 840, error);
    if (status == DLCORE_OK)
        status = find_for(table, "table_set_date", column, &found, error);
    if (status != DLCORE_OK)
        return status;
    table->facts[found].kind = DLCORE_COLUMN_DATE;
    table->facts[found].form = form;
    table->facts[found].zone_minutes = zone_minutes;
    return DLCORE_OK;
}
