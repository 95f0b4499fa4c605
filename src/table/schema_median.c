/* Order statistics, in place: selection by halving (Hoare, "Algorithm 65: find", 1961), with
 * sorting by a heap where that goes badly, so that no order of numbers makes it slow.
 *
 * SPDX-License-Identifier: MIT */
#include "table/schema_learn.h"

static void sink_number(double *heap, size_t root, size_t count)
{
    double moved = heap[root];

    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        if (child + 1 < count && heap[child] < heap[child + 1])
            child++;
        if (heap[child] <= moved)
            break;
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = moved;
}

static void sort_ascending(double *numbers, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sink_number(numbers, i, count);
    for (size_t left = count; left-- > 1;) {
        double greatest = numbers[0];

        numbers[0] = numbers[left];
        numbers[left] = greatest;
        sink_number(numbers, 0, left);
    }
}

static double middle_of(double a, double b, double c)
{
    if (a > b) {
        double kept = a;

        a = b;
        b = kept;
    }
    return c < a ? a : c > b ? b : c;
}

/* Numbers below `pivot` first, then its equals, of which *equal is the first, and *above behind the
 * last. */
static void part_numbers(double *numbers, size_t count, double pivot, size_t *equal, size_t *above)
{
    size_t low = 0, at = 0, high = count;

    while (at < high) {
        double number = numbers[at];

        if (number < pivot) {
            numbers[at++] = numbers[low];
            numbers[low++] = number;
        } else if (number > pivot) {
            numbers[at] = numbers[--high];
            numbers[high] = number;
        } else {
            at++;
        }
    }
    *equal = low;
    *above = high;
}

/* Puts the number of that rank into its place, no greater one before it, no lesser one behind. */
static void select_number(double *numbers, size_t count, size_t rank)
{
    size_t begin = 0, end = count, equal, above;

    for (int turns = 0; end - begin > 16 && turns < 128; turns++) {
        double *part = numbers + begin;
        size_t size = end - begin;
        double pivot = middle_of(part[0], part[size / 2], part[size - 1]);

        part_numbers(part, size, pivot, &equal, &above);
        if (rank < begin + equal)
            end = begin + equal;
        else if (rank >= begin + above)
            begin += above;
        else
            return;
    }
    sort_ascending(numbers + begin, end - begin);
}

double dlcore_median(double *numbers, size_t count)
{
    size_t half = count / 2;
    double below;

    select_number(numbers, count, half);
    if (count % 2 == 1)
        return numbers[half];
    below = numbers[0];
    for (size_t i = 1; i < half; i++)
        below = numbers[i] > below ? numbers[i] : below;
    return 0.5 * below + 0.5 * numbers[half];
}

double dlcore_most_frequent(double *numbers, size_t count)
{
    double best = numbers[0];
    size_t most = 0, run = 0;

    sort_ascending(numbers, count);
    for (size_t i = 0; i < count; i++) {
        run = i > 0 && numbers[i] == numbers[i - 1] ? run + 1 : 1;
        if (run > most) {
            most = run;
            best = numbers[i];
        }
    }
    return best;
}
