/* Calls that the host's code leaves by a C++ exception.
 *
 * SPDX-License-Identifier: MIT */
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

extern "C" {
#include <cmocka.h>
}

#include "support/left_calls.h"

namespace
{

void leave()
{
    throw std::runtime_error("from a callback");
}

bool attempt(void (*call)(void *), void *argument)
{
    try {
        call(argument);
    } catch (const std::runtime_error &) {
        return true;
    }
    return false;
}

void test_call_left_by_an_exception_is_busy_until_abandoned_and_leaks_nothing(void **)
{
    const left_calls_t by = {leave, attempt};

    assert_true(left_calls_check(&by) > 30);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_left_by_an_exception_is_busy_until_abandoned_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
