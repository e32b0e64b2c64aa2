#include "proxy/admin/ask_admin.h"

#include <sys/un.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/text.h"
#include "stead/result.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::minutes kPatience{1};

AdminAnswer no_answer(std::string why) {
  return {.status = 0, .body = {}, .fault = std::move(why)};
}

AdminAnswer parsed(const std::string& text) {
  constexpr std::size_t kStatusAt = 9, kDigits = 3;
  const std::size_t end = text.find("\r\n\r\n");
  const auto status = end == std::string::npos || !text.starts_with("HTTP/1.1 ")
                          ? std::nullopt
                          : parse_number<int>(std::string_view(text).substr(kStatusAt, kDigits));
  if (!status) return no_answer("the connection was closed: it is for root and the proxy's own user");
  return {.status = *status, .body = text.substr(end + 4), .fault = {}};
}

}  // namespace

AdminAnswer ask_admin(const std::string& socket, std::string_view method, std::string_view target,
                      std::string_view accept) {
  if (socket.size() >= sizeof(sockaddr_un::sun_path))
    return no_answer("no proxy can be asked there: " + Error(asio::error::name_too_long).message());
  asio::io_context loop(1);
  asio::local::stream_protocol::socket connection(loop);
  Error error;
  connection.connect(asio::local::stream_protocol::endpoint(socket), error);
  if (error) return no_answer("no proxy can be asked there: " + error.message());
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\nAccept: ").append(accept);
  request.append("\r\nConnection: close\r\n\r\n");
  std::string text;
  bool ended = false;
  asio::async_write(connection, asio::buffer(request), [&](const Error& failed, std::size_t) {
    if (failed) {
      ended = true;
      return;
    }
    asio::async_read(connection, asio::dynamic_buffer(text), [&](const Error&, std::size_t) { ended = true; });
  });
  loop.run_for(kPatience);
  return ended ? parsed(text) : no_answer("the proxy does not answer");
}

}  // namespace stead::proxy
