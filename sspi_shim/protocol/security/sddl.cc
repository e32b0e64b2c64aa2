#include "sspi_shim/protocol/security/sddl.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/security/sddl_names.h"

namespace stead {
namespace {

using namespace sddl;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
  return hex_digit(c) >= 0;
}

// Reads from the front and keeps the first error and its offset.
class Parser {
 public:
  Parser(std::string_view text, const Sid& domain) : text_(text), domain_(domain) {}

  SecurityDescriptor descriptor();
  [[nodiscard]] Error error() const { return error_; }
  [[nodiscard]] std::size_t where() const { return error_at_; }

 private:
  [[nodiscard]] bool at_end() const { return failed() || at_ == text_.size(); }
  [[nodiscard]] bool failed() const { return static_cast<bool>(error_); }
  [[nodiscard]] std::string_view rest() const { return failed() ? std::string_view() : text_.substr(at_); }
  void fail(WireErrc why) { fail_at(why, at_); }
  void fail_at(WireErrc why, std::size_t at) {
    if (failed()) return;
    error_ = why;
    error_at_ = at;
  }
  bool take(std::string_view token) {
    if (!rest().starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) fail(at_ == text_.size() ? WireErrc::truncated : WireErrc::bad_value);
  }
  void skip_blanks() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) ++at_;
  }

  std::uint32_t number(std::uint32_t limit);
  Sid sid();
  Guid guid();
  std::optional<Guid> optional_guid(bool may_be_there);
  std::uint32_t codes(std::span<const Code> table, std::span<const Code> more = {});
  AceType ace_type();
  Buffer octets();
  Ace ace();
  std::vector<Ace> acl();

  std::string_view text_;
  const Sid& domain_;
  std::size_t at_ = 0;
  Error error_;
  std::size_t error_at_ = 0;
};

// Decimal, or hexadecimal with 0x.
std::uint32_t Parser::number(std::uint32_t limit) {
  std::string_view digits = rest();
  const auto value = take_number<std::uint32_t>(digits, limit);
  if (!value) {
    fail_at(WireErrc::bad_value, at_);
    return 0;
  }
  at_ = text_.size() - digits.size();
  return *value;
}

Sid Parser::sid() {
  const std::string_view from = rest();
  if (from.starts_with("S-1-") || from.starts_with("s-1-")) {
    std::size_t size = 4;
    if (from.substr(4).starts_with("0x") || from.substr(4).starts_with("0X")) {
      size += 2;  // an authority of at most 12 digits: the text after it may look like digits
      for (int i = 0; i < 12 && size < from.size() && is_hex_digit(from[size]); ++i) ++size;
    }
    while (size < from.size() && (is_digit(from[size]) || from[size] == '-')) ++size;
    auto parsed = parse_sid(from.substr(0, size));
    if (!parsed) {
      fail(WireErrc::bad_value);
      return {};
    }
    at_ += size;
    return std::move(*parsed);
  }
  for (const SidAlias& alias : sid_aliases()) {
    if (!from.starts_with(alias.name)) continue;
    if (alias.sid.empty() && domain_.empty()) break;
    at_ += alias.name.size();
    return alias.sid.empty() ? domain_.with_rid(alias.rid) : alias.sid;
  }
  fail(from.empty() ? WireErrc::truncated : WireErrc::bad_value);
  return {};
}

Guid Parser::guid() {
  constexpr std::size_t kTextSize = 36;
  const std::string_view text = rest().substr(0, kTextSize);
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex_digit(text[i])) break;
    if (!dash) digits += text[i];
  }
  Guid out{};
  if (digits.size() != 32) {
    fail(WireErrc::bad_value);
    return out;
  }
  const Buffer ordered = from_hex(digits);
  for (std::size_t i = 0; i < 16; ++i) out[kGuidOrder[i]] = ordered[i];
  at_ += kTextSize;
  return out;
}

std::optional<Guid> Parser::optional_guid(bool may_be_there) {
  if (at_end() || rest().starts_with(";")) return std::nullopt;
  if (!may_be_there) fail(WireErrc::bad_value);
  return guid();
}

std::uint32_t Parser::codes(std::span<const Code> table, std::span<const Code> more) {
  std::uint32_t out = 0;
  while (!at_end() && text_[at_] != ';') {
    const auto known = [&](const Code& code) { return rest().starts_with(code.name); };
    auto code = std::find_if(table.begin(), table.end(), known);
    if (code == table.end()) {
      code = std::find_if(more.begin(), more.end(), known);
      if (code == more.end()) {
        fail(WireErrc::bad_value);
        return 0;
      }
    }
    out |= code->value;
    at_ += code->name.size();
  }
  return out;
}

AceType Parser::ace_type() {
  if (!rest().empty() && is_digit(rest()[0])) {
    const std::size_t start = at_;
    const auto type = AceType(number(0xff));
    if (is_known_ace(type) && type != AceType::access_denied_callback_object) fail_at(WireErrc::bad_value, start);
    return type;
  }
  const std::string_view name = rest().substr(0, rest().find(';'));
  const auto code =
      std::find_if(std::begin(kAceTypes), std::end(kAceTypes), [&](const Code& c) { return c.name == name; });
  if (code == std::end(kAceTypes)) {
    fail(name.empty() ? WireErrc::bad_value : WireErrc::unsupported);
    return {};
  }
  at_ += name.size();
  return AceType(code->value);
}

// ";(#6172…)". The size of an entry is a multiple of 4.
Buffer Parser::octets() {
  if (!take(";")) return {};
  if (!rest().starts_with("(#")) {
    fail(WireErrc::unsupported);
    return {};
  }
  at_ += 2;
  const std::string_view digits = rest().substr(0, rest().find(')'));
  if (digits.size() % 2 != 0 || !std::all_of(digits.begin(), digits.end(), is_hex_digit)) {
    fail(WireErrc::bad_value);
    return {};
  }
  at_ += digits.size();
  expect(")");
  Buffer out = from_hex(digits);
  out.resize((out.size() + 3) / 4 * 4);
  return out;
}

Ace Parser::ace() {
  Ace out;
  expect("(");
  out.type = ace_type();
  expect(";");
  out.flags = std::uint8_t(codes(kAceFlags));
  expect(";");
  const bool known = is_known_ace(out.type), object = is_object_ace(out.type);
  if (!rest().empty() && is_digit(rest()[0])) {
    out.mask = number(0xffffffff);
  } else {
    out.mask = codes(kRights, kCombinedRights);
  }
  expect(";");
  out.object_type = optional_guid(object);
  expect(";");
  out.inherited_object_type = optional_guid(object);
  expect(";");
  if (known) out.sid = sid();
  if (!known) out.mask = 0;
  if (is_callback_ace(out.type) && !rest().starts_with(";")) fail(WireErrc::bad_value);
  out.opaque = octets();
  expect(")");
  return out;
}

std::vector<Ace> Parser::acl() {
  std::vector<Ace> out;
  std::size_t size = 8;
  for (skip_blanks(); rest().starts_with("("); skip_blanks()) {
    const std::size_t start = at_;
    Ace entry = ace();
    size += 4 + 4 + 36 + encoded_size(entry.sid) + entry.opaque.size();
    if (out.size() == kMaxAces || size > 0xffff) fail_at(WireErrc::too_large, start);
    if (failed()) return {};
    out.push_back(std::move(entry));
  }
  return out;
}

SecurityDescriptor Parser::descriptor() {
  constexpr Code kAclFlags[] = {{"P", descriptor_control::dacl_protected},
                                {"AR", descriptor_control::dacl_auto_inherit_required},
                                {"AI", descriptor_control::dacl_auto_inherited}};
  SecurityDescriptor out;
  bool sacl_seen = false, dacl_seen = false;
  for (skip_blanks(); !at_end(); skip_blanks()) {
    if (!out.owner && take("O:")) {
      out.owner = sid();
    } else if (!out.group && take("G:")) {
      out.group = sid();
    } else if ((!dacl_seen && rest().starts_with("D:")) || (!sacl_seen && rest().starts_with("S:"))) {
      const bool dacl = text_[at_] == 'D';
      at_ += 2;
      std::uint16_t control = 0;
      const auto next_flag = [&] {
        return std::find_if(std::begin(kAclFlags), std::end(kAclFlags),
                            [&](const Code& flag) { return take(flag.name); });
      };
      for (auto flag = next_flag(); flag != std::end(kAclFlags); flag = next_flag())
        control |= std::uint16_t(flag->value);
      const bool none = take("NO_ACCESS_CONTROL");
      std::vector<Ace> entries = none ? std::vector<Ace>() : acl();
      (dacl ? dacl_seen : sacl_seen) = true;
      if (!dacl || none) continue;
      out.control |= control;
      const bool objects =
          std::any_of(entries.begin(), entries.end(), [](const Ace& a) { return is_object_ace(a.type); });
      out.dacl = Acl{std::uint8_t(objects ? 4 : 2), std::move(entries)};
    } else {
      fail(WireErrc::bad_value);
    }
  }
  return out;
}

}  // namespace

Result<SecurityDescriptor> parse_sddl(std::string_view text, const Sid& domain, std::size_t* where) {
  Parser parser(text, domain);
  SecurityDescriptor out = parser.descriptor();
  if (!parser.error()) return out;
  if (where) *where = parser.where();
  return parser.error();
}

}  // namespace stead
