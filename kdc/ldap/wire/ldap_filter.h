#pragma once
// The filter of an LDAP search (RFC 4511 §4.5.1.7).
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/der/der_reader.h"
#include "sspi_shim/protocol/der/der_writer.h"

namespace stead::kdc {

// The limits of a filter, so that evaluating one for an entry stays cheap.
constexpr int kMaxFilterDepth = 16;
constexpr std::size_t kMaxFilterTerms = 512;  // in all of a filter, with the parts of substrings

struct Filter {
  // The numbers are those of the context-specific tags.
  enum class Kind {
    all = 0,  // and
    any = 1,  // or
    negation = 2,
    equality = 3,
    substrings = 4,
    greater_or_equal = 5,
    less_or_equal = 6,
    present = 7,
    approximate = 8,
    extensible = 9,
  };
  Kind kind = Kind::present;
  std::string attribute;      // not of all, any, negation; may be empty in an extensible match
  Buffer value;               // what is asserted; not of all, any, negation, substrings, present
  std::vector<Filter> parts;  // of all, any, and the one of negation
  // Of substrings; at least one of the three has a value.
  std::optional<Buffer> initial, final;
  std::vector<Buffer> middle;
  // Of extensible.
  std::string rule;  // an OID; may be empty
  bool dn_attributes = false;
  friend bool operator==(const Filter&, const Filter&) = default;
};

// With the filters in it.
[[nodiscard]] std::size_t count_terms(const Filter& filter);

// Fails the reader with too_deep, too_large, or bad_value for substrings that are empty or out of order.
[[nodiscard]] Filter read_filter(der::Reader& r);
void write(der::Writer& w, const Filter& value);

}  // namespace stead::kdc
