#pragma once
// The password changes seen so far, so that a captured one cannot set an old password again.
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "sspi_shim/protocol/types/types.h"

namespace stead::kdc {

// Requests by their authenticators. A request that is repeated byte for byte, because its reply was lost or late, gets
// the same reply. An entry is kept for as long as its authenticator's time would be accepted, so their number is limited:
// for each caller, and in all. Beyond it a request is refused, not accepted unseen. Thread-safe.
class SeenRequests {
 public:
  static constexpr std::size_t kMaxOfCaller = 1000, kMaxEntries = 100'000;

  struct Earlier {
    enum class Kind { same_request, other_request, no_room } kind = Kind::other_request;
    Buffer reply;  // to the same request; empty: it is still being handled
  };

  // Records the authenticator if it is new, and returns nothing; else why it may not be accepted. `caller`: the client's
  // name.
  std::optional<Earlier> claim(Bytes authenticator, Bytes request, const std::string& caller, Time now);
  // Keeps the reply for repetitions.
  void answered(Bytes authenticator, const Buffer& reply);

 private:
  using Digest = std::array<std::uint8_t, 32>;
  struct Entry {
    Time until;
    Digest request;
    Buffer reply;
    std::map<std::string, std::size_t>::iterator caller;  // in `of_caller_`
  };
  void forget_before(Time now);
  static Digest digest_of(Bytes bytes);

  std::mutex mutex_;
  std::map<std::string, std::size_t> of_caller_;  // the number of entries
  std::map<Digest, Entry> seen_;
  std::deque<std::map<Digest, Entry>::iterator> by_age_;  // the oldest is at the front
};

}  // namespace stead::kdc
