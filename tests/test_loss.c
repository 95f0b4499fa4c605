/* Losses: names, defaults, and how they meet the last activation.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/loss.h"

static void test_loss_names_round_trip(void **state)
{
    static const char *const names[] = {"unknown", "categorical_crossentropy",
                                        "sparse_categorical_crossentropy", "binary_crossentropy",
                                        "mean_squared_error"};

    (void)state;
    for (int kind = 1; kind <= (int)DLCORE_LOSS_MEAN_SQUARED_ERROR; kind++) {
        dlcore_loss_t loss = dlcore_loss_from_name(names[kind]);
        assert_string_equal(dlcore_loss_name((dlcore_loss_kind_t)kind), names[kind]);
        assert_int_equal(loss.kind, kind);
        assert_false(loss.from_logits);
    }
    assert_int_equal(dlcore_loss_from_name("mse").kind, DLCORE_LOSS_MEAN_SQUARED_ERROR);
    assert_int_equal(dlcore_loss_from_name("BCE").kind, DLCORE_LOSS_BINARY_CROSSENTROPY);
    assert_int_equal(dlcore_loss_from_name("hinge").kind, DLCORE_LOSS_UNKNOWN);
    assert_int_equal(dlcore_loss_from_name("").kind, DLCORE_LOSS_UNKNOWN);
    assert_int_equal(dlcore_loss_from_name(NULL).kind, DLCORE_LOSS_UNKNOWN);
    assert_string_equal(dlcore_loss_name(DLCORE_LOSS_UNKNOWN), "unknown");
    assert_string_equal(dlcore_loss_name((dlcore_loss_kind_t)5), "unknown");
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
}

static void test_loss_types_say_which_labels_they_take(void **state)
{
    (void)state;
    assert_int_equal(dlcore_loss_type_categorical_crossentropy.labels, DLCORE_LABELS_ONE_HOT);
    assert_int_equal(dlcore_loss_type_sparse_categorical_crossentropy.labels,
                     DLCORE_LABELS_CLASSES);
    assert_int_equal(dlcore_loss_type_binary_crossentropy.labels, DLCORE_LABELS_VALUES);
    assert_int_equal(dlcore_loss_type_mean_squared_error.labels, DLCORE_LABELS_VALUES);
    assert_false(dlcore_loss_type_mean_squared_error.has_logits);
}

/* Fused with its own activation whatever from_logits says; any other leaves it to from_logits. */
static void test_loss_output_form_is_fused_only_with_its_own_activation(void **state)
{
    static const dlcore_activation_t own[] = {
        [DLCORE_LOSS_CATEGORICAL_CROSSENTROPY] = DLCORE_ACTIVATION_SOFTMAX,
        [DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY] = DLCORE_ACTIVATION_SOFTMAX,
        [DLCORE_LOSS_BINARY_CROSSENTROPY] = DLCORE_ACTIVATION_SIGMOID,
        [DLCORE_LOSS_MEAN_SQUARED_ERROR] = DLCORE_ACTIVATION_UNKNOWN};

    (void)state;
    for (int kind = 1; kind <= (int)DLCORE_LOSS_MEAN_SQUARED_ERROR; kind++) {
        for (int a = (int)DLCORE_ACTIVATION_LINEAR; a <= (int)DLCORE_ACTIVATION_TANH; a++) {
            dlcore_loss_t loss = {.kind = (dlcore_loss_kind_t)kind};
            dlcore_activation_t last = (dlcore_activation_t)a;
            dlcore_output_form_t plain = dlcore_loss_output_form(&loss, last), logits;

            loss.from_logits = true;
            logits = dlcore_loss_output_form(&loss, last);
            if (last == own[kind]) {
                assert_int_equal(plain, DLCORE_OUTPUT_FUSED);
                assert_int_equal(logits, DLCORE_OUTPUT_FUSED);
            } else {
                assert_int_equal(plain, DLCORE_OUTPUT_PREDICTIONS);
                assert_int_equal(logits, DLCORE_OUTPUT_LOGITS);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_names_round_trip),
        cmocka_unit_test(test_loss_constructors_give_their_kind),
        cmocka_unit_test(test_loss_types_say_which_labels_they_take),
        cmocka_unit_test(test_loss_output_form_is_fused_only_with_its_own_activation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
