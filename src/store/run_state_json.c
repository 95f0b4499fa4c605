/* Where a run of fit stands, as JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "store/run_state_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/ascii.h"
#include "base/error.h"
#include "base/size.h"

#define DIGITS 16   /* of a double */
#define IN_TEXT 32u /* doubles in one string */

/* ---- numbers ---- */

void dlcore_json_put_text_number(dlcore_json_writer_t *writer, const char *name, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, number);
    dlcore_json_put_string(writer, name, text);
}

dlcore_status dlcore_json_text_number(const dlcore_json_t *object, const char *name,
                                      uint64_t largest, uint64_t *number, const char *file,
                                      dlcore_error_record_t *error)
{
    char text[24];
    dlcore_json_t found, digits;
    dlcore_json_problem_t problem;
    uint64_t value;

    if (!dlcore_json_member(object, name, &found))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: %s is there twice", file, name);
    if (found.kind == DLCORE_JSON_NONE)
        return DLCORE_OK;
    if (dlcore_json_string(&found, text, sizeof text) >= sizeof text ||
        !dlcore_json_check(text, strlen(text), &digits, &problem) ||
        !dlcore_json_uint64(&digits, &value) || value > largest)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %s is not a whole number up to %" PRIu64, file, name, largest);
    *number = value;
    return DLCORE_OK;
}

static void put_doubles(dlcore_json_writer_t *writer, const char *name, const double *numbers,
                        size_t count)
{
    dlcore_json_open(writer, name, '[');
    for (size_t first = 0; first < count; first += IN_TEXT) {
        char text[IN_TEXT * DIGITS + 1];
        size_t end = dlcore_size_min(count, first + IN_TEXT);

        for (size_t i = first; i < end; i++) {
            uint64_t bits;

            memcpy(&bits, &numbers[i], sizeof bits);
            snprintf(text + (i - first) * DIGITS, DIGITS + 1, "%016" PRIx64, bits);
        }
        dlcore_json_put_string(writer, NULL, text);
    }
    dlcore_json_close(writer, ']');
}

static int digit(char c)
{
    if (dlcore_is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The doubles of one string, to `to` when that is not NULL; false when it is not made of them. */
static bool doubles_of(const dlcore_json_t *string, double *to, size_t *count)
{
    char text[IN_TEXT * DIGITS + 1];
    size_t length;

    if (string->kind != DLCORE_JSON_STRING)
        return false;
    length = dlcore_json_string(string, text, sizeof text);
    if (length >= sizeof text || length % DIGITS != 0 || strlen(text) != length)
        return false;
    for (size_t i = 0; i < length; i += DIGITS) {
        uint64_t bits = 0;

        for (size_t d = 0; d < DIGITS; d++) {
            int value = digit(text[i + d]);

            if (value < 0)
                return false;
            bits = bits << 4 | (uint64_t)value;
        }
        if (to != NULL)
            memcpy(to + i / DIGITS, &bits, sizeof bits);
    }
    *count = length / DIGITS;
    return true;
}

/* All doubles of a list, to `to` when that is not NULL. */
static bool read_doubles(const dlcore_json_t *list, double *to, size_t *count)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t string;

    *count = 0;
    if (list->kind != DLCORE_JSON_ARRAY)
        return false;
    while (dlcore_json_step(&steps, NULL, &string)) {
        size_t more;

        if (!doubles_of(&string, to != NULL ? to + *count : NULL, &more))
            return false;
        *count += more;
    }
    return true;
}

/* ---- writing ---- */

void dlcore_run_state_put(dlcore_json_writer_t *writer, const dlcore_run_state_t *state)
{
    const dlcore_position_t *position = &state->position;

    dlcore_json_open(writer, "run", '{');
    dlcore_json_put_text_number(writer, "epoch", position->epoch);
    dlcore_json_put_text_number(writer, "batch", position->batch);
    dlcore_json_put_bool(writer, "begun", position->begun);
    dlcore_json_put_text_number(writer, "pass", position->pass);
    dlcore_json_put_text_number(writer, "pass_batch", position->pass_batch);
    dlcore_json_put_bool(writer, "pass_begun", position->pass_begun);
    dlcore_json_put_text_number(writer, "samples", position->samples);
    dlcore_json_put_text_number(writer, "batch_size", position->batch_size);
    put_doubles(writer, "sums", state->sums, state->sum_count);
    dlcore_json_put_text_number(writer, "values", state->value_count);
    put_doubles(writer, "history", state->history, state->rows * state->value_count);
    dlcore_json_open(writer, "callbacks", '[');
    for (size_t i = 0; i < state->callback_count; i++) {
        const dlcore_callback_state_t *callback = &state->callbacks[i];

        dlcore_json_open(writer, NULL, '{');
        dlcore_json_put_string(writer, "name", callback->name);
        put_doubles(writer, "state", callback->numbers, callback->count);
        dlcore_json_put_bool(writer, "weights", callback->weights != NULL);
        dlcore_json_close(writer, '}');
    }
    dlcore_json_close(writer, ']');
    if (state->weights != NULL)
        dlcore_json_put_bool(writer, "weights", true);
    dlcore_json_close(writer, '}');
}

/* ---- reading ---- */

typedef struct reading {
    const dlcore_json_t *json;
    const char *file;
    const dlcore_allocator_t *allocator;
    dlcore_error_record_t *error;
} reading_t;

static dlcore_status refuse_state(const reading_t *reading, const char *what)
{
    return dlcore_fail(reading->error, DLCORE_ERROR_FORMAT, "%s: training state: %s", reading->file,
                       what);
}

/* Absent members leave what is there. */
static dlcore_status size_member(const reading_t *reading, const char *name, size_t *size)
{
    uint64_t number = *size;
    dlcore_status status = dlcore_json_text_number(reading->json, name, SIZE_MAX, &number,
                                                   reading->file, reading->error);

    if (status == DLCORE_OK)
        *size = (size_t)number;
    return status;
}

static dlcore_status bool_member(const reading_t *reading, const dlcore_json_t *object,
                                 const char *name, bool *value)
{
    dlcore_json_t found;

    if (!dlcore_json_member(object, name, &found) ||
        (found.kind != DLCORE_JSON_TRUE && found.kind != DLCORE_JSON_FALSE))
        return refuse_state(reading, "a truth value is missing, or there twice");
    *value = found.kind == DLCORE_JSON_TRUE;
    return DLCORE_OK;
}

/* Files of runs whose weights are the model's have no such member. */
static dlcore_status read_has_weights(const reading_t *reading, dlcore_run_state_t *state)
{
    dlcore_json_t found;

    if (dlcore_json_member(reading->json, "weights", &found) && found.kind == DLCORE_JSON_NONE)
        return DLCORE_OK;
    return bool_member(reading, reading->json, "weights", &state->has_weights);
}

static dlcore_status read_position(const reading_t *reading, dlcore_position_t *position)
{
    static const struct {
        const char *name;
        size_t offset;
    } sizes[] = {{"epoch", offsetof(dlcore_position_t, epoch)},
                 {"batch", offsetof(dlcore_position_t, batch)},
                 {"pass", offsetof(dlcore_position_t, pass)},
                 {"pass_batch", offsetof(dlcore_position_t, pass_batch)},
                 {"samples", offsetof(dlcore_position_t, samples)},
                 {"batch_size", offsetof(dlcore_position_t, batch_size)}};
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && status == DLCORE_OK; i++)
        status = size_member(reading, sizes[i].name,
                             (size_t *)(void *)((char *)position + sizes[i].offset));
    if (status == DLCORE_OK)
        status = bool_member(reading, reading->json, "begun", &position->begun);
    if (status == DLCORE_OK)
        status = bool_member(reading, reading->json, "pass_begun", &position->pass_begun);
    return status;
}

/* Refuses what no run has written. A loss may be NaN or infinite, a number of samples may not. */
static dlcore_status check_run(const reading_t *reading, const dlcore_run_state_t *state)
{
    const dlcore_position_t *position = &state->position;
    size_t samples;

    if (position->epoch == SIZE_MAX || position->batch == SIZE_MAX || position->pass == SIZE_MAX ||
        position->pass_batch == SIZE_MAX)
        return refuse_state(reading, "epoch, batch, pass or pass_batch is too large");
    if (!position->pass_begun && position->pass_batch > 0)
        return refuse_state(reading, "pass_batch is above 0, but pass_begun is false");
    if (!dlcore_size_of_double(state->sums[1], &samples)) /* dlcore_run_state_read: there are two */
        return refuse_state(reading, "the number of samples in sums is no whole number");
    return DLCORE_OK;
}

static dlcore_status read_callback(const reading_t *reading, const dlcore_json_t *object,
                                   dlcore_callback_state_t *callback)
{
    dlcore_json_t name, list;
    size_t count;

    if (!dlcore_json_member(object, "name", &name) || !dlcore_json_member(object, "state", &list) ||
        name.kind != DLCORE_JSON_STRING ||
        dlcore_json_string(&name, callback->name, sizeof callback->name) !=
            strlen(callback->name) ||
        callback->name[0] == '\0' || strchr(callback->name, '/') != NULL)
        return refuse_state(reading, "a callback has no name, or too long a one");
    if (!read_doubles(&list, NULL, &count))
        return refuse_state(reading, "the state of a callback is malformed");
    if (!dlcore_run_state_reserve(reading->allocator, callback, count))
        return dlcore_fail_memory(reading->error, "callback", count * sizeof(double));
    (void)read_doubles(&list, callback->numbers, &count);
    return bool_member(reading, object, "weights", &callback->has_weights);
}

static dlcore_status read_callbacks(const reading_t *reading, const dlcore_json_t *list,
                                    dlcore_run_state_t *state)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t object;
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; status == DLCORE_OK && dlcore_json_step(&steps, NULL, &object); i++) {
        if (object.kind != DLCORE_JSON_OBJECT)
            return refuse_state(reading, "a callback is not an object");
        status = read_callback(reading, &object, &state->callbacks[i]);
        for (size_t j = 0; status == DLCORE_OK && j < i; j++) {
            if (strcmp(state->callbacks[i].name, state->callbacks[j].name) == 0)
                status = refuse_state(reading, "two callbacks have one name");
        }
    }
    return status;
}

/* Before memory is asked for. */
static dlcore_status count_callbacks(const reading_t *reading, const dlcore_json_t *list,
                                     size_t *count)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t element;

    *count = 0;
    if (list->kind != DLCORE_JSON_ARRAY && list->kind != DLCORE_JSON_NONE)
        return refuse_state(reading, "there is no list of callbacks");
    while (dlcore_json_step(&steps, NULL, &element))
        ++*count;
    if (*count > DLCORE_RUN_CALLBACKS_MAX)
        return dlcore_fail(reading->error, DLCORE_ERROR_FORMAT,
                           "%s: training state: %zu callbacks are more than %d", reading->file,
                           *count, DLCORE_RUN_CALLBACKS_MAX);
    return DLCORE_OK;
}

dlcore_status dlcore_run_state_read(const dlcore_json_t *json, const char *file,
                                    const dlcore_allocator_t *allocator, dlcore_run_state_t **state,
                                    dlcore_error_record_t *error)
{
    reading_t reading = {.json = json, .file = file, .allocator = allocator, .error = error};
    dlcore_json_t sums, history, callbacks;
    size_t sum_count, numbers, callback_count, values = 0;
    dlcore_status status;

    *state = NULL;
    if (json->kind == DLCORE_JSON_NONE)
        return DLCORE_OK;
    status = size_member(&reading, "values", &values);
    if (status != DLCORE_OK)
        return status;
    if (!dlcore_json_member(json, "sums", &sums) || !read_doubles(&sums, NULL, &sum_count) ||
        !dlcore_json_member(json, "history", &history) || !read_doubles(&history, NULL, &numbers) ||
        !dlcore_json_member(json, "callbacks", &callbacks) || values == 0 || sum_count < 2 ||
        numbers % values != 0)
        return refuse_state(&reading, "the numbers of the run are malformed");
    status = count_callbacks(&reading, &callbacks, &callback_count);
    if (status != DLCORE_OK)
        return status;
    *state =
        dlcore_run_state_create(allocator, sum_count, numbers / values, values, callback_count);
    if (*state == NULL)
        return dlcore_fail_memory(error, "state of the run", numbers * sizeof(double));
    (void)read_doubles(&sums, (*state)->sums, &sum_count);
    (void)read_doubles(&history, (*state)->history, &numbers);
    status = read_position(&reading, &(*state)->position);
    if (status == DLCORE_OK)
        status = check_run(&reading, *state);
    if (status == DLCORE_OK)
        status = read_has_weights(&reading, *state);
    if (status == DLCORE_OK)
        status = read_callbacks(&reading, &callbacks, *state);
    if (status != DLCORE_OK) {
        dlcore_run_state_free(allocator, *state);
        *state = NULL;
    }
    return status;
}
