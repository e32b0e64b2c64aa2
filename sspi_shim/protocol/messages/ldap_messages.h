#pragma once
// The three LDAP messages of a netlogon ping (RFC 4511): SearchRequest, SearchResultEntry, SearchResultDone, over UDP
// (CLDAP, RFC 1798). Any definite BER length form is read; minimal ones are written.
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

// A search of the root with a filter that is an AND of equality matches (or one alone), which is all a ping is.
struct PingSearch {
  std::int32_t message_id = 0;
  std::vector<EqualityMatch> filter;
  std::vector<std::string> attributes;  // "Netlogon" in any case of letters
  friend bool operator==(const PingSearch&, const PingSearch&) = default;
};
[[nodiscard]] Result<PingSearch> decode_ping_search(Bytes datagram);
[[nodiscard]] Buffer encode(const PingSearch& value);

// SearchResultEntry (where there is one) and SearchResultDone in one datagram. `netlogon` empty: success without
// attribute, "this DC does not host that domain".
struct PingReply {
  std::int32_t message_id = 0;
  std::int32_t result_code = 0;
  Buffer netlogon;
  friend bool operator==(const PingReply&, const PingReply&) = default;
};
// A datagram with an entry alone is taken as well, as is one with done alone.
[[nodiscard]] Result<PingReply> decode_ping_reply(Bytes datagram);
[[nodiscard]] Buffer encode(const PingReply& value);

}  // namespace stead
