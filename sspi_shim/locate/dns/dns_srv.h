#pragma once
// SRV records: read from a DNS message, and put in the order of RFC 2782. No I/O.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead {

struct SrvRecord {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;     // without the final dot
  std::uint32_t ttl = 0;  // seconds
  friend bool operator==(const SrvRecord&, const SrvRecord&) = default;
};

// The SRV records of an answer, in its order. Leaves out the target ".": the service is not offered.
[[nodiscard]] Result<std::vector<SrvRecord>> decode_srv_answer(Bytes message);

// Lowest priority first; drawn by weight within one priority. `draw(n)` returns a random number from 0 to n inclusive.
[[nodiscard]] std::vector<SrvRecord> in_srv_order(std::vector<SrvRecord> records,
                                                  const std::function<std::uint32_t(std::uint32_t)>& draw);

}  // namespace stead
