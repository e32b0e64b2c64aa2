#pragma once
// The password changes seen so far, so that a captured one cannot set an old password again.
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "sspi_shim/protocol/types/types.h"

namespace stead::kdc {

// Requests by their authenticators. A request that is repeated byte for byte, because its reply was lost or late, gets
// the same reply. An entry is kept for as long as its authenticator's time would be accepted. Thread-safe.
class SeenRequests {
 public:
  struct Earlier {
    bool same_request = false;  // false: another request with the same authenticator
    Buffer reply;               // empty: the earlier request is still being handled
  };

  // Records the authenticator if it is new, and returns nothing; else what is known of the earlier request.
  std::optional<Earlier> claim(Bytes authenticator, Bytes request, Time now);
  // Keeps the reply for repetitions.
  void answered(Bytes authenticator, const Buffer& reply);

 private:
  using Digest = std::array<std::uint8_t, 32>;
  struct Entry {
    Time until;
    Digest request;
    Buffer reply;
  };
  static Digest digest_of(Bytes bytes);

  std::mutex mutex_;
  std::map<Digest, Entry> seen_;
  std::deque<std::map<Digest, Entry>::iterator> by_age_;  // the oldest is at the front
};

}  // namespace stead::kdc
