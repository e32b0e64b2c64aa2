#pragma once
// Why the proxy did not start.
#include <boost/system/result.hpp>
#include <stdexcept>
#include <utility>

#include "sspi_shim/base/problem.h"

namespace stead::proxy {

struct StartFailure {
  static constexpr int kSystem = 1, kConfiguration = 2;  // exit statuses
  int status = kConfiguration;
  Problem problem;

  StartFailure() = default;
  StartFailure(Problem why) : problem(std::move(why)) {}  // NOLINT(google-explicit-constructor): of the configuration
  StartFailure(int exit_status, Problem why) : status(exit_status), problem(std::move(why)) {}
};

template <class T>
using Started = boost::system::result<T, StartFailure>;

// For boost::system::result: value() was called on a failure.
[[noreturn]] inline void throw_exception_from_error(const StartFailure& failure, const boost::source_location&) {
  throw std::runtime_error(to_string(failure.problem));
}

}  // namespace stead::proxy
