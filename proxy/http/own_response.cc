#include "proxy/http/own_response.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/wire_text.h"

namespace stead::proxy {

void write_own_response_head(std::string& out, const OwnResponse& response, std::string_view request_id,
                             std::string_view date, AfterResponse after) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(response.status));
  out.append(" ").append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  append_field(out, "Date", date);
  append_field(out, "X-Request-Id", request_id);
  out.append("Content-Length: ");
  append_number(out, response.body.size());
  out.append(after == AfterResponse::close ? "\r\nConnection: close\r\n\r\n" : "\r\nConnection: keep-alive\r\n\r\n");
}

namespace {

struct Reason {
  int status;
  std::string_view phrase;
};
constexpr auto kReasons = std::to_array<Reason>({
    {200, "OK"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
});

}  // namespace

std::string_view reason_phrase(int status) {
  const auto* const found = std::find_if(kReasons.begin(), kReasons.end(),
                                         [status](const Reason& reason) { return reason.status == status; });
  if (found != kReasons.end()) return found->phrase;
  return status < 400 ? "OK" : "Error";
}

}  // namespace stead::proxy
