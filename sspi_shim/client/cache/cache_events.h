#pragma once
// The cache's events of stead/s4u.h. Thread-safe as far as the application's handler is.
#include <functional>
#include <string>
#include <utility>

#include "sspi_shim/client/cache/fetch_once.h"
#include "stead/s4u.h"

namespace stead {

class CacheEvents {
 public:
  explicit CacheEvents(std::function<void(const Event&)> handler) : handler_(std::move(handler)) {}

  // False: no event is reported, so their texts need not be made.
  [[nodiscard]] bool enabled() const { return static_cast<bool>(handler_); }
  void report(EventKind kind, const std::string& user, const std::string& service, std::string reason = {}) const;
  // Reports a cache_miss or a cache_join when the fetch says which it is. Empty if not enabled.
  [[nodiscard]] std::function<void(FetchRole)> role_reporter(std::string user, std::string service) const;

 private:
  std::function<void(const Event&)> handler_;
};

}  // namespace stead
