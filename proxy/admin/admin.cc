#include "proxy/admin/admin.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/admin/metrics_page.h"
#include "proxy/admin/status_json.h"
#include "proxy/admin/status_page.h"
#include "proxy/admin/totals.h"
#include "proxy/headers/outgoing_response.h"
#include "proxy/http/message_head.h"
#include "proxy/http/request_rules.h"
#include "proxy/http/target.h"

namespace stead::proxy {
namespace {

bool is_ipv4(const std::string& name) {
  Error not_an_address;
  (void)boost::asio::ip::make_address_v4(name, not_an_address);
  return !not_an_address;
}

}  // namespace

boost::asio::awaitable<OwnResponse> Admin::respond(std::string path) const {
  OwnResponse out;
  const bool ready = ready_;
  out.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                 {"Cache-Control", "no-store"},
                 {"X-Content-Type-Options", "nosniff"}};
  if (path == "/healthz") {
    out.body = "ok\n";
  } else if (path == "/readyz") {
    const bool full =
        std::any_of(cores_.begin(), cores_.end(), [](const auto& core) { return core->limits.refuses(); });
    out.status = ready && !full ? 200 : 503;
    out.body = !ready ? "draining\n" : full ? "no room for more connections\n" : "ready\n";
  } else if (path == "/metrics") {
    out.headers[0].second = "text/plain; version=0.0.4; charset=utf-8";
    out.body = metrics_page(cores_, {started_, ready});
  } else if (path == "/status") {
    out.headers[0].second = "text/html; charset=utf-8";
    out.headers.emplace_back("Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    note_history();
    const std::vector<FailedRequest> refused = co_await last_refused_sign_ins(cores_);
    out.body = status_page(cores_, {started_, ready}, history_.minutes(), refused);
  } else if (path == "/status.json") {
    out.headers[0].second = "application/json";
    const std::vector<FailedRequest> refused = co_await last_refused_sign_ins(cores_);
    out.body = status_json(cores_, {started_, ready}, refused);
  } else {
    out.status = 404;
    out.body = "/healthz /readyz /metrics /status /status.json\n";
  }
  co_return out;
}

void Admin::note_history() const {
  history_.note({.requests = requests_from(cores_, 0),
                 .refused = requests_refused(cores_),
                 .failed = requests_from(cores_, 500)});
}

// A page of another site cannot have its own name mean this address and read the admin pages (DNS rebinding).
bool Admin::knows_host(const RequestHead& head) const {
  if (head.host.empty()) return true;  // HTTP/1.0; browsers send it always
  const std::string name = host_name_of(head.host);
  const std::vector<std::string>& names = cores_.front()->now->config().admin_hosts;
  return name.starts_with('[') || is_ipv4(name) || name == "localhost" ||
         std::find(names.begin(), names.end(), name) != names.end();
}

boost::asio::awaitable<void> Admin::serve(boost::asio::ip::tcp::socket socket, Core& core) {
  Stream stream(std::move(socket), core.watchdog);
  ReadBuffer buffer;
  std::string out;
  while (true) {
    stream.expire_reads_in(core.now->config().limits.header_timeout);
    std::size_t end = end_of_head(buffer.view());
    while (end == std::string_view::npos) {
      if (buffer.full() && buffer.capacity() > 0) co_return;
      const Error error = co_await stream.read(buffer);
      if (error) co_return;
      end = end_of_head(buffer.view());
    }
    const std::string head_bytes(buffer.view().substr(0, end));
    buffer.consume(end);
    OwnResponse response;
    RequestHead head;
    const auto violation = check_request_head(head_bytes);
    const bool parsed = !violation && parse_request_head(head_bytes, head);
    const bool good = parsed && (head.method == "GET" || head.method == "HEAD") && head.framing == Framing::none;
    if (good && !knows_host(head))
      response = {
          .status = 421, .headers = {{"Content-Type", "text/plain"}}, .body = "admin_hosts does not have this name\n"};
    else if (good)
      response = co_await respond(std::string(path_of(head.target)));
    else
      response = {.status = violation ? violation->status
                            : parsed  ? 405
                                      : 400,
                  .headers = {{"Content-Type", "text/plain"}},
                  .body = "GET only\n"};
    const bool keep = good && head.keep_alive && !core.draining;
    const std::string id = core.request_ids.next();
    out.clear();
    write_own_response_head(out, response, id, core.date.now(),
                            keep ? AfterResponse::keep_alive : AfterResponse::close);
    if (head.method == "HEAD") response.body.clear();
    stream.expire_writes_in(core.now->config().limits.header_timeout);
    const Error error = co_await stream.write(out, response.body);
    if (error) co_return;
    if (!keep) break;
  }
  co_await stream.finish(buffer);
}

}  // namespace stead::proxy
