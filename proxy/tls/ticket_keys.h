#pragma once
// The keys of TLS session tickets (RFC 5077, RFC 8446 §4.6.1). Whoever has a ticket's key can read a recording of a TLS 1.2
// session that was resumed with it, so keys live for a short time and never reach a disk, unless several replicas are to
// know each other's tickets.
#include <openssl/types.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

// Thread-safe, with one lock: a handshake costs far more.
class TicketKeys {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kNameSize = 16;
  static constexpr std::chrono::hours kRotation{1};    // a key makes tickets for so long
  static constexpr std::chrono::hours kTicketLife{2};  // and a ticket is good for so long
  static constexpr std::size_t kFileKeySize = 32, kMaxFileKeys = 16;

  // A name (16 octets), a key of AES-256 and one of HMAC-SHA256.
  using Key = SecretBuffer;
  struct Found {
    Key key;
    bool is_newest;
  };

  TicketKeys() = default;  // of this process: random, and replaced as time goes by
  // 32 random octets for each key, at most 16: the first makes tickets, all of them open tickets. `where`: for a Problem.
  // Blocking.
  [[nodiscard]] static Checked<std::shared_ptr<TicketKeys>> read(const std::string& path, const std::string& where);

  [[nodiscard]] Key newest(Clock::time_point now);
  [[nodiscard]] std::optional<Found> find(Bytes name, Clock::time_point now);

 private:
  void rotate(Clock::time_point now);

  std::mutex mutex_;
  std::deque<Key> keys_;  // the newest first
  bool from_file_ = false;
  Clock::time_point next_rotation_ = Clock::time_point::min();
};

// For SSL_CTX_set_tlsext_ticket_key_evp_cb, whose contract this is: prepares `cipher` and `mac` by the newest key, or by
// the one that `name` names.
enum class TicketUse { open, make };
[[nodiscard]] int prepare_ticket(TicketKeys& keys, TicketUse use, unsigned char* name, unsigned char* iv,
                                 EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac);

}  // namespace stead::proxy
