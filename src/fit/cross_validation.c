/* Tables of cross-validation: asking about one.
 *
 * SPDX-License-Identifier: MIT */
#include "fit/cross_validation.h"

#include <math.h>

#include "base/allocator.h"
#include "base/name.h"
#include "base/traces.h"

void dlcore_cross_validation_free(dlcore_cross_validation_t *table)
{
    dlcore_allocator_t allocator;

    if (table == NULL)
        return;
    allocator = table->allocator;
    dlcore_release(&allocator, table->names);
    dlcore_release(&allocator, table->cells);
    dlcore_release(&allocator, table);
}

size_t dlcore_cross_validation_candidates(const dlcore_cross_validation_t *table)
{
    return table != NULL ? table->candidates : 0;
}

size_t dlcore_cross_validation_folds(const dlcore_cross_validation_t *table)
{
    return table != NULL ? table->folds : 0;
}

const char *dlcore_cross_validation_name(const dlcore_cross_validation_t *table, size_t candidate)
{
    return table != NULL && candidate < table->candidates ? table->names[candidate] : NULL;
}

double dlcore_cross_validation_value(const dlcore_cross_validation_t *table, size_t candidate,
                                     size_t fold, const char *name)
{
    const dlcore_cross_cell_t *cell;

    if (table == NULL || candidate >= table->candidates || fold >= table->folds || name == NULL)
        return (double)NAN;
    cell = &table->cells[candidate * table->folds + fold];
    if (dlcore_name_is(name, "seconds"))
        return cell->seconds;
    return dlcore_evaluation_value(&cell->result, name);
}

static double mean_of_folds(const dlcore_cross_validation_t *table, size_t candidate,
                            const char *name)
{
    size_t folds = dlcore_cross_validation_folds(table);
    double sum = 0.0;

    for (size_t fold = 0; fold < folds; fold++)
        sum += dlcore_cross_validation_value(table, candidate, fold, name);
    return folds > 0 ? sum / (double)folds : (double)NAN;
}

static double deviation_of_folds(const dlcore_cross_validation_t *table, size_t candidate,
                                 const char *name)
{
    size_t folds = dlcore_cross_validation_folds(table);
    double mean = mean_of_folds(table, candidate, name), squares = 0.0;

    for (size_t fold = 0; fold < folds; fold++) {
        double away = dlcore_cross_validation_value(table, candidate, fold, name) - mean;
        squares += away * away;
    }
    return folds > 1 ? sqrt(squares / (double)(folds - 1)) : (double)NAN;
}

double dlcore_cross_validation_mean(const dlcore_cross_validation_t *table, size_t candidate,
                                    const char *name)
{
    dlcore_traces_t before = dlcore_traces_note();
    double mean = mean_of_folds(table, candidate, name);

    (void)dlcore_traces_end(before, DLCORE_OK);
    return mean;
}

double dlcore_cross_validation_deviation(const dlcore_cross_validation_t *table, size_t candidate,
                                         const char *name)
{
    dlcore_traces_t before = dlcore_traces_note();
    double deviation = deviation_of_folds(table, candidate, name);

    (void)dlcore_traces_end(before, DLCORE_OK);
    return deviation;
}

size_t dlcore_cross_validation_best(const dlcore_cross_validation_t *table, const char *name,
                                    bool larger)
{
    dlcore_traces_t before = dlcore_traces_note();
    double best = (double)NAN;
    size_t at = 0;

    for (size_t i = 0; i < dlcore_cross_validation_candidates(table); i++) {
        double mean = mean_of_folds(table, i, name);

        if (isnan(mean) || (!isnan(best) && (larger ? mean <= best : mean >= best)))
            continue;
        best = mean;
        at = i;
    }
    (void)dlcore_traces_end(before, DLCORE_OK);
    return at;
}
