/* What the parts of model_check share: adding a finding, which samples are looked at, and the class
 * of one.
 *
 * SPDX-License-Identifier: MIT */
#include "model/check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"

#define NUMBERS_MAX ((size_t)1 << 20) /* that are looked at */
#define SAMPLES_LEAST ((size_t)16)    /* however wide they are */

void dlcore_check_add(const dlcore_check_t *check, dlcore_finding_kind_t kind, size_t layer,
                      size_t column, const char *format, ...)
{
    dlcore_findings_t *findings = check->findings;
    dlcore_finding_t *finding = &findings->list[findings->count];
    va_list arguments;

    for (size_t i = 0; i < findings->count; i++)
        if (findings->list[i].kind == kind)
            return;
    findings->count++;
    *finding = (dlcore_finding_t){.kind = kind, .layer = layer, .column = column};
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
}

size_t dlcore_check_rows(size_t count, size_t width, size_t most)
{
    size_t rows = dlcore_size_min(most, dlcore_size_max(NUMBERS_MAX / width, SAMPLES_LEAST));

    return dlcore_size_min(rows, count);
}

static size_t stretch_begin(size_t i, size_t rows, size_t count)
{
    return i >= rows ? count : (size_t)((double)i * (double)count / (double)rows);
}

/* The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
 * 2014). */
static uint64_t scramble(uint64_t number)
{
    number = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    number = (number ^ number >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    number = (number ^ number >> 27) * UINT64_C(0x94D049BB133111EB);
    return number ^ number >> 31;
}

size_t dlcore_check_place(size_t i, size_t rows, size_t count)
{
    size_t begin, length;

    if (i == 0 || rows == count)
        return i;
    begin = stretch_begin(i, rows, count);
    length = stretch_begin(i + 1, rows, count) - begin;
    return length < 2 ? begin : begin + (size_t)(scramble(i) % length);
}

size_t dlcore_check_classes_count(const dlcore_check_t *check)
{
    const dlcore_objective_t *objective = check->objective;

    if (objective == NULL)
        return 0;
    if (objective->loss->labels != DLCORE_LABELS_VALUES)
        return objective->units;
    return objective->loss_settings.kind == DLCORE_LOSS_BINARY_CROSSENTROPY && objective->units == 1
               ? 2
               : 0;
}

size_t dlcore_check_class(const dlcore_check_t *check, size_t row)
{
    size_t classes = dlcore_check_classes_count(check), best = 0;
    double first = dlcore_row_number(check->y, row, 0);

    if (check->objective->loss->labels != DLCORE_LABELS_ONE_HOT)
        return first >= 0.0 && first < (double)classes && first == (double)(size_t)first
                   ? (size_t)first
                   : SIZE_MAX;
    for (size_t i = 1; i < classes; i++)
        if (dlcore_row_number(check->y, row, i) > dlcore_row_number(check->y, row, best))
            best = i;
    return dlcore_row_number(check->y, row, best) > 0.5 ? best : SIZE_MAX;
}
