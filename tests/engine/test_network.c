/* Networks: names, widths, what the gather takes over, and weights in and out.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/allocator.h"
#include "engine/network.h"
#include "engine/network_exchange.h"
#include "support/tensors.h"

static dlcore_network_t network;
static dlcore_error_record_t error;

static int begin(void **state)
{
    (void)state;
    network = (dlcore_network_t){.allocator = dlcore_allocator_default(),
                                 .products = dlcore_products_blas(),
                                 .kernels = dlcore_kernels()};
    error = (dlcore_error_record_t){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    dlcore_network_clear(&network);
    return 0;
}

static dlcore_status add(dlcore_layer_t layer)
{
    return dlcore_network_add(&network, &layer, &error);
}

static dlcore_layer_t dense(size_t units)
{
    return dlcore_layer_dense(units, DLCORE_ACTIVATION_LINEAR);
}

static dlcore_layer_t named(const char *name)
{
    dlcore_layer_t layer = dense(1);
    strcpy(layer.name, name);
    return layer;
}

static void test_network_nameless_layers_get_keras_names(void **state)
{
    static const char *const expected[] = {"dense", "dense_2", "dense_1", "flatten", "dense_3"};

    (void)state;
    add(dense(1));
    add(named("dense_2"));
    add(dense(1));
    add(dlcore_layer_flatten());
    add(dense(1)); /* past the first four nodes, and past the name that is taken */
    assert_int_equal(network.node_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(network.nodes[i].layer.name, expected[i]);
}

static void test_network_takes_a_thousand_layers_at_once(void **state)
{
    static const char *const odd[] = {
        "dense_01", "dense_", "dense_1x", "dense_99999999999999999999", "denser", "dense_0"};

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        assert_int_equal(add(named(odd[i])), DLCORE_OK);
    while (network.node_count < DLCORE_LAYERS_MAX)
        assert_int_equal(add(dense(1)), DLCORE_OK);
    assert_string_equal(network.nodes[6].layer.name, "dense");
    assert_string_equal(network.nodes[7].layer.name, "dense_1");
    assert_string_equal(network.nodes[DLCORE_LAYERS_MAX - 1].layer.name, "dense_993");
    assert_failed(add(dense(1)), DLCORE_ERROR_ARGUMENT, &error, "has 1000 layers");
}

static void test_network_bad_names_and_kinds_are_refused(void **state)
{
    dlcore_layer_t endless = dense(1);

    (void)state;
    memset(endless.name, 'x', sizeof endless.name);
    assert_int_equal(add(named("here")), DLCORE_OK);
    assert_failed(add(named("here")), DLCORE_ERROR_ARGUMENT, &error, "\"here\" is taken");
    assert_failed(add(named("a/b")), DLCORE_ERROR_ARGUMENT, &error, "\"a/b\" contains a slash");
    assert_failed(add(endless), DLCORE_ERROR_ARGUMENT, &error, "no end within 64 bytes");
    assert_failed(add(dlcore_layer_from_name("conv")), DLCORE_ERROR_ARGUMENT, &error,
                  "layer 1: kind 0 is unknown");
    assert_failed(add(dense(0)), DLCORE_ERROR_ARGUMENT, &error,
                  "dense: units must lie in 1 .. 2147483647, got 0");
    assert_int_equal(network.node_count, 1);
}

static void test_network_widths_that_do_not_fit_are_refused(void **state)
{
    dlcore_layer_t layer = dense(7);

    (void)state;
    assert_failed(dlcore_network_build(&network, 5, 1, &error), DLCORE_ERROR_STATE, &error,
                  "has no layers");
    add(dense(3));
    assert_failed(dlcore_network_build(&network, 0, 1, &error), DLCORE_ERROR_STATE, &error,
                  "dense: input width is unknown");
    assert_failed(dlcore_network_build(&network, (size_t)1 << 31, 1, &error), DLCORE_ERROR_OVERFLOW,
                  &error, "2147483648 inputs");
    layer.input_width = 4;
    add(layer);
    assert_failed(dlcore_network_build(&network, 5, 1, &error), DLCORE_ERROR_SHAPE, &error,
                  "dense_1: expects 4 inputs, got 3");
    assert_null(network.values); /* as before the build */
    assert_int_equal(dlcore_network_input_width(&network), 0);
    assert_int_equal(network.nodes[0].layer.input_width, 0);
    assert_int_equal(network.nodes[1].layer.input_width, 4);
}

static void test_network_build_settles_widths_and_counts_parameters(void **state)
{
    dlcore_layer_t layer = dense(3);
    const dlcore_node_t *node = NULL;

    (void)state;
    layer.input_width = 5;
    add(layer);
    layer = dense(2);
    layer.use_bias = false;
    add(layer);
    assert_int_equal(dlcore_network_build(&network, 0, 1, &error), DLCORE_OK);
    assert_int_equal(dlcore_network_input_width(&network), 5);
    assert_int_equal(dlcore_network_output_width(&network), 2);
    assert_int_equal(network.parameter_count, 5 * 3 + 3 + 3 * 2);
    assert_string_equal(dlcore_network_parameter(&network, 1, &node)->name, "bias");
    assert_string_equal(node->layer.name, "dense");
    assert_int_equal(dlcore_parameter_size(dlcore_network_parameter(&network, 2, &node)), 6);
    assert_string_equal(node->layer.name, "dense_1");
    assert_null(dlcore_network_parameter(&network, 3, NULL));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(dlcore_network_parameter(&network, i, NULL)->offset % 16, 0);
}

/* Flattens and one rescaling go; a second rescaling and the last layer stay. */
static void test_network_leading_flatten_and_rescaling_are_folded(void **state)
{
    (void)state;
    add(dlcore_layer_flatten());
    add(dlcore_layer_rescaling(0.5, -1.0));
    add(dlcore_layer_flatten());
    add(dlcore_layer_rescaling(2.0, 3.0));
    add(dense(2));
    assert_int_equal(dlcore_network_build(&network, 4, 1, &error), DLCORE_OK);
    assert_int_equal(network.first, 3);
    assert_true(network.input_scale == 0.5f && network.input_offset == -1.0f);
}

static void test_network_rescaling_alone_or_later_is_not_folded(void **state)
{
    (void)state;
    add(dlcore_layer_rescaling(0.5, -1.0));
    assert_int_equal(dlcore_network_build(&network, 4, 1, &error), DLCORE_OK);
    assert_int_equal(network.first, 0);
    assert_true(network.input_scale == 1.0f && network.input_offset == 0.0f);
    dlcore_network_clear(&network);
    add(dense(4));
    add(dlcore_layer_rescaling(0.5, -1.0));
    add(dense(2));
    assert_int_equal(dlcore_network_build(&network, 4, 1, &error), DLCORE_OK);
    assert_int_equal(network.first, 0);
    assert_true(network.input_scale == 1.0f);
}

static void test_network_export_gives_back_what_import_took(void **state)
{
    float in[3 * 21], out[3 * 21];
    const dlcore_parameter_t *kernel, *bias;

    (void)state;
    add(dense(21));
    assert_int_equal(dlcore_network_build(&network, 3, 1, &error), DLCORE_OK);
    kernel = dlcore_network_parameter(&network, 0, NULL);
    bias = dlcore_network_parameter(&network, 1, NULL);
    for (size_t i = 0; i < 3 * 21; i++)
        in[i] = (float)(i + 1);
    dlcore_network_import(&network, kernel, in, network.values);
    dlcore_network_export(&network, bias, network.values, out);
    assert_true(out[0] == 0.0f && out[20] == 0.0f); /* the neighbour was left alone */
    dlcore_network_export(&network, kernel, network.values, out);
    assert_memory_equal(in, out, sizeof in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_network_nameless_layers_get_keras_names, begin, end),
        cmocka_unit_test_setup_teardown(test_network_takes_a_thousand_layers_at_once, begin, end),
        cmocka_unit_test_setup_teardown(test_network_bad_names_and_kinds_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_network_widths_that_do_not_fit_are_refused, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_network_build_settles_widths_and_counts_parameters,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_network_leading_flatten_and_rescaling_are_folded,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_network_rescaling_alone_or_later_is_not_folded, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_network_export_gives_back_what_import_took, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
