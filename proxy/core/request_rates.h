#pragma once
// How many requests each client sends, counted over all cores: a token bucket for each address.
//
// The table has a fixed size. An address has eight places, chosen by a hash that nobody outside knows; the one that was
// used longest ago goes for a new one. So an address is forgotten only if tens of thousands of others come between two
// of its requests: one that sends many is not.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "proxy/core/address_key.h"

namespace stead::proxy {

class RequestRates {
 public:
  using Clock = std::chrono::steady_clock;
  struct Limit {
    std::uint32_t per_second = 0, burst = 0;  // burst: requests that may come at once; at least 1
  };
  struct Verdict {
    bool allowed = true;
    std::chrono::seconds wait{0};  // until the next one may come
    bool first = false;            // the first refusal since the address was within the limit
  };

  RequestRates();
  RequestRates(const RequestRates&) = delete;
  RequestRates& operator=(const RequestRates&) = delete;
  // Counts one request. Thread-safe.
  [[nodiscard]] Verdict take(const AddressKey& client, Limit limit, Clock::time_point now);

  static constexpr std::size_t kSets = 8192, kPlaces = 8;  // 2 MiB, made at the first request that is counted

 private:
  struct Place {
    AddressKey client{};
    Clock::time_point last{};  // the zero value: the place is free
    float left = 0;            // requests that may come now
    bool refusing = false;
  };
  using Set = std::array<Place, kPlaces>;
  [[nodiscard]] std::size_t set_of(const AddressKey& client) const;

  const std::uint64_t seed_[2];
  std::once_flag made_;
  std::vector<Set> sets_;
  std::array<std::mutex, 64> locks_;  // each for every 64th set
};

}  // namespace stead::proxy
