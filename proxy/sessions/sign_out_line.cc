#include "proxy/sessions/sign_out_line.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxLine = 128;

// 32 lower-case hexadecimal digits, or "-".
bool is_key(std::string_view text) {
  return text == "-" || (text.size() == 32 && text.find_first_not_of("0123456789abcdef") == text.npos);
}

}  // namespace

std::string sign_out_line(const Revocations::Entry& entry) {
  return std::to_string(entry.expires.time_since_epoch().count()) + " " +
         (entry.user_key.empty() ? "-" : entry.user_key) + " " + (entry.id.empty() ? "-" : entry.id);
}

std::optional<Revocations::Entry> sign_out_in(std::string_view line) {
  const std::size_t first = line.find(' '), second = line.rfind(' ');
  if (first == line.npos || second == first || line.size() > kMaxLine) return std::nullopt;
  const auto end = parse_number<std::int64_t>(line.substr(0, first));
  const std::string_view user = line.substr(first + 1, second - first - 1), id = line.substr(second + 1);
  if (!end || *end < 0 || *end > 9'000'000'000 || !is_key(user) || !is_key(id) || (user == "-" && id != "-"))
    return std::nullopt;
  return Revocations::Entry{.id = std::string(id == "-" ? "" : id),
                            .user_key = std::string(user == "-" ? "" : user),
                            .expires = Revocations::Time(std::chrono::seconds(*end))};
}

}  // namespace stead::proxy
