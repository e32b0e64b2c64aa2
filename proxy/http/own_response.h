#pragma once
// A response that the proxy makes itself: a page, a challenge, an error.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// write_own_response_head adds Content-Length, X-Request-Id, Date and Connection.
struct OwnResponse {
  int status = 200;
  HeaderList headers;
  std::string body;
  // Over HTTP/2 no response can help: the client must repeat the request over HTTP/1.1.
  bool needs_http_1_1 = false;
};

enum class AfterResponse { keep_alive, close };  // what the Connection field says

// `date` is an HTTP date (RFC 9110 §5.6.7).
void write_own_response_head(std::string& out, const OwnResponse& response, std::string_view request_id,
                             std::string_view date, AfterResponse after);

[[nodiscard]] std::string_view reason_phrase(int status);  // RFC 9110 §15

}  // namespace stead::proxy
