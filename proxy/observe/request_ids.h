#pragma once
// Ids of requests: unique, but not secret. One generator for each core.
#include <cstdint>
#include <string>

namespace stead::proxy {

class RequestIds {
 public:
  RequestIds();
  void assign_next(std::string& out);  // 32 hexadecimal digits; reuses the memory of `out`
  [[nodiscard]] std::string next() {
    std::string id;
    assign_next(id);
    return id;
  }

 private:
  std::uint64_t prefix_, state_;
};

}  // namespace stead::proxy
