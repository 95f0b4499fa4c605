/* What the names of tensors say: layers, their order, and weights.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/weight_names.h"

static dlcore_name_part_t whole(const char *text)
{
    return (dlcore_name_part_t){text, strlen(text)};
}

static void assert_part(dlcore_name_part_t part, const char *text)
{
    assert_int_equal(part.size, strlen(text));
    assert_memory_equal(part.text, text, part.size);
}

static void test_weight_names_are_a_layer_and_a_weight(void **state)
{
    static const char *const names[][3] = {
        {"model.0.weight", "model.0", "weight"},
        {"sequential_6/dense_8/kernel", "sequential_6/dense_8", "kernel"},
        {"dense/dense/kernel:0", "dense/dense", "kernel"},
        {"a/b.c", "a/b", "c"},
        {"W1", "", "W1"},
        {"bias", "", "bias"},
        {".x", "", "x"},
        {"x.", "x", ""},
        {":0", "", ":0"},
        {"a.:0", "a", ":0"},
        {"", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_part(dlcore_weight_group(names[i][0]), names[i][1]);
        assert_part(dlcore_weight_leaf(names[i][0]), names[i][2]);
    }
}

static void test_weight_names_are_in_the_order_in_which_people_count(void **state)
{
    static const char *const ordered[] = {"",
                                          "0",
                                          "1",
                                          "2",
                                          "10",
                                          "0099999999999999999999999999",
                                          "99999999999999999999999999x",
                                          "a",
                                          "a.2",
                                          "a.10",
                                          "a.10.1",
                                          "a.x",
                                          "dense",
                                          "dense_1",
                                          "dense_2",
                                          "dense_11",
                                          "fc1",
                                          "fc2",
                                          "fc10",
                                          "fcx"};
    enum { COUNT = sizeof ordered / sizeof ordered[0] };

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < COUNT; k++) {
            int order = dlcore_weight_order(whole(ordered[i]), whole(ordered[k]));

            if ((i < k && order >= 0) || (i == k && order != 0) || (i > k && order <= 0))
                fail_msg("\"%s\" and \"%s\": %d", ordered[i], ordered[k], order);
        }
    }
    assert_int_equal(dlcore_weight_order(whole("a01"), whole("a1")), 0);
}

static void test_weight_names_of_one_stem_differ_in_numbers_alone(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        {"0", "12", true},
        {"model.0", "model.2", true},
        {"dense", "dense_1", true},
        {"dense_9", "dense_10", true},
        {"s_6/dense", "s/dense_3", true},
        {"fc1", "fc2", true},
        {"net.0.1", "net.10.7", true},
        {"", "", true},
        {"0", "", false},
        {"fc", "fc1", false},
        {"fc1", "fd1", false},
        {"net.0", "net.0.1", false},
        {"a_1x", "ax", false},
        {"a_", "a", false},
        {"dense_1", "dense_1_1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        bool same = dlcore_weight_same_stem(whole(pairs[i].a), whole(pairs[i].b));

        if (same != pairs[i].same ||
            same != dlcore_weight_same_stem(whole(pairs[i].b), whole(pairs[i].a)))
            fail_msg("\"%s\" and \"%s\"", pairs[i].a, pairs[i].b);
    }
}

static void test_weight_names_of_other_programs_are_known(void **state)
{
    static const char *const known[][2] = {
        {"weight", "kernel"},
        {"weight", "gamma"},
        {"weight", "alpha"},
        {"bias", "bias"},
        {"bias", "beta"},
        {"scale", "gamma"},
        {"running_mean", "moving_mean"},
        {"running_var", "moving_variance"},
        {"moving_variance", "moving_variance"},
        {"kernel", "kernel"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(dlcore_weight_leaf_known(whole(known[i][0])));
        assert_true(dlcore_weight_leaf_is(whole(known[i][0]), known[i][1]));
    }
    assert_false(dlcore_weight_leaf_is(whole("weight"), "bias"));
    assert_false(dlcore_weight_leaf_is(whole("weights"), "kernel"));
    assert_true(dlcore_weight_leaf_is(whole("of_tomorrow"), "of_tomorrow"));
    assert_false(dlcore_weight_leaf_known(whole("of_tomorrow")));
    assert_true(dlcore_weight_leaf_counts(whole("num_batches_tracked")));
    assert_true(dlcore_weight_leaf_outputs_first(whole("weight")));
    assert_true(dlcore_weight_leaf_inputs_first(whole("kernel")));
    assert_string_equal(dlcore_weight_pytorch_leaf("moving_variance"), "running_var");
    assert_string_equal(dlcore_weight_pytorch_leaf("mean"), "mean");
    assert_string_equal(dlcore_weight_pytorch_leaf("scale"), "weight");
    assert_true(dlcore_weight_name_is_dlcores("optimizer/adam/m/dense/kernel"));
    assert_false(dlcore_weight_name_is_dlcores("optimizer.0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight_names_are_a_layer_and_a_weight),
        cmocka_unit_test(test_weight_names_are_in_the_order_in_which_people_count),
        cmocka_unit_test(test_weight_names_of_one_stem_differ_in_numbers_alone),
        cmocka_unit_test(test_weight_names_of_other_programs_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
