#include "proxy/observe/log_exception.h"

#include <spdlog/spdlog.h>

#include <exception>

namespace stead::proxy {

void LogException::operator()(const std::exception_ptr& problem) const {
  if (!problem) return;
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& error) {
    spdlog::error("{} ended by an exception: {}", what, error.what());
  } catch (...) {
    spdlog::error("{} ended by an exception", what);
  }
}

}  // namespace stead::proxy
