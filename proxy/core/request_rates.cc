#include "proxy/core/request_rates.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>

#include "sspi_shim/protocol/crypto/random.h"

namespace stead::proxy {
namespace {

std::uint64_t random_word() {
  std::uint64_t out = 0;
  random_bytes({reinterpret_cast<std::uint8_t*>(&out), sizeof out});
  return out;
}

// The finalizer of SplitMix64.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

}  // namespace

RequestRates::RequestRates() : seed_{random_word(), random_word()} {}

std::size_t RequestRates::set_of(const AddressKey& client) const {
  std::uint64_t words[2];
  std::memcpy(words, client.data(), sizeof words);
  return mixed(mixed(words[0] ^ seed_[0]) ^ words[1] ^ seed_[1]) % kSets;
}

RequestRates::Verdict RequestRates::take(const AddressKey& client, Limit limit, Clock::time_point now) {
  std::call_once(made_, [this] { sets_.resize(kSets); });
  const std::size_t number = set_of(client);
  const std::lock_guard lock(locks_[number % locks_.size()]);
  Set& set = sets_[number];
  const auto full = static_cast<float>(limit.burst);
  auto* place = std::find_if(set.begin(), set.end(), [&](const Place& each) {
    return each.client == client && each.last != Clock::time_point{};
  });
  if (place == set.end()) {
    place = std::min_element(set.begin(), set.end(), [](const Place& a, const Place& b) { return a.last < b.last; });
    *place = {.client = client, .last = now, .left = full, .refusing = false};
  }
  const std::chrono::duration<float> since = std::max(now - place->last, Clock::duration(0));
  const auto rate = static_cast<float>(limit.per_second);
  place->left = std::min(full, place->left + since.count() * rate);
  place->last = std::max(now, place->last);
  if (place->left >= full) place->refusing = false;
  if (place->left >= 1) {
    place->left -= 1;
    return {};
  }
  const auto wait = static_cast<std::int64_t>(std::ceil((1 - place->left) / rate));
  const bool first = !place->refusing;
  place->refusing = true;
  return {.allowed = false, .wait = std::chrono::seconds(std::max<std::int64_t>(wait, 1)), .first = first};
}

}  // namespace stead::proxy
