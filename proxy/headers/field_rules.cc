#include "proxy/headers/field_rules.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "proxy/headers/dropped_fields.h"
#include "proxy/http/text_rules.h"
#include "sspi_shim/base/bytes.h"

namespace stead::proxy {
namespace {

char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}
bool folded_starts_with(std::string_view name, std::string_view prefix) {
  if (name.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if (folded(name[i]) != prefix[i]) return false;
  return true;
}

// The patterns of one first letter. The set of lengths lets most names pass without a comparison.
struct FieldClass {
  std::uint64_t lengths = 0;        // bit n: a name of n characters may match
  std::uint8_t begin = 0, end = 0;  // in `patterns`
};
struct Pattern {
  std::string_view name;
  bool is_prefix = false;
};
struct FieldTable {
  std::array<FieldClass, 26> classes{};
  std::array<Pattern, kDroppedFields.size()> patterns{};
  consteval FieldTable() {
    std::uint8_t filled = 0;
    for (std::size_t i = 0; i < classes.size(); ++i) {
      FieldClass& group = classes[i];
      group.begin = filled;
      for (const DroppedField& field : kDroppedFields) {
        if (static_cast<std::size_t>(field.pattern[0] - 'a') != i) continue;
        const bool is_prefix = field.pattern.ends_with('*');
        const std::string_view name = field.pattern.substr(0, field.pattern.size() - (is_prefix ? 1 : 0));
        group.lengths |= is_prefix ? ~((1ULL << name.size()) - 1) : 1ULL << name.size();
        patterns[filled++] = {name, is_prefix};
      }
      group.end = filled;
    }
  }
};
static_assert(kDroppedFields.size() < 256);
constexpr FieldTable kTable;

constexpr std::array<std::string_view, 14> kDroppedFromResponses{
    "te",
    "upgrade",
    "trailer",
    "connection",
    "keep-alive",
    "x-request-id",
    "content-length",
    "persistent-auth",
    "proxy-connection",
    "transfer-encoding",
    "proxy-authenticate",
    "authentication-info",
    "proxy-authorization",
    "proxy-authentication-info",
};

consteval std::uint32_t lengths_dropped_from_responses() {
  std::uint32_t lengths = 0;
  for (const std::string_view name : kDroppedFromResponses) lengths |= 1U << name.size();
  return lengths;
}

}  // namespace

FieldRule request_field_rule(std::string_view name) {
  if (name.empty()) return FieldRule::drop;
  const char first = folded(name.front());
  if (name.size() == 6 && first == 'c' && equal_ignoring_case(name, "cookie")) return FieldRule::cookie;
  if (first < 'a' || first > 'z') return FieldRule::pass;
  const FieldClass& group = kTable.classes[static_cast<std::size_t>(first - 'a')];
  if ((group.lengths >> std::min<std::size_t>(name.size(), 63) & 1) == 0) return FieldRule::pass;
  for (std::size_t i = group.begin; i < group.end; ++i) {
    const Pattern& pattern = kTable.patterns[i];
    if ((pattern.is_prefix || pattern.name.size() == name.size()) && folded_starts_with(name, pattern.name))
      return FieldRule::drop;
  }
  return FieldRule::pass;
}

bool is_dropped_from_response(const Field& field) {
  const std::string_view name = field.name;
  if (name.size() == 10 && equal_ignoring_case(name, "set-cookie"))
    return is_own_cookie(field.value.substr(0, field.value.find_first_of("=;")));
  constexpr std::uint32_t kLengths = lengths_dropped_from_responses();
  if (name.size() >= 32 || (kLengths >> name.size() & 1) == 0) return false;
  return std::any_of(kDroppedFromResponses.begin(), kDroppedFromResponses.end(), [name](std::string_view dropped) {
    return name.size() == dropped.size() && equal_ignoring_case(name, dropped);
  });
}

bool is_own_cookie(std::string_view name) {
  name = trim_blanks(name);
  return equal_ignoring_case(name.substr(0, 12), "__Host-stead") || equal_ignoring_case(name, "stead") ||
         equal_ignoring_case(name.substr(0, 6), "stead-") || equal_ignoring_case(name.substr(0, 6), "stead_");
}

NamedByConnection::NamedByConnection(const std::vector<Field>& fields)
    : fields_(fields), any_(std::any_of(fields.begin(), fields.end(), [](const Field& field) {
        return field.name.size() == 10 && equal_ignoring_case(field.name, "connection") &&
               !equal_ignoring_case(field.value, "keep-alive") && !equal_ignoring_case(field.value, "close");
      })) {}

bool NamedByConnection::find(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(), [name](const Field& field) {
    return field.name.size() == 10 && equal_ignoring_case(field.name, "connection") && list_has(field.value, name);
  });
}

}  // namespace stead::proxy
