/* SPDX-License-Identifier: MIT */
#include "support/property.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/any_network.h"
#include "support/models.h"
#include "support/random_numbers.h"

enum { NETWORKS = 200 };

static size_t setting(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? (size_t)strtoull(text, NULL, 10) : otherwise;
}

static size_t first, networks; /* the first network's number, and how many */
static double worst;           /* of a property, over all networks */
static size_t amplifying;      /* networks that are further apart, and may be */

static void draw(const model_t *model, property_samples_t *sample)
{
    sample->inputs = model_input_width(model);
    sample->units = model_output_width(model);
    assert_true(PROPERTY_ROWS * sample->inputs <= PROPERTY_NUMBERS &&
                PROPERTY_ROWS * sample->units <= PROPERTY_NUMBERS);
    any_network_samples(model, PROPERTY_ROWS, sample->x);
    for (size_t i = 0; i < PROPERTY_ROWS * sample->units; i++)
        sample->y[i] = (float)random_normal();
}

static bool is_there(const model_t *model, layer_kind_t kind)
{
    for (size_t i = 0; i < model_layer_count(model); i++)
        if (model_layer(model, i)->kind == kind)
            return true;
    return false;
}

/* Whether a sample's part of a training step depends on its place, or on other samples. */
static bool rows_depend(const model_t *model)
{
    return is_there(model, LAYER_DROPOUT) || is_there(model, LAYER_GAUSSIAN_NOISE) ||
           is_there(model, LAYER_BATCH_NORMALIZATION);
}

void property_compile(model_t *model, uint64_t accumulation, reduction_t reduction)
{
    compile_options_t how = compile_options_default();
    how.optimizer = optimizer_sgd();
    how.optimizer.learning_rate = 1;
    how.optimizer.gradient_accumulation_steps = accumulation;
    how.loss = loss_mean_squared_error();
    how.loss.reduction = reduction;
    assert_accepted(model, model_compile_with(model, &how));
}

static float *weights_of(const model_t *model)
{
    size_t count = model_parameter_count(model);
    float *weights = malloc((count + 1) * sizeof *weights);
    assert_non_null(weights);
    assert_int_equal(model_get_weights(model, weights, count), DLCORE_OK);
    return weights;
}

void property_step(model_t *model, const property_samples_t *sample, size_t begin, size_t end,
                   const float *weights)
{
    tensor_t *x = borrow_floats(sample->x + begin * sample->inputs, end - begin, sample->inputs);
    tensor_t *y = borrow_floats(sample->y + begin * sample->units, end - begin, sample->units);
    tensor_t *w = NULL;
    size_t rows = end - begin;
    if (weights != NULL)
        assert_int_equal(tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, &rows, weights, 0, &w, NULL),
                         DLCORE_OK);
    assert_accepted(model, model_train_on_batch_weighted(model, x, y, w, NULL, 0, NULL));
    tensor_free(x);
    tensor_free(y);
    tensor_free(w);
}

void property_predict(const model_t *model, const property_samples_t *sample, float *outputs)
{
    tensor_t *x = borrow_floats(sample->x, PROPERTY_ROWS, sample->inputs), *y = NULL;
    assert_int_equal(tensor_borrow(NULL, DTYPE_FLOAT32, 2, (size_t[]){PROPERTY_ROWS, sample->units},
                                   outputs, 0, &y, NULL),
                     DLCORE_OK);
    assert_int_equal(model_predict(model, x, y), DLCORE_OK);
    tensor_free(x);
    tensor_free(y);
}

/* How far apart two models are that were network `number`, held against the way that they went. */
static double apart(size_t number, const model_t *a, const model_t *b)
{
    model_t *begin = any_network(number, NULL);
    float *one = weights_of(a), *other = weights_of(b), *before = weights_of(begin);
    double way = 0, between = 0, size = 0;
    for (size_t i = 0; i < model_parameter_count(a); i++) {
        way += pow((double)one[i] - (double)before[i], 2);
        between += pow((double)one[i] - (double)other[i], 2);
        size += pow((double)before[i], 2);
    }
    free(one);
    free(other);
    free(before);
    model_free(begin);
    return between == 0 ? 0 : sqrt(between / fmax(way, 1e-4 * size));
}

/* How a step moves the weights, for free(). Those of a trial from 1 on are other ones by a few
 * roundings. */
static double *moved(size_t number, const property_samples_t *sample, uint64_t trial)
{
    model_t *model = any_network(number, NULL);
    size_t count = model_parameter_count(model);
    float *begin = weights_of(model), *end;
    double *way = malloc((count + 1) * sizeof *way);
    assert_non_null(way);
    random_seed(1000 * number + trial);
    for (size_t i = 0; trial > 0 && i < count; i++)
        begin[i] *= 1 + 3e-7f * ((float)random_below(3) - 1);
    assert_accepted(model, model_set_weights(model, begin, count));
    property_compile(model, 0, REDUCTION_SUM_OVER_BATCH_SIZE);
    property_step(model, sample, 0, PROPERTY_ROWS, NULL);
    end = weights_of(model);
    for (size_t i = 0; i < count; i++)
        way[i] = (double)end[i] - (double)begin[i];
    way[count] = 0;
    free(begin);
    free(end);
    model_free(model);
    return way;
}

/* Whether a few roundings of the weights move the step nearly as far: at a kink (of relu, say),
 * where two ways that round differently may go by either slope, and where little is left of a
 * difference, as between 1 and the output of a softmax that is sure. */
static bool amplifies_roundings(size_t number, const property_samples_t *sample, double error)
{
    model_t *begin = any_network(number, NULL);
    float *weights = weights_of(begin);
    double *plain = moved(number, sample, 0), way = 0, size = 0;
    bool found = false;
    for (size_t i = 0; i < model_parameter_count(begin); i++) {
        way += pow(plain[i], 2);
        size += pow((double)weights[i], 2);
    }
    for (uint64_t trial = 1; trial <= 16 && !found; trial++) {
        double *other = moved(number, sample, trial), between = 0;
        for (size_t i = 0; i < model_parameter_count(begin); i++)
            between += pow(other[i] - plain[i], 2);
        found = 16 * sqrt(between / fmax(way, 1e-4 * size)) >= error;
        free(other);
    }
    free(plain);
    free(weights);
    model_free(begin);
    return found;
}

void assert_moved_alike(size_t number, const model_t *a, const model_t *b,
                        const property_samples_t *sample)
{
    double error = apart(number, a, b);
    if (error <= 1e-4) {
        worst = fmax(worst, error);
    } else if (sample != NULL && amplifies_roundings(number, sample, error)) {
        print_message("network %zu: steps are %g apart; it amplifies roundings\n", number, error);
        amplifying++;
    } else {
        fail_msg("network %zu: steps are %g apart", number, error);
    }
}

/* Whether a step can be made of its loss: exponentials of exponentials are no numbers, and behind a
 * normalization of one number the gradient is zero, of which rounding is left. */
static bool has_step(model_t *model, const property_samples_t *sample)
{
    for (size_t i = 0; i < model_layer_count(model); i++) {
        layer_kind_t kind = model_layer(model, i)->kind;
        if (model_layer_width(model, i) == 1 &&
            (kind == LAYER_UNIT_NORMALIZATION || kind == LAYER_LAYER_NORMALIZATION ||
             kind == LAYER_RMS_NORMALIZATION))
            return false;
    }
    tensor_t *x = borrow_floats(sample->x, PROPERTY_ROWS, sample->inputs);
    tensor_t *y = borrow_floats(sample->y, PROPERTY_ROWS, sample->units);
    evaluation_t result = {0};
    property_compile(model, 0, REDUCTION_SUM_OVER_BATCH_SIZE);
    assert_int_equal(model_evaluate(model, x, y, NULL, &result), DLCORE_OK);
    tensor_free(x);
    tensor_free(y);
    return isfinite(result.loss) && result.loss < 1e6;
}

void property_holds(property_t *property, bool only_alone)
{
    static property_samples_t sample;
    size_t seen = 0;
    first = setting("DLCORE_PROPERTY_SEED", 0);
    networks = setting("DLCORE_PROPERTIES", NETWORKS);
    worst = 0;
    amplifying = 0;
    print_message("DLCORE_PROPERTY_SEED=%zu DLCORE_PROPERTIES=%zu\n", first, networks);
    for (size_t number = first; number < first + networks; number++) {
        model_t *model = any_network(number, NULL), *twin = any_network(number, NULL);
        draw(model, &sample);
        if (has_step(twin, &sample) && (!only_alone || !rows_depend(model))) {
            property(number, model, twin, &sample);
            seen++;
        }
        model_free(model);
        model_free(twin);
    }
    print_message("%zu networks, at most %.1e apart\n", seen, worst);
    assert_true(seen * 5 >= networks);
    assert_true(amplifying <= 1 + networks / 1000);
}
