#pragma once
// Parts of a message as HTTP/1.1 writes them. Beast parses what comes, but does not write what goes: its serializer wants
// the fields in a container that allocates for each. A head of twelve fields took it 2.1 µs in place of 0.12 µs, twice a
// request of 25 µs, and its chunk_header, which allocates too, 61 ns in place of 4 ns.
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stead::proxy {

inline void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// The size line of a chunk (RFC 9112 §7.1).
inline void append_chunk_size(std::string& out, std::size_t size) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data())).append("\r\n");
}

}  // namespace stead::proxy
