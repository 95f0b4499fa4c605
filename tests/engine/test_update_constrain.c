/* Regularizers and constraints: penalties in losses and gradients, and what is refused.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/models.h"
#include "support/update_case.h"

static void check_penalty(bool small)
{
    update_data_t data = update_data(ROWS, small ? SMALL : INPUTS);
    dlcore_optimizer_t optimizer = dlcore_optimizer_sgd();
    dlcore_model_t *plain = update_model(NULL, small, false, &optimizer);
    dlcore_model_t *penalised = update_model(NULL, small, true, &optimizer);
    size_t count = dlcore_model_parameter_count(plain);
    size_t kernel = (small ? SMALL * 6u : INPUTS * 400u);
    float *weights = weights_of(plain), *g = calloc(2 * count, sizeof *g), *h = g + count;
    double loss, more, penalty = 0.0;
    dlcore_evaluation_t result;

    assert_non_null(g);
    for (size_t i = count - CLASSES; i < count; i++)
        weights[i] = 0.25f; /* the last bias */
    weights[3] = 0.0f;      /* which has no sign */
    assert_accepted(plain, dlcore_model_set_weights(plain, weights, count));
    assert_accepted(penalised, dlcore_model_set_weights(penalised, weights, count));
    assert_accepted(plain, dlcore_model_gradients(plain, data.x, data.y, g, count, &loss));
    assert_accepted(penalised, dlcore_model_gradients(penalised, data.x, data.y, h, count, &more));
    for (size_t i = 0; i < count; i++) {
        double w = (double)weights[i], slope = 0.0;

        if (i < kernel) {
            penalty += 1e-4 * fabs(w) + 1e-3 * w * w;
            slope = 1e-4 * (w > 0.0 ? 1.0 : w < 0.0 ? -1.0 : 0.0) + 2e-3 * w;
        } else if (i >= count - CLASSES) {
            penalty += 1e-2 * w * w;
            slope = 2e-2 * w;
        }
        if (!(fabs((double)h[i] - (double)g[i] - slope) <= 1e-7))
            fail_msg("gradient %zu: %g - %g is not %g", i, (double)h[i], (double)g[i], slope);
    }
    assert_true(penalty > 0.005 && fabs(more - loss - penalty) < 1e-6 * more);
    assert_int_equal(dlcore_model_evaluate(penalised, data.x, data.y, NULL, &result), DLCORE_OK);
    assert_true(fabs(result.loss - more) < 1e-6 * more);
    assert_accepted(penalised, dlcore_model_train_on_batch(penalised, data.x, data.y, &result));
    assert_true(fabs(result.loss - more) < 1e-6 * more);
    free(weights);
    free(g);
    dlcore_model_free(plain);
    dlcore_model_free(penalised);
    update_data_free(&data);
}

static void test_update_penalties_are_in_gradients_and_in_every_loss(void **state)
{
    (void)state;
    check_penalty(false);
    check_penalty(true);
}

static void test_update_bad_regularizers_and_constraints_are_named(void **state)
{
    static const char *const messages[] = {
        "d: kernel_regularizer: l1 must lie in 0 .. ", "d: bias_regularizer: l2 must lie in 0 .. ",
        "d: kernel_constraint: kind 5 is unknown",     "d: bias_constraint: max_value must lie in",
        "d: kernel_constraint: min_value must lie in", "d: kernel_constraint: rate must lie in 0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        dlcore_layer_t layer = dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR);
        dlcore_model_t *model = NULL;

        layer.name[0] = 'd';
        if (i == 0)
            layer.kernel_regularizer.l1 = -1.0;
        else if (i == 1)
            layer.bias_regularizer.l2 = (double)NAN;
        else if (i == 2)
            layer.kernel_constraint = dlcore_constraint_from_name("maximum");
        else if (i == 3)
            layer.bias_constraint = dlcore_constraint_max_norm(-1.0);
        else
            layer.kernel_constraint = dlcore_constraint_min_max_norm(i == 4 ? 2.0 : 0.0, 1.0);
        if (i == 5)
            layer.kernel_constraint.rate = 1.5;
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        assert_int_equal(dlcore_model_add(model, layer), DLCORE_ERROR_ARGUMENT);
        assert_non_null(strstr(dlcore_model_error(model), messages[i]));
        dlcore_model_free(model);
    }
    assert_string_equal(dlcore_constraint_name(DLCORE_CONSTRAINT_MIN_MAX_NORM), "min_max_norm");
    assert_string_equal(dlcore_constraint_name(DLCORE_CONSTRAINT_UNKNOWN), "unknown");
    assert_string_equal(dlcore_constraint_name((dlcore_constraint_kind_t)99), "unknown");
    assert_true(dlcore_constraint_from_name("MAX_NORM").max_value == 2.0);
    assert_int_equal(dlcore_constraint_from_name("non_neg").kind, DLCORE_CONSTRAINT_NON_NEG);
    assert_int_equal(dlcore_constraint_from_name("unit_norm").kind, DLCORE_CONSTRAINT_UNIT_NORM);
    assert_true(dlcore_constraint_from_name("min_max_norm").rate == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_penalties_are_in_gradients_and_in_every_loss),
        cmocka_unit_test(test_update_bad_regularizers_and_constraints_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
