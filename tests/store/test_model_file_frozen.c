/* Which layers are trained is kept in files and in clones.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/classifier.h"
#include "support/models.h"

enum { ROWS = 60, INPUTS = 6, CLASSES = 3, LAYERS = 6 };

/* Frozen as added, later, and no longer. */
static const bool trains[LAYERS] = {false, false, true, true, false, true};

static model_t *model_of(void)
{
    layer_t layers[LAYERS] = {layer_dense(20, ACTIVATION_TANH),
                              layer_batch_normalization(),
                              layer_dense(10, ACTIVATION_TANH),
                              layer_layer_normalization(),
                              layer_prelu(),
                              layer_dense(CLASSES, ACTIVATION_SOFTMAX)};
    optimizer_t rmsprop = optimizer_rmsprop();
    model_t *model = NULL;

    layers[0].trainable = layers[1].trainable = layers[5].trainable = false;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    for (size_t i = 0; i < LAYERS; i++)
        assert_accepted(model, model_add(model, layers[i]));
    assert_accepted(model, model_build(model, INPUTS));
    assert_accepted(
        model, model_compile(model, &rmsprop, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_NONE));
    assert_accepted(model, model_set_trainable(model, 4, false));
    assert_accepted(model, model_set_trainable(model, 5, true));
    return model;
}

static void train(model_t *model, samples_t samples)
{
    fit_options_t how = batches_of(16);

    how.epochs = 2;
    assert_accepted(model, model_fit(model, samples.x, samples.y, &how, NULL));
}

/* The flags, and that training does by them. */
static void check(model_t *model, samples_t samples)
{
    float *before = weights_of(model), *after;
    size_t at = 0, layer = 0, left = 0;
    weight_t weight;

    static const size_t arrays[LAYERS] = {2, 4, 2, 2, 1, 2};
    for (size_t i = 0; i < LAYERS; i++)
        assert_int_equal(model_layer(model, i)->trainable, trains[i]);
    train(model, samples);
    after = weights_of(model);
    assert_true(before != NULL && after != NULL);
    for (size_t i = 0; model_weight(model, i, &weight); at += weight.size, i++, left--) {
        if (left == 0) {
            layer += i > 0;
            left = arrays[layer];
        }
        assert_int_equal(weight.trainable, trains[layer]);
        assert_int_equal(memcmp(before + at, after + at, weight.size * sizeof *before) != 0,
                         trains[layer]);
    }
    free(before);
    free(after);
}

static model_t *loaded_of(const model_t *model, bool with_state)
{
    save_options_t how = save_options_default();
    model_t *loaded = NULL;
    void *bytes = NULL;
    size_t size = 0;

    how.training_state = with_state;
    assert_int_equal(model_save_memory(model, &how, &bytes, &size), DLCORE_OK);
    assert_int_equal(model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    free(bytes);
    return loaded;
}

static void test_model_file_keeps_which_layers_are_frozen(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = model_of(), *loaded;

    (void)state;
    check(model, samples);
    loaded = loaded_of(model, true);
    check(loaded, samples);
    train(model, samples);
    assert_true(same_weights(model, loaded));
    model_free(loaded);
    loaded = loaded_of(model, false);
    for (size_t i = 0; i < LAYERS; i++)
        assert_int_equal(model_layer(loaded, i)->trainable, trains[i]);
    model_free(loaded);
    model_free(model);
    samples_free(samples);
}

static void test_model_clone_keeps_which_layers_are_frozen(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = model_of(), *clone = NULL;

    (void)state;
    assert_int_equal(model_clone(model, &clone), DLCORE_OK);
    check(clone, samples);
    model_free(clone);
    model_free(model);
    samples_free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_file_keeps_which_layers_are_frozen),
        cmocka_unit_test(test_model_clone_keeps_which_layers_are_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
