#pragma once
// What the replicas of the proxy tell each other through a Redis server: sign-outs, failed passwords, used tokens, and
// the tickets of sessions. A thread of its own talks to Redis, so that no event loop waits for it.
//
// An announcement is kept in a sorted set by its end, for replicas that start or come back later, and published at once
// to those that are there. Everything is sealed with the session keys (session_keys.h): Redis learns nothing, and whoever
// writes to it cannot make a proxy believe anything. They can only suppress announcements.
//
// Without Redis each replica goes on by itself. Announcements that could not be sent wait for its return, up to
// kMaxUnsent; get() finds nothing, and is_first() does not know of other replicas.
//
//   PREFIX:signed-out, PREFIX:failed-passwords   sorted sets: announcements by their end
//   PREFIX:announcements                         channel: "TOPIC ANNOUNCEMENT"
//   PREFIX:ticket:NAME                           a session's ticket
//   PREFIX:token:NAME                            a token that was used
//   PREFIX:filled                                is there unless the server lost everything
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/sessions/session_keys.h"
#include "proxy/shared/announcement.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

// Null without TLS. Reads the CA: blocking.
[[nodiscard]] Checked<std::shared_ptr<boost::asio::ssl::context>> shared_tls(const SharedSettings& settings);

class SharedState {
 public:
  static constexpr std::size_t kMaxUnsent = 10'000;
  struct Topics {
    // Called for what other replicas announce, each announcement once, on a thread of this object.
    std::function<void(SharedTopic topic, const Announcement& announcement)> take;
    // What this replica knows, for a server that lost everything. On the same thread.
    std::function<std::vector<Announcement>(SharedTopic topic)> known;
  };
  // Does not wait for the server. `tls`: of shared_tls().
  SharedState(const SharedSettings& settings, SessionKeys keys, Topics topics,
              std::shared_ptr<boost::asio::ssl::context> tls);
  SharedState(const SharedState&) = delete;
  SharedState& operator=(const SharedState&) = delete;
  ~SharedState();

  // All of these may be called on any thread.
  [[nodiscard]] bool is_up() const;
  void announce(SharedTopic topic, Announcement announcement);
  // False if a replica had this token before, within `life`. True also if the server does not answer in 300 ms.
  [[nodiscard]] boost::asio::awaitable<bool> is_first(Bytes token, std::chrono::seconds life);
  // `name`: identifies the value; a value opens under its name only.
  void put(std::string name, Bytes value, std::chrono::seconds life);
  // Nothing: there is no such value, or the server does not answer in 300 ms.
  [[nodiscard]] boost::asio::awaitable<std::optional<Buffer>> get(std::string name);
  void erase(std::string name);

 private:
  class Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace stead::proxy
