#include "proxy/headers/field_rules.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/header_patterns.h"
#include "proxy/headers/dropped_fields.h"
#include "proxy/http/text_rules.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

bool folded_starts_with(std::string_view name, std::string_view prefix) {
  if (name.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if (folded(name[i]) != prefix[i]) return false;
  return true;
}

enum class Place : std::uint8_t { none, dropped, never };  // in which list a field is

// The patterns of one first letter. The set of lengths lets most names pass without a comparison.
struct FieldClass {
  std::uint64_t lengths = 0;        // bit n: a name of n characters may match
  std::uint8_t begin = 0, end = 0;  // in `patterns`
};
struct Pattern {
  std::string_view name;
  bool is_prefix = false;
  Place place = Place::none;
};
constexpr std::size_t kPatterns = kNeverForwarded.size() + kDroppedFields.size();
struct FieldTable {
  std::array<FieldClass, 26> classes{};
  std::array<Pattern, kPatterns> patterns{};
  consteval FieldTable() {
    std::uint8_t filled = 0;
    for (std::size_t i = 0; i < classes.size(); ++i) {
      classes[i].begin = filled;
      for (const std::string_view pattern : kNeverForwarded) add(i, pattern, Place::never, filled);
      for (const DroppedField& field : kDroppedFields) add(i, field.pattern, Place::dropped, filled);
      classes[i].end = filled;
    }
  }

 private:
  consteval void add(std::size_t letter, std::string_view pattern, Place place, std::uint8_t& filled) {
    if (static_cast<std::size_t>(pattern[0] - 'a') != letter) return;
    const bool is_prefix = pattern.ends_with('*');
    const std::string_view name = pattern.substr(0, pattern.size() - (is_prefix ? 1 : 0));
    classes[letter].lengths |= is_prefix ? ~((1ULL << name.size()) - 1) : 1ULL << name.size();
    patterns[filled++] = {name, is_prefix, place};
  }
};
static_assert(kPatterns < 256);
constexpr FieldTable kTable;

// kNeverForwarded stands before kDroppedFields, so its place is the one found.
Place place_of(std::string_view name) {
  if (name.empty()) return Place::never;
  const char first = folded(name.front());
  if (first < 'a' || first > 'z') return Place::none;
  const FieldClass& group = kTable.classes[static_cast<std::size_t>(first - 'a')];
  if ((group.lengths >> std::min<std::size_t>(name.size(), 63) & 1) == 0) return Place::none;
  for (std::size_t i = group.begin; i < group.end; ++i) {
    const Pattern& pattern = kTable.patterns[i];
    if ((pattern.is_prefix || pattern.name.size() == name.size()) && folded_starts_with(name, pattern.name))
      return pattern.place;
  }
  return Place::none;
}

bool has(std::span<const std::string> patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [name](const std::string& pattern) { return matches_header(pattern, name); });
}

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

FieldRule request_field_rule(std::string_view name, const FieldLists& lists) {
  if (name.size() == 6 && equal_ignoring_case(name, "cookie")) return FieldRule::cookie;
  const Place place = place_of(name);
  if (place == Place::never || has(lists.drop, name)) return FieldRule::drop;
  return place == Place::dropped && !has(lists.pass, name) ? FieldRule::drop : FieldRule::pass;
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

NamedByConnection::NamedByConnection(const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    if (field.name.size() != 10 || !equal_ignoring_case(field.name, "connection")) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const std::string_view name = trim_blanks(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (name.empty() || equal_ignoring_case(name, "close") || equal_ignoring_case(name, "keep-alive")) continue;
      if (count_ == names_.size()) return;  // such a message was refused
      names_[count_++] = name;
    }
  }
}

bool NamedByConnection::find(std::string_view name) const {
  const auto* const end = names_.begin() + count_;
  return std::any_of(names_.begin(), end, [name](std::string_view each) { return equal_ignoring_case(each, name); });
}

}  // namespace stead::proxy
