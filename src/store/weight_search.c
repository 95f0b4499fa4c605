/* Depth first, slot by slot, until a second way is found or all have been looked at. Most files
 * leave no choice, so that it takes as many attempts as there are slots.
 *
 * SPDX-License-Identifier: MIT */
#include "store/weight_search.h"

#include <stdbool.h>
#include <string.h>

#include "base/allocator.h"

#define ATTEMPTS_MAX 500000

typedef struct way {
    dlcore_search_t *search;
    uint32_t *next_in_row; /* of each item */
    uint32_t *next;        /* of each row: the item whose turn it is */
    uint32_t *taken;       /* of each slot: its item */
    uint32_t *row;         /* of each slot: the row to try next */
    bool *almost;          /* of each slot: its item only almost fits */
    size_t depth;          /* slots that have an item */
    size_t almost_count;
    size_t almost_wanted;
    size_t deepest;
    size_t ways;
    size_t attempts;
} way_t;

/* Links the items of each row; *next becomes the first of each. */
static void link_rows(way_t *way)
{
    const dlcore_search_t *search = way->search;

    for (size_t r = 0; r < search->rows; r++)
        way->next[r] = DLCORE_SEARCH_NONE;
    for (size_t i = search->items; i-- > 0;) {
        way->next_in_row[i] = way->next[search->row[i]];
        way->next[search->row[i]] = (uint32_t)i;
    }
}

static void give_item(way_t *way, uint32_t row, bool almost)
{
    size_t slot = way->depth++;

    way->taken[slot] = way->next[row];
    way->next[row] = way->next_in_row[way->next[row]];
    way->row[slot] = row;
    way->almost[slot] = almost;
    way->almost_count += almost;
    if (way->depth < way->search->slots)
        way->row[way->depth] = 0;
}

/* The last slot's item goes back; the row after its row is tried next. */
static void take_back(way_t *way)
{
    size_t slot = --way->depth;

    way->next[way->row[slot]] = way->taken[slot];
    way->almost_count -= way->almost[slot];
    way->row[slot]++;
}

/* The next item that the slot may have; false: there is none. */
static bool advance(way_t *way)
{
    dlcore_search_t *search = way->search;
    size_t slot = way->depth;

    for (uint32_t row = way->row[slot]; row < search->rows; row++) {
        uint32_t item = way->next[row];
        dlcore_search_fit_t fit;

        way->attempts++;
        if (item == DLCORE_SEARCH_NONE)
            continue;
        fit = search->fit(search->user, slot, item);
        if (fit == DLCORE_SEARCH_YES ||
            (fit == DLCORE_SEARCH_ALMOST && way->almost_count < way->almost_wanted)) {
            give_item(way, row, fit == DLCORE_SEARCH_ALMOST);
            return true;
        }
        if (way->ways == 0 && slot >= way->deepest &&
            (slot > way->deepest || search->stuck_at == DLCORE_SEARCH_NONE ||
             fit == DLCORE_SEARCH_ALMOST)) {
            way->deepest = search->stuck = slot;
            search->stuck_at = item;
        }
    }
    return false;
}

/* Every slot has an item. */
static void note_way(way_t *way)
{
    dlcore_search_t *search = way->search;

    if (way->ways++ == 0) {
        memcpy(search->found, way->taken, search->slots * sizeof *search->found);
        return;
    }
    for (size_t i = search->slots; i-- > 0;) {
        if (search->found[i] != way->taken[i]) {
            search->stuck = i;
            search->stuck_at = way->taken[i];
        }
    }
}

static dlcore_search_result_t walk(way_t *way)
{
    size_t slots = way->search->slots;

    link_rows(way);
    way->row[0] = 0;
    while (way->attempts < ATTEMPTS_MAX) {
        if (way->depth < slots && advance(way))
            continue;
        if (way->depth == slots && way->almost_count == way->almost_wanted)
            note_way(way);
        if (way->ways == 2)
            return DLCORE_SEARCH_TWO_WAYS;
        if (way->depth == 0)
            return way->ways == 1 ? DLCORE_SEARCH_FOUND : DLCORE_SEARCH_NO_WAY;
        take_back(way);
    }
    return DLCORE_SEARCH_TOO_LONG;
}

dlcore_search_result_t dlcore_search_run(dlcore_search_t *search,
                                         const dlcore_allocator_t *allocator)
{
    size_t words = search->items + search->rows + 2 * search->slots;
    uint32_t *room = dlcore_allocate_raw(allocator, words, sizeof *room);
    bool *almost = dlcore_allocate_raw(allocator, search->slots, sizeof *almost);
    dlcore_search_result_t result = DLCORE_SEARCH_NO_MEMORY;
    way_t way = {.search = search, .next_in_row = room, .almost = almost};

    search->stuck = 0;
    search->stuck_at = DLCORE_SEARCH_NONE;
    if (room != NULL && almost != NULL) {
        way.next = room + search->items;
        way.taken = way.next + search->rows;
        way.row = way.taken + search->slots;
        do {
            result = walk(&way);
        } while (result == DLCORE_SEARCH_NO_WAY && way.almost_wanted++ < search->almost_max);
    }
    dlcore_release(allocator, almost);
    dlcore_release(allocator, room);
    return result;
}
