#include "kdc/ldap/wire/ldap_filter.h"

#include <cstdint>
#include <string>
#include <utility>

namespace stead::kdc {
namespace {

constexpr std::uint8_t kPresent = der::context_primitive(7), kInitial = der::context_primitive(0),
                       kAny = der::context_primitive(1), kFinal = der::context_primitive(2);
constexpr std::uint8_t kRule = der::context_primitive(1), kType = der::context_primitive(2),
                       kMatchValue = der::context_primitive(3), kDnAttributes = der::context_primitive(4);

class FilterReader {
 public:
  Filter read(der::Reader& r, int depth) {
    Filter out;
    if (depth > kMaxFilterDepth) r.fail(WireErrc::too_deep);
    if (++terms_ > kMaxFilterTerms) r.fail(WireErrc::too_large);
    const std::uint8_t tag = r.peek();
    const int number = tag & 0x1f;
    if (r.failed() || tag < 0x80 || number > 9) return r.fail(WireErrc::bad_tag), out;
    out.kind = static_cast<Filter::Kind>(number);
    if (out.kind == Filter::Kind::present) {
      out.attribute = as_text(r.raw(kPresent));
      return out;
    }
    r.element(der::context(number), [&](der::Reader& body) { read_body(body, out, depth); });
    return out;
  }

 private:
  void read_body(der::Reader& r, Filter& out, int depth) {
    switch (out.kind) {
      case Filter::Kind::all:
      case Filter::Kind::any:
        while (!r.at_end()) out.parts.push_back(read(r, depth + 1));
        return;
      case Filter::Kind::negation:
        out.parts.push_back(read(r, depth + 1));
        return;
      case Filter::Kind::substrings:
        out.attribute = as_text(r.octet_string());
        return r.sequence([&](der::Reader& parts) { read_substrings(parts, out); });
      case Filter::Kind::extensible:
        return read_extensible(r, out);
      default:
        out.attribute = as_text(r.octet_string());
        out.value = to_buffer(r.octet_string());
    }
  }

  void read_substrings(der::Reader& r, Filter& out) {
    if (r.at_end()) r.fail(WireErrc::bad_value);
    while (!r.at_end()) {
      if (++terms_ > kMaxFilterTerms) return r.fail(WireErrc::too_large);
      const bool is_first = !out.initial && out.middle.empty();
      if (out.final) return r.fail(WireErrc::bad_value);
      if (r.peek() == kInitial) {
        if (!is_first) return r.fail(WireErrc::bad_value);
        out.initial = to_buffer(r.raw(kInitial));
      } else if (r.peek() == kAny) {
        out.middle.push_back(to_buffer(r.raw(kAny)));
      } else {
        out.final = to_buffer(r.raw(kFinal));
      }
    }
  }

  static void read_extensible(der::Reader& r, Filter& out) {
    if (r.peek() == kRule) out.rule = as_text(r.raw(kRule));
    if (r.peek() == kType) out.attribute = as_text(r.raw(kType));
    out.value = to_buffer(r.raw(kMatchValue));
    if (r.peek() != kDnAttributes) return;
    const Bytes flag = r.raw(kDnAttributes);
    if (flag.size() != 1) return r.fail(WireErrc::bad_value);
    out.dn_attributes = flag[0] != 0;
  }

  std::size_t terms_ = 0;
};

void write_body(der::Writer& w, const Filter& value) {
  switch (value.kind) {
    case Filter::Kind::all:
    case Filter::Kind::any:
    case Filter::Kind::negation:
      for (const Filter& part : value.parts) write(w, part);
      return;
    case Filter::Kind::substrings:
      w.octet_string(as_bytes(value.attribute));
      return w.sequence([&](der::Writer& parts) {
        if (value.initial) parts.raw(kInitial, *value.initial);
        for (const Buffer& middle : value.middle) parts.raw(kAny, middle);
        if (value.final) parts.raw(kFinal, *value.final);
      });
    case Filter::Kind::extensible: {
      if (!value.rule.empty()) w.raw(kRule, as_bytes(value.rule));
      if (!value.attribute.empty()) w.raw(kType, as_bytes(value.attribute));
      w.raw(kMatchValue, value.value);
      const std::uint8_t yes = 0xff;
      if (value.dn_attributes) w.raw(kDnAttributes, {&yes, 1});
      return;
    }
    default:
      w.octet_string(as_bytes(value.attribute));
      w.octet_string(value.value);
  }
}

}  // namespace

std::size_t count_terms(const Filter& filter) {
  std::size_t out = 1 + filter.middle.size();
  for (const Filter& part : filter.parts) out += count_terms(part);
  return out;
}

Filter read_filter(der::Reader& r) {
  return FilterReader().read(r, 1);
}

void write(der::Writer& w, const Filter& value) {
  if (value.kind == Filter::Kind::present) return w.raw(kPresent, as_bytes(value.attribute));
  w.element(der::context(static_cast<int>(value.kind)), [&](der::Writer& body) { write_body(body, value); });
}

}  // namespace stead::kdc
