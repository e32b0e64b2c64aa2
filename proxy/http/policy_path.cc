#include "proxy/http/policy_path.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http/text_rules.h"
#include "sspi_shim/base/hex.h"

namespace stead::proxy {
namespace {

constexpr int kMaxDecodings = 3;     // a back end behind a gateway behind a gateway
constexpr char kKeptSlash = '\x01';  // an encoded slash that is part of a name; no path has this octet

// The octet of the escape at the start of `text`; nothing if there is none.
std::optional<unsigned char> escape_at(std::string_view text) {
  if (text.size() < 3 || text[0] != '%' || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0) return std::nullopt;
  return static_cast<unsigned char>(hex_digit(text[1]) << 4 | hex_digit(text[2]));
}

bool has_escape(std::string_view text) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
    if (escape_at(text.substr(at))) return true;
  return false;
}

std::string decoded(std::string_view text, char slash) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = escape_at(text.substr(i, 3));
    if (octet) i += 2;
    out += !octet ? text[i] : *octet == '/' ? slash : static_cast<char>(*octet);
  }
  return out;
}

// The path decoded once, twice, ... as long as that changes it.
std::vector<std::string> decodings_of(std::string_view path) {
  std::vector<std::string> out{decoded(path, '/')};
  while (out.size() < kMaxDecodings && has_escape(out.back())) out.push_back(decoded(out.back(), '/'));
  return out;
}

enum class Parameters { cut, kept };
enum class Names { plain, windows };

std::string_view name_of(std::string_view segment, Parameters parameters, Names names) {
  if (parameters == Parameters::cut) segment = segment.substr(0, segment.find(';'));
  if (names == Names::windows) {
    segment = segment.substr(0, segment.find(':'));
    while (segment.ends_with('.') || segment.ends_with(' ')) segment.remove_suffix(1);
  }
  return segment;
}

// Calls `take` for each segment, until it returns false.
template <class Take>
void for_each_segment(std::string_view path, Take take) {
  while (true) {
    const std::size_t end = path.find('/');
    if (!take(path.substr(0, end)) || end == std::string_view::npos) return;
    path.remove_prefix(end + 1);
  }
}

// `path` begins with '/'. Empty segments vanish; a slash at the end stays.
std::string reading(std::string_view path, Parameters parameters, Names names) {
  std::string out;
  out.reserve(path.size() + 1);
  for_each_segment(path, [&](std::string_view segment) {
    const std::string_view name = name_of(segment, parameters, names);
    if (!name.empty()) out.append("/").append(name);
    return true;
  });
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

// "." or ".." for any back end: without parameters, a stream's name, and blanks at the end.
bool is_dot_segment(std::string_view segment) {
  segment = segment.substr(0, segment.find_first_of(";:"));
  while (segment.ends_with(' ')) segment.remove_suffix(1);
  return segment == "." || segment == "..";
}

bool has_dot_segment(std::string_view path) {
  bool found = false;
  for_each_segment(path, [&](std::string_view segment) { return !(found = is_dot_segment(segment)); });
  return found;
}

// True if the octets could be an overlong form of a character (RFC 3629 §3), for a lenient decoder that looks at six
// bits of the second octet only, too.
bool is_overlong(unsigned char lead, unsigned char second) {
  const bool follows = (second & 0xc0) == 0x80;
  switch (lead) {
    case 0xc0:
    case 0xc1:
      return follows || second == '.' || second == '/' || second == '\\';
    case 0xe0:
      return follows && second < 0xa0;
    case 0xf0:
      return follows && second < 0x90;
    case 0xf8:
      return follows && second < 0x88;
    case 0xfc:
      return follows && second < 0x84;
    default:
      return false;
  }
}

std::string_view fault_of_octets(std::string_view text) {
  unsigned char before = 0;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f) return "an encoded control character in the path";
    if (octet == '\\') return "an encoded backslash in the path";
    if (is_overlong(before, octet)) return "an overlong form of a character in the path";
    before = octet;
  }
  return {};
}

bool has_broken_escape(std::string_view path) {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 3))
    if (!escape_at(path.substr(at))) return true;
  return false;
}

bool may_have_other_readings(std::string_view path) {
  if (path.find_first_of("%;:") != std::string_view::npos) return true;
  bool found = false;
  for_each_segment(path, [&](std::string_view segment) { return !(found = segment.ends_with('.')); });
  return found;
}

void add_readings(std::string_view path, PathReadings& out) {
  for (const Parameters parameters : {Parameters::cut, Parameters::kept}) {
    if (parameters == Parameters::kept && path.find(';') == std::string_view::npos) continue;
    for (const Names names : {Names::plain, Names::windows}) {
      std::string text = reading(path, parameters, names);
      if (text != out.path && std::find(out.others.begin(), out.others.end(), text) == out.others.end())
        out.others.push_back(std::move(text));
    }
  }
}

}  // namespace

bool has_path_prefix(std::string_view path, std::string_view prefix) {
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

std::string path_for_policy(std::string_view path) {
  if (path.find_first_of("%;") == std::string_view::npos && path.find("//") == std::string_view::npos)
    return std::string(path);
  return reading(decoded(path, '/'), Parameters::cut, Names::plain);
}

std::string policy_prefix(std::string_view route_path) {
  std::string out = path_for_policy(route_path);
  if (out.ends_with('/')) out.pop_back();
  return out;
}

PathReadings readings_of(std::string_view path) {
  PathReadings out{.path = path_for_policy(path), .others = {}};
  if (!may_have_other_readings(path)) return out;
  std::string kept = decoded(path, kKeptSlash);
  if (kept.find(kKeptSlash) != std::string::npos) add_readings(kept, out);
  for (const std::string& text : decodings_of(path)) add_readings(text, out);
  return out;
}

std::string_view fault_of_path(std::string_view path) {
  if (path.find('\\') != std::string_view::npos) return "a backslash in the path";
  if (has_broken_escape(path)) return "a '%' in the path is not followed by two hexadecimal digits";
  constexpr std::string_view kDots = "a '.' or '..' segment in the path";
  if (path.find('%') == std::string_view::npos)
    return path.find("/.") != std::string_view::npos && has_dot_segment(path) ? kDots : std::string_view{};
  const std::vector<std::string> decodings = decodings_of(path);
  for (const std::string& text : decodings) {
    if (const std::string_view fault = fault_of_octets(text); !fault.empty()) return fault;
    if (has_dot_segment(text)) return kDots;
  }
  return has_escape(decodings.back()) ? "an escape in the path is encoded again and again" : std::string_view{};
}

bool is_reserved(std::string_view policy_path) {
  return has_path_prefix(policy_path, "/.stead");
}

}  // namespace stead::proxy
