#pragma once
// JSON of the administrator's pages.
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/observe/log_text.h"

namespace stead::proxy {

// An object ('{') or an array ('[') under construction. Members of an array have no name.
class Json {
 public:
  explicit Json(char open) : out_(1, open) {}
  Json& text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
    return *this;
  }
  Json& text_or_null(std::string_view name, std::string_view value) {
    return value.empty() ? raw(name, "null") : text(name, value);
  }
  Json& raw(std::string_view name, std::string_view value) {
    key(name);
    out_ += value;
    return *this;
  }
  Json& number(std::string_view name, std::uint64_t value) { return raw(name, std::to_string(value)); }
  Json& item(std::string_view value) { return raw("", value); }
  [[nodiscard]] std::string end() const { return out_ + (out_.front() == '{' ? '}' : ']'); }

 private:
  void key(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    if (out_.front() != '{') return;
    append_json_string(out_, name);
    out_ += ':';
  }
  std::string out_;
};

}  // namespace stead::proxy
