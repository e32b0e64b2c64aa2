#include "sspi_shim/base/base64.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stead {
namespace {

constexpr std::uint8_t kNone = 0x80;
using Values = std::array<std::uint8_t, 256>;

constexpr Values values_of(char digit62, char digit63) {
  Values table{};
  table.fill(kNone);
  std::uint8_t value = 0;
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))
    table[static_cast<std::uint8_t>(c)] = value++;
  table[static_cast<std::uint8_t>(digit62)] = value++;
  table[static_cast<std::uint8_t>(digit63)] = value;
  return table;
}
constexpr Values kStandard = values_of('+', '/'), kUrl = values_of('-', '_');

// `spare`: the unused bits of the last digit.
std::optional<Buffer> decode(std::string_view digits, const Values& values, std::uint32_t& spare) {
  const std::size_t rest = digits.size() % 4, whole = digits.size() - rest;
  if (rest == 1) return std::nullopt;
  Buffer out(digits.size() * 3 / 4);
  std::uint8_t* to = out.data();
  std::uint8_t seen = 0;
  const auto value = [&](std::size_t at) {
    const std::uint8_t digit = values[static_cast<std::uint8_t>(digits[at])];
    seen |= digit;
    return std::uint32_t{digit};
  };
  for (std::size_t at = 0; at < whole; at += 4) {
    const std::uint32_t bits = value(at) << 18 | value(at + 1) << 12 | value(at + 2) << 6 | value(at + 3);
    *to++ = std::uint8_t(bits >> 16);
    *to++ = std::uint8_t(bits >> 8);
    *to++ = std::uint8_t(bits);
  }
  spare = 0;
  if (rest != 0) {
    const std::uint32_t bits = value(whole) << 12 | value(whole + 1) << 6 | (rest == 3 ? value(whole + 2) : 0);
    *to++ = std::uint8_t(bits >> 10);
    if (rest == 3) *to++ = std::uint8_t(bits >> 2);
    spare = bits & (rest == 3 ? 0x3 : 0x3ff);
  }
  if (seen & kNone) return std::nullopt;
  return out;
}

}  // namespace

void append_base64(std::string& out, Bytes bytes) {
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4 + 1);  // and the NUL that EVP_EncodeBlock writes
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + start), bytes.data(),
                                static_cast<int>(bytes.size()));
  out.resize(start + static_cast<std::size_t>(n));
}

std::string base64(Bytes bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

std::optional<Buffer> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::uint32_t spare = 0;
  return decode(text.substr(0, text.size() - padding), kStandard, spare);
}

std::string base64url(Bytes bytes) {
  std::string out = base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::optional<Buffer> from_base64url(std::string_view text) {
  std::uint32_t spare = 0;
  auto out = decode(text, kUrl, spare);
  if (spare != 0) return std::nullopt;
  return out;
}

}  // namespace stead
