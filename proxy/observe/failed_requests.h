#pragma once
// The requests of one core that failed lately, and why: for `stead-proxy why` and /status. Used on the core's own thread,
// without a lock. Without tokens, tickets, cookies, passwords and queries, as the logs.
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/request_view.h"

namespace stead::proxy {

struct FailedRequest {
  std::chrono::system_clock::time_point at;
  std::string request_id{}, address{}, method{}, host{}, path{}, route{}, spn{}, upstream{}, user{}, sign_in{};
  int status = 0;
  std::string why{};      // a sentence, as the access log has it, with its fix
  RefusalNote refusal{};  // of sign-in; its event is empty if there was none
};

class FailedRequests {
 public:
  static constexpr std::size_t kKept = 256;          // of each kind
  static constexpr std::size_t kMaxText = 512;       // octets of a text
  static constexpr std::size_t kMaxSentence = 2048;  // of a reason, which ends with its fix
  // Those that a stranger can cause at will do not take the place of the others.
  enum class Kind { diagnosed, refused_sign_in, other };

  // Cuts long texts; "..." ends one that was cut.
  void add(Kind kind, FailedRequest request);
  // Null: not among the last ones of its kind.
  [[nodiscard]] const FailedRequest* find(std::string_view request_id) const;
  // The newest first.
  [[nodiscard]] std::vector<FailedRequest> last(Kind kind) const;

 private:
  struct Ring {
    std::vector<FailedRequest> kept;
    std::size_t next = 0;  // once it is full: the oldest
  };
  std::array<Ring, 3> rings_;
};

}  // namespace stead::proxy
