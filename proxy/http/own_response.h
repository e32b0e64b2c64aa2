#pragma once
// A response that the proxy makes itself: a page, a challenge, an error.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// What one of the proxy's own pages says, in English; proxy/pages has the other languages. "{}" in `text` and `message`
// stands for the next of `values`, and in `title` for `site`.
enum class PageForm { none, login, sign_out };
struct PageContent {
  std::string title{}, text{};
  std::vector<std::string> values{};
  std::string site{};
  std::string message{};  // above the rest, announced to screen readers: what went wrong; empty: none
  std::string request_id{};
  PageForm form = PageForm::none;
  std::string csrf{}, return_path{}, user_name{};  // of PageForm::login
  std::string link{}, link_text{};                 // empty: none
  bool new_window = false;                         // the link opens one
};

// write_own_response_head adds Content-Length, X-Request-Id, Date and Connection.
struct OwnResponse {
  int status = 200;
  HeaderList headers;
  std::string body;
  std::optional<PageContent> page{};  // of which `body` is the HTML
  // Over HTTP/2 no response can help: the client must repeat the request over HTTP/1.1.
  bool needs_http_1_1 = false;
};

enum class AfterResponse { keep_alive, close };  // what the Connection field says

// `date` is an HTTP date (RFC 9110 §5.6.7).
void write_own_response_head(std::string& out, const OwnResponse& response, std::string_view request_id,
                             std::string_view date, AfterResponse after);

[[nodiscard]] std::string_view reason_phrase(int status);  // RFC 9110 §15

}  // namespace stead::proxy
