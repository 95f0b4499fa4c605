/* Dates of every form, days of the calendar, zones. Days and times are those of Python's datetime.
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

#include "table/date.h"

static double days_of(const char *text, dlcore_date_form_t form, int zone)
{
    double days = NAN;

    if (!dlcore_date_read(text, strlen(text), form, zone, &days))
        fail_msg("\"%s\" is no date", text);
    return days;
}

static void test_date_forms_give_days(void **state)
{
    (void)state;
    assert_true(days_of("1970-01-01", DLCORE_DATE_YMD, 0) == 0);
    assert_true(days_of("2026-05-13", DLCORE_DATE_YMD, 0) == 20586);
    assert_true(days_of("2026/5/13", DLCORE_DATE_YMD, 0) == 20586);
    assert_true(days_of("2026-05", DLCORE_DATE_YMD, 0) == 20574);
    assert_true(days_of("13.05.2026", DLCORE_DATE_DMY, 0) == 20586);
    assert_true(days_of("13 may 2026", DLCORE_DATE_DMY, 0) == 20586);
    assert_true(days_of("13-May-2026", DLCORE_DATE_DMY, 0) == 20586);
    assert_true(days_of("5/13/2026", DLCORE_DATE_MDY, 0) == 20586);
    assert_true(days_of("May 13, 2026", DLCORE_DATE_MDY, 0) == 20586);
    assert_true(days_of("September 2026", DLCORE_DATE_MDY, 0) == 20697);
    assert_true(days_of("0001-01-01", DLCORE_DATE_YMD, 0) == -719162);
    assert_true(days_of("9999-12-31", DLCORE_DATE_YMD, 0) == 2932896);
}

static void test_date_times_and_zones(void **state)
{
    (void)state;
    assert_true(days_of("1970-01-02 12:00", DLCORE_DATE_YMD, 0) == 1.5);
    assert_true(days_of("1970-01-02T12:00:00Z", DLCORE_DATE_YMD, 300) == 1.5);
    assert_true(days_of("1970-01-02 12:00", DLCORE_DATE_YMD, 60) == 1.5 - 1 / 24.0);
    assert_true(days_of("1970-01-02 12:00 +02:00", DLCORE_DATE_YMD, 0) == 1.5 - 2 / 24.0);
    assert_true(days_of("2.1.1970 18:00:00-0600", DLCORE_DATE_DMY, 0) == 2);
    assert_true(days_of("1970-01-01 00:00:00.5", DLCORE_DATE_YMD, 0) == 0.5 / 86400);
}

static void test_date_what_is_none_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "2026",
                                        "2026-13-01",
                                        "2026-00-10",
                                        "2026-02-29",
                                        "1900-02-29",
                                        "2026-05-13x",
                                        "2026-05-13 ",
                                        "2026-05-13 24:00",
                                        "2026-05-13 12:60",
                                        "26-05-13",
                                        "2026-05/13",
                                        "2026-05-13 12:00+15:00",
                                        "2026-5-130",
                                        "0000-01-01"};
    double days;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (dlcore_date_read(texts[i], strlen(texts[i]), DLCORE_DATE_YMD, 0, &days))
            fail_msg("\"%s\" is a date", texts[i]);
    assert_true(days_of("2000-02-29", DLCORE_DATE_YMD, 0) == 11016);
    assert_false(dlcore_date_read("13 Mayo 2026", 12, DLCORE_DATE_DMY, 0, &days));
    assert_false(dlcore_date_read("1.5", 3, DLCORE_DATE_DMY, 0, &days));
}

static void test_date_every_day_follows_the_one_before(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    double before = days_of("1899-12-31", DLCORE_DATE_YMD, 0);
    char text[48];

    (void)state;
    for (int year = 1900; year <= 2104; year++)
        for (int month = 1; month <= 12; month++) {
            bool leap = year % 4 == 0 && year != 1900 && year != 2100;
            int days = lengths[month - 1] + (month == 2 && leap);

            for (int day = 1; day <= days; day++) {
                snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
                assert_true(days_of(text, DLCORE_DATE_YMD, 0) == before + 1);
                before++;
            }
        }
}

static void test_date_forms_that_could_be(void **state)
{
    unsigned dmy = 1u << DLCORE_DATE_DMY, mdy = 1u << DLCORE_DATE_MDY;

    (void)state;
    assert_int_equal(dlcore_date_forms("2/3/2026", 8), dmy | mdy);
    assert_int_equal(dlcore_date_forms("13/3/2026", 9), dmy);
    assert_int_equal(dlcore_date_forms("2026-03-13", 10), 1u << DLCORE_DATE_YMD);
    assert_int_equal(dlcore_date_forms("2026.5", 6), 0);
    assert_int_equal(dlcore_date_forms("maybe so", 8), 0);
}

static void test_date_cycles_turn_once(void **state)
{
    double cycles[6];

    (void)state;
    dlcore_date_cycles(days_of("2026-01-01", DLCORE_DATE_YMD, 0), cycles); /* a Thursday */
    assert_true(cycles[0] == 0 && cycles[1] == 1 && cycles[4] == 0 && cycles[5] == 1);
    assert_true(fabs(cycles[2] - sin(6.283185307179586 * 3 / 7)) < 1e-12);
    dlcore_date_cycles(days_of("1969-12-31 06:00", DLCORE_DATE_YMD, 0), cycles);
    assert_true(fabs(cycles[0] - sin(6.283185307179586 * 364.25 / 365)) < 1e-12);
    assert_true(fabs(cycles[3] - cos(6.283185307179586 * 2.25 / 7)) < 1e-12);
    assert_true(fabs(cycles[4] - 1) < 1e-12);
    dlcore_date_cycles(days_of("0001-01-01", DLCORE_DATE_YMD, 0), cycles);
    assert_true(cycles[1] == 1);
    dlcore_date_cycles(days_of("9999-12-31", DLCORE_DATE_YMD, 0), cycles);
    assert_true(fabs(cycles[0] - sin(6.283185307179586 * 364 / 365)) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_date_forms_give_days),
        cmocka_unit_test(test_date_times_and_zones),
        cmocka_unit_test(test_date_what_is_none_is_refused),
        cmocka_unit_test(test_date_every_day_follows_the_one_before),
        cmocka_unit_test(test_date_forms_that_could_be),
        cmocka_unit_test(test_date_cycles_turn_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
