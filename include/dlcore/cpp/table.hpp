// Tables, schemas, and the answers of models to rows of them.
//
// SPDX-License-Identifier: MIT
#ifndef DLCORE_CPP_TABLE_HPP
#define DLCORE_CPP_TABLE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"
#include "result.hpp"
#include "tensor.hpp"
#include "view.hpp"

namespace dlcore
{

// Rows to train with, to validate with and to test with. The table must outlive it.
class table_split
{
  public:
    table_split() = default;
    table_split(const table_split &) = delete;
    table_split &operator=(const table_split &) = delete;
    ~table_split()
    {
        dlcore_table_split_free(&rows_);
    }
    const dlcore_table_rows_t &train() const noexcept
    {
        return rows_.train;
    }
    const dlcore_table_rows_t &validation() const noexcept
    {
        return rows_.validation;
    }
    const dlcore_table_rows_t &test() const noexcept
    {
        return rows_.test;
    }
    dlcore_table_split_t *get() noexcept
    {
        return &rows_;
    }

  private:
    dlcore_table_split_t rows_ = {};
};

// A table of a CSV file or of its text.
class table
{
  public:
    explicit table(std::nullptr_t) noexcept {}
    static result try_load(table &to, const std::string &path,
                           dlcore_table_options_t options = dlcore_table_options_default())
    {
        dlcore_error_record_t record = {};
        dlcore_table_t *made = nullptr;
        const dlcore_status status =
            dlcore_table_load(path.c_str(), &options, nullptr, &made, &record);
        to.handle_.reset(made);
        return result(status, record);
    }
    static result try_parse(table &to, std::string_view text,
                            dlcore_table_options_t options = dlcore_table_options_default())
    {
        dlcore_error_record_t record = {};
        dlcore_table_t *made = nullptr;
        const dlcore_status status =
            dlcore_table_parse(text.data(), text.size(), &options, nullptr, &made, &record);
        to.handle_.reset(made);
        return result(status, record);
    }

    dlcore_table_t *get() const noexcept
    {
        return handle_.get();
    }
    std::size_t rows() const noexcept
    {
        return dlcore_table_row_count(get());
    }
    std::size_t columns() const noexcept
    {
        return dlcore_table_column_count(get());
    }
    std::string name(std::size_t column) const
    {
        const char *text = dlcore_table_column_name(get(), column);
        return text != nullptr ? text : "";
    }
    result try_set_kind(const std::string &column, dlcore_column_kind_t kind)
    {
        dlcore_error_record_t record = {};
        const dlcore_status status = dlcore_table_set_kind(get(), column.c_str(), kind, &record);
        return result(status, record);
    }
    result try_split(table_split &to, const std::string &target,
                     dlcore_split_options_t options = dlcore_split_options_default()) const
    {
        dlcore_error_record_t record = {};
        dlcore_table_split_free(to.get());
        *to.get() = {};
        const dlcore_status status =
            dlcore_table_split(get(), target.c_str(), &options, to.get(), &record);
        return result(status, record);
    }

#ifdef DLCORE_HPP_THROWS
    static table load(const std::string &path,
                      dlcore_table_options_t options = dlcore_table_options_default())
    {
        table made(nullptr);
        check(try_load(made, path, options));
        return made;
    }
    static table parse(std::string_view text,
                       dlcore_table_options_t options = dlcore_table_options_default())
    {
        table made(nullptr);
        check(try_parse(made, text, options));
        return made;
    }
    void set_kind(const std::string &column, dlcore_column_kind_t kind)
    {
        check(try_set_kind(column, kind));
    }
    void split(table_split &to, const std::string &target,
               dlcore_split_options_t options = dlcore_split_options_default()) const
    {
        check(try_split(to, target, options));
    }
#endif

  private:
    handle<dlcore_table_t, dlcore_table_free> handle_;
};

// How columns become numbers. Rows: nullptr for all.
class schema
{
  public:
    explicit schema(std::nullptr_t) noexcept {}
    static result try_fit(schema &to, const table &of, const dlcore_schema_options_t &options,
                          const dlcore_table_rows_t *rows = nullptr)
    {
        dlcore_error_record_t record = {};
        dlcore_schema_t *made = nullptr;
        const dlcore_status status = dlcore_schema_fit(of.get(), rows, &options, &made, &record);
        to.handle_.reset(made);
        return result(status, record);
    }
    // y: nullptr where labels are not wanted.
    result try_apply(const table &of, tensor &x, tensor *y,
                     const dlcore_table_rows_t *rows = nullptr) const
    {
        dlcore_error_record_t record = {};
        dlcore_tensor_t *made_x = nullptr, *made_y = nullptr;
        const dlcore_status status = dlcore_schema_apply(get(), of.get(), rows, &made_x,
                                                         y != nullptr ? &made_y : nullptr, &record);
        x = tensor::adopt(made_x);
        if (y != nullptr)
            *y = tensor::adopt(made_y);
        return result(status, record);
    }
    // The same, x sparse.
    result try_apply_sparse(const table &of, tensor &x, tensor *y,
                            const dlcore_table_rows_t *rows = nullptr) const
    {
        dlcore_error_record_t record = {};
        dlcore_tensor_t *made_x = nullptr, *made_y = nullptr;
        const dlcore_status status = dlcore_schema_apply_sparse(
            get(), of.get(), rows, &made_x, y != nullptr ? &made_y : nullptr, &record);
        x = tensor::adopt(made_x);
        if (y != nullptr)
            *y = tensor::adopt(made_y);
        return result(status, record);
    }

    dlcore_schema_t *get() const noexcept
    {
        return handle_.get();
    }
    std::size_t features() const noexcept
    {
        return dlcore_schema_feature_count(get());
    }
    std::size_t classes() const noexcept
    {
        return dlcore_schema_class_count(get());
    }
    // A table for each feature that is an index; the first layer of a model, added while the schema
    // lives.
    dlcore_layer_t embedding() const noexcept
    {
        return dlcore_schema_embedding(get());
    }
    // Gives a model a copy, which its files keep.
    result try_set(model &to) const
    {
        const dlcore_status status = dlcore_model_set_schema(to.get(), get());
        return result(status, dlcore_model_error(to.get()));
    }

#ifdef DLCORE_HPP_THROWS
    schema(const table &of, const dlcore_schema_options_t &options,
           const dlcore_table_rows_t *rows = nullptr)
    {
        check(try_fit(*this, of, options, rows));
    }
    void apply(const table &of, tensor &x, tensor &y,
               const dlcore_table_rows_t *rows = nullptr) const
    {
        check(try_apply(of, x, &y, rows));
    }
    void apply_sparse(const table &of, tensor &x, tensor &y,
                      const dlcore_table_rows_t *rows = nullptr) const
    {
        check(try_apply_sparse(of, x, &y, rows));
    }
    void set(model &to) const
    {
        check(try_set(to));
    }
#endif

  private:
    handle<dlcore_schema_t, dlcore_schema_free> handle_;
};

// A column's name and a value of it; nullptr is missing.
struct named_value {
    const char *name;
    const char *value;
};

// What a model with a schema says of one row.
inline result try_answer(const model &of, view<const named_value> row, dlcore_answer_t &to)
{
    std::vector<const char *> names, values;
    dlcore_error_record_t record = {};
    for (const named_value &each : row) {
        names.push_back(each.name);
        values.push_back(each.value);
    }
    const dlcore_status status =
        dlcore_model_predict_row(of.get(), names.data(), values.data(), row.size(), &to, &record);
    return result(status, record);
}
// And of rows of a table, one answer each.
inline result try_answers(const model &of, const table &rows, std::vector<dlcore_answer_t> &to,
                          const dlcore_table_rows_t *some = nullptr)
{
    dlcore_error_record_t record = {};
    to.assign(some != nullptr ? some->count : rows.rows(), dlcore_answer_t{});
    const dlcore_status status =
        dlcore_model_predict_table(of.get(), rows.get(), some, to.data(), nullptr, &record);
    return result(status, record);
}

#ifdef DLCORE_HPP_THROWS
inline dlcore_answer_t answer(const model &of, view<const named_value> row)
{
    dlcore_answer_t found = {};
    check(try_answer(of, row, found));
    return found;
}
inline std::vector<dlcore_answer_t> answers(const model &of, const table &rows,
                                            const dlcore_table_rows_t *some = nullptr)
{
    std::vector<dlcore_answer_t> found;
    check(try_answers(of, rows, found, some));
    return found;
}
#endif

} // namespace dlcore

#endif
