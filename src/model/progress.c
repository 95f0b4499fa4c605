/* The progress line.
 *
 * SPDX-License-Identifier: MIT */
#include "model/progress.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/size.h"
#include "system/clock.h"
#include "system/terminal.h"

#define REDRAW_SECONDS 0.05

enum { CELLS = 20 };

/* A line under construction; what does not fit is left out. */
typedef struct line {
    char text[4096];
    size_t length;
} line_t;

static void add_text(line_t *line, const char *text)
{
    size_t room = sizeof line->text - line->length;
    size_t length = dlcore_size_min(strlen(text), room);

    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void add_count(line_t *line, size_t number, size_t width)
{
    char text[32];
    snprintf(text, sizeof text, "%*zu", (int)width, number);
    add_text(line, text);
}

static void write_stdout(void *user, const char *text, size_t length)
{
    (void)user;
    dlcore_stdout_write(text, length);
}

dlcore_progress_t dlcore_progress_start(const dlcore_sink_t *sink, int verbose)
{
    dlcore_progress_t progress = {.sink = *sink, .verbose = verbose};

    if (verbose != 0 && sink->write == NULL)
        progress.sink =
            (dlcore_sink_t){.write = write_stdout, .terminal = dlcore_stdout_is_terminal()};
    return progress;
}

static void send_line(const dlcore_progress_t *progress, const line_t *line)
{
    progress->sink.write(progress->sink.user, line->text, line->length);
}

void dlcore_progress_note(const dlcore_progress_t *progress, const char *text)
{
    line_t line = {.length = 0};

    if (progress->verbose != 1)
        return;
    add_text(&line, "note: ");
    add_text(&line, text);
    add_text(&line, "\n");
    send_line(progress, &line);
}

void dlcore_progress_begin(dlcore_progress_t *progress, size_t epoch, size_t epochs, size_t batches)
{
    line_t line = {.length = 0};

    if (progress->verbose == 0)
        return;
    progress->batches = batches;
    progress->began = dlcore_clock();
    progress->drawn = 0.0;
    if (epochs == 0)
        return;
    add_text(&line, "Epoch ");
    add_count(&line, epoch + 1, 1);
    add_text(&line, "/");
    add_count(&line, epochs, 1);
    add_text(&line, "\n");
    send_line(progress, &line);
}

static void add_bold(const dlcore_progress_t *progress, line_t *line, const char *text)
{
    add_text(line, progress->sink.terminal ? "\x1b[1m" : "");
    add_text(line, text);
    add_text(line, progress->sink.terminal ? "\x1b[0m" : "");
}

static void add_bar(const dlcore_progress_t *progress, line_t *line, size_t done)
{
    size_t filled = done < progress->batches ? done * CELLS / progress->batches : CELLS;

    add_text(line, progress->sink.terminal ? "\x1b[32m" : "");
    for (size_t i = 0; i < CELLS; i++) {
        if (i == filled)
            add_text(line, progress->sink.terminal ? "\x1b[0m\x1b[37m" : "");
        add_text(line, "━");
    }
    add_text(line, progress->sink.terminal ? "\x1b[0m" : "");
}

/* 12s, 3:05, 1:02:03 */
static void format_seconds(char *text, size_t size, double seconds)
{
    const double most = 1e9; /* of a dataset that does not know its length */
    unsigned long whole = (unsigned long)(seconds < most ? seconds : most);

    if (whole >= 3600)
        snprintf(text, size, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
    else if (whole >= 60)
        snprintf(text, size, "%lu:%02lu", whole / 60, whole % 60);
    else
        snprintf(text, size, "%lus", whole);
}

static void add_step_time(line_t *line, double seconds)
{
    char number[DLCORE_NUMBER_SIZE];
    const char *unit = "s/step";

    if (seconds < 1e-3 && seconds > 0.0) {
        seconds *= 1e6;
        unit = "us/step";
    } else if (seconds < 1.0 && seconds > 0.0) {
        seconds *= 1e3;
        unit = "ms/step";
    }
    add_text(line, dlcore_number(number, seconds, 0, 0));
    add_text(line, unit);
}

/* " - accuracy: 0.9134 - loss: 0.2963", sorted by name as Keras does. */
static void add_values(line_t *line, const char *const *names, const double *values, size_t count)
{
    size_t order[DLCORE_PROGRESS_VALUES_MAX];
    char number[DLCORE_NUMBER_SIZE];

    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && strcmp(names[order[at - 1]], names[i]) > 0; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (size_t i = 0; i < count; i++) {
        double value = values[order[i]];
        int tiny = value <= 1e-3 && value >= -1e-3;

        add_text(line, " - ");
        add_text(line, names[order[i]]);
        add_text(line, ": ");
        add_text(line, dlcore_number(number, value, 4, tiny && value != 0.0));
    }
}

static size_t digits_of(size_t number)
{
    size_t count = 1;
    for (; number >= 10; number /= 10)
        count++;
    return count;
}

static void draw(dlcore_progress_t *progress, size_t done, const char *const *names,
                 const double *values, size_t count, bool last)
{
    /* a dataset may yield more than it said */
    size_t batches = progress->batches > 0 ? dlcore_size_max(progress->batches, done) : 0;
    double elapsed = dlcore_clock() - progress->began;
    double each = done > 0 ? elapsed / (double)done : 0.0;
    line_t line = {.length = 0};
    char text[64];

    if (progress->sink.terminal)
        add_text(&line, "\r\x1b[2K");
    if (progress->verbose == 1 && batches == 0) {
        snprintf(text, sizeof text, "%7zu/Unknown", done);
        add_bold(progress, &line, text);
        add_text(&line, " ");
        format_seconds(text, sizeof text, elapsed);
        add_bold(progress, &line, text);
        add_text(&line, " ");
    } else if (progress->verbose == 1) {
        snprintf(text, sizeof text, "%*zu/%zu", (int)digits_of(batches), done, batches);
        add_bold(progress, &line, text);
        add_text(&line, " ");
        add_bar(progress, &line, done);
        add_text(&line, " ");
        format_seconds(text, sizeof text, last ? elapsed : each * (double)(batches - done));
        add_bold(progress, &line, text);
        add_text(&line, " ");
    } else {
        snprintf(text, sizeof text, "%zu/%zu - ", batches, batches);
        add_text(&line, text);
        format_seconds(text, sizeof text, elapsed);
        add_text(&line, text);
        add_text(&line, " - ");
    }
    add_step_time(&line, each);
    add_values(&line, names, values, count);
    add_text(&line, last ? "\n" : "");
    send_line(progress, &line);
}

void dlcore_progress_batch(dlcore_progress_t *progress, size_t done, const char *const *names,
                           const double *values, size_t count)
{
    double time;

    if (progress->verbose != 1 || !progress->sink.terminal || done == progress->batches)
        return;
    time = dlcore_clock();
    if (time - progress->drawn < REDRAW_SECONDS)
        return;
    progress->drawn = time;
    draw(progress, done, names, values, count, false);
}

void dlcore_progress_end(dlcore_progress_t *progress, const char *const *names,
                         const double *values, size_t count)
{
    if (progress->verbose != 0)
        draw(progress, progress->batches, names, values, count, true);
}
