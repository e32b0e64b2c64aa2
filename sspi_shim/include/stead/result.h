#pragma once
// The result of a function that may fail: a value or an error code. Calls to KDCs return Outcome (stead/s4u.h) instead.
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <boost/version.hpp>

// stead/boost_version.h is in the installation only. STEAD_BOOST_VERSION has the form of BOOST_VERSION, and is the
// version of Boost that the library was built with.
#if __has_include("stead/boost_version.h")
#include "stead/boost_version.h"
// Asio's objects are compiled into the application and into the library, so the major and minor version must be the
// same.
#if BOOST_VERSION / 100 != STEAD_BOOST_VERSION / 100
#error "libstead was built with another version of Boost: see STEAD_BOOST_VERSION in stead/boost_version.h"
#endif
#endif

#ifndef STEAD_RESULT_DEFINED
#define STEAD_RESULT_DEFINED
namespace stead {
template <class T>
using Result = boost::system::result<T>;
using Error = boost::system::error_code;
}  // namespace stead
#endif
