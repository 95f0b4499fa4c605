/* An allocator that ends the program when more memory is taken than an input justifies.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/budget.h"

#include <stdio.h>
#include <stdlib.h>

typedef union head {
    size_t size;
    max_align_t alignment;
} head_t;

void fuzz_require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void *allocate(void *user, size_t size)
{
    budget_t *budget = user;
    head_t *head;

    fuzz_require(size <= budget->limit - budget->live, "more memory than the input justifies");
    head = malloc(sizeof *head + size);
    if (head == NULL)
        return NULL;
    head->size = size;
    budget->live += size;
    if (budget->live > budget->peak)
        budget->peak = budget->live;
    return head + 1;
}

static void release(void *user, void *memory)
{
    budget_t *budget = user;
    head_t *head = (head_t *)memory - 1;

    budget->live -= head->size;
    free(head);
}

budget_t budget_for(size_t size)
{
    return (budget_t){.limit = 2 * size + ((size_t)1 << 20)};
}

dlcore_allocator_t budget_allocator(budget_t *budget)
{
    return (dlcore_allocator_t){.allocate = allocate, .release = release, .user = budget};
}

void budget_check(const budget_t *budget)
{
    fuzz_require(budget->live == 0, "memory was not given back");
}
