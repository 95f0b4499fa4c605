/* Dates: the proleptic Gregorian calendar, years 1 to 9999. Days are counted as in "chrono-
 * Compatible Low-Level Date Algorithms" (Howard Hinnant, 2021): of years that begin in March, the
 * leap day is the last.
 *
 * SPDX-License-Identifier: MIT */
#include "table/date.h"

#include <math.h>
#include <string.h>

#include "base/ascii.h"
#include "base/name.h"

#define SECONDS_A_DAY 86400.0

typedef struct date_text {
    const char *at, *end;
} date_text_t;

typedef struct date_parts {
    int year, month, day;
    double seconds; /* of the day */
    int zone;       /* minutes */
} date_parts_t;

/* ---- the calendar ---- */

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

static long days_since_1970(int year, int month, int day)
{
    long years = year - (month <= 2), era = years / 400, of_era = years % 400;
    long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* ---- pieces of text ---- */

/* A whole number of `least` to `most` digits. */
static bool take_digits(date_text_t *text, int least, int most, int *number)
{
    int digits = 0;

    for (*number = 0; text->at < text->end && dlcore_is_digit(*text->at); text->at++) {
        if (digits++ == most)
            return false;
        *number = *number * 10 + (*text->at - '0');
    }
    return digits >= least;
}

static bool take_sign(date_text_t *text, char sign)
{
    bool there = text->at < text->end && *text->at == sign;

    text->at += there;
    return there;
}

/* One of the separators, which may be any of those. */
static bool take_separator(date_text_t *text, const char *which, char *separator)
{
    if (text->at == text->end || *text->at == '\0' || strchr(which, *text->at) == NULL)
        return false;
    *separator = *text->at++;
    return true;
}

/* An English name of a month, or its first three letters. */
static bool take_month_name(date_text_t *text, int *month)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
    size_t length = 0;

    while (text->at + length < text->end && dlcore_is_letter(text->at[length]))
        length++;
    for (int i = 0; i < 12; i++) {
        size_t same = 0;

        while (same < length && dlcore_lower(text->at[same]) == names[i][same])
            same++;
        if (length >= 3 && same == length && (length == 3 || names[i][length] == '\0')) {
            text->at += length;
            *month = i + 1;
            return true;
        }
    }
    return false;
}

/* ---- the day ---- */

static bool take_year_first(date_text_t *text, date_parts_t *parts)
{
    char separator;

    if (!take_digits(text, 4, 4, &parts->year) || !take_separator(text, "-/.", &separator) ||
        !take_digits(text, 1, 2, &parts->month))
        return false;
    return !take_sign(text, separator) || take_digits(text, 1, 2, &parts->day);
}

static bool take_day_first(date_text_t *text, date_parts_t *parts)
{
    char separator;

    if (!take_digits(text, 1, 2, &parts->day) || !take_separator(text, "-/. ", &separator))
        return false;
    if (!take_month_name(text, &parts->month) &&
        (separator == ' ' || !take_digits(text, 1, 2, &parts->month)))
        return false;
    return take_sign(text, separator) && take_digits(text, 4, 4, &parts->year);
}

static bool take_month_first(date_text_t *text, date_parts_t *parts)
{
    char separator;
    int number;

    if (!take_month_name(text, &parts->month))
        return take_digits(text, 1, 2, &parts->month) && take_separator(text, "-/.", &separator) &&
               take_digits(text, 1, 2, &parts->day) && take_sign(text, separator) &&
               take_digits(text, 4, 4, &parts->year);
    if (!take_separator(text, " -", &separator) || !take_digits(text, 1, 4, &number))
        return false;
    if (number > 31) {
        parts->year = number;
        return number > 999;
    }
    parts->day = number;
    (void)take_sign(text, ',');
    return take_separator(text, " -", &separator) && take_digits(text, 4, 4, &parts->year);
}

/* ---- the time ---- */

static bool take_zone(date_text_t *text, date_parts_t *parts)
{
    char sign;
    int hours, minutes = 0;

    (void)take_sign(text, ' ');
    if (take_sign(text, 'Z')) {
        parts->zone = 0;
        return true;
    }
    if (!take_separator(text, "+-", &sign) || !take_digits(text, 2, 4, &hours))
        return false;
    if (hours > 99) {
        minutes = hours % 100;
        hours /= 100;
    } else if (take_sign(text, ':') && !take_digits(text, 2, 2, &minutes)) {
        return false;
    }
    parts->zone = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    return hours <= 14 && minutes < 60;
}

static bool take_time(date_text_t *text, date_parts_t *parts)
{
    int hours, minutes, seconds = 0, digit;
    double fraction = 0, place = 0.1;

    if (!take_digits(text, 1, 2, &hours) || !take_sign(text, ':') ||
        !take_digits(text, 2, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    if (take_sign(text, ':') && (!take_digits(text, 2, 2, &seconds) || seconds > 59))
        return false;
    if (take_sign(text, '.')) {
        while (text->at < text->end && dlcore_is_digit(*text->at)) {
            digit = *text->at++ - '0';
            fraction += digit * place;
            place /= 10;
        }
    }
    parts->seconds = hours * 3600 + minutes * 60 + seconds + fraction;
    return text->at == text->end || take_zone(text, parts);
}

bool dlcore_date_read(const char *text, size_t length, dlcore_date_form_t form, int zone_minutes,
                      double *days)
{
    date_text_t rest = {.at = text, .end = text + length};
    date_parts_t parts = {.day = 1, .zone = zone_minutes};
    bool day = form == DLCORE_DATE_YMD   ? take_year_first(&rest, &parts)
               : form == DLCORE_DATE_DMY ? take_day_first(&rest, &parts)
                                         : take_month_first(&rest, &parts);
    char separator;

    if (!day || parts.year < 1 || parts.month < 1 || parts.month > 12 || parts.day < 1 ||
        parts.day > days_of_month(parts.year, parts.month))
        return false;
    if (rest.at < rest.end &&
        (!take_separator(&rest, " T", &separator) || !take_time(&rest, &parts)))
        return false;
    if (rest.at < rest.end)
        return false;
    *days = (double)days_since_1970(parts.year, parts.month, parts.day) +
            (parts.seconds - 60.0 * parts.zone) / SECONDS_A_DAY;
    return true;
}

unsigned dlcore_date_forms(const char *text, size_t length)
{
    unsigned forms = 0;
    double days;

    if (length < 7 || length > 48) /* "2026-05"; the longest has a month's name and all of a time */
        return 0;
    for (int form = DLCORE_DATE_YMD; form <= DLCORE_DATE_MDY; form++)
        if (dlcore_date_read(text, length, (dlcore_date_form_t)form, 0, &days))
            forms |= 1u << form;
    return forms;
}

const char *dlcore_date_form_name(int form)
{
    static const char *const names[] = {"guessed", "year, month, day", "day, month, year",
                                        "month, day, year"};

    return form >= 0 && form <= DLCORE_DATE_MDY ? names[form] : "unknown";
}

/* ---- cycles ---- */

static void put_cycle(double turn, double *sine, double *cosine)
{
    const double whole = 6.283185307179586;

    *sine = sin(whole * turn);
    *cosine = cos(whole * turn);
}

/* The year of a day, and how many days of it are over. */
static int year_of(long day, long *over)
{
    int year = (int)(1970 + day / 366 - (day < 0)); /* not too late by more than some */

    while (days_since_1970(year + 1, 1, 1) <= day)
        year++;
    while (days_since_1970(year, 1, 1) > day)
        year--;
    *over = day - days_since_1970(year, 1, 1);
    return year;
}

void dlcore_date_cycles(double days, double cycles[6])
{
    double day = floor(days), time = days - day, week = fmod(day + 3, 7); /* 1970: a Thursday */
    long over;
    int year = year_of((long)day, &over);

    put_cycle(((double)over + time) / (is_leap(year) ? 366.0 : 365.0), &cycles[0], &cycles[1]);
    put_cycle(((week < 0 ? week + 7 : week) + time) / 7, &cycles[2], &cycles[3]);
    put_cycle(time, &cycles[4], &cycles[5]);
}
