#include "sspi_shim/protocol/messages/ldap_messages.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/der/der_reader.h"
#include "sspi_shim/protocol/der/der_writer.h"

namespace stead {
namespace {

constexpr std::uint8_t kSearchRequest = der::application(3), kSearchResultEntry = der::application(4),
                       kSearchResultDone = der::application(5);
constexpr std::uint8_t kAnd = der::context(0), kEqualityMatch = der::context(3);
constexpr std::size_t kMaxTerms = 32, kMaxAttributes = 64;
constexpr std::string_view kNetlogon = "netlogon";  // as DCs spell it: some decoders compare case

std::string read_text(der::Reader& r) {
  return std::string(as_text(r.octet_string()));
}

EqualityMatch read_equality_match(der::Reader& r) {
  EqualityMatch out;
  if (r.peek() != 0 && r.peek() != kEqualityMatch) r.fail(WireErrc::unsupported);
  r.element(kEqualityMatch, [&](der::Reader& term) {
    out.attribute = read_text(term);
    out.value = to_buffer(term.octet_string());
  });
  return out;
}

void write(der::Writer& w, const EqualityMatch& value) {
  w.element(kEqualityMatch, [&](der::Writer& term) {
    term.octet_string(as_bytes(value.attribute));
    term.octet_string(value.value);
  });
}

// One LDAPMessage around its operation; controls are skipped.
template <class Body>
void read_message(der::Reader& r, Body&& operation) {
  r.sequence([&](der::Reader& message) {
    operation(message);
    message.skip_rest();
  });
}

}  // namespace

Result<PingSearch> decode_ping_search(Bytes datagram) {
  PingSearch out;
  der::Reader in(datagram, der::Rules::ber);
  read_message(in, [&](der::Reader& message) {
    out.message_id = message.int32();
    if (message.peek() != 0 && message.peek() != kSearchRequest) message.fail(WireErrc::unsupported);
    message.element(kSearchRequest, [&](der::Reader& search) {
      const bool root = search.octet_string().empty();
      const bool base = search.enumerated() == 0;
      if (!search.failed() && (!root || !base)) return search.fail(WireErrc::unsupported);
      search.enumerated();  // derefAliases
      search.int32();       // sizeLimit
      search.int32();       // timeLimit
      search.boolean();     // typesOnly
      if (search.peek() == kAnd) {
        search.element(kAnd, [&](der::Reader& terms) {
          while (!terms.at_end()) {
            if (out.filter.size() == kMaxTerms) return terms.fail(WireErrc::too_large);
            out.filter.push_back(read_equality_match(terms));
          }
        });
      } else {
        out.filter.push_back(read_equality_match(search));
      }
      search.sequence_of([&](der::Reader& item) { out.attributes.push_back(read_text(item)); }, kMaxAttributes);
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const PingSearch& value) {
  der::Writer out;
  out.sequence([&](der::Writer& message) {
    message.int32(value.message_id);
    message.element(kSearchRequest, [&](der::Writer& search) {
      search.octet_string({});
      search.enumerated(0);  // base object
      search.enumerated(0);  // never dereference aliases
      search.int32(0);
      search.int32(0);
      search.boolean(false);
      search.element(kAnd, [&](der::Writer& terms) {
        for (const EqualityMatch& term : value.filter) write(terms, term);
      });
      search.sequence([&](der::Writer& list) {
        for (const std::string& attribute : value.attributes) list.octet_string(as_bytes(attribute));
      });
    });
  });
  return std::move(out).finish();
}

Result<PingReply> decode_ping_reply(Bytes datagram) {
  PingReply out;
  bool first = true, done = false;
  der::Reader in(datagram, der::Rules::ber);
  do {
    read_message(in, [&](der::Reader& message) {
      const std::int32_t id = message.int32();
      if (!first && id != out.message_id) return message.fail(WireErrc::bad_value);
      out.message_id = id;
      if (first && message.peek() == kSearchResultEntry) {
        message.element(kSearchResultEntry, [&](der::Reader& entry) {
          entry.octet_string();  // objectName
          entry.sequence_of(
              [&](der::Reader& attribute) {
                attribute.sequence([&](der::Reader& pair) {
                  const bool wanted = equal_ignoring_case(read_text(pair), kNetlogon);
                  pair.element(der::kSet, [&](der::Reader& values) {
                    if (wanted && !values.at_end()) out.netlogon = to_buffer(values.octet_string());
                    values.skip_rest();
                  });
                });
              },
              kMaxAttributes);
        });
      } else if (message.peek() == kSearchResultDone) {
        message.element(kSearchResultDone, [&](der::Reader& result) {
          out.result_code = result.enumerated();
          result.octet_string();  // matchedDN
          result.octet_string();  // diagnosticMessage
          result.skip_rest();     // referral
        });
        done = true;
      } else {
        message.fail(message.peek() == 0 ? WireErrc::bad_tag : WireErrc::unsupported);
      }
    });
    first = false;
  } while (!done && !in.at_end());
  return in.finish(std::move(out));
}

Buffer encode(const PingReply& value) {
  der::Writer out;
  if (!value.netlogon.empty()) {
    out.sequence([&](der::Writer& message) {
      message.int32(value.message_id);
      message.element(kSearchResultEntry, [&](der::Writer& entry) {
        entry.octet_string({});
        entry.sequence([&](der::Writer& list) {
          list.sequence([&](der::Writer& pair) {
            pair.octet_string(as_bytes(kNetlogon));
            pair.element(der::kSet, [&](der::Writer& values) { values.octet_string(value.netlogon); });
          });
        });
      });
    });
  }
  out.sequence([&](der::Writer& message) {
    message.int32(value.message_id);
    message.element(kSearchResultDone, [&](der::Writer& result) {
      result.enumerated(value.result_code);
      result.octet_string({});
      result.octet_string({});
    });
  });
  return std::move(out).finish();
}

}  // namespace stead
