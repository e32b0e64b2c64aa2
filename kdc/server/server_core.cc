#include "kdc/server/server_core.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "kdc/kpasswd/kpasswd_handler.h"

namespace stead::kdc {
namespace {

Buffer address_bytes(const asio::ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

void log_request(const ServedController& served, const RequestLog& log) {
  const auto dash = [](const std::string& text) {
    return text.empty() ? std::string_view("-") : std::string_view(text);
  };
  const auto number = [](const char* name, int event) {
    return event == 0 ? std::string{} : name + std::to_string(event);
  };
  spdlog::debug("{} {} client={} target={} answer=\"{}\"{}{}{}{}{}{}", served.controller.name, log.kind,
                dash(log.client), dash(log.target), log.answer, log.status ? " status=" : "",
                log.status ? nt_status_name(std::uint32_t(*log.status)) : std::string{}, *log.why ? " why=" : "",
                *log.why ? "\"" + std::string(log.why) + "\"" : std::string{}, number(" audit=", log.audit),
                number(" event=", log.event));
}

// Parameters of coroutines that run on the pool are values: the caller's frame may be destroyed first at shutdown.
asio::awaitable<void> derive_keys(NeedKeys missing) {
  for (const auto& [keys, type] : missing.keys) keys->derive(type);
  co_return;
}

asio::awaitable<Buffer> handle_kpasswd(Directory& directory, std::string realm, Buffer request, Instant at,
                                       Buffer from) {
  co_return kpasswd_reply(directory, realm, request, std::chrono::floor<std::chrono::seconds>(at), from);
}

const Controller& current_controller(const Domain& domain, const Controller& served) {
  for (const Controller& one : domain.controllers)
    if (one.name == served.name) return one;
  return served;
}

}  // namespace

Instant current_instant() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

const Controller& Core::controller(const ServedController& served) {
  const DomainEntry* domain = snapshot().domain(served.realm);
  return domain ? current_controller(*domain->domain, served.controller) : served.controller;
}

Core::Immediate Core::answer_now(const ServedController& served, Bytes request, Transport transport) {
  const Snapshot& directory_now = snapshot();
  const DomainEntry* domain = directory_now.domain(served.realm);
  if (!domain) return {};
  const Controller& dc = current_controller(*domain->domain, served.controller);
  const Instant at = current_instant() + dc.faults.skew;
  Outcome outcome = handle(request, directory_now, *domain, dc, at);
  if (auto* missing = std::get_if<NeedKeys>(&outcome)) return {.reply = {}, .missing = std::move(*missing)};
  Answer& answer = std::get<Answer>(outcome);
  if (answer.log.locked_out) record_lockout(served, *answer.log.locked_out, at);
  if (transport == Transport::udp && answer.bytes.size() > dc.faults.udp_limit.value_or(kMaxDatagramReply)) {
    answer.bytes = response_too_big(*domain, at);
    answer.log.answer += ", too big for a datagram";
  }
  if (options.log_requests) log_request(served, answer.log);
  return {.reply = std::move(answer.bytes), .missing = {}};
}

void Core::record_lockout(const ServedController& served, const AccountEntry& account, Instant at) {
  spdlog::warn("{} locks out {}@{}: too many wrong passwords", served.controller.name, account.account->name,
               account.domain->domain->realm);
  asio::post(pool,
             [&directory = directory, realm = account.domain->domain->realm, rid = account.account->rid,
              since = std::chrono::floor<std::chrono::seconds>(at)] { directory.record_lockout(realm, rid, since); });
}

asio::awaitable<Buffer> Core::answer_later(const ServedController& served, Buffer request, NeedKeys missing,
                                           Transport transport) {
  while (blocking_jobs < options.max_blocking_jobs) {
    {
      const BlockingJob job(*this);
      auto work = derive_keys(std::move(missing));
      co_await asio::co_spawn(pool, std::move(work), asio::use_awaitable);
    }
    Immediate again = answer_now(served, request, transport);
    if (again.missing.keys.empty()) co_return std::move(again.reply);
    missing = std::move(again.missing);
  }
  co_return Buffer{};
}

asio::awaitable<Buffer> Core::change_password(const ServedController& served, Buffer request, asio::ip::address local) {
  if (blocking_jobs >= options.max_blocking_jobs) co_return Buffer{};
  const BlockingJob job(*this);
  const Instant at = current_instant() + controller(served).faults.skew;
  auto work = handle_kpasswd(directory, served.realm, std::move(request), at, address_bytes(local));
  Buffer reply = co_await asio::co_spawn(pool, std::move(work), asio::use_awaitable);
  if (options.log_requests)
    spdlog::debug("{} kpasswd answer=\"{}\"", served.controller.name, reply.empty() ? "ignored" : "answered");
  co_return reply;
}

void Core::spawn(asio::awaitable<void> coroutine) {
  asio::co_spawn(io, std::move(coroutine), [](const std::exception_ptr& error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& exception) {
      spdlog::error("a request failed with an exception: {}", exception.what());
    }
  });
}

}  // namespace stead::kdc
