/* Norms of differences, and the printed table.
 *
 * SPDX-License-Identifier: MIT */
#include "support/agreement.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

agreement_t agreement_begin(const char *title, const char *unit)
{
    print_message("%s: %s\n", title, unit);
    return (agreement_t){.title = title, .unit = unit};
}

/* Title, case, figure, error, limit and unit, apart by tabs. */
static void keep(const agreement_t *table, const char *scope, const char *what, double error,
                 double limit)
{
    const char *path = getenv("DLCORE_AGREEMENT");
    FILE *file = path != NULL && !table->is_private ? fopen(path, "a") : NULL;
    if (file == NULL)
        return;
    fprintf(file, "%s\t%s\t%s\t%g\t%g\t%s\n", table->title, scope, what, error, limit, table->unit);
    fclose(file);
}

void agreement_add(agreement_t *table, const char *scope, const char *what, double error,
                   double limit)
{
    if (strcmp(table->row, scope) != 0) {
        print_message("%s  %-34s", table->row[0] != '\0' ? "\n" : "", scope);
        snprintf(table->row, sizeof table->row, "%s", scope);
    }
    bool good = error < limit;
    keep(table, scope, what, error, limit);
    print_message(" %s %.2g%s", what, error, good ? "" : " FAILS");
    table->cells++;
    table->failures += good ? 0 : 1;
    if (!(error <= table->worst))
        table->worst = error;
}

void agreement_end(agreement_t *table)
{
    print_message("\n  worst of %zu: %.2g\n", table->cells, table->worst);
    assert_true(table->cells > 0);
    if (table->failures > 0)
        fail_msg("%s: %zu of %zu figures out of bounds", table->title, table->failures,
                 table->cells);
}

double agreement_norm(const float *value, const float *reference, size_t count)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)value[i] - (double)reference[i];
        difference += d * d;
        norm += (double)reference[i] * (double)reference[i];
    }
    return difference == 0 ? 0 : sqrt(difference / norm);
}

double agreement_grouped(const float *value, const float *reference, size_t count, size_t width,
                         double floor)
{
    double worst = 0;
    for (size_t begin = 0; begin < count; begin += width) {
        double norm = floor;
        for (size_t i = begin; i < begin + width && i < count; i++)
            norm = fmax(norm, fabs((double)reference[i]));
        for (size_t i = begin; i < begin + width && i < count; i++) {
            if (value[i] == reference[i])
                continue;
            double error = fabs((double)value[i] - (double)reference[i]) / norm;
            if (!(error <= worst))
                worst = error;
        }
    }
    return worst;
}

double agreement_elements(const float *value, const float *reference, const float *x, size_t count,
                          double floor)
{
    double worst = 0;
    for (size_t i = 0; i < count; i++) {
        double scale = x != NULL ? fmin(fabs((double)x[i]), 1e30) : 0;
        double error = agreement_grouped(value + i, reference + i, 1, 1, fmax(scale, floor));
        if (!(error <= worst))
            worst = error;
    }
    return worst;
}
