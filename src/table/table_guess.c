/* What a column is, by all of its values.
 *
 * SPDX-License-Identifier: MIT */
#include "table/table.h"

#include <string.h>

#include "base/allocator.h"
#include "base/ascii.h"
#include "base/error.h"
#include "base/shown.h"
#include "data/csv_classes.h"
#include "table/date.h"

#define DIFFERENT_MAX ((size_t)1000) /* values that are counted */
#define DIFFERENT_FEW ((size_t)20)   /* these are categories however many rows there are */
#define SEEN_LEAST ((size_t)8)

/* ---- different values ---- */

/* FNV-1a (Fowler, Noll, Vo), its bits mixed; not 0, which is a free place. Two values with one hash
 * count as one: that moves a guess at most. */
static uint64_t hash_of(const char *text, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    hash ^= hash >> 29;
    return hash != 0 ? hash : 1;
}

static bool insert_seen(uint64_t *seen, size_t room, uint64_t hash)
{
    size_t at = (size_t)hash & (room - 1);

    while (seen[at] != 0 && seen[at] != hash)
        at = (at + 1) & (room - 1);
    if (seen[at] == hash)
        return false;
    seen[at] = hash;
    return true;
}

/* Keeps half of the places free. */
static dlcore_status grow_seen(const dlcore_allocator_t *allocator, dlcore_column_facts_t *facts,
                               dlcore_error_record_t *error)
{
    size_t room = facts->seen_room > 0 ? 2 * facts->seen_room : SEEN_LEAST;
    uint64_t *seen = dlcore_allocate(allocator, room, sizeof *seen);

    if (seen == NULL)
        return dlcore_fail_memory(error, "table", room * sizeof *seen);
    for (size_t i = 0; i < facts->seen_room; i++)
        if (facts->seen[i] != 0)
            (void)insert_seen(seen, room, facts->seen[i]);
    dlcore_release(allocator, facts->seen);
    facts->seen = seen;
    facts->seen_room = room;
    return DLCORE_OK;
}

static dlcore_status note_value(dlcore_table_t *table, dlcore_column_facts_t *facts,
                                const char *text, size_t length, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    if (2 * (facts->different + 1) > facts->seen_room)
        status = grow_seen(&table->allocator, facts, error);
    if (status != DLCORE_OK)
        return status;
    if (insert_seen(facts->seen, facts->seen_room, hash_of(text, length)))
        facts->different++;
    facts->many = facts->different > DIFFERENT_MAX || length >= DLCORE_CSV_CLASS_SIZE;
    return DLCORE_OK;
}

/* ---- cells ---- */

/* Of a number: "007", "-05", digits that it would lose. */
static bool is_code(const dlcore_csv_field_t *field)
{
    size_t at = field->text[0] == '-' || field->text[0] == '+';

    return field->length > at + 1 && field->text[at] == '0' && dlcore_is_digit(field->text[at + 1]);
}

static void note_words(dlcore_column_facts_t *facts, const dlcore_csv_field_t *field)
{
    unsigned forms = facts->others == 0 ? dlcore_date_forms(field->text, field->length) : 0;

    if (forms == 0)
        facts->others++;
    else
        facts->dates++;
    if (forms != 0)
        facts->forms = facts->dates == 1 ? forms : facts->forms & forms;
}

dlcore_status dlcore_table_note(dlcore_table_t *table, dlcore_column_facts_t *facts,
                                const dlcore_cell_t *cell, dlcore_error_record_t *error)
{
    char number_text[DLCORE_CELL_TEXT_SIZE];
    double number;
    size_t length;
    dlcore_cell_state_t state = dlcore_cell_number(cell, table->missing, &number);
    const char *text;

    if (state == DLCORE_CELL_MISSING && dlcore_cell_is_missing(cell, table->missing)) {
        facts->gaps++;
        return DLCORE_OK;
    }
    if (state == DLCORE_CELL_MISSING)
        facts->nones++;
    else if (state == DLCORE_CELL_WRONG)
        note_words(facts, &cell->field);
    else
        facts->numbers++;
    facts->codes += state == DLCORE_CELL_VALUE && !cell->numeric && is_code(&cell->field);
    if (facts->many)
        return DLCORE_OK;
    text = dlcore_cell_text(cell, number_text, &length);
    if (facts->first[0] == '\0')
        dlcore_show_in(facts->first, sizeof facts->first, text, length);
    return note_value(table, facts, text, length, error);
}

/* ---- the guess ---- */

static dlcore_column_kind_t guess_column(const dlcore_column_facts_t *facts)
{
    size_t values = facts->numbers + facts->dates + facts->others + facts->nones;
    bool few =
        !facts->many && (facts->different <= DIFFERENT_FEW || 2 * facts->different <= values);

    if (facts->numbers > 0 && facts->dates + facts->others + facts->codes == 0)
        return DLCORE_COLUMN_NUMBER;
    if (facts->dates > 0 && facts->forms != 0 && facts->numbers + facts->others == 0)
        return DLCORE_COLUMN_DATE;
    return values > 0 && few ? DLCORE_COLUMN_CATEGORY : DLCORE_COLUMN_LEFT_OUT;
}

/* The only form that all dates have; guessed while there are two. */
static dlcore_date_form_t only_form(unsigned forms)
{
    for (int form = DLCORE_DATE_YMD; form <= DLCORE_DATE_MDY; form++)
        if (forms == 1u << form)
            return (dlcore_date_form_t)form;
    return DLCORE_DATE_GUESSED;
}

void dlcore_table_guess(dlcore_table_t *table)
{
    for (size_t i = 0; i < table->columns; i++) {
        dlcore_column_facts_t *facts = &table->facts[i];

        facts->kind = facts->guessed = guess_column(facts);
        facts->form = only_form(facts->forms);
        dlcore_release(&table->allocator, facts->seen);
        facts->seen = NULL;
    }
}

size_t dlcore_table_missing(const dlcore_column_facts_t *facts)
{
    bool nones = facts->kind == DLCORE_COLUMN_NUMBER || facts->kind == DLCORE_COLUMN_DATE;

    return facts->gaps + (nones ? facts->nones : 0);
}
