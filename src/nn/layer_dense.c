/* Dense: y = activation(x kernel + bias), and its gradients.
 *
 *   dz = dy * activation'(z)      kernel gradient = x^T dz
 *   dx = dz kernel^T              bias gradient = sum of dz over the batch
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>

#include "base/size.h"
#include "nn/layer.h"
#include "nn/softmax.h"
#include "products/products_sparse.h"

enum { KERNEL = 0, BIAS = 1 };

static size_t dense_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)input_width;
    return layer->units;
}

static size_t dense_declare(const dlcore_layer_t *layer, size_t input_width,
                            dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX])
{
    parameters[KERNEL] = (dlcore_parameter_t){.name = "kernel",
                                              .rank = 2,
                                              .shape = {input_width, layer->units},
                                              .fan_in = input_width,
                                              .fan_out = layer->units,
                                              .initializer = &layer->kernel_initializer,
                                              .regularizer = &layer->kernel_regularizer,
                                              .constraint = &layer->kernel_constraint};
    if (!layer->use_bias)
        return 1;
    parameters[BIAS] = (dlcore_parameter_t){.name = "bias",
                                            .rank = 1,
                                            .shape = {layer->units, 1},
                                            .fan_in = layer->units,
                                            .fan_out = layer->units,
                                            .initializer = &layer->bias_initializer,
                                            .regularizer = &layer->bias_regularizer,
                                            .constraint = &layer->bias_constraint};
    return 2;
}

static void dense_forward(const dlcore_layer_pass_t *pass)
{
    bool later = pass->z != NULL || dlcore_activate_takes_rows(pass->activation.kind);
    const dlcore_products_t *products = pass->products;
    dlcore_forward_t product = {
        .kernels = pass->kernels,
        .inputs = pass->input_width,
        .units = pass->output_width,
        .x = pass->x,
        .kernel = pass->values + pass->parameters[KERNEL].offset,
        .bias = pass->layer->use_bias ? pass->values + pass->parameters[BIAS].offset : NULL,
        .activation = later ? dlcore_activate_linear() : pass->activation,
        .y = pass->z != NULL ? pass->z : pass->y,
        .workers = pass->workers,
    };
    size_t tiles;

    if (pass->half != NULL) {
        product.inputs = dlcore_pairs(pass->input_width);
        product.x = &pass->half->x_columns;
        product.kernel = pass->half->kernel->forward;
        product.pairs = pass->half->half->tiles;
    }
    if (pass->x->lists != NULL) {
        dlcore_sparse_forward(&product, products->kernel_panel(product.units),
                              dlcore_share(pass->x->rows, pass->worker, pass->workers),
                              dlcore_share(pass->x->rows, pass->worker + 1, pass->workers));
        return;
    }
    tiles = products->forward_tiles(pass->x->rows, product.inputs, product.units, pass->workers);
    products->forward(&product, dlcore_share(tiles, pass->worker, pass->workers),
                      dlcore_share(tiles, pass->worker + 1, pass->workers), pass->scratch);
}

static void forward_rows(const dlcore_layer_pass_t *pass)
{
    size_t begin = dlcore_share(pass->y->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);

    if (pass->z != NULL)
        dlcore_layer_apply_activation(pass, pass->z);
    else
        dlcore_softmax_rows(pass->kernels, pass->activation.kind, pass->y, begin, end);
}

static void dense_input_gradient(const dlcore_layer_pass_t *pass)
{
    const dlcore_products_training_t *products = pass->training_products;
    dlcore_input_gradient_t product = {
        .kernels = pass->training_kernels,
        .inputs = pass->input_width,
        .units = pass->output_width,
        .dz = pass->dy,
        .kernel = pass->values + pass->parameters[KERNEL].offset,
        .activation = pass->activation_below,
        .x = pass->x,
        .dx = pass->dx,
        .workers = pass->workers,
    };
    size_t tiles;

    if (pass->half != NULL) {
        product.units = dlcore_pairs(pass->output_width);
        product.dz = &pass->half->dy_columns;
        product.kernel = pass->half->kernel->turned;
        product.pairs = pass->half->half->tiles;
    }
    tiles = products->input_gradient_tiles(pass->dy->rows, product.inputs, product.units,
                                           pass->workers);

    products->input_gradient(&product, dlcore_share(tiles, pass->worker, pass->workers),
                             dlcore_share(tiles, pass->worker + 1, pass->workers), pass->scratch);
}

static void bias_gradient(const dlcore_layer_pass_t *pass)
{
    const dlcore_matrix_t *dz = pass->dy;
    size_t pieces = (dz->columns + 31) / 32;
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        float sums[32] = {0};
        size_t column = i * 32;
        size_t columns = dlcore_size_min(32, dz->columns - column);
        const float *from = dlcore_matrix_at(dz, 0, column / dz->panel) + column % dz->panel;

        /* a panel of 16 columns holds half a piece */
        if (column % dz->panel + columns > dz->panel) {
            size_t half = dz->panel - column % dz->panel;
            pass->training_kernels->column_sums(from, dz->rows, half, dz->panel, sums);
            from = dlcore_matrix_at(dz, 0, column / dz->panel + 1);
            pass->training_kernels->column_sums(from, dz->rows, columns - half, dz->panel,
                                                sums + half);
        } else {
            pass->training_kernels->column_sums(from, dz->rows, columns, dz->panel, sums);
        }
        pass->sink->take(pass->sink, pass->parameters[BIAS].offset + column, sums,
                         dlcore_size_round_up(columns, 16));
    }
}

static void kernel_gradient(const dlcore_layer_pass_t *pass,
                            const dlcore_kernel_gradient_t *product)
{
    const dlcore_products_training_t *products = pass->training_products;
    size_t tiles = products->kernel_gradient_tiles(product->x->rows, product->inputs,
                                                   product->units, pass->workers);

    products->kernel_gradient(product, dlcore_share(tiles, pass->worker, pass->workers),
                              dlcore_share(tiles, pass->worker + 1, pass->workers), pass->scratch);
}

static void kernel_gradient_of_lists(const dlcore_layer_pass_t *pass,
                                     const dlcore_kernel_gradient_t *product)
{
    size_t panel = pass->products->kernel_panel(product->units);
    size_t tiles = dlcore_sparse_gradient_tiles(product->inputs, product->units, panel);

    dlcore_sparse_kernel_gradient(
        product, pass->training_kernels, panel, dlcore_share(tiles, pass->worker, pass->workers),
        dlcore_share(tiles, pass->worker + 1, pass->workers), pass->scratch);
}

static void dense_parameter_gradient(const dlcore_layer_pass_t *pass)
{
    dlcore_kernel_gradient_t product = {
        .inputs = pass->input_width,
        .units = pass->output_width,
        .x = pass->x,
        .dz = pass->dy,
        .sink = pass->sink,
        .offset = pass->parameters[KERNEL].offset,
        .workers = pass->workers,
    };

    if (pass->half != NULL) {
        product.x = &pass->half->x_rows;
        product.dz = &pass->half->dy_rows;
        product.pairs = pass->half->half->tiles;
    }
    if (pass->x->lists != NULL)
        kernel_gradient_of_lists(pass, &product);
    else
        kernel_gradient(pass, &product);
    if (pass->layer->use_bias)
        bias_gradient(pass);
}

static const dlcore_setting_t dense_settings[] = {
    {.key = "units", DLCORE_LAYER_SETTING(SIZE, units), .low = 1, .high = INT_MAX},
    DLCORE_LAYER_ACTIVATION_SETTINGS,
    {.key = "use_bias", DLCORE_LAYER_SETTING(BOOL, use_bias), .value = true},
    {.key = "kernel_initializer",
     DLCORE_LAYER_SETTING(INITIALIZER, kernel_initializer),
     .value = DLCORE_INITIALIZER_GLOROT_UNIFORM},
    {.key = "bias_initializer", /* without a bias, too: a file keeps it */
     DLCORE_LAYER_SETTING(INITIALIZER, bias_initializer),
     .value = DLCORE_INITIALIZER_ZEROS},
    {.key = "kernel_regularizer", DLCORE_LAYER_SETTING(REGULARIZER, kernel_regularizer)},
    {.key = "bias_regularizer", DLCORE_LAYER_SETTING(REGULARIZER, bias_regularizer)},
    {.key = "activity_regularizer", DLCORE_LAYER_SETTING(REGULARIZER, activity_regularizer)},
    {.key = "kernel_constraint", DLCORE_LAYER_SETTING(CONSTRAINT, kernel_constraint)},
    {.key = "bias_constraint", DLCORE_LAYER_SETTING(CONSTRAINT, bias_constraint)},
    {0},
};

dlcore_layer_t dlcore_layer_dense(size_t units, dlcore_activation_t activation)
{
    dlcore_layer_t layer = dlcore_layer_make(DLCORE_LAYER_DENSE, dense_settings);
    layer.units = units;
    layer.activation = activation;
    return layer;
}

const dlcore_layer_type_t dlcore_layer_type_dense = {
    .class_name = "Dense",
    .base_name = "dense",
    .settings = dense_settings,
    .output_width = dense_output_width,
    .declare = dense_declare,
    .forward = dense_forward,
    .forward_rows = forward_rows,
    .has_activation = true,
    .can_fold_below = true,
    .keeps_input = true,
    .takes_half = true,
    .takes_index = true,
    .regularizes_activity = true,
    .needs_axis = true,
};

const dlcore_layer_training_t dlcore_layer_training_dense = {
    .activation_gradient = dlcore_layer_activation_gradient,
    .input_gradient = dense_input_gradient,
    .parameter_gradient = dense_parameter_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_dense[] = {
    {"lora_rank", "[null]"},
    {"lora_alpha", "[null]"},
    {"quantization_config", "[null]"},
    {"quantization_mode", "[null]"},
    {0},
};
