#include "proxy/sessions/account_checks.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
namespace stead::proxy {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kMaxChecked = 100000;  // users
// This core's memory of an answer. The client keeps the identity for a life, and the two must not add up to two lives.
constexpr std::chrono::seconds kRemembered{30};
constexpr std::chrono::seconds kRetry{10};  // after an answer that says nothing of the account

bool refuses_account(const Failure& failure) {
  return failure.kind == FailureKind::refused && failure.trace.diagnosis &&
         failure.trace.diagnosis->code == "user_account_refused";
}
}  // namespace

AccountChecks::AccountChecks(std::shared_ptr<BackendTickets> tickets, std::chrono::seconds life,
                             std::chrono::seconds session_lifetime)
    : tickets_(std::move(tickets)), life_(life), session_lifetime_(session_lifetime), checked_(kMaxChecked) {}

bool AccountChecks::is_recent(const Session& session) {
  if (life_ == std::chrono::seconds::zero()) return true;
  const auto now = std::chrono::system_clock::now();
  if (now < session.expires - session_lifetime_ + life_) return true;
  return checked_.find(session.user, now).has_value();
}

bool AccountChecks::take_turn(const Session& session) {
  if (is_recent(session)) return false;
  checked_.put(session.user, session.user, true, {.expires = std::chrono::system_clock::now() + kRetry});
  return true;
}

asio::awaitable<std::optional<std::string>> AccountChecks::refusal(Session session) {
  const Outcome<std::string> asked = co_await tickets_->ask_for_user(session);
  const auto now = std::chrono::system_clock::now();
  if (asked) {
    checked_.put(session.user, session.user, true, {.expires = now + std::min(kRemembered, life_)});
    co_return std::nullopt;
  }
  const Failure why = asked.error();
  if (refuses_account(why)) {
    checked_.forget(session.user);
    co_return why.text;
  }
  checked_.put(session.user, session.user, true, {.expires = now + std::min(kRetry, life_)});
  co_return std::nullopt;
}

}  // namespace stead::proxy
