#pragma once
// The three LDAP messages of a netlogon ping (RFC 4511): SearchRequest, SearchResultEntry, SearchResultDone, over UDP
// (CLDAP, RFC 1798). Reads every definite BER form of a length, writes minimal ones.
#include <cstdint>
#include <string>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead {

struct EqualityMatch {
  std::string attribute;
  Buffer value;
  friend bool operator==(const EqualityMatch&, const EqualityMatch&) = default;
};

// A search of the root object; the filter is an AND of equality matches, or one of them alone.
struct PingSearch {
  std::int32_t message_id = 0;
  std::vector<EqualityMatch> filter;
  std::vector<std::string> attributes;  // "Netlogon", in any case
  friend bool operator==(const PingSearch&, const PingSearch&) = default;
};
[[nodiscard]] Result<PingSearch> decode_ping_search(Bytes datagram);
[[nodiscard]] Buffer encode(const PingSearch& value);

// SearchResultEntry, if there is one, and SearchResultDone in one datagram. Without the attribute (`netlogon` is empty)
// a success means that this DC does not host the domain.
struct PingReply {
  std::int32_t message_id = 0;
  std::int32_t result_code = 0;
  Buffer netlogon;
  friend bool operator==(const PingReply&, const PingReply&) = default;
};
// Also accepts a datagram with the entry alone, or with SearchResultDone alone.
[[nodiscard]] Result<PingReply> decode_ping_reply(Bytes datagram);
[[nodiscard]] Buffer encode(const PingReply& value);

}  // namespace stead
