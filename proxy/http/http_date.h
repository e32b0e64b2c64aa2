#pragma once
// The current time as an HTTP date (RFC 9110 §5.6.7), formatted once a second.
#include <ctime>
#include <string>

namespace stead::proxy {

class HttpDate {
 public:
  [[nodiscard]] const std::string& now();  // "Sun, 06 Nov 1994 08:49:37 GMT"; valid until the next call

 private:
  std::time_t at_ = 0;
  std::string text_;
};

}  // namespace stead::proxy
