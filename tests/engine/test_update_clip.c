/* Limits on gradients that are not reached.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/update_case.h"

/* Keeping gradients, and taking them in pieces, are other ways to the same bits. */
static void test_update_limits_that_are_not_reached_change_no_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        update_data_t data = update_data(ROWS, i % 2 == 0 ? INPUTS : SMALL);
        dlcore_optimizer_t plain = dlcore_optimizer_rmsprop(), limited = plain;
        dlcore_model_t *a, *b;

        if (i / 2 == 0)
            limited.clipnorm = 1e30;
        else if (i / 2 == 1)
            limited.global_clipnorm = 1e30;
        else if (i / 2 == 2)
            limited.clipvalue = 1e30;
        else
            limited.weight_decay = 1e-30;
        a = update_model(NULL, i % 2 == 1, false, &plain);
        b = update_model(NULL, i % 2 == 1, false, &limited);
        update_fit(a, &data, 3);
        update_fit(b, &data, 3);
        assert_same_weights(a, b);
        dlcore_model_free(a);
        dlcore_model_free(b);
        update_data_free(&data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_limits_that_are_not_reached_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
