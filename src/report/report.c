/* Reports made of confusion matrices.
 *
 * SPDX-License-Identifier: MIT */
#include "report/report.h"

#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/size.h"
#include "base/traces.h"
#include "dlcore/report.h"

typedef struct report {
    const size_t *counts;
    size_t classes;
    const char *const *names;
    FILE *stream;
    size_t width; /* of the column of names */
} report_t;

static dlcore_status check_report(const report_t *report, dlcore_error_record_t *error)
{
    size_t total = 0;
    dlcore_status status;

    if (report->counts == NULL || report->stream == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "report: %s is NULL",
                           report->counts == NULL ? "counts" : "stream");
    status = dlcore_check_class_count("report", report->classes, error);
    if (status != DLCORE_OK)
        return status;
    for (size_t i = 0; report->names != NULL && i < report->classes; i++) {
        if (report->names[i] == NULL)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "report: the name of class %zu is NULL", i);
    }
    for (size_t i = 0; i < report->classes * report->classes; i++) {
        if (!dlcore_size_add(total, report->counts[i], &total))
            return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                               "report: counts add up to more than %zu", SIZE_MAX);
    }
    if (total == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "report: counts are all 0");
    return DLCORE_OK;
}

static const char *name_of(const report_t *report, size_t class, char number[32])
{
    if (report->names != NULL)
        return report->names[class];
    snprintf(number, 32, "%zu", class);
    return number;
}

/* Characters, not bytes. */
static size_t length_of(const char *text)
{
    size_t length = 0;

    for (; *text != '\0'; text++)
        length += ((unsigned char)*text & 0xc0) != 0x80;
    return length;
}

static void put_right(FILE *stream, const char *text, size_t width)
{
    for (size_t length = length_of(text); length < width; length++)
        fputc(' ', stream);
    fputs(text, stream);
}

static void put_count(FILE *stream, size_t count, size_t width)
{
    char text[32];

    snprintf(text, sizeof text, "%zu", count);
    put_right(stream, text, width);
}

static size_t widest_name(const report_t *report, size_t least)
{
    char number[32];

    for (size_t i = 0; i < report->classes; i++)
        least = dlcore_size_max(least, length_of(name_of(report, i, number)));
    return least;
}

static dlcore_status end(FILE *stream, dlcore_error_record_t *error)
{
    if (fflush(stream) != 0 || ferror(stream))
        return dlcore_fail(error, DLCORE_ERROR_IO, "report: the stream failed");
    return DLCORE_OK;
}

static dlcore_status print_counts(const size_t *counts, size_t class_count,
                                  const char *const *class_names, FILE *stream,
                                  dlcore_error_record_t *error)
{
    report_t report = {
        .counts = counts, .classes = class_count, .names = class_names, .stream = stream};
    dlcore_status status = check_report(&report, error);
    char text[32];
    size_t cell;

    if (status != DLCORE_OK)
        return status;
    report.width = widest_name(&report, strlen("true"));
    cell = widest_name(&report, 1);
    for (size_t i = 0; i < class_count * class_count; i++)
        cell = dlcore_size_max(cell, (size_t)snprintf(text, sizeof text, "%zu", counts[i]));
    put_right(stream, "true", report.width);
    fputs(" |", stream);
    for (size_t p = 0; p < class_count; p++) {
        fputc(' ', stream);
        put_right(stream, name_of(&report, p, text), cell);
    }
    fputc('\n', stream);
    for (size_t i = 0; i < report.width + 2 + class_count * (cell + 1); i++)
        fputc(i == report.width + 1 ? '+' : '-', stream);
    fputc('\n', stream);
    for (size_t t = 0; t < class_count; t++) {
        put_right(stream, name_of(&report, t, text), report.width);
        fputs(" |", stream);
        for (size_t p = 0; p < class_count; p++) {
            fputc(' ', stream);
            put_count(stream, counts[t * class_count + p], cell);
        }
        fputc('\n', stream);
    }
    return end(stream, error);
}

dlcore_status dlcore_report_confusion(const size_t *counts, size_t class_count,
                                      const char *const *class_names, FILE *stream,
                                      dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, print_counts(counts, class_count, class_names, stream, error));
}

enum { PRECISION, RECALL, F1, SCORES };

static void put_line(const report_t *report, const char *name, const double *scores, size_t support)
{
    char number[DLCORE_NUMBER_SIZE];

    put_right(report->stream, name, report->width);
    fputc(' ', report->stream);
    for (size_t i = 0; i < SCORES; i++) {
        fputc(' ', report->stream);
        put_right(report->stream, scores[i] < 0.0 ? "" : dlcore_number(number, scores[i], 2, 0), 9);
    }
    fputc(' ', report->stream);
    put_count(report->stream, support, 9);
    fputc('\n', report->stream);
}

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

/* Of one class; answers its support. */
static size_t score(const report_t *report, size_t class, double scores[SCORES])
{
    size_t right = report->counts[class * report->classes + class], is = 0, said = 0;

    for (size_t i = 0; i < report->classes; i++) {
        is += report->counts[class * report->classes + i];
        said += report->counts[i * report->classes + class];
    }
    scores[PRECISION] = ratio((double)right, (double)said);
    scores[RECALL] = ratio((double)right, (double)is);
    scores[F1] = ratio(2.0 * (double)right, (double)is + (double)said);
    return is;
}

static void put_means(const report_t *report)
{
    double plain[SCORES] = {0.0}, weighted[SCORES] = {0.0};
    double accuracy[SCORES] = {[PRECISION] = -1.0, [RECALL] = -1.0};
    size_t total = 0, right = 0;

    for (size_t c = 0; c < report->classes; c++) {
        double scores[SCORES];
        size_t support = score(report, c, scores);

        total += support;
        right += report->counts[c * report->classes + c];
        for (size_t i = 0; i < SCORES; i++) {
            plain[i] += scores[i];
            weighted[i] += scores[i] * (double)support;
        }
    }
    for (size_t i = 0; i < SCORES; i++) {
        plain[i] /= (double)report->classes;
        weighted[i] /= (double)total;
    }
    accuracy[F1] = ratio((double)right, (double)total);
    put_line(report, "accuracy", accuracy, total);
    put_line(report, "macro avg", plain, total);
    put_line(report, "weighted avg", weighted, total);
}

static dlcore_status print_report(const size_t *counts, size_t class_count,
                                  const char *const *class_names, FILE *stream,
                                  dlcore_error_record_t *error)
{
    static const char *const titles[] = {"precision", "recall", "f1-score", "support"};
    report_t report = {
        .counts = counts, .classes = class_count, .names = class_names, .stream = stream};
    dlcore_status status = check_report(&report, error);

    if (status != DLCORE_OK)
        return status;
    report.width = widest_name(&report, strlen("weighted avg"));
    put_right(stream, "", report.width);
    fputc(' ', stream);
    for (size_t i = 0; i < 4; i++) {
        fputc(' ', stream);
        put_right(stream, titles[i], 9);
    }
    fputs("\n\n", stream);
    for (size_t c = 0; c < class_count; c++) {
        double scores[SCORES];
        char number[32];
        size_t support = score(&report, c, scores);

        put_line(&report, name_of(&report, c, number), scores, support);
    }
    fputc('\n', stream);
    put_means(&report);
    return end(stream, error);
}

dlcore_status dlcore_report_classification(const size_t *counts, size_t class_count,
                                           const char *const *class_names, FILE *stream,
                                           dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, print_report(counts, class_count, class_names, stream, error));
}
