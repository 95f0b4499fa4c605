/* Activations by name.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dlcore/activation.h"

static void test_activation_names_round_trip(void **state)
{
    static const char *const names[] = {"unknown",
                                        "linear",
                                        "relu",
                                        "softmax",
                                        "sigmoid",
                                        "tanh",
                                        "leaky_relu",
                                        "relu6",
                                        "elu",
                                        "selu",
                                        "gelu",
                                        "gelu_tanh",
                                        "silu",
                                        "softplus",
                                        "softsign",
                                        "hard_sigmoid",
                                        "hard_silu",
                                        "mish",
                                        "exponential",
                                        "log_softmax",
                                        "celu",
                                        "hard_tanh",
                                        "log_sigmoid",
                                        "soft_shrink",
                                        "hard_shrink",
                                        "tanh_shrink",
                                        "squareplus",
                                        "sparse_plus",
                                        "sparse_sigmoid",
                                        "sparsemax",
                                        "sparsemax_keras",
                                        "relu_general"};

    (void)state;
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
        assert_string_equal(dlcore_activation_name((dlcore_activation_t)i), names[i]);
        assert_int_equal(dlcore_activation_from_name(names[i]), i);
    }
}

static void test_activation_from_name_ignores_case_and_takes_whole_names(void **state)
{
    static const char *const refused[] = {"", "rel", "relu7", " relu", "tan", "soft max"};

    (void)state;
    assert_int_equal(dlcore_activation_from_name("ReLU"), DLCORE_ACTIVATION_RELU);
    assert_int_equal(dlcore_activation_from_name("SOFTMAX"), DLCORE_ACTIVATION_SOFTMAX);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(dlcore_activation_from_name(refused[i]), DLCORE_ACTIVATION_UNKNOWN);
    assert_int_equal(dlcore_activation_from_name("swish"), DLCORE_ACTIVATION_SILU);
    assert_int_equal(dlcore_activation_from_name("hard_swish"), DLCORE_ACTIVATION_HARD_SILU);
    assert_int_equal(dlcore_activation_from_name(NULL), DLCORE_ACTIVATION_UNKNOWN);
}

static void test_activation_name_of_no_activation_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(dlcore_activation_name((dlcore_activation_t)32), "unknown");
    assert_string_equal(dlcore_activation_name((dlcore_activation_t)-1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activation_names_round_trip),
        cmocka_unit_test(test_activation_from_name_ignores_case_and_takes_whole_names),
        cmocka_unit_test(test_activation_name_of_no_activation_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
