/* The network in dlcore; errors array by array; planted errors.
 *
 * SPDX-License-Identifier: MIT */
#include "support/gradient_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/random_numbers.h"

#define SCALE_ERROR 1e-3  /* planted */
#define HALF_UNIT 0x1p-24 /* of float32, relative */

static const char *const names_of[GRADIENT_NAMES] = {"kernel", "bias",  "gamma",
                                                     "beta",   "alpha", "embeddings"};

/* ---- the same network in dlcore ---- */

static void accept(const dlcore_model_t *model, dlcore_status status)
{
    if (status != DLCORE_OK)
        fail_msg("%s: %s", dlcore_status_name(status), dlcore_model_error(model));
}

static dlcore_tensor_t *tensor_of(const double *values, dlcore_dtype_t dtype, size_t rank,
                                  size_t rows, size_t width)
{
    static float floats[REFERENCE_ROWS * REFERENCE_WIDTH];
    dlcore_tensor_t *whole = NULL, *cast = NULL;
    for (size_t i = 0; i < rows * width; i++)
        floats[i] = (float)values[i];
    size_t shape[2] = {rows, width};
    assert_int_equal(dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, rank, shape, floats, 0,
                                                &whole, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_tensor_cast(whole, dtype, 1, &cast, NULL), DLCORE_OK);
    dlcore_tensor_free(whole);
    return cast;
}

void gradient_data(const reference_t *network, bool pixels, dlcore_tensor_t **x,
                   dlcore_tensor_t **y)
{
    bool sparse = network->loss.kind == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    size_t units = network->widths[network->layer_count];

    *x = tensor_of(network->x, pixels ? DLCORE_DTYPE_UINT8 : DLCORE_DTYPE_FLOAT32, 2, network->rows,
                   network->widths[0]);
    *y = tensor_of(network->y, sparse ? DLCORE_DTYPE_INT32 : DLCORE_DTYPE_FLOAT32, sparse ? 1 : 2,
                   network->rows, sparse ? 1 : units);
}

dlcore_model_t *gradient_model(const reference_t *network, const dlcore_model_options_t *options,
                               double learning_rate)
{
    static float weights[REFERENCE_PARAMETERS];
    size_t count = network->offsets[network->layer_count];
    dlcore_model_t *model = NULL;
    dlcore_compile_options_t how = dlcore_compile_options_default();

    how.loss = network->loss;
    how.optimizer = dlcore_optimizer_sgd();
    how.optimizer.learning_rate = learning_rate;
    assert_int_equal(dlcore_model_create(options, &model), DLCORE_OK);
    for (size_t i = 0; i < network->layer_count; i++)
        accept(model, dlcore_model_add(model, network->layers[i]));
    accept(model, dlcore_model_build(model, network->widths[0]));
    assert_int_equal(dlcore_model_parameter_count(model), count);
    for (size_t i = 0; i < count; i++)
        weights[i] = (float)network->weights[i];
    if (count > 0)
        accept(model, dlcore_model_set_weights(model, weights, count));
    accept(model, dlcore_model_compile_with(model, &how));
    return model;
}

/* ---- the check ---- */

static bool counts(const reference_array_t *array)
{
    return !array->frozen && !array->is_statistic;
}

static double largest(const double *values, size_t count)
{
    double result = 0;
    for (size_t i = 0; i < count; i++)
        result = fmax(result, fabs(values[i]));
    return result;
}

/* What errors of an array are measured by. */
static double scale_of(const double *exact, const reference_array_t *array, double floor)
{
    return fmax(largest(exact + array->begin, array->rows * array->units), floor);
}

/* That share of the largest gradient of the network, or of what is nothing at all. */
static double floor_of(const double *exact, const reference_array_t *arrays, size_t count,
                       double share)
{
    double all = 0;
    for (size_t i = 0; i < count; i++)
        if (counts(&arrays[i]))
            all = fmax(all, largest(exact + arrays[i].begin, arrays[i].rows * arrays[i].units));
    return fmax(share * all, share * share);
}

double gradient_error(const reference_t *network, const double *exact, const float *gradients,
                      double floor_share)
{
    reference_array_t arrays[REFERENCE_ARRAYS];
    size_t count = reference_arrays(network, arrays);
    double worst = 0, floor = floor_of(exact, arrays, count, floor_share);
    for (size_t a = 0; a < count; a++) {
        double scale = scale_of(exact, &arrays[a], floor);
        for (size_t i = 0; counts(&arrays[a]) && i < arrays[a].rows * arrays[a].units; i++) {
            size_t at = arrays[a].begin + i;
            double error = fabs((double)gradients[at] - exact[at]) / scale;
            if (isnan(error))
                return error;
            worst = fmax(worst, error);
        }
    }
    return worst;
}

/* Weights and samples that round to those of the network. */
static void round_otherwise(reference_t *network)
{
    for (size_t i = 0; i < network->offsets[network->layer_count]; i++)
        network->weights[i] *= 1 + (2 * random_unit() - 1) * HALF_UNIT;
    for (size_t i = 0; i < network->rows * network->widths[0]; i++)
        network->x[i] *= 1 + (2 * random_unit() - 1) * HALF_UNIT;
}

double gradient_limit(const reference_t *network, const double *exact, double error,
                      double floor_share)
{
    static reference_t other;
    static double moved[REFERENCE_PARAMETERS];
    static float gradients[REFERENCE_PARAMETERS];
    uint64_t position = random_position();
    double most = 0;

    if (error < GRADIENT_LEAST)
        return GRADIENT_LEAST;
    for (size_t draw = 0; draw < 4; draw++) {
        other = *network;
        round_otherwise(&other);
        reference_loss(&other, 0);
        reference_gradients(&other, moved);
        for (size_t i = 0; i < network->offsets[network->layer_count]; i++)
            gradients[i] = (float)moved[i];
        most = fmax(most, gradient_error(network, exact, gradients, floor_share));
    }
    random_seed(position); /* what is drawn next does not depend on errors */
    return GRADIENT_LEAST + GRADIENT_MOVES * most;
}

/* ---- the check of the check ---- */

/* What errors are planted in. */
typedef struct ground {
    const reference_t *network;
    const double *exact;
    const float *gradients;
    double floor_share, limit, scale;
} ground_t;

static bool caught(const ground_t *ground, const float *planted)
{
    double error = gradient_error(ground->network, ground->exact, planted, ground->floor_share);
    return !(error < ground->limit);
}

static void plant_in(const ground_t *ground, const reference_array_t *array,
                     gradient_controls_t *controls)
{
    static float planted[REFERENCE_PARAMETERS];
    const reference_t *network = ground->network;
    size_t size = array->rows * array->units, top = 0;
    size_t bytes = network->offsets[network->layer_count] * sizeof *planted;
    float *own = planted + array->begin;
    const double *truth = ground->exact + array->begin;
    for (size_t i = 1; i < size; i++)
        if (fabs(truth[i]) > fabs(truth[top]))
            top = i;
    if (fabs(truth[top]) < ground->scale)
        return;

    memcpy(planted, ground->gradients, bytes);
    own[top] = -own[top];
    controls->signs++;
    controls->signs_caught += caught(ground, planted) ? 1 : 0;

    memcpy(planted, ground->gradients, bytes);
    for (size_t i = 0; i < size; i++)
        own[i] *= (float)(1 + SCALE_ERROR);
    controls->scales++;
    controls->scales_caught += caught(ground, planted) ? 1 : 0;

    size_t unit = top % array->units, other = (unit + 1) % array->units;
    if (fabs(truth[top] - truth[top - unit + other]) < 1e-3 * ground->scale)
        return; /* one unit, or two alike: nothing to see */
    memcpy(planted, ground->gradients, bytes);
    for (size_t row = 0; row < array->rows; row++) {
        float kept = own[row * array->units + unit];
        own[row * array->units + unit] = own[row * array->units + other];
        own[row * array->units + other] = kept;
    }
    controls->swaps++;
    controls->swaps_caught += caught(ground, planted) ? 1 : 0;
}

void gradient_plant(const reference_t *network, const double *exact, const float *gradients,
                    double floor_share, double limit, gradient_controls_t controls[GRADIENT_NAMES])
{
    reference_array_t arrays[REFERENCE_ARRAYS];
    size_t count = reference_arrays(network, arrays);
    double floor = floor_of(exact, arrays, count, floor_share);
    ground_t ground = {network, exact, gradients, floor_share, limit, 0};
    for (size_t a = 0; a < count; a++) {
        size_t name = 0;
        if (!counts(&arrays[a]))
            continue;
        while (strcmp(names_of[name], arrays[a].name) != 0)
            name++;
        ground.scale = scale_of(exact, &arrays[a], floor);
        plant_in(&ground, &arrays[a], &controls[name]);
    }
}

void gradient_controls_end(const gradient_controls_t controls[GRADIENT_NAMES], size_t names,
                           size_t least)
{
    for (size_t i = 0; i < names; i++) {
        const gradient_controls_t *c = &controls[i];
        print_message("  %-6s planted and caught: signs %zu %zu, scales %zu %zu, swaps %zu %zu\n",
                      names_of[i], c->signs, c->signs_caught, c->scales, c->scales_caught, c->swaps,
                      c->swaps_caught);
    }
    for (size_t i = 0; i < names; i++) {
        assert_true(controls[i].signs >= least && controls[i].swaps >= least);
        assert_int_equal(controls[i].signs_caught, controls[i].signs);
        assert_int_equal(controls[i].scales_caught, controls[i].scales);
        assert_int_equal(controls[i].swaps_caught, controls[i].swaps);
    }
}
