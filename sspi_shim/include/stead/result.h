#pragma once
// The result of a function that may fail: a value or an error code. Calls to KDCs return Outcome (stead/s4u.h) instead.
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#ifndef STEAD_RESULT_DEFINED
#define STEAD_RESULT_DEFINED
namespace stead {
template <class T>
using Result = boost::system::result<T>;
using Error = boost::system::error_code;
}  // namespace stead
#endif
