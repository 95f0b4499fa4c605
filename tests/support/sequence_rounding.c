/* What another engine may answer otherwise.
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
#include "support/random_numbers.h"
#include "support/sequence_check.h"

/* Two engines are not further apart in most networks after one call, in Euclidean norm. */
#define CLOSE 2e-6
/* Where they are: no further than so many times what a change of NOISE does. */
#define NOISE 1e-6
#define SPREADS 8
#define TRIALS 16
#define HUGE_NUMBER 1e5

static double room = 1;

void sequence_set_room(double limits)
{
    room = limits;
}

static double distance(const float *a, const float *b, size_t count)
{
    double difference = 0, norm = 0;

    for (size_t i = 0; i < count; i++) {
        double d = (double)a[i] - (double)b[i];

        difference += d * d;
        norm += (double)a[i] * (double)a[i];
    }
    return sqrt(difference) / (sqrt(norm) + 1e-3);
}

/* A call and what it leaves, on one model. */
typedef struct result {
    const sequence_outcome_t *outcome;
    float *weights;
    size_t count;
} result_t;

static bool is_tame(const float *x, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!(fabsf(x[i]) < (float)HUGE_NUMBER))
            return false;
    }
    return true;
}

/* INFINITY: not comparable. */
static double apart(const result_t *a, const result_t *b)
{
    const sequence_outcome_t *x = a->outcome, *y = b->outcome;
    size_t singles = x->single_count;
    double worst;

    if (x->status != y->status || x->smooth_count != y->smooth_count || a->count != b->count)
        return (double)INFINITY;
    worst = distance(x->smooth, y->smooth, singles);
    worst =
        fmax(worst, distance(x->smooth + singles, y->smooth + singles, x->smooth_count - singles));
    return fmax(worst, distance(a->weights, b->weights, a->count));
}

static result_t result_of(const sequence_outcome_t *outcome, const model_t *model)
{
    result_t result = {.outcome = outcome};

    result.weights = sequence_weights(model, &result.count);
    return result;
}

/* Runs the call at hand on a model that it then frees; how far that is from a result. */
static double try_call(sequence_check_t *check, sequence_model_t *on, const result_t *from)
{
    sequence_outcome_t outcome = {0};
    double distance_from = (double)INFINITY;
    result_t result;

    if (on->model != NULL) {
        sequence_call(on, &check->sequence->calls[check->call], &outcome);
        result = result_of(&outcome, on->model);
        distance_from = apart(from, &result);
        free(result.weights);
    }
    sequence_outcome_clear(&outcome);
    sequence_model_clear(on);
    return distance_from;
}

/* As before the call at hand: from the bytes, or, where there are none, by all calls again. */
static sequence_model_t as_before(sequence_check_t *check, const model_options_t *options,
                                  bool is_other)
{
    sequence_model_t like = check->model;
    sequence_model_t model = {.style = check->model.style, .is_other = is_other};
    sequence_outcome_t outcome;

    like.is_other = is_other;
    if (check->before.data != NULL)
        return sequence_load(&check->before, options, &like);
    assert_int_equal(model_create(options, &model.model), DLCORE_OK);
    for (size_t i = 0; i < check->call; i++) {
        sequence_call(&model, &check->sequence->calls[i], &outcome);
        sequence_outcome_clear(&outcome);
    }
    return model;
}

static void disturb(sequence_bytes_t *bytes, uint64_t seed)
{
    size_t at = 8 + (size_t)dlcore_load_u64(bytes->data);

    random_seed(seed);
    for (; at + sizeof(float) <= bytes->size; at += sizeof(float)) {
        char *place = (char *)bytes->data + at;
        float value;

        memcpy(&value, place, sizeof value);
        value *= (float)(1 + NOISE * (2 * random_unit() - 1));
        memcpy(place, &value, sizeof value);
    }
}

/* The largest difference that changes of the size of rounding make to the call. */
static double spread_of(sequence_check_t *check, const result_t *from)
{
    sequence_bytes_t before = check->before;
    double spread = 0;

    for (size_t trial = 0; trial < TRIALS; trial++) {
        sequence_model_t model;
        double d;

        if (before.data != NULL) {
            check->before.data = malloc(before.size);
            assert_non_null(check->before.data);
            memcpy(check->before.data, before.data, before.size);
            disturb(&check->before, trial);
        }
        model = as_before(check, &check->options, false);
        model.noise = (sequence_noise_t){.size = NOISE, .seed = (uint64_t)trial << 32};
        d = try_call(check, &model, from);
        spread = fmax(spread, d);
        if (before.data != NULL)
            free(check->before.data);
        check->before = before;
    }
    return spread;
}

static void judge_other(sequence_check_t *check, const result_t *ours, double d)
{
    sequence_model_t fresh = as_before(check, &check->other_options, true);
    double alone = try_call(check, &fresh, ours), spread, limits;
    char text[160];

    if (alone < CLOSE)
        return; /* rounding that added up */
    spread = spread_of(check, ours);
    limits = isinf(spread) ? 0 : alone / fmax(SPREADS * spread, CLOSE);
    if (!ours->outcome->jumps)
        check->counts->nearest = fmax(check->counts->nearest, limits);
    if (ours->outcome->jumps || limits <= room) {
        check->counts->conditioned++;
        return;
    }
    snprintf(text, sizeof text, "%.3g apart (%.3g fresh), where noise of %g does %.3g", d, alone,
             NOISE, spread);
    sequence_fail(check, "other engine", "results or weights", text);
}

static void renew_other(sequence_check_t *check, const sequence_bytes_t *bytes)
{
    sequence_model_t like = check->model;

    like.is_other = true;
    if (bytes->data == NULL)
        return;
    sequence_model_clear(&check->other);
    check->other = sequence_load(bytes, &check->other_options, &like);
    check->trained = 0;
}

void sequence_compare_other(sequence_check_t *check, const sequence_outcome_t *outcome,
                            const sequence_bytes_t *after)
{
    const sequence_call_t *call = &check->sequence->calls[check->call];
    sequence_outcome_t theirs;
    result_t a, b;
    double d;
    bool tame;

    sequence_call(&check->other, call, &theirs);
    a = result_of(outcome, check->model.model);
    b = result_of(&theirs, check->other.model);
    check->trained += outcome->trains;
    check->counts->compared++;
    tame = outcome->status != DLCORE_ERROR_NOT_FINITE && theirs.status != DLCORE_ERROR_NOT_FINITE &&
           is_tame(outcome->smooth, outcome->smooth_count) && is_tame(a.weights, a.count);
    check->counts->left_out += !tame;
    d = apart(&a, &b);
    if (tame && !(d < CLOSE * (double)(1 + check->trained)))
        judge_other(check, &a, d);
    if (!tame || d >= CLOSE || (outcome->trains && call->seed % 3 == 0))
        renew_other(check, after);
    free(a.weights);
    free(b.weights);
    sequence_outcome_clear(&theirs);
}
