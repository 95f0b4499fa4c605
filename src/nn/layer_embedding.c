/* Embedding, as other layers see it. What it does comes with its tables, from
 * embedding_passes.c, but for gradients.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/embeddings.h"
#include "nn/layer.h"

static const dlcore_setting_t embedding_settings[] = {
    {.key = "embeddings", DLCORE_LAYER_SETTING(TABLES, embeddings)},
    {.key = "embeddings_initializer",
     DLCORE_LAYER_SETTING(INITIALIZER, embeddings_initializer),
     .value = DLCORE_INITIALIZER_RANDOM_UNIFORM},
    {.key = "embeddings_regularizer",
     DLCORE_LAYER_SETTING(REGULARIZER, embeddings_regularizer),
     .quiet = true},
    {0},
};

static size_t embedding_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    return dlcore_embeddings_width(&layer->embeddings, input_width);
}

static dlcore_status embedding_check_build(const dlcore_layer_t *layer, size_t input_width,
                                           dlcore_error_record_t *error)
{
    return layer->embeddings.code->check_build(layer, input_width, error);
}

static size_t embedding_declare(const dlcore_layer_t *layer, size_t width,
                                dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX])
{
    size_t size = 0;

    (void)width;
    (void)layer->embeddings.code->size(&layer->embeddings, &size); /* check_build has seen it */
    parameters[0] = dlcore_layer_vector("embeddings", size, &layer->embeddings_initializer);
    parameters[0].regularizer = &layer->embeddings_regularizer;
    return 1;
}

static void embedding_forward(const dlcore_layer_pass_t *pass)
{
    pass->layer->embeddings.code->forward(pass);
}

const dlcore_layer_type_t dlcore_layer_type_embedding = {
    .class_name = "Embedding",
    .base_name = "embedding",
    .settings = embedding_settings,
    .output_width = embedding_output_width,
    .check_build = embedding_check_build,
    .declare = embedding_declare,
    .forward = embedding_forward,
    .comes_first = true,
    .not_in_keras = true,
};

const dlcore_layer_training_t dlcore_layer_training_embedding = {
    .input_gradient = dlcore_embeddings_input_gradient,
    .parameter_gradient = dlcore_embeddings_parameter_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_embedding[] = {{0}};
