#include "sspi_shim/client/cache/cache_events.h"

#include <functional>
#include <string>
#include <utility>

namespace stead {

void CacheEvents::report(EventKind kind, const std::string& user, const std::string& service,
                         std::string reason) const {
  if (!handler_) return;
  Event event;
  event.kind = kind;
  event.user = user;
  event.service = service;
  event.reason = std::move(reason);
  handler_(event);
}

std::function<void(FetchRole)> CacheEvents::role_reporter(std::string user, std::string service) const {
  if (!handler_) return {};
  return [events = *this, user = std::move(user), service = std::move(service)](FetchRole role) {
    events.report(role == FetchRole::started ? EventKind::cache_miss : EventKind::cache_join, user, service);
  };
}

}  // namespace stead
