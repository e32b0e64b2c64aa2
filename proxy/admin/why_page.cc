#include "proxy/admin/why_page.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/admin/json.h"
#include "proxy/observe/access_log.h"
#include "proxy/observe/log_text.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::string_view kFix = " Fix: ";

void add_line(std::string& out, std::string_view name, std::string_view value) {
  constexpr std::size_t kColumn = 10;
  if (value.empty()) return;
  out.append(name).append(kColumn - std::min(kColumn, name.size()), ' ');
  append_log_text(out, value);
  out += '\n';
}

// A diagnosis ends with its commands, each after " Fix: ".
void add_sentence(std::string& out, std::string_view name, std::string_view text) {
  std::size_t end = text.find(kFix);
  add_line(out, name, text.substr(0, end));
  while (end != std::string_view::npos) {
    text.remove_prefix(end + kFix.size());
    end = text.find(kFix);
    add_line(out, "fix", text.substr(0, end));
  }
}

std::string with(std::string_view what, std::string_view more) {
  std::string out(what);
  if (!what.empty() && !more.empty()) out.append(" (").append(more).append(")");
  return out;
}

}  // namespace

std::string request_id_in(std::string_view text) {
  std::string id = to_lower(trim_blanks(text));
  const bool good = id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return good ? id : "";
}

std::string why_text(const FailedRequest& request) {
  std::string out;
  add_line(out, "request", request.request_id);
  add_line(out, "time", rfc3339(request.at));
  add_line(out, "asked", with(request.method + " " + request.host + request.path, "from " + request.address));
  add_line(out, "route", with(request.route, request.spn));
  add_line(out, "user", with(request.user, request.sign_in));
  add_line(out, "back end", request.upstream);
  add_line(out, "status", std::to_string(request.status));
  add_line(out, "event", request.refusal.event);
  add_sentence(out, "why", request.why);
  if (request.refusal.reason != request.why) add_sentence(out, "refused", request.refusal.reason);
  return out;
}

std::string why_json(const FailedRequest& request) {
  return Json('{')
      .text_or_null("request_id", request.request_id)
      .text_or_null("time", rfc3339(request.at))
      .text_or_null("remote", request.address)
      .text_or_null("method", request.method)
      .text_or_null("host", request.host)
      .text_or_null("path", request.path)
      .text_or_null("route", request.route)
      .text_or_null("spn", request.spn)
      .text_or_null("user", request.user)
      .text_or_null("sign_in", request.sign_in)
      .text_or_null("upstream", request.upstream)
      .raw("status", std::to_string(request.status))
      .text_or_null("event", request.refusal.event)
      .text_or_null("why", request.why)
      .text_or_null("detail", request.refusal.reason)
      .end();
}

}  // namespace stead::proxy
