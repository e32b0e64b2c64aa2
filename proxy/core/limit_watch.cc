#include "proxy/core/limit_watch.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstddef>
#include <string_view>

namespace stead::proxy {
namespace {

constexpr std::chrono::seconds kQuiet{10};

std::string_view advice(Limit limit) {
  switch (limit) {
    case Limit::connections:
      return "[limits] connections";
    case Limit::connections_per_address:
      return "[limits] connections_per_address";
    case Limit::descriptors:
      break;
  }
  return "LimitNOFILE of the service, ulimit -n";
}

}  // namespace

std::string_view to_string(Limit limit) {
  switch (limit) {
    case Limit::connections:
      return "connections";
    case Limit::connections_per_address:
      return "connections_per_address";
    case Limit::descriptors:
      break;
  }
  return "descriptors";
}

void LimitWatch::reached(Limit limit, Then then, Clock::time_point now) {
  const auto index = static_cast<std::size_t>(limit);
  counts_[index].add();
  // One address at its limit is that client's matter.
  if (then == Then::refused && limit != Limit::connections_per_address)
    refused_until_ = (now + kQuiet).time_since_epoch().count();
  if (told_[index] != Clock::time_point() && now - told_[index] < kQuiet) return;
  told_[index] = now;
  spdlog::warn("the limit of {} is reached, and {}; {} sets it", to_string(limit),
               then == Then::refused ? "clients are refused" : "connections that wait are closed for new ones",
               advice(limit));
}

bool LimitWatch::refuses(Clock::time_point now) const {
  return now.time_since_epoch().count() < refused_until_;
}

}  // namespace stead::proxy
