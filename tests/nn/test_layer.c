/* Layers: defaults, names, and what validation says of their fields.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn/layer.h"
#include "support/tensors.h"

static void test_layer_constructors_set_keras_defaults(void **state)
{
    dlcore_layer_t dense = dlcore_layer_dense(512, DLCORE_ACTIVATION_RELU);
    dlcore_layer_t rescaling = dlcore_layer_rescaling(0.25, -1.0);

    (void)state;
    assert_int_equal(dense.kind, DLCORE_LAYER_DENSE);
    assert_int_equal(dense.units, 512);
    assert_int_equal(dense.activation, DLCORE_ACTIVATION_RELU);
    assert_true(dense.use_bias);
    assert_int_equal(dense.kernel_initializer.kind, DLCORE_INITIALIZER_GLOROT_UNIFORM);
    assert_int_equal(dense.bias_initializer.kind, DLCORE_INITIALIZER_ZEROS);
    assert_true(dense.negative_slope == 0.2 && dense.alpha == 1.0);
    assert_string_equal(dense.name, "");
    assert_int_equal(dense.input_width, 0);
    assert_int_equal(rescaling.kind, DLCORE_LAYER_RESCALING);
    assert_true(rescaling.scale == 0.25 && rescaling.offset == -1.0);
    assert_int_equal(dlcore_layer_flatten().kind, DLCORE_LAYER_FLATTEN);
    assert_int_equal(dlcore_layer_activation(DLCORE_ACTIVATION_TANH).kind, DLCORE_LAYER_ACTIVATION);
    assert_int_equal(dlcore_layer_activation(DLCORE_ACTIVATION_TANH).activation,
                     DLCORE_ACTIVATION_TANH);
}

static void test_layer_names_round_trip(void **state)
{
    static const char *const names[] = {"unknown",
                                        "Dense",
                                        "Activation",
                                        "Flatten",
                                        "Rescaling",
                                        "Dropout",
                                        "GaussianNoise",
                                        "BatchNormalization",
                                        "LayerNormalization",
                                        "Normalization",
                                        "PReLU"};

    (void)state;
    for (int kind = 1; kind <= (int)DLCORE_LAYER_PRELU; kind++) {
        assert_string_equal(dlcore_layer_kind_name((dlcore_layer_kind_t)kind), names[kind]);
        assert_int_equal(dlcore_layer_from_name(names[kind]).kind, kind);
    }
    assert_int_equal(dlcore_layer_from_name("dense").units, 0);
    assert_int_equal(dlcore_layer_from_name("dense").activation, DLCORE_ACTIVATION_LINEAR);
    assert_true(dlcore_layer_from_name("dense").use_bias);
    assert_true(dlcore_layer_from_name("rescaling").scale == 1.0);
    assert_int_equal(dlcore_layer_from_name("batch_normalization").kind,
                     DLCORE_LAYER_BATCH_NORMALIZATION);
    assert_int_equal(dlcore_layer_from_name("conv2d").kind, DLCORE_LAYER_UNKNOWN);
    assert_int_equal(dlcore_layer_from_name(NULL).kind, DLCORE_LAYER_UNKNOWN);
    assert_string_equal(dlcore_layer_kind_name(DLCORE_LAYER_UNKNOWN), "unknown");
    assert_string_equal(dlcore_layer_kind_name((dlcore_layer_kind_t)DLCORE_LAYER_KIND_COUNT),
                        "unknown");
    assert_string_equal(dlcore_layer_kind_name((dlcore_layer_kind_t)-1), "unknown");
}

/* The layer, called "here", is refused with that message. */
static void assert_refused(dlcore_layer_t layer, const char *message)
{
    dlcore_error_record_t error = {0};
    dlcore_status status;

    layer.name[0] = 'h', layer.name[1] = 'e', layer.name[2] = 'r', layer.name[3] = 'e';
    status = dlcore_layer_validate(&layer, &error);
    assert_failed(status, DLCORE_ERROR_ARGUMENT, &error, message);
}

static void test_layer_bad_fields_are_refused_with_layer_and_number(void **state)
{
    dlcore_layer_t layer = dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU);

    (void)state;
    assert_int_equal(dlcore_layer_validate(&layer, NULL), DLCORE_OK);
    assert_refused(dlcore_layer_from_name("dense"),
                   "here: units must lie in 1 .. 2147483647, got 0");
    assert_refused(dlcore_layer_dense((size_t)1 << 31, DLCORE_ACTIVATION_RELU), "got 2147483648");
    assert_refused(dlcore_layer_dense(3, (dlcore_activation_t)32),
                   "here: activation 32 is unknown");
    assert_refused(dlcore_layer_activation(DLCORE_ACTIVATION_UNKNOWN),
                   "here: activation 0 is unknown");
    layer.negative_slope = -0.5;
    assert_refused(layer, "here: negative_slope must lie in 0 .. 3.40282e+38, got -0.5");
    layer.negative_slope = 1e39;
    assert_refused(layer, "here: negative_slope must lie in 0 .. 3.40282e+38, got 1e+39");
    layer.negative_slope = 0.0;
    layer.alpha = (double)NAN;
    assert_refused(layer, "here: alpha must lie in 0 .. 3.40282e+38, got nan");
    layer.alpha = 0.0;
    layer.kernel_initializer.kind = DLCORE_INITIALIZER_UNKNOWN;
    assert_refused(layer, "here: kernel_initializer: kind 0");
    layer.kernel_initializer = dlcore_initializer_ones();
    layer.bias_initializer.kind = (dlcore_initializer_kind_t)44;
    assert_refused(layer, "here: bias_initializer: kind 44");
    assert_refused(dlcore_layer_rescaling((double)NAN, 0.0),
                   "here: scale must lie in -3.40282e+38 .. 3.40282e+38, got nan");
    assert_refused(dlcore_layer_rescaling(2.0, 1e39),
                   "here: offset must lie in -3.40282e+38 .. 3.40282e+38, got 1e+39");
}

static void test_layer_shares_cover_all_items_once_and_evenly(void **state)
{
    (void)state;
    for (size_t workers = 1; workers <= 9; workers++) {
        for (size_t count = 0; count <= 40; count++) {
            assert_int_equal(dlcore_share(count, 0, workers), 0);
            assert_int_equal(dlcore_share(count, workers, workers), count);
            for (size_t w = 0; w < workers; w++) {
                size_t mine = dlcore_share(count, w + 1, workers) - dlcore_share(count, w, workers);
                assert_in_range(mine, count / workers, (count + workers - 1) / workers);
            }
        }
    }
}

/* A beta of an RMS normalization with center set was read where there is none. */
static void test_layer_settled_keeps_the_settings_of_its_kind_alone(void **state)
{
    static const size_t numbers[] = {
        offsetof(dlcore_layer_t, scale),          offsetof(dlcore_layer_t, offset),
        offsetof(dlcore_layer_t, rate),           offsetof(dlcore_layer_t, stddev),
        offsetof(dlcore_layer_t, momentum),       offsetof(dlcore_layer_t, epsilon),
        offsetof(dlcore_layer_t, negative_slope), offsetof(dlcore_layer_t, alpha),
        offsetof(dlcore_layer_t, threshold)};
    static const size_t regularizers[] = {
        offsetof(dlcore_layer_t, kernel_regularizer), offsetof(dlcore_layer_t, bias_regularizer),
        offsetof(dlcore_layer_t, gamma_regularizer), offsetof(dlcore_layer_t, beta_regularizer),
        offsetof(dlcore_layer_t, alpha_regularizer)};
    static const size_t flags[] = {
        offsetof(dlcore_layer_t, use_bias), offsetof(dlcore_layer_t, center),
        offsetof(dlcore_layer_t, use_scale), offsetof(dlcore_layer_t, rms_scaling),
        offsetof(dlcore_layer_t, invert)};

    (void)state;
    for (int kind = 1; kind < DLCORE_LAYER_KIND_COUNT; kind++) {
        const dlcore_layer_type_t *type = dlcore_layer_type((dlcore_layer_kind_t)kind);
        dlcore_layer_t layer = dlcore_layer_from_name(type->base_name), usual = layer, settled;
        char *own = (char *)&layer;
        const char *there = (const char *)&usual;

        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            *(double *)(own + numbers[i]) = 0.375;
        for (size_t i = 0; i < sizeof regularizers / sizeof *regularizers; i++)
            *(dlcore_regularizer_t *)(own + regularizers[i]) = dlcore_regularizer_l2(0.375);
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            *(bool *)(own + flags[i]) = !*(const bool *)(there + flags[i]);
        layer.trainable = false;
        layer.input_width = 7;
        snprintf(layer.name, sizeof layer.name, "mine");
        dlcore_layer_settle(&layer, &settled);
        own = (char *)&settled;
        assert_false(settled.trainable);
        assert_int_equal(settled.input_width, 7);
        assert_string_equal(settled.name, "mine");
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            bool is_own = dlcore_setting_has(type->settings, numbers[i]);
            double wanted = is_own ? 0.375 : *(const double *)(there + numbers[i]);

            assert_true(*(const double *)(own + numbers[i]) == wanted);
        }
        for (size_t i = 0; i < sizeof regularizers / sizeof *regularizers; i++) {
            bool is_own = dlcore_setting_has(type->settings, regularizers[i]);

            assert_true(((const dlcore_regularizer_t *)(own + regularizers[i]))->l2 ==
                        (is_own ? 0.375 : 0.0));
        }
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
            bool is_own = dlcore_setting_has(type->settings, flags[i]);

            assert_int_equal(*(const bool *)(own + flags[i]),
                             *(const bool *)(there + flags[i]) != is_own);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer_constructors_set_keras_defaults),
        cmocka_unit_test(test_layer_names_round_trip),
        cmocka_unit_test(test_layer_settled_keeps_the_settings_of_its_kind_alone),
        cmocka_unit_test(test_layer_bad_fields_are_refused_with_layer_and_number),
        cmocka_unit_test(test_layer_shares_cover_all_items_once_and_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
