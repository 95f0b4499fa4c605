/* SVG text: numbers, escapes, files that fail.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "report/svg.h"
#include "support/failing_io.h"
#include "support/folder.h"

static void test_svg_draw_writes_short_numbers(void **state)
{
    dlcore_svg_t svg;

    (void)state;
    assert_int_equal(dlcore_svg_open(&svg, NULL, folder_path("a.svg"), NULL), DLCORE_OK);
    dlcore_svg_draw(&svg, "M% %L% %h%", (double[]){1.0, 0.5, -10.25, 100.004, 300.0});
    assert_int_equal(dlcore_svg_close(&svg), DLCORE_OK);
    assert_string_equal(folder_text("a.svg"), "M1 0.5L-10.25 100h300");
}

static void test_svg_text_escapes_what_xml_does_not_take(void **state)
{
    static const struct {
        const char *text, *escaped;
    } cases[] = {
        {"a<b & \"c\">", "a&lt;b &amp; &quot;c&quot;&gt;"},
        {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"\x01\t\x7F", "\xEF\xBF\xBD\t\x7F"},
        {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},                   /* overlong */
        {"\xED\xA0\x80.", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD."}, /* a surrogate */
        {"\xEF\xBF\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},   /* U+FFFF */
        {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"x\xE2\x82", "x\xEF\xBF\xBD\xEF\xBF\xBD"}, /* cut short */
        {"\x80\xFF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_svg_t svg;

        assert_int_equal(dlcore_svg_open(&svg, NULL, folder_path("b.svg"), NULL), DLCORE_OK);
        dlcore_svg_text(&svg, cases[i].text);
        assert_int_equal(dlcore_svg_close(&svg), DLCORE_OK);
        assert_string_equal(folder_text("b.svg"), cases[i].escaped);
    }
}

static void test_svg_of_failing_calls_keeps_the_first_error_and_the_old_file(void **state)
{
    (void)state;
    for (size_t at = 1;; at++) {
        dlcore_error_record_t error = {0};
        dlcore_svg_t svg;
        failing_io_t io;
        dlcore_system_t system;
        dlcore_status status;

        folder_files(true);
        folder_write("c.svg", "old");
        failing_io_init(&io);
        io.fail_at = at;
        system = failing_io(&io);
        status = dlcore_svg_open(&svg, &system, folder_path("c.svg"), &error);
        if (status == DLCORE_OK) {
            for (int i = 0; i < 300; i++) /* several buffers */
                dlcore_svg_put(&svg, "123456789\n");
            status = dlcore_svg_close(&svg);
        }
        assert_int_equal(io.opened, io.closed);
        assert_int_equal(folder_files(false),
                         strcmp(io.failed != NULL ? io.failed : "", "unlinkat") == 0 ? 2 : 1);
        if (io.failures == 0)
            break;
        if (status != DLCORE_OK) {
            assert_int_equal(error.status, DLCORE_ERROR_IO);
            assert_string_equal(folder_text("c.svg"), "old");
        }
        assert_true(at < 40);
    }
    assert_int_equal(strlen(folder_text("c.svg")), 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_svg_draw_writes_short_numbers),
        cmocka_unit_test(test_svg_text_escapes_what_xml_does_not_take),
        cmocka_unit_test(test_svg_of_failing_calls_keeps_the_first_error_and_the_old_file),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
