/* Stepping through JSON that was checked.
 *
 * SPDX-License-Identifier: MIT */
#include "json/json.h"

static const char *after_space(const char *next, const char *end)
{
    while (next < end && dlcore_json_is_space(*next))
        next++;
    return next;
}

static const char *after_string(const char *next)
{
    next++;
    for (;;) {
        while (*next != '"' && *next != '\\')
            next++;
        if (*next == '"')
            return next + 1;
        next += 2;
    }
}

static const char *after_value(const char *next, const char *end)
{
    size_t depth = 0;

    if (*next == '"')
        return after_string(next);
    if (*next != '{' && *next != '[') {
        while (next < end && !dlcore_json_is_space(*next) && *next != ',')
            next++;
        return next;
    }
    do {
        if (*next == '"') {
            next = after_string(next);
            continue;
        }
        if (*next == '{' || *next == '[')
            depth++;
        else if (*next == '}' || *next == ']')
            depth--;
        next++;
    } while (depth > 0);
    return next;
}

dlcore_json_t dlcore_json_at(const char *begin, const char *end)
{
    return (dlcore_json_t){
        .kind = dlcore_json_kind_of(*begin), .begin = begin, .end = after_value(begin, end)};
}

dlcore_json_steps_t dlcore_json_steps(const dlcore_json_t *value)
{
    if (value->kind != DLCORE_JSON_ARRAY && value->kind != DLCORE_JSON_OBJECT)
        return (dlcore_json_steps_t){0};
    return (dlcore_json_steps_t){.next = value->begin + 1, .end = value->end - 1};
}

bool dlcore_json_step(dlcore_json_steps_t *steps, dlcore_json_t *name, dlcore_json_t *value)
{
    const char *next = after_space(steps->next, steps->end);

    if (next == steps->end)
        return false;
    if (name != NULL) {
        *name = dlcore_json_at(next, steps->end);
        next = after_space(name->end, steps->end) + 1; /* the colon */
        next = after_space(next, steps->end);
    }
    *value = dlcore_json_at(next, steps->end);
    next = after_space(value->end, steps->end);
    steps->next = next < steps->end ? next + 1 : next; /* the comma */
    return true;
}

bool dlcore_json_member(const dlcore_json_t *object, const char *name, dlcore_json_t *value)
{
    dlcore_json_steps_t steps = dlcore_json_steps(object);
    dlcore_json_t key, found;

    *value = (dlcore_json_t){0};
    if (object->kind != DLCORE_JSON_OBJECT)
        return true;
    while (dlcore_json_step(&steps, &key, &found)) {
        if (!dlcore_json_is(&key, name))
            continue;
        if (value->kind != DLCORE_JSON_NONE)
            return false;
        *value = found;
    }
    return true;
}
