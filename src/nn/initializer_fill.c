/* Drawing initial weights (keras/src/initializers/random_initializers.py).
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "nn/initializer.h"

static void fill_normal(dlcore_random_t *random, double mean, double stddev, bool truncated,
                        float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double x =
            truncated ? dlcore_random_truncated_normal(random) : dlcore_random_normal(random);

        values[i] = (float)(mean + stddev * x);
    }
}

static void fill_uniform(dlcore_random_t *random, double middle, double limit, float *values,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(middle + limit * (2.0 * dlcore_random_uniform(random) - 1.0));
}

static void fill_scaled(const dlcore_initializer_t *initializer, dlcore_random_t *random,
                        size_t fan_in, size_t fan_out, float *values, size_t count)
{
    double fans[] = {[DLCORE_INITIALIZER_FAN_IN] = (double)fan_in,
                     [DLCORE_INITIALIZER_FAN_OUT] = (double)fan_out,
                     [DLCORE_INITIALIZER_FAN_AVG] = ((double)fan_in + (double)fan_out) / 2.0};
    double fan = fans[initializer->mode];
    double variance = initializer->scale / (fan < 1.0 ? 1.0 : fan);

    if (initializer->distribution == DLCORE_INITIALIZER_DRAWS_UNIFORM)
        fill_uniform(random, 0.0, sqrt(3.0 * variance), values, count);
    else if (initializer->distribution == DLCORE_INITIALIZER_DRAWS_UNTRUNCATED_NORMAL)
        fill_normal(random, 0.0, sqrt(variance), false, values, count);
    else /* cutting at two standard deviations leaves 0.8796 of one */
        fill_normal(random, 0.0, sqrt(variance) / 0.87962566103423978, true, values, count);
}

/* ---- orthogonal ---- */

/* The shorter side's vectors of a matrix: its rows, or its columns. */
typedef struct vectors {
    float *values;
    size_t count, length;
    size_t between, step; /* from a vector to the next, and within one */
} vectors_t;

/* Length 1. One of length 0, which no draw makes, stays. */
static void normalize_vector(const vectors_t *v, size_t i)
{
    float *x = v->values + i * v->between;
    double squares = 0.0;

    for (size_t e = 0; e < v->length; e++)
        squares += (double)x[e * v->step] * (double)x[e * v->step];
    if (squares == 0.0)
        return;
    for (size_t e = 0; e < v->length; e++)
        x[e * v->step] = (float)((double)x[e * v->step] / sqrt(squares));
}

/* Takes vector i's part out of some later ones. They are gone through side by side, because
 * columns lie so. */
static void project_out(const vectors_t *v, size_t i, size_t first, size_t count)
{
    const float *x = v->values + i * v->between;
    float *others = v->values + first * v->between;
    double dots[64] = {0};

    for (size_t e = 0; e < v->length; e++) {
        for (size_t k = 0; k < count; k++)
            dots[k] += (double)x[e * v->step] * (double)others[k * v->between + e * v->step];
    }
    for (size_t e = 0; e < v->length; e++) {
        for (size_t k = 0; k < count; k++) {
            float *at = &others[k * v->between + e * v->step];
            *at = (float)((double)*at - dots[k] * (double)x[e * v->step]);
        }
    }
}

/* The Q of a QR factorization whose R has a positive diagonal, by Gram and Schmidt, of a normal
 * matrix: every orthonormal one is as likely (Mezzadri, "How to generate random matrices from the
 * classical compact groups", 2007), and as Keras makes it. The second time mends what float32 lost
 * in the first. */
static void fill_orthogonal(double gain, dlcore_random_t *random, size_t rows, size_t columns,
                            float *values)
{
    bool tall = rows >= columns;
    vectors_t v = {.values = values,
                   .count = tall ? columns : rows,
                   .length = tall ? rows : columns,
                   .between = tall ? 1 : columns,
                   .step = tall ? columns : 1};

    fill_normal(random, 0.0, 1.0, false, values, rows * columns);
    for (int time = 0; time < 2; time++) {
        for (size_t i = 0; i < v.count; i++) {
            normalize_vector(&v, i);
            for (size_t k = i + 1; k < v.count; k += 64)
                project_out(&v, i, k, dlcore_size_min(64, v.count - k));
        }
    }
    for (size_t i = 0; i < rows * columns; i++)
        values[i] = (float)(gain * (double)values[i]);
}

static void fill_identity(double gain, size_t rows, size_t columns, float *values)
{
    memset(values, 0, rows * columns * sizeof *values);
    for (size_t i = 0; i < dlcore_size_min(rows, columns); i++)
        values[i * columns + i] = (float)gain;
}

void dlcore_initializer_fill(const dlcore_initializer_t *initializer, dlcore_random_t random,
                             size_t fan_in, size_t fan_out, float *values, size_t count)
{
    dlcore_initializer_t general = dlcore_initializer_general(initializer);

    if (general.kind == DLCORE_INITIALIZER_VARIANCE_SCALING) {
        fill_scaled(&general, &random, fan_in, fan_out, values, count);
    } else if (general.kind == DLCORE_INITIALIZER_RANDOM_UNIFORM) {
        fill_uniform(&random, (general.minval + general.maxval) / 2.0,
                     (general.maxval - general.minval) / 2.0, values, count);
    } else if (general.kind == DLCORE_INITIALIZER_RANDOM_NORMAL ||
               general.kind == DLCORE_INITIALIZER_TRUNCATED_NORMAL) {
        fill_normal(&random, general.mean, general.stddev,
                    general.kind == DLCORE_INITIALIZER_TRUNCATED_NORMAL, values, count);
    } else if (general.kind == DLCORE_INITIALIZER_ORTHOGONAL) {
        fill_orthogonal(general.gain, &random, fan_in, fan_out, values);
    } else if (general.kind == DLCORE_INITIALIZER_IDENTITY) {
        fill_identity(general.gain, fan_in, fan_out, values);
    } else {
        for (size_t i = 0; i < count; i++)
            values[i] = (float)general.value;
    }
}
