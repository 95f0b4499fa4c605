/* XXH64: the values of the reference implementation (github.com/Cyan4973/xxHash, seed 0), however
 * the bytes are cut. Model files have them as checksums, so that another value makes old files
 * unreadable.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

static const struct {
    const char *text;
    uint64_t value;
} known[] = {
    {"", UINT64_C(0xEF46DB3751D8E999)},
    {"a", UINT64_C(0xD24EC4F1A98C6E5B)},
    {"as", UINT64_C(0x1C330FB2D66BE179)},
    {"asd", UINT64_C(0x631C37CE72A97393)},
    {"asdf", UINT64_C(0x415872F599CEA71E)},
    {"abc", UINT64_C(0x44BC2CF5AD770999)},
    {"Nobody inspects the spammish repetition", UINT64_C(0xFBCEA83C8A378BF1)},
    {"Call me Ishmael. Some years ago--never mind how long precisely-",
     UINT64_C(0x02A2E85470D6FD96)},
};

static void test_hash_values_are_those_of_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        dlcore_hash_t hash = dlcore_hash_begin();

        dlcore_hash_add(&hash, known[i].text, strlen(known[i].text));
        assert_true(dlcore_hash_value(&hash) == known[i].value);
        assert_true(dlcore_hash_value(&hash) == known[i].value); /* it may be asked again */
    }
}

static void test_hash_values_do_not_depend_on_the_pieces(void **state)
{
    const char *text = known[7].text;
    size_t size = strlen(text);

    (void)state;
    for (size_t first = 0; first <= size; first++)
        for (size_t second = first; second <= size; second++) {
            dlcore_hash_t hash = dlcore_hash_begin();

            dlcore_hash_add(&hash, text, first);
            dlcore_hash_add(&hash, text + first, second - first);
            dlcore_hash_add(&hash, text + second, size - second);
            assert_true(dlcore_hash_value(&hash) == known[7].value);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_values_are_those_of_the_reference),
        cmocka_unit_test(test_hash_values_do_not_depend_on_the_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
