/* The oracles of a random sequence.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/little_endian.h"
#include "engine/path.h"
#include "support/random_numbers.h"
#include "support/sequence_check.h"

void sequence_fail(sequence_check_t *check, const char *oracle, const char *what,
                   const char *detail)
{
    if (check->verdict.failed)
        return;
    check->verdict.failed = true;
    check->verdict.call = check->call;
    snprintf(check->verdict.why, sizeof check->verdict.why, "%.60s: %.100s: %.300s", oracle, what,
             detail);
}

/* ---- models ---- */

void sequence_release(sequence_bytes_t *bytes)
{
    free(bytes->data);
    *bytes = (sequence_bytes_t){0};
}

sequence_bytes_t sequence_save(const model_t *model)
{
    save_options_t how = save_options_default();
    sequence_bytes_t bytes = {0};

    how.self_test = false;
    (void)model_save_memory(model, &how, &bytes.data, &bytes.size);
    return bytes;
}

/* Like another in all but the model, which comes from the bytes. */
sequence_model_t sequence_load(const sequence_bytes_t *bytes, const model_options_t *options,
                               const sequence_model_t *like)
{
    load_options_t how = load_options_default();
    error_record_t error = {0};
    sequence_model_t loaded = {.style = like->style,
                               .predictor_rows = like->predictor_rows,
                               .stopped = like->stopped,
                               .given_up = like->given_up,
                               .is_other = like->is_other};

    how.model = *options;
    how.error = &error;
    if (model_load_memory(bytes->data, bytes->size, &how, &loaded.model) != DLCORE_OK)
        print_error("saved, and not loaded: %s\n", error.message);
    return loaded;
}

float *sequence_weights(const model_t *model, size_t *count)
{
    float *weights;

    *count = model_parameter_count(model);
    weights = calloc(*count + 1, sizeof *weights);
    assert_non_null(weights);
    (void)model_get_weights(model, weights, *count);
    return weights;
}

/* ---- the same bits ---- */

static void compare_outcomes(sequence_check_t *check, const char *oracle,
                             const sequence_outcome_t *a, const sequence_outcome_t *b)
{
    char text[sizeof check->verdict.why];

    if (a->status != b->status || strcmp(a->message, b->message) != 0) {
        snprintf(text, sizeof text, "%d (%.110s), %d (%.110s)", (int)a->status, a->message,
                 (int)b->status, b->message);
        sequence_fail(check, oracle, "status", text);
    } else if (a->exact_count != b->exact_count) {
        sequence_fail(check, oracle, "results", "another number");
    } else if (a->exact_count > 0 && memcmp((const char *)a->exact, (const char *)b->exact,
                                            a->exact_count * sizeof *a->exact) != 0) {
        size_t i = 0;

        while (memcmp((const char *)&a->exact[i], (const char *)&b->exact[i], sizeof *a->exact) ==
               0)
            i++;
        snprintf(text, sizeof text, "number %zu of %zu: %.9g, %.9g", i, a->exact_count,
                 (double)a->exact[i], (double)b->exact[i]);
        sequence_fail(check, oracle, "results", text);
    }
}

/* The first byte that differs: of the tensors, which say more than their checksum, else of all. */
static size_t first_difference(const sequence_bytes_t *a, const sequence_bytes_t *b)
{
    const char *x = a->data, *y = b->data;
    size_t begin = 8 + (size_t)dlcore_load_u64(a->data), at = a->size;

    if (a->size == b->size)
        for (at = begin; at < a->size && x[at] == y[at];)
            at++;
    if (at < a->size)
        return at;
    for (at = 0; at < a->size && at < b->size && x[at] == y[at];)
        at++;
    return at;
}

static void compare_files(sequence_check_t *check, const char *oracle, const sequence_bytes_t *a,
                          const model_t *model)
{
    sequence_bytes_t b = sequence_save(model);
    char text[sizeof check->verdict.why];

    if ((a->data == NULL) != (b.data == NULL)) {
        sequence_fail(check, oracle, "file", "only one can be saved");
    } else if (a->data != NULL && (a->size != b.size || memcmp(a->data, b.data, a->size) != 0)) {
        size_t at = first_difference(a, &b), begin = 8 + (size_t)dlcore_load_u64(a->data);

        snprintf(text, sizeof text, "%s, byte %zu of %zu and %zu",
                 at < begin ? "header" : "tensors", at, a->size, b.size);
        sequence_fail(check, oracle, "file", text);
    }
    sequence_release(&b);
}

static void compare_weights(sequence_check_t *check, const char *oracle, const model_t *a,
                            const model_t *b)
{
    size_t count, other;
    float *ours = sequence_weights(a, &count), *theirs = sequence_weights(b, &other);

    if (count != other || memcmp(ours, theirs, count * sizeof *ours) != 0)
        sequence_fail(check, oracle, "weights", "other bits");
    free(ours);
    free(theirs);
}

/* ---- all of it ---- */

static void run_call(sequence_check_t *check)
{
    const sequence_call_t *call = &check->sequence->calls[check->call];
    sequence_outcome_t outcome, alone = {0}, loaded_outcome = {0};
    sequence_model_t loaded = {0};
    sequence_bytes_t after;

    if (check->before.data != NULL) {
        loaded = sequence_load(&check->before, &check->options, &check->model);
        if (loaded.model == NULL)
            sequence_fail(check, "loaded", "file", "saved, and not loaded");
    }
    sequence_call(&check->model, call, &outcome);
    check->counts->calls[call->kind]++;
    check->counts->accepted[call->kind] += outcome.status == DLCORE_OK;
    if (outcome.broken != NULL)
        sequence_fail(check, "promise", outcome.broken, outcome.message);
    after = sequence_save(check->model.model);
    if (!check->skips_pure || !outcome.is_pure) {
        sequence_call(&check->alone, call, &alone);
        compare_outcomes(check, "one thread", &outcome, &alone);
    }
    if (check->skips_pure)
        compare_weights(check, "one thread", check->model.model, check->alone.model);
    else
        compare_files(check, "one thread", &after, check->alone.model);
    if (loaded.model != NULL) {
        sequence_call(&loaded, call, &loaded_outcome);
        compare_outcomes(check, "loaded", &outcome, &loaded_outcome);
        compare_files(check, "loaded", &after, loaded.model);
    }
    if (!check->verdict.failed)
        sequence_compare_other(check, &outcome, &after);
    sequence_outcome_clear(&outcome);
    sequence_outcome_clear(&alone);
    sequence_outcome_clear(&loaded_outcome);
    sequence_model_clear(&loaded);
    sequence_release(&check->before);
    check->before = after;
}

static void begin(sequence_check_t *check)
{
    bool has_native = dlcore_path_products(ENGINE_NATIVE, false) != NULL, is_native;
    model_options_t options = model_options_default();
    sequence_style_t style;

    random_seed(~check->sequence->seed);
    is_native = has_native && random_below(4) > 0;
    options.engine = is_native ? ENGINE_NATIVE : ENGINE_BLAS;
    options.threads = 2 + random_below(3);
    options.seed = random_below(UINT32_MAX);
    check->skips_pure = random_below(4) == 0;
    style = (sequence_style_t)random_below(SEQUENCE_STYLES);
    check->model.style = check->alone.style = check->other.style = style;
    check->options = check->other_options = options;
    check->other_options.engine = !is_native && has_native ? ENGINE_NATIVE : ENGINE_BLAS;
    check->other_options.threads = 1;
    check->model.predictor_lives = check->alone.predictor_lives = true;
    check->other.is_other = true;
    assert_int_equal(model_create(&options, &check->model.model), DLCORE_OK);
    assert_int_equal(model_create(&check->other_options, &check->other.model), DLCORE_OK);
    options.threads = 1;
    assert_int_equal(model_create(&options, &check->alone.model), DLCORE_OK);
    check->options.threads = 1; /* of those that are loaded */
}

sequence_verdict_t sequence_run(const sequence_t *sequence, sequence_counts_t *counts)
{
    sequence_check_t check = {.sequence = sequence, .counts = counts};

    begin(&check);
    for (size_t i = 0; i < sequence->count && !check.verdict.failed; i++) {
        check.call = i;
        run_call(&check);
    }
    sequence_model_clear(&check.model);
    sequence_model_clear(&check.alone);
    sequence_model_clear(&check.other);
    sequence_release(&check.before);
    return check.verdict;
}
