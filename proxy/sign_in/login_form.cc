#include "proxy/sign_in/login_form.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/unicode.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxFields = 64;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = std::uint8_t(text[i]);
    const std::size_t more = lead < 0x80                   ? 0
                             : lead >= 0xc2 && lead < 0xe0 ? 1
                             : lead >= 0xe0 && lead < 0xf0 ? 2
                             : lead >= 0xf0 && lead < 0xf5 ? 3
                                                           : 4;
    if (more == 4 || text.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k)
      if ((std::uint8_t(text[i + k]) & 0xc0) != 0x80) return false;
    const auto second = more > 0 ? std::uint8_t(text[i + 1]) : std::uint8_t(0x80);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f))
      return false;
    i += more + 1;
  }
  return true;
}

// Calls use(name, value) for each pair of "a=b&c=d", still encoded. False if use() returns false or there are too many
// pairs.
template <class Use>
bool each_pair(std::string_view text, Use&& use) {
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == kMaxFields) return false;
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!use(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())))) return false;
  }
  return true;
}

}  // namespace

void wipe_text(std::string& text) {
  text.resize(text.capacity());
  wipe(text.data(), text.size());
  text.clear();
}

LoginForm::~LoginForm() {
  wipe_text(password);
}

std::optional<std::string> form_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high << 4 | low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kDigits[std::uint8_t(c) >> 4];
      out += kDigits[std::uint8_t(c) & 15];
    }
  }
  return out;
}

Result<LoginForm> parse_login_form(std::string_view body) {
  LoginForm form;
  unsigned seen = 0;
  std::size_t fields = 0;
  const bool good = each_pair(body, [&](std::string_view name, std::string_view value) {
    ++fields;
    const auto decoded_name = form_decode(name);
    if (!decoded_name) return false;
    std::string* const into[] = {&form.username, &form.password, &form.return_path, &form.csrf};
    static constexpr std::string_view kNames[] = {"username", "password", "return", "csrf"};
    for (unsigned i = 0; i < 4; ++i) {
      if (*decoded_name != kNames[i]) continue;
      if (seen & 1u << i) return false;
      seen |= 1u << i;
      auto decoded = form_decode(value);
      if (!decoded || decoded->find('\0') != std::string::npos || !is_utf8(*decoded)) return false;
      *into[i] = *decoded;
      wipe_text(*decoded);
    }
    return true;
  });
  if (!good) return fields >= kMaxFields ? WireErrc::too_large : WireErrc::bad_value;
  return form;
}

std::optional<std::string> safe_return_path(std::string_view text) {
  if (text.empty()) return "/";
  if (text.front() != '/' || text.size() > 8192) return std::nullopt;
  if (text.size() > 1 && (text[1] == '/' || text[1] == '\\')) return std::nullopt;
  for (const char c : text)
    if (std::uint8_t(c) <= 0x20 || std::uint8_t(c) >= 0x7f || c == '\\') return std::nullopt;
  return std::string(text);
}

std::optional<std::string> query_parameter(std::string_view target, std::string_view name) {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::optional<std::string> found;
  const bool good = each_pair(target.substr(question + 1), [&](std::string_view key, std::string_view value) {
    if (key != name) return true;
    if (found) return false;
    found = form_decode(value);
    return found.has_value();
  });
  return good ? found : std::nullopt;
}

}  // namespace stead::proxy
