#include "proxy/admin/admin_api.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/admin/tickets_page.h"
#include "proxy/admin/why_page.h"
#include "proxy/core/every_core.h"
#include "proxy/http/target.h"
#include "proxy/observe/failed_requests.h"
#include "proxy/observe/log_text.h"
#include "proxy/sign_in/login_form.h"
#include "proxy/sign_in/sign_in_state.h"
#include "sspi_shim/base/text_time.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

OwnResponse json(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          .body = std::move(body) + "\n"};
}
OwnResponse text(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}
// One line, as text or as the member `name`.
OwnResponse line(const AdminApi::Call& call, int status, std::string_view name, std::string_view words) {
  if (call.as_text) return text(status, std::string(words) + "\n");
  std::string out = "{\"" + std::string(name) + "\":";
  append_json_string(out, words);
  return json(status, out + "}");
}
OwnResponse fault(const AdminApi::Call& call, int status, std::string_view words) {
  return line(call, status, "error", words);
}

// Columns as wide as their longest text.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string out;
  for (const auto& row : rows) {
    std::string one;
    for (std::size_t i = 0; i < row.size(); ++i) {
      append_log_text(one, row[i]);
      if (i + 1 < row.size()) one.append(widths[i] + 2 - std::min(widths[i], row[i].size()), ' ');
    }
    out += one + "\n";
  }
  return out;
}

using Members = std::vector<std::pair<std::string_view, std::string>>;
std::string object(const Members& members) {
  std::string out = "{";
  for (const auto& [name, value] : members) {
    out.append(out.size() == 1 ? "\"" : ",\"").append(name).append("\":");
    append_json_string(out, value);
  }
  return out + "}";
}

OwnResponse sessions_page(const AdminApi::Call& call, const std::vector<SeenSession>& sessions) {
  constexpr std::size_t kShown = 8;  // digits of an id
  std::vector<std::vector<std::string>> rows{{"USER", "SIGN-IN", "HOST", "ADDRESS", "BEGUN", "SEEN", "EXPIRES", "ID"}};
  std::string out = "[";
  for (const SeenSession& one : sessions) {
    const std::string begun = stead::rfc3339(one.begun), seen = stead::rfc3339(one.seen),
                      expires = stead::rfc3339(one.expires), method(to_string(one.method)),
                      id = one.id.substr(0, kShown);
    rows.push_back({one.user, method, one.host, one.address, begun, seen, expires, id});
    out.append(out.size() == 1 ? "" : ",");
    out.append(object({{"user", one.user},
                       {"sign_in", method},
                       {"host", one.host},
                       {"address", one.address},
                       {"begun", begun},
                       {"seen", seen},
                       {"expires", expires},
                       {"id", id}}));
  }
  return call.as_text ? text(200, table(rows)) : json(200, out + "]");
}

OwnResponse upstreams_page(const AdminApi::Call& call, const UpstreamHealths& healths) {
  std::vector<std::vector<std::string>> rows{{"UPSTREAM", "CHECK", "STATE", "REQUESTS", "OUTAGES"}};
  std::string out = "[";
  for (const auto& health : healths.all()) {
    const auto report = health->report(Clock::now());
    const std::string url = to_string(health->back_end().upstream),
                      check = health->back_end().check ? health->back_end().check->path : "",
                      state = report.drained ? "drained"
                              : report.up    ? "up"
                                             : "out";
    rows.push_back({url, check.empty() ? "-" : check, report.why.empty() ? state : state + ": " + report.why,
                    std::to_string(report.in_flight), std::to_string(report.outages)});
    out.append(out.size() == 1 ? "{" : ",{");
    std::string members = object({{"upstream", url}, {"check", check}, {"state", state}, {"why", report.why}});
    members.pop_back();
    out.append(members, 1).append(",\"requests\":").append(std::to_string(report.in_flight));
    out.append(",\"outages\":").append(std::to_string(report.outages)).append("}");
  }
  return call.as_text ? text(200, table(rows)) : json(200, out + "]");
}

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace

asio::awaitable<OwnResponse> AdminApi::read(Call call) const {
  const std::string path(path_of(call.target));
  if (path == "/why") {
    OwnResponse response = co_await why(std::move(call));
    co_return response;
  }
  if (path == "/tickets") {
    const std::vector<CoreTickets> found = co_await tickets_of(cores_);
    co_return call.as_text ? text(200, tickets_text(found)) : json(200, tickets_json(found));
  }
  if (path == "/sessions")
    co_return sessions_page(call, memory_->sessions.all(query_parameter(call.target, "user").value_or(""), now()));
  if (path == "/upstreams") co_return upstreams_page(call, *cores_.front()->healths);
  OwnResponse response = co_await admin_.respond(path);
  co_return response;
}

asio::awaitable<OwnResponse> AdminApi::respond(Call call) {
  if (call.method == "GET") {
    OwnResponse response = co_await read(std::move(call));
    co_return response;
  }
  if (call.method != "POST") co_return fault(call, 405, "GET and POST only");
  spdlog::info("admin socket: {} by {}", call.target, call.who);
  OwnResponse response = co_await order(std::move(call));
  co_return response;
}

asio::awaitable<OwnResponse> AdminApi::why(Call call) const {
  const std::string id = request_id_in(query_parameter(call.target, "id").value_or(""));
  if (id.empty()) co_return fault(call, 400, "a request id is 32 hexadecimal digits, as an error page shows it");
  std::function<std::optional<FailedRequest>(const Core&)> look = [id](const Core& core) {
    const FailedRequest* const found = core.failed.find(id);
    return found == nullptr ? std::nullopt : std::optional(*found);
  };
  const std::vector<std::optional<FailedRequest>> found = co_await from_every_core(cores_, std::move(look));
  for (const std::optional<FailedRequest>& one : found)
    if (one) co_return call.as_text ? text(200, why_text(*one)) : json(200, why_json(*one));
  co_return fault(call, 404,
                  "request " + id + " is not among the last " + std::to_string(FailedRequests::kKept) +
                      " that failed on each core of this process: look for it in the access log");
}

asio::awaitable<OwnResponse> AdminApi::order(Call call) {
  const std::string path(path_of(call.target));
  if (path == "/reload") {
    const std::string refused = co_await reload_();
    if (!refused.empty()) co_return fault(call, 409, refused);
    co_return line(call, 200, "result", "the configuration was read again and is in use");
  }
  if (path == "/end-sessions" || path == "/purge-tickets") {
    const auto user = query_parameter(call.target, "user");
    if (!user || user->empty()) co_return fault(call, 400, "needs user, as alice@EXAMPLE.COM");
    if (path == "/purge-tickets") co_return purge_tickets(call, *user);
    OwnResponse response = co_await end_sessions(std::move(call), *user);
    co_return response;
  }
  if (path == "/drain" || path == "/undrain") co_return drain(call, path == "/drain");
  if (path == "/log-level") {
    constexpr std::array kLevels{std::pair{"error", spdlog::level::err}, std::pair{"warning", spdlog::level::warn},
                                 std::pair{"info", spdlog::level::info}, std::pair{"debug", spdlog::level::debug}};
    const auto wanted = query_parameter(call.target, "level");
    for (const auto& [name, level] : kLevels) {
      if (wanted != name) continue;
      spdlog::set_level(level);
      co_return line(call, 200, "level", name);
    }
    co_return fault(call, 400, "level is none of error, warning, info, debug");
  }
  co_return fault(call, 404, "there is no such command");
}

// Evidence and tickets of the user go too: they are for sessions that are no more.
asio::awaitable<OwnResponse> AdminApi::end_sessions(Call call, std::string user) {
  const std::shared_ptr<Generation> generation = cores_.front()->now;
  if (!generation->sign_in) co_return fault(call, 409, "nobody signs in here");
  const std::vector<SeenSession> known = memory_->sessions.take(user, now());
  std::string name = user;  // as the session has it
  auto until = now() + generation->config().session_lifetime;
  for (const SeenSession& one : known) {
    name = one.user;
    until = std::max(until, one.expires);
  }
  co_await generation->sign_in->end_sessions_of(name, until);
  for (const auto& core : cores_)
    asio::post(core->io, [core = core.get(), name] {
      Session any;
      any.user = name;
      if (core->now->tickets) core->now->tickets->forget(any);
    });
  const std::string count = std::to_string(known.size());
  if (call.as_text) co_return text(200, "the sessions of " + name + " are over; this process had seen " + count + "\n");
  std::string out = "{\"user\":";
  append_json_string(out, name);
  co_return json(200, out + ",\"sessions\":" + count + "}");
}

OwnResponse AdminApi::purge_tickets(const Call& call, const std::string& user) const {
  if (!cores_.front()->now->tickets) return fault(call, 409, "nobody signs in here");
  for (const auto& core : cores_)
    asio::post(core->io, [core = core.get(), user] {
      if (core->now->tickets) core->now->tickets->purge(user);
    });
  return line(call, 200, "result", "the tickets of " + user + " are asked for again");
}

OwnResponse AdminApi::drain(const Call& call, bool on) const {
  const auto wanted = query_parameter(call.target, "upstream");
  std::size_t count = 0;
  for (const auto& health : cores_.front()->healths->all()) {
    if (wanted != to_string(health->back_end().upstream) && wanted != health->name()) continue;
    health->drain(on);
    ++count;
  }
  if (count == 0)
    return fault(call, 404, "no route has the upstream " + wanted.value_or("") + "; GET /upstreams has all");
  return line(call, 200, "result", *wanted + (on ? " gets no new requests" : " gets requests again"));
}

}  // namespace stead::proxy
