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

/* A month's name in any case or three letters of it, separators, and times in every length. */
static void test_date_every_way_of_writing_is_read(void **state)
{
    static const struct {
        const char *text;
        dlcore_date_form_t form;
        double days;
    } cases[] = {
        {"1970.01.03", DLCORE_DATE_YMD, 2},
        {"1970.2", DLCORE_DATE_YMD, 31},
        {"2-1-1970", DLCORE_DATE_DMY, 1},
        {"2/JAN/1970", DLCORE_DATE_DMY, 1},
        {"2.January.1970", DLCORE_DATE_DMY, 1},
        {"1-2-1970", DLCORE_DATE_MDY, 1},
        {"01.02.1970", DLCORE_DATE_MDY, 1},
        {"jan 2 1970", DLCORE_DATE_MDY, 1},
        {"Jan-02-1970", DLCORE_DATE_MDY, 1},
        {"January-2,-1970", DLCORE_DATE_MDY, 1},
        {"december 1970", DLCORE_DATE_MDY, 334},
        {"1970-01-01 6:00", DLCORE_DATE_YMD, 0.25},
        {"1970-01-01 00:00Z", DLCORE_DATE_YMD, 0},
        {"1970-01-01T00:00:43.2", DLCORE_DATE_YMD, 0.0005},
        {"1970-01-01T00:00:43.2Z", DLCORE_DATE_YMD, 0.0005},
        {"1970-01-01 23:59:59", DLCORE_DATE_YMD, 86399 / 86400.0},
        {"1970-01-01 12:00+06", DLCORE_DATE_YMD, 0.25},
        {"1970-01-01 12:00 -06:00", DLCORE_DATE_YMD, 0.75},
        {"1970-01-01 12:00+0430", DLCORE_DATE_YMD, 0.3125},
        {"1970-01-01 12:00+04:30", DLCORE_DATE_YMD, 0.3125},
        {"1970-01-01 14:00+14:00", DLCORE_DATE_YMD, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (fabs(days_of(cases[i].text, cases[i].form, 0) - cases[i].days) > 1e-12)
            fail_msg("\"%s\" is another day", cases[i].text);
}

/* Each stops being a date at another place. */
static void test_date_pieces_that_are_wrong_are_refused(void **state)
{
    static const struct {
        const char *text;
        dlcore_date_form_t form;
    } cases[] = {
        {"2026", DLCORE_DATE_YMD},
        {"2026-", DLCORE_DATE_YMD},
        {"2026-x", DLCORE_DATE_YMD},
        {"2026,05", DLCORE_DATE_YMD},
        {"2026-05-", DLCORE_DATE_YMD},
        {"20266-05-01", DLCORE_DATE_YMD},
        {"2026-05-00", DLCORE_DATE_YMD},
        {"2026-005-01", DLCORE_DATE_YMD},
        {"2026-05-001", DLCORE_DATE_YMD},
        {"2026-05-01T", DLCORE_DATE_YMD},
        {"2026-05-01,12:00", DLCORE_DATE_YMD},
        {"2026-05-01 12", DLCORE_DATE_YMD},
        {"2026-05-01 12:0", DLCORE_DATE_YMD},
        {"2026-05-01 12:000", DLCORE_DATE_YMD},
        {"2026-05-01 012:00", DLCORE_DATE_YMD},
        {"2026-05-01 12:00:000", DLCORE_DATE_YMD},
        {"2026-05-01 12:00+01:000", DLCORE_DATE_YMD},
        {"2026-05-01 12:00+00100", DLCORE_DATE_YMD},
        {"2026-05-01 12:00:", DLCORE_DATE_YMD},
        {"2026-05-01 12:00:60", DLCORE_DATE_YMD},
        {"2026-05-01 12:00:5", DLCORE_DATE_YMD},
        {"2026-05-01 12:00 X", DLCORE_DATE_YMD},
        {"2026-05-01 12:00+1", DLCORE_DATE_YMD},
        {"2026-05-01 12:00+01:", DLCORE_DATE_YMD},
        {"2026-05-01 12:00+01:60", DLCORE_DATE_YMD},
        {"2026-05-01 12:00+01:00x", DLCORE_DATE_YMD},
        {"2026-05-01 12:00Zx", DLCORE_DATE_YMD},
        {"13", DLCORE_DATE_DMY},
        {"13,05,2026", DLCORE_DATE_DMY},
        {"13-x-2026", DLCORE_DATE_DMY},
        {"13 5 2026", DLCORE_DATE_DMY},
        {"13-05/2026", DLCORE_DATE_DMY},
        {"13-05-26", DLCORE_DATE_DMY},
        {"013-05-2026", DLCORE_DATE_DMY},
        {"13-005-2026", DLCORE_DATE_DMY},
        {"13-05-20260", DLCORE_DATE_DMY},
        {"13-ma-2026", DLCORE_DATE_DMY},
        {"13-janu-2026", DLCORE_DATE_DMY},
        {"13-mayor-2026", DLCORE_DATE_DMY},
        {"5", DLCORE_DATE_MDY},
        {"5,13,2026", DLCORE_DATE_MDY},
        {"5/x/2026", DLCORE_DATE_MDY},
        {"5/13-2026", DLCORE_DATE_MDY},
        {"5/13/26", DLCORE_DATE_MDY},
        {"005/13/2026", DLCORE_DATE_MDY},
        {"5/013/2026", DLCORE_DATE_MDY},
        {"5/13/20260", DLCORE_DATE_MDY},
        {"May 13, 20260", DLCORE_DATE_MDY},
        {"May", DLCORE_DATE_MDY},
        {"May/13/2026", DLCORE_DATE_MDY},
        {"May x", DLCORE_DATE_MDY},
        {"May 20266", DLCORE_DATE_MDY},
        {"May 202", DLCORE_DATE_MDY},
        {"May 13", DLCORE_DATE_MDY},
        {"May 13,2026", DLCORE_DATE_MDY},
        {"May 13, 26", DLCORE_DATE_MDY},
        {"May 0, 2026", DLCORE_DATE_MDY},
    };
    double days;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (dlcore_date_read(cases[i].text, strlen(cases[i].text), cases[i].form, 0, &days))
            fail_msg("\"%s\" is a date", cases[i].text);
    assert_false(dlcore_date_read("2026\0"
                                  "05",
                                  7, DLCORE_DATE_YMD, 0, &days));
}

static void test_date_forms_have_names(void **state)
{
    (void)state;
    assert_string_equal(dlcore_date_form_name(DLCORE_DATE_GUESSED), "guessed");
    assert_string_equal(dlcore_date_form_name(DLCORE_DATE_MDY), "month, day, year");
    assert_string_equal(dlcore_date_form_name(DLCORE_DATE_MDY + 1), "unknown");
    assert_string_equal(dlcore_date_form_name(-1), "unknown");
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
    assert_int_equal(dlcore_date_forms("May 2026", 8), mdy);
    assert_int_equal(dlcore_date_forms("2026-5", 6), 0); /* as a number with a sign in it */
    assert_int_equal(dlcore_date_forms("2026-05-13 12:00:00.0000000000000000000000000000", 48),
                     1u << DLCORE_DATE_YMD);
    assert_int_equal(dlcore_date_forms("2026-05-13 12:00:00.00000000000000000000000000000", 49), 0);
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
    dlcore_date_cycles(days_of("2024-12-31", DLCORE_DATE_YMD, 0), cycles); /* a Tuesday */
    assert_true(fabs(cycles[0] - sin(6.283185307179586 * 365 / 366)) < 1e-12);
    assert_true(fabs(cycles[2] - sin(6.283185307179586 / 7)) < 1e-12);
    dlcore_date_cycles(days_of("1969-12-28", DLCORE_DATE_YMD, 0), cycles); /* a Sunday */
    assert_true(fabs(cycles[2] - sin(6.283185307179586 * 6 / 7)) < 1e-12);
    dlcore_date_cycles(days_of("1969-12-25", DLCORE_DATE_YMD, 0), cycles); /* a Thursday */
    assert_true(fabs(cycles[2] - sin(6.283185307179586 * 3 / 7)) < 1e-12);
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
        cmocka_unit_test(test_date_every_way_of_writing_is_read),
        cmocka_unit_test(test_date_pieces_that_are_wrong_are_refused),
        cmocka_unit_test(test_date_forms_have_names),
        cmocka_unit_test(test_date_what_is_none_is_refused),
        cmocka_unit_test(test_date_every_day_follows_the_one_before),
        cmocka_unit_test(test_date_forms_that_could_be),
        cmocka_unit_test(test_date_cycles_turn_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
