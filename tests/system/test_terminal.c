/* The terminal: a file is none, and what is written to it arrives as it is.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/folder.h"
#include "system/terminal.h"

static void test_terminal_file_is_none_and_gets_every_byte(void **state)
{
    static const char line[] = "\r\x1b[2K\xe2\x94\x81 3/4\n";
    size_t size = 0;
    char *text;

    (void)state;
    assert_non_null(freopen(folder_path("out"), "wb", stdout));
    assert_false(dlcore_stdout_is_terminal());
    for (int i = 0; i < 200; i++) { /* more than is converted at once where a system converts */
        dlcore_stdout_write(line, sizeof line - 1);
        size += sizeof line - 1;
    }
    text = malloc(size + 1);
    assert_non_null(text);
    snprintf(text, size + 1, "%s", folder_text("out"));
    assert_int_equal(strlen(text), size);
    for (size_t at = 0; at < size; at += sizeof line - 1)
        assert_memory_equal(text + at, line, sizeof line - 1);
    free(text);
    assert_int_equal(fclose(stdout), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminal_file_is_none_and_gets_every_byte),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
