/* The register tiles of products_native_micro.h for every number of rows, as tables.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PRODUCTS_NATIVE_TILES_H
#define DLCORE_PRODUCTS_PRODUCTS_NATIVE_TILES_H

#include "system/compiler.h"

#include "products/products_native_micro.h"

#define MICRO(name, kind, rows, vectors, shape)   \
    static void name(const micro_t *t)            \
    {                                             \
        RUN_MICRO(t, kind, rows, vectors, shape); \
    }
#define MICROS(name, kind, rows)                       \
    MICRO(name##_##rows##_1, kind, rows, 1, MICRO_ANY) \
    MICRO(name##_##rows##_2, kind, rows, 2, MICRO_ANY)
#define MICRO_ROW(name, rows)                \
    {                                        \
        name##_##rows##_1, name##_##rows##_2 \
    }

#if V_WIDTH == 16
#    define MICROS_HIGH(name, kind) \
        MICROS(name, kind, 7)       \
        MICROS(name, kind, 8)       \
        MICROS(name, kind, 9)       \
        MICROS(name, kind, 10)      \
        MICROS(name, kind, 11)      \
        MICROS(name, kind, 12)
#    define MICRO_ROWS_HIGH(name)                                                          \
        , MICRO_ROW(name, 7), MICRO_ROW(name, 8), MICRO_ROW(name, 9), MICRO_ROW(name, 10), \
            MICRO_ROW(name, 11), MICRO_ROW(name, 12)
#else
#    define MICROS_HIGH(name, kind)
#    define MICRO_ROWS_HIGH(name)
#endif

/* Those along and across. */
#define MICROS_TALL(name, kind, rows)                        \
    MICRO(name##_##rows##_along, kind, rows, 2, MICRO_ALONG) \
    MICRO(name##_##rows##_across, kind, rows, 2, MICRO_ACROSS)

#if V_WIDTH == 16
#    define MICRO_TALL_TILES(name, kind)                                                   \
        MICROS_TALL(name, kind, 11)                                                        \
        MICROS_TALL(name, kind, 12)                                                        \
        static const micro_function_t name##_along[] = {name##_11_along, name##_12_along}; \
        static const micro_function_t name##_across[] = {name##_11_across, name##_12_across};
#else
#    define MICRO_TALL_TILES(name, kind)                                                 \
        MICROS_TALL(name, kind, 5)                                                       \
        MICROS_TALL(name, kind, 6)                                                       \
        static const micro_function_t name##_along[] = {name##_5_along, name##_6_along}; \
        static const micro_function_t name##_across[] = {name##_5_across, name##_6_across};
#endif

/* All tiles of a kind, as the table `name`_tiles, with `tiles_across` or NULL. */
#define MICRO_TILES(name, kind, tiles_across)                                                      \
    MICROS(name, kind, 1)                                                                          \
    MICROS(name, kind, 2)                                                                          \
    MICROS(name, kind, 3)                                                                          \
    MICROS(name, kind, 4)                                                                          \
    MICROS(name, kind, 5)                                                                          \
    MICROS(name, kind, 6)                                                                          \
    MICROS_HIGH(name, kind)                                                                        \
    MICRO(name##_wide_1, kind, 1, 2, MICRO_WIDE)                                                   \
    MICRO(name##_wide_2, kind, 2, 2, MICRO_WIDE)                                                   \
    MICRO(name##_wide_3, kind, 3, 2, MICRO_WIDE)                                                   \
    MICRO_TALL_TILES(name, kind)                                                                   \
    static const dlcore_tiles_t name##_tiles = {                                                   \
        .narrow = {MICRO_ROW(name, 1), MICRO_ROW(name, 2), MICRO_ROW(name, 3), MICRO_ROW(name, 4), \
                   MICRO_ROW(name, 5), MICRO_ROW(name, 6) MICRO_ROWS_HIGH(name)},                  \
        .wide = {name##_wide_1, name##_wide_2, name##_wide_3},                                     \
        .along = HAS_TALL(kind) ? name##_along : NULL,                                             \
        .across = HAS_TALL(kind) ? (tiles_across) : NULL,                                          \
        .flushes = (kind) == MICRO_PAIRS,                                                          \
    };

#endif
