#include "proxy/config/values/toml_writer.h"

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append("\\").push_back(c);
    } else if (octet < 0x20 || octet == 0x7f) {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      out.append("\\u00");
      out.push_back(kDigits[octet >> 4]);
      out.push_back(kDigits[octet & 15]);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string toml_time(std::chrono::seconds time) {
  const auto count = time.count();
  const std::pair<long, char> units[] = {{3600, 'h'}, {60, 'm'}};
  for (const auto& [seconds, unit] : units)
    if (count >= seconds && count % seconds == 0) return "\"" + std::to_string(count / seconds) + unit + "\"";
  return "\"" + std::to_string(count) + "s\"";
}

std::string toml_texts(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out.append(out.size() == 1 ? "" : ", ").append(toml_text(text));
  return out + "]";
}

std::string toml_inline(const std::vector<std::pair<std::string, std::string>>& values) {
  if (values.empty()) return "{}";
  std::string out = "{ ";
  for (const auto& [name, value] : values)
    out.append(out.size() == 2 ? "" : ", ").append(toml_text(name)).append(" = ").append(value);
  return out + " }";
}

}  // namespace stead::proxy
