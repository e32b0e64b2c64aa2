#pragma once
// An entry that a domain's directory answered with.
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stead::doctor {

struct DirectoryEntry {
  std::string dn;
  std::map<std::string, std::vector<std::string>> attributes;  // by their names in lower case; values are octets

  // Empty: there is none.
  [[nodiscard]] const std::vector<std::string>& values(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;  // the first value
};

}  // namespace stead::doctor
