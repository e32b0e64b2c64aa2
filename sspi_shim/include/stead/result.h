#pragma once
// Result and Error, as every call of the SDK returns them.
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
