#pragma once
// What a Redis server sends, in RESP2, read by hiredis. Octets in, replies out; no I/O.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/problem.h"

namespace stead::proxy {

struct RedisReply {
  enum class Kind { nothing, error, text, number, list };
  Kind kind = Kind::nothing;
  std::string text;  // of error and text
  std::int64_t number = 0;
  std::vector<RedisReply> list;
  [[nodiscard]] bool is_ok() const { return kind == Kind::text && text == "OK"; }
};

// A connection's replies, in order. Bounded: a reply has at most kMaxOctets, and a list kMaxElements.
class RedisReader {
 public:
  static constexpr std::size_t kMaxOctets = std::size_t{1} << 20;
  static constexpr std::size_t kMaxElements = 4096;
  RedisReader();

  // Fails for good if the octets are no RESP2, or too many.
  [[nodiscard]] Checked<void> feed(std::string_view octets);
  // The next whole reply; nothing: more octets are needed.
  [[nodiscard]] Checked<std::optional<RedisReply>> next();

 private:
  struct Parser;
  struct FreeParser {
    void operator()(Parser* parser) const noexcept;
  };
  std::unique_ptr<Parser, FreeParser> parser_;
};

// A command with its arguments, as the server reads it: an array of bulk strings.
[[nodiscard]] std::string redis_command(const std::vector<std::string_view>& arguments);

}  // namespace stead::proxy
