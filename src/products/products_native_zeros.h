/* Zeros of a batch of inputs: which of its columns a group of rows uses, for the forward product,
 * and which of its rows a group of columns, for the kernel gradient. A register tile goes through
 * the list of its group and leaves the others out. Part of products_native_template.h.
 *
 * A group is what one register tile takes: ROWS_MAX rows, or columns of one panel, at most, of even
 * size. Lists lie one after the other, those of rows first, each with room for all.
 *
 * SPDX-License-Identifier: MIT */

/* A list: how many there are, where in A and B the first lies, and the way from each to the next,
 * in pairs; all in floats. */
enum { LIST_COUNT = 0, LIST_A = 1, LIST_B = 2, LIST_STEPS = 4 };

/* Fewer rows make register tiles that are too low; a panel of B of more rows, or inputs, would not
 * stay in the second-level cache; with fewer units the lists would take an eighth of all memory. */
enum {
    ZEROS_ROWS_LEAST = 16,
    ZEROS_ROWS_MOST = 4096,
    ZEROS_INPUTS_MOST = 8192,
    ZEROS_UNITS_LEAST = 128
};

static size_t row_groups(size_t rows)
{
    return ceiling(rows, ROWS_MAX);
}

/* Groups of columns that a panel may have. */
static size_t panel_groups(void)
{
    return ceiling(NATIVE_PANEL, ROWS_MAX);
}

static size_t list_words(size_t count)
{
    return LIST_STEPS + 2 * count;
}

static bool has_zeros(size_t rows, size_t inputs, size_t units)
{
    return rows >= ZEROS_ROWS_LEAST && rows <= ZEROS_ROWS_MOST && inputs > 2 * NATIVE_PANEL &&
           inputs <= ZEROS_INPUTS_MOST && units >= ZEROS_UNITS_LEAST;
}

static size_t native_zeros_words(size_t rows, size_t inputs, size_t units)
{
    if (!has_zeros(rows, inputs, units))
        return 0;
    return row_groups(rows) * list_words(inputs) +
           native_panels(inputs) * panel_groups() * list_words(rows);
}

/* Rows that the buffer of x holds. */
static size_t capacity_of(const dlcore_matrix_t *x)
{
    return x->panel_stride / x->panel;
}

static uint32_t *list_of_rows(size_t inputs, uint32_t *notes, size_t group)
{
    return notes + group * list_words(inputs);
}

static uint32_t *list_of_columns(const dlcore_matrix_t *x, size_t inputs, uint32_t *notes,
                                 size_t column)
{
    size_t group = column / x->panel * panel_groups() + ceiling(column % x->panel, ROWS_MAX);

    return notes + row_groups(capacity_of(x)) * list_words(inputs) +
           group * list_words(capacity_of(x));
}

/* Bit c: some of those rows is not zero in column c of panel p. */
static uint32_t used_columns(const dlcore_matrix_t *x, size_t p, size_t row, size_t rows)
{
    const float *from = dlcore_matrix_at(x, row, p);
    size_t columns = dlcore_matrix_panel_columns(x, p);
    uint32_t used = 0;

    for (size_t r = 0; r < rows; r++, from += x->panel)
        used |= used_lanes(from) | (uint32_t)used_lanes(from + V_WIDTH) << V_WIDTH;
    return columns < 32 ? used & (((uint32_t)1 << columns) - 1) : used;
}

static size_t append_columns(uint32_t used, size_t first, uint32_t *to)
{
    size_t count = 0;

    for (; used != 0; used &= used - 1)
        to[count++] = (uint32_t)(first + (size_t)__builtin_ctz(used));
    return count;
}

static void note_rows(const dlcore_matrix_t *x, size_t units, size_t group, uint32_t *list)
{
    dlcore_native_range_t rows = dlcore_native_part(x->rows, group, row_groups(x->rows));
    size_t width = native_panel(units), count = 0;
    uint32_t *steps = list + LIST_STEPS, a = 0, b = 0;

    for (size_t p = 0; p < dlcore_matrix_panels(x); p++)
        count += append_columns(used_columns(x, p, rows.begin, rows.end - rows.begin), p * x->panel,
                                steps + count);
    list[LIST_COUNT] = (uint32_t)count;
    for (size_t i = count; i-- > 0;) { /* from the last on: pairs take the place of columns */
        size_t column = steps[i];
        uint32_t own_a = (uint32_t)(column / x->panel * x->panel_stride + column % x->panel);
        uint32_t own_b = (uint32_t)(dlcore_matrix_input(x, column) * width);

        steps[2 * i] = i + 1 < count ? a - own_a : 0;
        steps[2 * i + 1] = i + 1 < count ? b - own_b : 0;
        a = own_a;
        b = own_b;
    }
    list[LIST_A] = a;
    list[LIST_B] = b;
}

static void note_columns(const dlcore_matrix_t *x, size_t units, size_t column, size_t count,
                         uint32_t *list)
{
    const float *from = dlcore_matrix_at(x, 0, column / x->panel);
    uint32_t mask = (((uint32_t)1 << count) - 1) << column % x->panel;
    uint32_t *steps = list + LIST_STEPS, width = (uint32_t)native_panel(units);
    uint32_t panel = (uint32_t)x->panel, next = 0, used = 0;

    for (size_t r = 0; r < x->rows; r++, from += x->panel) {
        uint32_t lanes = used_lanes(from) | (uint32_t)used_lanes(from + V_WIDTH) << V_WIDTH;
        steps[used] = (uint32_t)r;
        used += (lanes & mask) != 0;
    }
    list[LIST_COUNT] = used;
    for (size_t i = used; i-- > 0;) {
        uint32_t row = steps[i], gap = i + 1 < used ? next - row : 0;

        steps[2 * i] = gap * panel;
        steps[2 * i + 1] = gap * width;
        next = row;
    }
    list[LIST_A] = next * panel;
    list[LIST_B] = next * width;
}

/* How many columns from `column` on, and before `last`, make one register tile: of even height
 * within a panel of x. */
static size_t group_height(const dlcore_matrix_t *x, size_t column, size_t last)
{
    size_t left = dlcore_size_min(last - column, x->panel - column % x->panel);
    return left <= ROWS_MAX ? left : ceiling(left, ceiling(left, ROWS_MAX));
}

/* Zeros are worth looking for where the first rows leave out an eighth. */
static bool native_zeros_gain(const dlcore_matrix_t *x)
{
    size_t used = 0;

    for (size_t p = 0; p < dlcore_matrix_panels(x); p++)
        used +=
            (size_t)__builtin_popcount(used_columns(x, p, 0, dlcore_size_min(x->rows, ROWS_MAX)));
    return used + x->columns / 8 <= x->columns;
}

static void native_note_zeros(const dlcore_matrix_t *x, size_t inputs, size_t units, bool trains,
                              uint32_t *notes, size_t worker, size_t workers)
{
    size_t panels = dlcore_matrix_panels(x);
    dlcore_native_range_t groups = dlcore_native_part(row_groups(x->rows), worker, workers);
    dlcore_native_range_t own = dlcore_native_part(panels, worker, workers);

    for (size_t g = groups.begin; g < groups.end; g++)
        note_rows(x, units, g, list_of_rows(inputs, notes, g));
    for (size_t p = own.begin; p < own.end && trains; p++) {
        size_t last = p * x->panel + dlcore_matrix_panel_columns(x, p), count;
        for (size_t column = p * x->panel; column < last; column += count) {
            count = group_height(x, column, last);
            note_columns(x, units, column, count, list_of_columns(x, inputs, notes, column));
        }
    }
}
