#pragma once
// The completion handler of coroutines that must not end by an exception: says in the log what ended, and by which.
#include <exception>
#include <string_view>

namespace stead::proxy {

struct LogException {
  std::string_view what;  // a literal: "a connection"
  void operator()(const std::exception_ptr& problem) const;
};
constexpr LogException log_exception{"a connection"};

}  // namespace stead::proxy
