#include "sspi_shim/protocol/errors/error.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "sspi_shim/protocol/errors/error_tables.h"

// Boost's error_category has no virtual destructor; categories are static objects that are never deleted.
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

namespace stead {
namespace {

class WireCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "wire"; }
  std::string message(int code) const override {
    switch (static_cast<WireErrc>(code)) {
      case WireErrc::truncated:
        return "the message ends inside an element";
      case WireErrc::bad_length:
        return "the length of an element is not valid";
      case WireErrc::bad_tag:
        return "the message has another element than the one expected";
      case WireErrc::bad_value:
        return "the value of an element is out of its range";
      case WireErrc::trailing_bytes:
        return "the message has bytes after its end";
      case WireErrc::too_deep:
        return "the message is nested too deep";
      case WireErrc::too_large:
        return "the message has more or larger elements than allowed";
      case WireErrc::unsupported:
        return "the message is of a version or kind that is not supported";
      case WireErrc::integrity:
        return "the key or the data is wrong: a checksum does not hold";
      case WireErrc::wrong_key_type:
        return "the key is of another encryption type than the data";
    }
    return "malformed message (" + std::to_string(code) + ")";
  }
};

const CodeEntry* find(const std::vector<CodeEntry>& table, std::uint32_t value) {
  const auto found = std::lower_bound(table.begin(), table.end(), value,
                                      [](const CodeEntry& entry, std::uint32_t v) { return entry.value < v; });
  return found != table.end() && found->value == value ? &*found : nullptr;
}

class KrbCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "krb"; }
  std::string message(int code) const override {
    const auto* entry = find(krb_error_table(), static_cast<std::uint32_t>(code));
    if (entry == nullptr) return krb_error_name(code);
    return std::string(entry->name) + ": " + std::string(entry->meaning);
  }
};

}  // namespace

const boost::system::error_category& wire_category() noexcept {
  static const WireCategory category;
  return category;
}

const boost::system::error_category& krb_category() noexcept {
  static const KrbCategory category;
  return category;
}

std::string krb_error_name(std::int32_t code) {
  const auto* entry = find(krb_error_table(), static_cast<std::uint32_t>(code));
  return entry != nullptr ? std::string(entry->name) : "KRB_ERROR_" + std::to_string(code);
}

std::string nt_status_name(std::uint32_t status) {
  if (const auto* entry = find(nt_status_table(), status)) return std::string(entry->name);
  char text[11];
  std::snprintf(text, sizeof text, "0x%08X", static_cast<unsigned>(status));
  return text;
}

}  // namespace stead
