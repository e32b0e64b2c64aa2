#include "kdc/server/server_core.h"

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>

#include "kdc/kpasswd/kpasswd_handler.h"
#include "kdc/ldap/cldap_responder.h"

namespace stead::kdc {
namespace {

Instant now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

Buffer address_bytes(const asio::ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

}  // namespace

void log_request(const ServedController& served, const RequestLog& log) {
  const auto dash = [](const std::string& text) {
    return text.empty() ? std::string_view("-") : std::string_view(text);
  };
  spdlog::debug("{} {} client={} target={} answer=\"{}\"{}{}{}{}", served.controller.name, log.kind, dash(log.client),
                dash(log.target), log.answer, log.status ? " status=" : "",
                log.status ? nt_status_name(std::uint32_t(*log.status)) : std::string{}, *log.why ? " why=" : "",
                *log.why ? "\"" + std::string(log.why) + "\"" : std::string{});
}

void log_warning(const std::string& text) {
  spdlog::warn("{}", text);
}

Core::Immediate Core::answer_now(const ServedController& served, Bytes request, bool datagram_reply) {
  const Snapshot& directory_now = snapshot();
  const DomainEntry* domain = directory_now.domain(served.realm);
  if (!domain) return {};
  const Instant at = now();
  Outcome outcome = handle(request, directory_now, *domain, served.controller, at);
  if (auto* missing = std::get_if<NeedKeys>(&outcome)) return {.reply = {}, .missing = std::move(*missing)};
  Answer& answer = std::get<Answer>(outcome);
  if (datagram_reply && answer.bytes.size() > kMaxDatagramReply) {
    answer.bytes = response_too_big(*domain, at);
    answer.log.answer += ", too big for a datagram";
  }
  if (options.log_requests) log_request(served, answer.log);
  return {.reply = std::move(answer.bytes), .missing = {}};
}

void Core::answer_later(const ServedController& served, Buffer request, NeedKeys missing, bool datagram_reply,
                        std::function<void(Buffer)> done) {
  if (blocking_jobs >= options.max_blocking_jobs) return done({});
  ++blocking_jobs;
  asio::post(pool, [this, &served, request = std::move(request), missing = std::move(missing), datagram_reply,
                    done = std::move(done)]() mutable {
    for (const auto& [keys, type] : missing.keys) keys->derive(type);
    asio::post(io, [this, &served, request = std::move(request), datagram_reply, done = std::move(done)]() mutable {
      --blocking_jobs;
      Immediate again = answer_now(served, request, datagram_reply);
      if (again.missing.keys.empty()) return done(std::move(again.reply));
      answer_later(served, std::move(request), std::move(again.missing), datagram_reply, std::move(done));
    });
  });
}

void Core::change_password(const ServedController& served, Buffer request, const asio::ip::address& local,
                           std::function<void(Buffer)> done) {
  if (blocking_jobs >= options.max_blocking_jobs) return done({});
  ++blocking_jobs;
  asio::post(pool, [this, &served, request = std::move(request), from = address_bytes(local),
                    done = std::move(done)]() mutable {
    Buffer reply =
        kpasswd_reply(directory, served.realm, request, std::chrono::floor<std::chrono::seconds>(now()), from);
    asio::post(io, [this, &served, reply = std::move(reply), done = std::move(done)]() mutable {
      --blocking_jobs;
      if (options.log_requests)
        spdlog::debug("{} kpasswd answer=\"{}\"", served.controller.name, reply.empty() ? "ignored" : "answered");
      done(std::move(reply));
    });
  });
}

}  // namespace stead::kdc
