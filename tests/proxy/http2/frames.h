#pragma once
// Frames of HTTP/2 (RFC 9113 §4) as octets: written for a server, and read from one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy::test {

enum FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9
};
inline constexpr std::uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8;
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline std::string be32(std::uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16), static_cast<char>(number >> 8),
          static_cast<char>(number)};
}
inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload,
                         std::optional<std::size_t> length = std::nullopt) {
  return be32(static_cast<std::uint32_t>(length.value_or(payload.size()))).substr(1) + static_cast<char>(type) +
         static_cast<char>(flags) + be32(stream) + std::string(payload);
}
// A literal field without indexing (RFC 7541 §6.2.2).
inline std::string literal(std::string_view name, std::string_view value) {
  const auto text = [](std::string_view octets) {
    std::string size(1, static_cast<char>(octets.size() < 127 ? octets.size() : 127));
    if (octets.size() >= 127) {
      std::size_t rest = octets.size() - 127;
      for (; rest >= 128; rest /= 128) size += static_cast<char>(rest % 128 + 128);
      size += static_cast<char>(rest);
    }
    return size + std::string(octets);
  };
  return std::string(1, '\0') + text(name) + text(value);
}
using FieldList = std::vector<std::pair<std::string, std::string>>;
inline std::string block(const FieldList& fields) {
  std::string out;
  for (const auto& [name, value] : fields) out += literal(name, value);
  return out;
}
inline FieldList get(const std::string& path = "/", const FieldList& more = {}) {
  FieldList out{{":method", "GET"}, {":scheme", "https"}, {":authority", "web"}, {":path", path}};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}
inline std::string begin() {
  return std::string(kPreface) + frame(kSettings, 0, 0, "");
}

struct Frame {
  std::uint8_t type = 0, flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
  // Of RST_STREAM and GOAWAY.
  [[nodiscard]] std::uint32_t error() const {
    const std::size_t at = type == kGoaway ? 4 : 0;
    std::uint32_t out = 0;
    for (std::size_t i = at; i < at + 4 && i < payload.size(); ++i)
      out = out << 8 | static_cast<unsigned char>(payload[i]);
    return out;
  }
};
inline std::vector<Frame> read_frames(std::string_view octets) {
  std::vector<Frame> out;
  while (octets.size() >= 9) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(octets[i]); };
    const std::size_t size =
        static_cast<std::size_t>(octet(0)) << 16 | static_cast<std::size_t>(octet(1)) << 8 | octet(2);
    const std::uint32_t stream = static_cast<std::uint32_t>(octet(5)) << 24 |
                                 static_cast<std::uint32_t>(octet(6)) << 16 |
                                 static_cast<std::uint32_t>(octet(7)) << 8 | octet(8);
    out.push_back({octet(3), octet(4), stream, std::string(octets.substr(9, size))});
    octets.remove_prefix(std::min(9 + size, octets.size()));
  }
  return out;
}

}  // namespace stead::proxy::test
