// How calls went: results, and exceptions that carry a status and a message.
//
// SPDX-License-Identifier: MIT
#ifndef DLCORE_CPP_RESULT_HPP
#define DLCORE_CPP_RESULT_HPP

#ifndef DLCORE_NO_SHORT_NAMES
#    define DLCORE_NO_SHORT_NAMES
#endif
#include <dlcore.h>

#include <stdexcept>
#include <string>

#if defined(__cpp_exceptions)
#    define DLCORE_HPP_THROWS 1
#endif

namespace dlcore
{

// How a call went. True: well.
class result
{
  public:
    result() = default;
    result(dlcore_status status, const char *message)
        : status_(status),
          message_(status == DLCORE_OK                      ? ""
                   : message != nullptr && *message != '\0' ? message
                                                            : dlcore_status_string(status))
    {
    }
    result(dlcore_status status, const dlcore_error_record_t &record)
        : result(status, record.message)
    {
    }

    explicit operator bool() const noexcept
    {
        return status_ == DLCORE_OK;
    }
    dlcore_status status() const noexcept
    {
        return status_;
    }
    const std::string &message() const noexcept
    {
        return message_;
    }

  private:
    dlcore_status status_ = DLCORE_OK;
    std::string message_;
};

#ifdef DLCORE_HPP_THROWS
class error : public std::runtime_error
{
  public:
    explicit error(const result &result)
        : std::runtime_error(result.message()), status_(result.status())
    {
    }
    dlcore_status status() const noexcept
    {
        return status_;
    }

  private:
    dlcore_status status_;
};

// Throws where the call failed.
inline void check(const result &result)
{
    if (!result)
        throw error(result);
}
#endif

} // namespace dlcore

#endif
