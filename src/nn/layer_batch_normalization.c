/* Batch normalization (Ioffe, Szegedy, 2015), as
 * keras/src/layers/normalization/batch_normalization.py:
 *
 *   y = gamma (x - mean) / sqrt(variance + epsilon) + beta
 *
 * with the batch's mean and (biased) variance of each unit while training, else the moving ones.
 * With k = 1 / sqrt(variance + epsilon) and sums over the N rows of a batch:
 *
 *   beta gradient = sum dy       gamma gradient = k sum dy (x - mean)
 *   dx = gamma k (dy - sum dy / N - k^2 (x - mean) sum dy (x - mean) / N)
 *
 * A worker has all rows of its units, so no sum crosses workers. Where a batch is cut into slices,
 * the engine adds up the slices' sums.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "nn/initializer.h"
#include "nn/layer.h"
#include "nn/layer_normalized.h"

/* Of the state: arrays over units. */
enum { MEAN, MEAN_REST, VARIANCE, INVERSE, SUM_DY, SUM_DY_X, ARRAYS };

size_t dlcore_layer_declare_normalized(const dlcore_layer_t *layer, size_t width,
                                       dlcore_parameter_t *parameters)
{
    size_t count = 0;

    if (dlcore_layer_has_gamma(layer)) {
        parameters[count] = dlcore_layer_vector("gamma", width, &layer->gamma_initializer);
        parameters[count].regularizer = &layer->gamma_regularizer;
        parameters[count++].constraint = &layer->gamma_constraint;
    }
    if (dlcore_layer_has_beta(layer)) {
        parameters[count] = dlcore_layer_vector("beta", width, &layer->beta_initializer);
        parameters[count].regularizer = &layer->beta_regularizer;
        parameters[count++].constraint = &layer->beta_constraint;
    }
    return count;
}

static size_t batch_norm_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

static size_t batch_norm_declare(const dlcore_layer_t *layer, size_t width,
                                 dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX])
{
    size_t count = dlcore_layer_declare_normalized(layer, width, parameters);

    parameters[count] = dlcore_layer_vector("moving_mean", width, &layer->moving_mean_initializer);
    parameters[count++].is_statistic = true;
    parameters[count] =
        dlcore_layer_vector("moving_variance", width, &layer->moving_variance_initializer);
    parameters[count++].is_statistic = true;
    return count;
}

/* An array of the state, as long as padding needs. */
static size_t array_floats(size_t width)
{
    return dlcore_size_round_up(width, DLCORE_PIECE) + DLCORE_PIECE;
}

static size_t batch_norm_state_floats(size_t width, size_t rows)
{
    (void)rows;
    return ARRAYS * array_floats(width);
}

static float *array(const dlcore_layer_pass_t *pass, size_t which, const dlcore_piece_t *piece)
{
    return pass->state + which * array_floats(pass->input_width) + piece->column;
}

/* The offset of a statistic among the values: 0 the mean, 1 the variance. */
static size_t statistic(const dlcore_layer_pass_t *pass, size_t which)
{
    size_t before = (pass->layer->use_scale ? 1u : 0u) + (pass->layer->center ? 1u : 0u);

    return pass->parameters[before + which].offset;
}

static bool uses_batch(const dlcore_layer_pass_t *pass)
{
    return pass->training && pass->layer->trainable;
}

/* As many rows are added up in float; such sums in double. */
enum { ROWS_OF_FLOATS = 256 };

/* Means over some rows of x - near and of its square, for each unit of a piece. */
typedef struct batch_norm_moments {
    double distance[DLCORE_PIECE], squares[DLCORE_PIECE];
} batch_norm_moments_t;

static void batch_norm_moments(const dlcore_layer_pass_t *pass, const dlcore_piece_t *piece,
                               const float *near, batch_norm_moments_t *moments)
{
    const dlcore_matrix_t *x = pass->x;
    float sums[DLCORE_PIECE], squares[DLCORE_PIECE];

    *moments = (batch_norm_moments_t){{0}, {0}};
    for (size_t row = 0; row < x->rows; row += ROWS_OF_FLOATS) {
        pass->training_kernels->column_moments(x->data + piece->offset + row * x->panel,
                                               dlcore_size_min(x->rows - row, ROWS_OF_FLOATS),
                                               piece->count, x->panel, near, sums, squares);
        for (size_t c = 0; c < piece->count; c++) {
            moments->distance[c] += (double)sums[c] / (double)x->rows;
            moments->squares[c] += (double)squares[c] / (double)x->rows;
        }
    }
}

/* Mean, variance and 1 / sqrt(variance + epsilon), to the state, from means over the batch about
 * what stands there as the mean. */
static void batch_norm_keep_moments(const dlcore_layer_pass_t *pass, const dlcore_piece_t *piece,
                                    const double *distance, const double *squares)
{
    float *mean = array(pass, MEAN, piece), *rest = array(pass, MEAN_REST, piece);
    float *variance = array(pass, VARIANCE, piece), *inverse = array(pass, INVERSE, piece);

    for (size_t c = 0; c < piece->count; c++) {
        dlcore_mean_t of = dlcore_mean_of(mean[c], distance[c], squares[c]);

        mean[c] = of.mean;
        rest[c] = of.rest;
        variance[c] = of.variance;
        inverse[c] = 1.0f / sqrtf(of.variance + (float)pass->layer->epsilon);
    }
}

/* Of a piece of the batch: measured twice about a number that is near, first the first row, then
 * the mean that came of it. */
static void batch_norm_measure(const dlcore_layer_pass_t *pass, const dlcore_piece_t *piece)
{
    const float *first = pass->x->data + piece->offset;
    float *mean = array(pass, MEAN, piece);
    batch_norm_moments_t moments;

    batch_norm_moments(pass, piece, first, &moments);
    for (size_t c = 0; c < piece->count; c++)
        mean[c] = (float)((double)first[c] + moments.distance[c]);
    batch_norm_moments(pass, piece, mean, &moments);
    batch_norm_keep_moments(pass, piece, moments.distance, moments.squares);
}

/* y = (x - mean) scale + offset, for each unit of a piece. */
typedef struct coefficients {
    float mean[DLCORE_PIECE], scale[DLCORE_PIECE], offset[DLCORE_PIECE];
} coefficients_t;

/* Their scale and offset from mean and 1 / sqrt(variance + epsilon), which are there. */
static void finish_coefficients(const dlcore_layer_pass_t *pass, const dlcore_piece_t *piece,
                                coefficients_t *to)
{
    const dlcore_layer_t *layer = pass->layer;
    const float *gamma = pass->values + pass->parameters[0].offset + piece->column;
    const float *beta =
        pass->values + pass->parameters[layer->use_scale ? 1 : 0].offset + piece->column;

    for (size_t c = 0; c < piece->count; c++) {
        if (layer->use_scale)
            to->scale[c] *= gamma[c];
        to->offset[c] = layer->center ? beta[c] : 0.0f;
    }
}

/* By the moving statistics. */
static void moving_coefficients(const dlcore_layer_pass_t *pass, const dlcore_piece_t *piece,
                                coefficients_t *to)
{
    const float *moving_mean = pass->values + statistic(pass, 0) + piece->column;
    const float *moving_variance = pass->values + statistic(pass, 1) + piece->column;

    for (size_t c = 0; c < piece->count; c++) {
        to->mean[c] = moving_mean[c];
        to->scale[c] = 1.0f / sqrtf(moving_variance[c] + (float)pass->layer->epsilon);
    }
    finish_coefficients(pass, piece, to);
}

/* By those of the batch. */
static void batch_coefficients(const dlcore_layer_pass_t *pass, const dlcore_piece_t *piece,
                               coefficients_t *to)
{
    const float *mean = array(pass, MEAN, piece), *rest = array(pass, MEAN_REST, piece);
    const float *inverse = array(pass, INVERSE, piece);

    if (!pass->shares)
        batch_norm_measure(pass, piece);
    for (size_t c = 0; c < piece->count; c++) {
        to->mean[c] = mean[c];
        to->scale[c] = inverse[c];
    }
    finish_coefficients(pass, piece, to);
    for (size_t c = 0; c < piece->count; c++)
        to->offset[c] -= rest[c] * to->scale[c];
}

typedef void (*coefficients_function_t)(const dlcore_layer_pass_t *pass,
                                        const dlcore_piece_t *piece, coefficients_t *to);

static void apply_coefficients(const dlcore_layer_pass_t *pass, coefficients_function_t of)
{
    size_t pieces = dlcore_pieces(pass->y);
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        dlcore_piece_t piece = dlcore_piece(pass->y, i), from = dlcore_piece(pass->x, i);
        coefficients_t by = {0};

        if (piece.count == 0)
            continue;
        of(pass, &from, &by);
        pass->kernels->column_affine(pass->x->data + from.offset, pass->y->data + piece.offset,
                                     pass->y->rows, piece.count, pass->y->panel, by.mean, by.scale,
                                     by.offset);
    }
}

static void batch_norm_forward(const dlcore_layer_pass_t *pass)
{
    apply_coefficients(pass, moving_coefficients);
}

static void batch_norm_training_forward(const dlcore_layer_pass_t *pass)
{
    apply_coefficients(pass, uses_batch(pass) ? batch_coefficients : moving_coefficients);
}

/* Sums over rows of dy and of dy (x - mean), without the mean's rest. */
static void batch_norm_add_gradients(const dlcore_layer_pass_t *pass, const dlcore_piece_t *x,
                                     const dlcore_piece_t *dy, double *sum, double *dot)
{
    const size_t rows = pass->dy->rows, stride = pass->dy->panel;
    const float *from = pass->x->data + x->offset, *by = pass->dy->data + dy->offset;
    float sums[DLCORE_PIECE], dots[DLCORE_PIECE];

    for (size_t c = 0; c < x->count; c++)
        sum[c] = dot[c] = 0.0;
    for (size_t row = 0; row < rows; row += ROWS_OF_FLOATS) {
        pass->training_kernels->column_dots(from + row * stride, by + row * stride,
                                            dlcore_size_min(rows - row, ROWS_OF_FLOATS), x->count,
                                            stride, array(pass, MEAN, x), sums, dots);
        for (size_t c = 0; c < x->count; c++) {
            sum[c] += (double)sums[c];
            dot[c] += (double)dots[c];
        }
    }
}

/* Those of the batch, to the state; the mean's rest is taken from the sum. */
static void batch_norm_keep_gradients(const dlcore_layer_pass_t *pass, const dlcore_piece_t *x,
                                      const double *sum, const double *dot)
{
    for (size_t c = 0; c < x->count; c++) {
        array(pass, SUM_DY, x)[c] = (float)sum[c];
        array(pass, SUM_DY_X, x)[c] =
            (float)(dot[c] - (double)array(pass, MEAN_REST, x)[c] * sum[c]);
    }
}

static void batch_norm_sum_gradients(const dlcore_layer_pass_t *pass, const dlcore_piece_t *x,
                                     const dlcore_piece_t *dy)
{
    double sum[DLCORE_PIECE], dot[DLCORE_PIECE];

    batch_norm_add_gradients(pass, x, dy, sum, dot);
    batch_norm_keep_gradients(pass, x, sum, dot);
}

static void batch_norm_input_gradient(const dlcore_layer_pass_t *pass)
{
    size_t pieces = dlcore_pieces(pass->dy);
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);
    float rows = (float)pass->batch_rows;

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        dlcore_piece_t x = dlcore_piece(pass->x, i), dy = dlcore_piece(pass->dy, i);
        dlcore_piece_t dx = dlcore_piece(pass->dx, i);
        float a[DLCORE_PIECE], b[DLCORE_PIECE] = {0}, d[DLCORE_PIECE] = {0};
        static const float zeros[DLCORE_PIECE] = {0};
        dlcore_column_terms_t terms = {.mean = zeros, .by_gradient = a, .by_input = b, .offset = d};

        if (x.count == 0)
            continue;
        if (uses_batch(pass)) {
            const float *inverse = array(pass, INVERSE, &x), *gamma;

            if (!pass->shares)
                batch_norm_sum_gradients(pass, &x, &dy);
            terms.mean = array(pass, MEAN, &x);
            gamma = pass->values + pass->parameters[0].offset + x.column;
            for (size_t c = 0; c < DLCORE_PIECE; c++)
                a[c] = 0.0f;
            for (size_t c = 0; c < x.count; c++) {
                a[c] = inverse[c] * (pass->layer->use_scale ? gamma[c] : 1.0f);
                b[c] = -a[c] * inverse[c] * inverse[c] * array(pass, SUM_DY_X, &x)[c] / rows;
                d[c] = -a[c] * array(pass, SUM_DY, &x)[c] / rows -
                       b[c] * array(pass, MEAN_REST, &x)[c];
            }
        } else {
            coefficients_t by = {0};

            moving_coefficients(pass, &x, &by);
            memcpy(a, by.scale, sizeof a);
        }
        /* the state's padding is zero and x's finite: dx's becomes zero */
        pass->training_kernels->column_combine(pass->x->data + x.offset, pass->dy->data + dy.offset,
                                               pass->dx->data + dx.offset, pass->dy->rows,
                                               dx.floats, pass->dx->panel, &terms);
    }
}

/* moving = moving momentum + batch (1 - momentum) */
static void move_statistics(const dlcore_layer_pass_t *pass, const dlcore_piece_t *piece)
{
    float momentum = (float)pass->layer->momentum, rest = (float)(1.0 - pass->layer->momentum);
    float *mean = pass->statistics + statistic(pass, 0) + piece->column;
    float *variance = pass->statistics + statistic(pass, 1) + piece->column;

    for (size_t c = 0; c < piece->count; c++) {
        mean[c] = mean[c] * momentum + array(pass, MEAN, piece)[c] * rest;
        variance[c] = variance[c] * momentum + array(pass, VARIANCE, piece)[c] * rest;
    }
}

static void batch_norm_parameter_gradient(const dlcore_layer_pass_t *pass)
{
    const dlcore_layer_t *layer = pass->layer;
    size_t pieces = dlcore_pieces(pass->dy);
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        dlcore_piece_t x = dlcore_piece(pass->x, i), dy = dlcore_piece(pass->dy, i);
        static const float zeros[DLCORE_PIECE] = {0};
        float gamma[DLCORE_PIECE] = {0};
        const float *beta = array(pass, SUM_DY, &x);
        size_t floats = dlcore_size_round_up(x.count, 16);

        if (x.count == 0)
            continue;
        if (pass->dx == NULL && !pass->shares)
            batch_norm_sum_gradients(pass, &x, &dy);
        if (pass->shares && !pass->leads)
            beta = zeros; /* the sums are the batch's: one slice gives them on */
        for (size_t c = 0; c < x.count && beta != zeros; c++)
            gamma[c] = array(pass, INVERSE, &x)[c] * array(pass, SUM_DY_X, &x)[c];
        if (layer->use_scale)
            pass->sink->take(pass->sink, pass->parameters[0].offset + x.column, gamma, floats);
        if (layer->center)
            pass->sink->take(pass->sink,
                             pass->parameters[layer->use_scale ? 1 : 0].offset + x.column, beta,
                             floats);
        if (pass->statistics != NULL)
            move_statistics(pass, &x);
    }
}

/* ---- a batch in slices: the same two measurements, added up over slices ---- */

static size_t batch_norm_shared_length(size_t width)
{
    return 2 * width;
}

/* One piece: sums to sum[0 .. count - 1] and more[0 .. count - 1]. */
static void batch_norm_shared_piece(const dlcore_layer_pass_t *pass, dlcore_shared_stage_t stage,
                                    size_t index, double *sum, double *more)
{
    const dlcore_piece_t x = dlcore_piece(pass->x, index);
    const double rows = (double)pass->x->rows;
    const float *first = pass->x->data + x.offset;
    batch_norm_moments_t moments;

    if (pass->x->rows == 0) {
        for (size_t c = 0; c < x.count; c++)
            sum[c] = more[c] = 0.0;
        return;
    }
    if (stage == DLCORE_SHARED_GRADIENT) {
        dlcore_piece_t dy = dlcore_piece(pass->dy, index);

        batch_norm_add_gradients(pass, &x, &dy, sum, more);
        return;
    }
    batch_norm_moments(pass, &x, stage == DLCORE_SHARED_MEAN ? first : array(pass, MEAN, &x),
                       &moments);
    for (size_t c = 0; c < x.count; c++) {
        double from = stage == DLCORE_SHARED_MEAN ? (double)first[c] : 0.0;

        sum[c] = rows * (from + moments.distance[c]);
        more[c] = rows * moments.squares[c];
    }
}

static void batch_norm_shared_measure(const dlcore_layer_pass_t *pass, dlcore_shared_stage_t stage,
                                      double *sums)
{
    size_t pieces = dlcore_pieces(pass->x);
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        dlcore_piece_t piece = dlcore_piece(pass->x, i);

        if (piece.count > 0)
            batch_norm_shared_piece(pass, stage, i, sums + piece.column,
                                    sums + pass->input_width + piece.column);
    }
}

static void batch_norm_shared_settle(const dlcore_layer_pass_t *pass, dlcore_shared_stage_t stage,
                                     const double *sums)
{
    const double rows = (double)pass->batch_rows;
    size_t pieces = dlcore_pieces(pass->x);
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        dlcore_piece_t piece = dlcore_piece(pass->x, i);
        const double *sum = sums + piece.column, *more = sum + pass->input_width;
        batch_norm_moments_t means;

        if (stage == DLCORE_SHARED_GRADIENT) {
            batch_norm_keep_gradients(pass, &piece, sum, more);
            continue;
        }
        for (size_t c = 0; c < piece.count; c++) {
            means.distance[c] = sum[c] / rows;
            means.squares[c] = more[c] / rows;
            if (stage == DLCORE_SHARED_MEAN)
                array(pass, MEAN, &piece)[c] = (float)means.distance[c];
        }
        if (stage == DLCORE_SHARED_DEVIATION)
            batch_norm_keep_moments(pass, &piece, means.distance, means.squares);
    }
}

static void batch_norm_shared_move(const dlcore_layer_pass_t *pass)
{
    size_t pieces = dlcore_pieces(pass->x);
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        dlcore_piece_t piece = dlcore_piece(pass->x, i);

        move_statistics(pass, &piece);
    }
}

static const dlcore_layer_shared_t batch_norm_shared = {
    .length = batch_norm_shared_length,
    .measure = batch_norm_shared_measure,
    .settle = batch_norm_shared_settle,
    .move = batch_norm_shared_move,
};

static const dlcore_setting_t batch_normalization_settings[] = {
    {.key = "momentum", DLCORE_LAYER_SETTING(DOUBLE, momentum), .high = 1.0, .value = 0.99},
    DLCORE_LAYER_NORMALIZED_SETTINGS,
    {.key = "moving_mean_initializer",
     DLCORE_LAYER_SETTING(INITIALIZER, moving_mean_initializer),
     .value = DLCORE_INITIALIZER_ZEROS,
     .quiet = true},
    {.key = "moving_variance_initializer",
     DLCORE_LAYER_SETTING(INITIALIZER, moving_variance_initializer),
     .value = DLCORE_INITIALIZER_ONES,
     .quiet = true},
    {0},
};

dlcore_layer_t dlcore_layer_batch_normalization(void)
{
    return dlcore_layer_make(DLCORE_LAYER_BATCH_NORMALIZATION, batch_normalization_settings);
}

const dlcore_layer_type_t dlcore_layer_type_batch_normalization = {
    .class_name = "BatchNormalization",
    .base_name = "batch_normalization",
    .settings = batch_normalization_settings,
    .output_width = batch_norm_output_width,
    .declare = batch_norm_declare,
    .state_floats = batch_norm_state_floats,
    .forward = batch_norm_forward,
    .needs_axis = true,
};

const dlcore_layer_training_t dlcore_layer_training_batch_normalization = {
    .forward = batch_norm_training_forward,
    .input_gradient = batch_norm_input_gradient,
    .parameter_gradient = batch_norm_parameter_gradient,
    .shared = &batch_norm_shared,
};

const dlcore_setting_key_t dlcore_layer_keys_batch_normalization[] = {
    {"axis", "[-1, 1, [-1], [1]]"},
    {"synchronized", "[false, null]"},
    {"renorm", "[false, null]"},
    {"renorm_clipping", "[null]"},
    {"renorm_momentum", NULL}, /* of renorm alone */
    {0},
};
