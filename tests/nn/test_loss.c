/* Losses: names, defaults, and how they meet the last activation.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "nn/loss.h"
#include "support/tensors.h"

static void test_loss_names_round_trip(void **state)
{
    static const char *const names[] = {"unknown",
                                        "categorical_crossentropy",
                                        "sparse_categorical_crossentropy",
                                        "binary_crossentropy",
                                        "mean_squared_error",
                                        "mean_absolute_error",
                                        "mean_absolute_percentage_error",
                                        "mean_squared_logarithmic_error",
                                        "huber",
                                        "log_cosh",
                                        "kl_divergence",
                                        "poisson",
                                        "hinge",
                                        "squared_hinge",
                                        "categorical_hinge",
                                        "cosine_similarity",
                                        "binary_focal_crossentropy",
                                        "categorical_focal_crossentropy",
                                        "dice",
                                        "tversky",
                                        "quantile"};
    static const struct {
        const char *name;
        dlcore_loss_kind_t kind;
    } aliases[] = {{"mse", DLCORE_LOSS_MEAN_SQUARED_ERROR},
                   {"BCE", DLCORE_LOSS_BINARY_CROSSENTROPY},
                   {"mae", DLCORE_LOSS_MEAN_ABSOLUTE_ERROR},
                   {"MAPE", DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR},
                   {"msle", DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR},
                   {"huber_loss", DLCORE_LOSS_HUBER},
                   {"logcosh", DLCORE_LOSS_LOG_COSH},
                   {"kld", DLCORE_LOSS_KL_DIVERGENCE},
                   {"kullback_leibler_divergence", DLCORE_LOSS_KL_DIVERGENCE},
                   {"pinball", DLCORE_LOSS_QUANTILE},
                   {"hinge2", DLCORE_LOSS_UNKNOWN},
                   {"", DLCORE_LOSS_UNKNOWN}};

    (void)state;
    for (int kind = 1; kind <= (int)DLCORE_LOSS_QUANTILE; kind++) {
        dlcore_loss_t loss = dlcore_loss_from_name(names[kind]);
        assert_string_equal(dlcore_loss_name((dlcore_loss_kind_t)kind), names[kind]);
        assert_int_equal(loss.kind, kind);
        assert_false(loss.from_logits);
        assert_true(loss.delta == 1.0 && loss.label_smoothing == 0.0 && loss.gamma == 2.0);
        assert_true(loss.alpha == (kind == (int)DLCORE_LOSS_TVERSKY ? 0.5 : 0.25));
        assert_true(loss.beta == 0.5 && !loss.apply_class_balancing && !loss.per_sample);
        assert_int_equal(loss.reduction, DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE);
    }
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        assert_int_equal(dlcore_loss_from_name(aliases[i].name).kind, aliases[i].kind);
    assert_int_equal(dlcore_loss_from_name(NULL).kind, DLCORE_LOSS_UNKNOWN);
    assert_string_equal(dlcore_loss_name(DLCORE_LOSS_UNKNOWN), "unknown");
    assert_string_equal(dlcore_loss_name((dlcore_loss_kind_t)23), "unknown");
    assert_string_equal(dlcore_loss_name((dlcore_loss_kind_t)-1), "unknown");
}

static void test_loss_constructors_give_their_kind(void **state)
{
    (void)state;
    assert_int_equal(dlcore_loss_categorical_crossentropy().kind,
                     DLCORE_LOSS_CATEGORICAL_CROSSENTROPY);
    assert_int_equal(dlcore_loss_sparse_categorical_crossentropy().kind,
                     DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY);
    assert_int_equal(dlcore_loss_binary_crossentropy().kind, DLCORE_LOSS_BINARY_CROSSENTROPY);
    assert_int_equal(dlcore_loss_mean_squared_error().kind, DLCORE_LOSS_MEAN_SQUARED_ERROR);
    assert_int_equal(dlcore_loss_mean_absolute_error().kind, DLCORE_LOSS_MEAN_ABSOLUTE_ERROR);
    assert_int_equal(dlcore_loss_mean_absolute_percentage_error().kind,
                     DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR);
    assert_int_equal(dlcore_loss_mean_squared_logarithmic_error().kind,
                     DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR);
    assert_int_equal(dlcore_loss_huber().kind, DLCORE_LOSS_HUBER);
    assert_int_equal(dlcore_loss_log_cosh().kind, DLCORE_LOSS_LOG_COSH);
    assert_int_equal(dlcore_loss_kl_divergence().kind, DLCORE_LOSS_KL_DIVERGENCE);
    assert_int_equal(dlcore_loss_poisson().kind, DLCORE_LOSS_POISSON);
    assert_int_equal(dlcore_loss_hinge().kind, DLCORE_LOSS_HINGE);
    assert_int_equal(dlcore_loss_squared_hinge().kind, DLCORE_LOSS_SQUARED_HINGE);
    assert_int_equal(dlcore_loss_categorical_hinge().kind, DLCORE_LOSS_CATEGORICAL_HINGE);
    assert_int_equal(dlcore_loss_cosine_similarity().kind, DLCORE_LOSS_COSINE_SIMILARITY);
    assert_int_equal(dlcore_loss_binary_focal_crossentropy().kind,
                     DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY);
    assert_int_equal(dlcore_loss_categorical_focal_crossentropy().kind,
                     DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY);
    assert_int_equal(dlcore_loss_dice().kind, DLCORE_LOSS_DICE);
    assert_int_equal(dlcore_loss_tversky().kind, DLCORE_LOSS_TVERSKY);
    assert_int_equal(dlcore_loss_quantile().kind, DLCORE_LOSS_QUANTILE);
}

static void test_loss_types_say_which_labels_they_take(void **state)
{
    (void)state;
    assert_int_equal(dlcore_loss_type_categorical_crossentropy.labels, DLCORE_LABELS_ONE_HOT);
    assert_int_equal(dlcore_loss_type_sparse_categorical_crossentropy.labels,
                     DLCORE_LABELS_CLASSES);
    assert_int_equal(dlcore_loss_type_binary_crossentropy.labels, DLCORE_LABELS_VALUES);
    assert_int_equal(dlcore_loss_type_mean_squared_error.labels, DLCORE_LABELS_VALUES);
    assert_true(dlcore_setting_has(dlcore_loss_type_binary_crossentropy.settings,
                                   offsetof(dlcore_loss_t, from_logits)));
    assert_false(dlcore_setting_has(dlcore_loss_type_mean_squared_error.settings,
                                    offsetof(dlcore_loss_t, from_logits)));
}

/* Fused with its own activation whatever from_logits says, but for the focal one, to which Keras
 * gives outputs as they are; any other leaves it to from_logits. */
static void test_loss_output_form_is_fused_only_with_its_own_activation(void **state)
{
    static const dlcore_activation_t own[] = {
        [DLCORE_LOSS_CATEGORICAL_CROSSENTROPY] = DLCORE_ACTIVATION_SOFTMAX,
        [DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY] = DLCORE_ACTIVATION_SOFTMAX,
        [DLCORE_LOSS_BINARY_CROSSENTROPY] = DLCORE_ACTIVATION_SIGMOID,
        [DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY] = DLCORE_ACTIVATION_SIGMOID,
        [DLCORE_LOSS_QUANTILE] = DLCORE_ACTIVATION_UNKNOWN};

    (void)state;
    for (int kind = 1; kind <= (int)DLCORE_LOSS_QUANTILE; kind++) {
        for (int a = (int)DLCORE_ACTIVATION_LINEAR; a <= (int)DLCORE_ACTIVATION_TANH; a++) {
            dlcore_loss_t loss = {.kind = (dlcore_loss_kind_t)kind};
            dlcore_activation_t last = (dlcore_activation_t)a;
            dlcore_output_form_t plain = dlcore_loss_output_form(&loss, last), logits;

            loss.from_logits = true;
            logits = dlcore_loss_output_form(&loss, last);
            if (last == own[kind]) {
                assert_int_equal(plain, DLCORE_OUTPUT_FUSED);
                assert_int_equal(logits, kind == (int)DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY
                                             ? DLCORE_OUTPUT_LOGITS
                                             : DLCORE_OUTPUT_FUSED);
            } else {
                assert_int_equal(plain, DLCORE_OUTPUT_PREDICTIONS);
                assert_int_equal(logits, DLCORE_OUTPUT_LOGITS);
            }
        }
    }
}

static void assert_refused(dlcore_loss_t loss, const char *message)
{
    dlcore_error_record_t error = {0};
    assert_failed(dlcore_loss_validate(&loss, &error), DLCORE_ERROR_ARGUMENT, &error, message);
}

static void test_loss_validate_names_setting_range_and_number(void **state)
{
    dlcore_loss_t loss = dlcore_loss_huber();

    (void)state;
    assert_int_equal(dlcore_loss_validate(&loss, NULL), DLCORE_OK);
    loss.delta = 0.0;
    assert_refused(loss, "huber: delta must lie in 1.17549e-38 .. 3.40282e+38, got 0");
    loss.delta = 1e-50; /* 0 as a float */
    assert_refused(loss, "got 1e-50");
    loss.delta = 1e300;
    assert_refused(loss, "got 1e+300");
    loss.delta = (double)INFINITY;
    assert_refused(loss, "huber: delta must lie in 1.17549e-38 .. 3.40282e+38, got inf");
    loss.delta = (double)NAN;
    assert_refused(loss, "huber: delta must lie in 1.17549e-38 .. 3.40282e+38, got nan");
    loss = dlcore_loss_quantile();
    assert_true(loss.quantile == 0.5);
    assert_int_equal(dlcore_loss_validate(&loss, NULL), DLCORE_OK);
    loss.quantile = 0.0;
    assert_refused(loss, "quantile: quantile must");
    loss.quantile = 1e-50; /* 0 as a float */
    assert_refused(loss, "got 1e-50");
    loss.quantile = 1.0;
    assert_refused(loss, "got 1");
    loss = (dlcore_loss_t){.kind = DLCORE_LOSS_MEAN_SQUARED_ERROR}; /* has no delta */
    assert_int_equal(dlcore_loss_validate(&loss, NULL), DLCORE_OK);
    loss.reduction = (dlcore_reduction_t)3;
    assert_refused(loss, "mean_squared_error: reduction 3 is unknown");
    loss.reduction = dlcore_reduction_from_name("none");
    assert_refused(loss, "mean_squared_error: reduction -1 is unknown");
    loss = dlcore_loss_categorical_crossentropy();
    loss.label_smoothing = 1.0;
    assert_int_equal(dlcore_loss_validate(&loss, NULL), DLCORE_OK);
    loss.label_smoothing = 1.01;
    assert_refused(loss, "categorical_crossentropy: label_smoothing must lie in 0 .. 1, got 1.01");
    loss.label_smoothing = -0.1;
    assert_refused(loss, "label_smoothing must lie in 0 .. 1, got -0.1");
    loss.label_smoothing = (double)NAN;
    assert_refused(loss, "label_smoothing must lie in 0 .. 1, got nan");
    loss = dlcore_loss_sparse_categorical_crossentropy();
    loss.label_smoothing = 0.1;
    assert_refused(loss, "sparse_categorical_crossentropy: has no label_smoothing, got 0.1");
    loss = dlcore_loss_poisson();
    loss.from_logits = true;
    assert_refused(loss, "poisson: has no from_logits");
    assert_refused(dlcore_loss_from_name("?"), "loss 0 is unknown");
    loss = dlcore_loss_binary_focal_crossentropy();
    loss.gamma = -1.0;
    assert_refused(loss, "binary_focal_crossentropy: gamma must lie in 0 .. 3.40282e+38, got -1");
    loss = dlcore_loss_binary_focal_crossentropy();
    loss.alpha = 1.5;
    assert_refused(loss, "binary_focal_crossentropy: alpha must lie in 0 .. 1, got 1.5");
    loss = dlcore_loss_tversky();
    loss.beta = (double)NAN;
    assert_refused(loss, "tversky: beta must lie in 0 .. 3.40282e+38, got nan");
    loss = dlcore_loss_dice();
    loss.from_logits = true;
    assert_refused(loss, "dice: has no from_logits");
}

static void test_loss_reduction_names_round_trip(void **state)
{
    (void)state;
    for (int i = 0; i <= (int)DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT; i++)
        assert_int_equal(dlcore_reduction_from_name(dlcore_reduction_name((dlcore_reduction_t)i)),
                         i);
    assert_int_equal(dlcore_reduction_from_name("mean"), DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE);
    assert_int_equal(dlcore_reduction_from_name("none"), DLCORE_REDUCTION_UNKNOWN);
    assert_int_equal(dlcore_reduction_from_name(NULL), DLCORE_REDUCTION_UNKNOWN);
    assert_string_equal(dlcore_reduction_name(DLCORE_REDUCTION_UNKNOWN), "unknown");
    assert_string_equal(dlcore_reduction_name((dlcore_reduction_t)3), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_names_round_trip),
        cmocka_unit_test(test_loss_constructors_give_their_kind),
        cmocka_unit_test(test_loss_types_say_which_labels_they_take),
        cmocka_unit_test(test_loss_output_form_is_fused_only_with_its_own_activation),
        cmocka_unit_test(test_loss_validate_names_setting_range_and_number),
        cmocka_unit_test(test_loss_reduction_names_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
