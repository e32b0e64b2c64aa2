#include "sspi_shim/protocol/types/numbers.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace stead {
namespace {

struct EncTypeName {
  EncType type;
  std::string_view name;
};

// The first name of a type is its own; the others are what MIT's configuration files also call it.
constexpr EncTypeName kEncTypeNames[] = {
    {EncType::aes128_cts_hmac_sha1_96, "aes128-cts-hmac-sha1-96"},
    {EncType::aes128_cts_hmac_sha1_96, "aes128-cts"},
    {EncType::aes128_cts_hmac_sha1_96, "aes128-sha1"},
    {EncType::aes256_cts_hmac_sha1_96, "aes256-cts-hmac-sha1-96"},
    {EncType::aes256_cts_hmac_sha1_96, "aes256-cts"},
    {EncType::aes256_cts_hmac_sha1_96, "aes256-sha1"},
    {EncType::aes128_cts_hmac_sha256_128, "aes128-cts-hmac-sha256-128"},
    {EncType::aes128_cts_hmac_sha256_128, "aes128-sha2"},
    {EncType::aes256_cts_hmac_sha384_192, "aes256-cts-hmac-sha384-192"},
    {EncType::aes256_cts_hmac_sha384_192, "aes256-sha2"},
    {EncType::rc4_hmac, "rc4-hmac"},
    {EncType::rc4_hmac, "arcfour-hmac"},
    {EncType::rc4_hmac, "arcfour-hmac-md5"},
};

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string enctype_name(EncType type) {
  const auto* found = std::find_if(std::begin(kEncTypeNames), std::end(kEncTypeNames),
                                   [&](const EncTypeName& entry) { return entry.type == type; });
  if (found != std::end(kEncTypeNames)) return std::string(found->name);
  return "etype-" + std::to_string(static_cast<std::int32_t>(type));
}

EncType enctype_by_name(std::string_view name) {
  const auto* found = std::find_if(std::begin(kEncTypeNames), std::end(kEncTypeNames),
                                   [&](const EncTypeName& entry) { return same_name(entry.name, name); });
  return found == std::end(kEncTypeNames) ? EncType::null : found->type;
}

}  // namespace stead
