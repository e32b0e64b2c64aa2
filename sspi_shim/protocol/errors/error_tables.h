#pragma once
// What the error codes mean and what an administrator does about them: RFC 4120 §7.5.9, RFC 4556, RFC 6113, RFC 8636,
// MS-ERREF §2.3.1.
#include <cstdint>
#include <string_view>
#include <vector>

namespace stead {

struct CodeEntry {
  std::uint32_t value;
  std::string_view name;     // as its source spells it
  std::string_view meaning;  // one sentence
  std::string_view advice;   // what an administrator does about it, one sentence
};
// Every Kerberos error and NTSTATUS with a name here, by ascending value.
[[nodiscard]] const std::vector<CodeEntry>& krb_error_table();
[[nodiscard]] const std::vector<CodeEntry>& nt_status_table();

}  // namespace stead
