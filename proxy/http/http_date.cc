#include "proxy/http/http_date.h"

#include <array>
#include <ctime>
#include <string>

namespace stead::proxy {

const std::string& HttpDate::now() {
  const std::time_t now = std::time(nullptr);
  if (now != at_) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 64> text{};
    text_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    at_ = now;
  }
  return text_;
}

}  // namespace stead::proxy
