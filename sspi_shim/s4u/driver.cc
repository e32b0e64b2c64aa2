#include "sspi_shim/s4u/driver.h"

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sspi_shim/locate/dc_choice.h"
#include "sspi_shim/s4u/events.h"
#include "sspi_shim/s4u/password/password_key.h"

namespace stead {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kLevelTimeout{300};  // only the trace needs the level

double milliseconds(std::chrono::steady_clock::duration took) {
  return std::chrono::duration<double, std::milli>(took).count();
}

TraceStep step_at(ExchangeKind exchange, const std::string& realm, const KnownController& at) {
  TraceStep out;
  out.exchange = to_string(exchange);
  out.realm = realm;
  out.controller = at.where.name;
  if (!at.where.address.empty()) out.address = address_text(at.where);
  out.level = to_string(at.level);
  return out;
}

}  // namespace

Driver::Driver(asio::any_io_executor executor, std::shared_ptr<KdcTransport> transport,
               std::shared_ptr<DcLocator> locator, Levels levels, std::function<void(const TraceStep&)> on_step,
               std::function<void(const Event&)> on_event)
    : executor_(std::move(executor)),
      transport_(std::move(transport)),
      locator_(std::move(locator)),
      on_step_(std::move(on_step)),
      levels_(levels),
      on_event_(std::move(on_event)) {}

asio::awaitable<std::optional<Refusal>> Driver::run(Machine& machine, CallPtr call) {
  Action action = machine.start();
  for (;;) {
    if (std::holds_alternative<Finished>(action)) {
      report(*call);
      co_return std::nullopt;
    }
    if (auto* refusal = std::get_if<Refusal>(&action)) {
      report(*call);
      co_return std::move(*refusal);
    }
    if (auto* send = std::get_if<SendToKdc>(&action)) {
      SendToKdc what = std::move(*send);
      if (std::chrono::steady_clock::now() >= call->deadline) {
        co_return unreachable(asio::error::timed_out, call->about.service.empty() ? Stage::s4u2self : Stage::s4u2proxy,
                              what.realm);
      }
      action = co_await exchange(machine, call, std::move(what));
    } else if (auto* ask = std::get_if<AskLevel>(&action)) {
      AskLevel what = std::move(*ask);
      const DcLevel level = co_await locator_->level_of(what.realm, what.controller);
      if (!call->trace.steps.empty()) call->trace.steps.back().level = to_string(level);
      action = machine.on_level(level);
    } else if (auto* wanted = std::get_if<LocateDc>(&action)) {
      LocateDc what = std::move(*wanted);
      action = co_await locate(machine, call, std::move(what));
    } else {
      DeriveKey what = std::move(std::get<DeriveKey>(action));
      DerivationTurn turn{call->caller, call->deadline};
      PasswordToDerive password{what.type, call->password, std::move(what.salt), std::move(what.params)};
      Result<Key> key = co_await password_key(std::move(password), std::move(turn));
      action = machine.on_key(std::move(key));
    }
  }
}

asio::awaitable<KdcExchangeResult> Driver::carry(const SendToKdc& send) {
  if (!send.to.empty()) {
    auto sent = co_await transport_->send_to(send.to, send.realm, send.request);
    co_return sent;
  }
  std::optional<KnownController> first = send.first;
  if (!first && send.prefer_capable) first = locator_->preferred(send.realm, DcLevel::w2012);
  if (first) {
    // The realm's others follow, for the case that this one is silent.
    std::vector<KnownController> all = co_await locator_->controllers(send.realm);
    const auto address = address_text(first->where);
    std::erase_if(all, [&](const KnownController& dc) { return address_text(dc.where) == address; });
    all.insert(all.begin(), *first);
    auto sent = co_await transport_->send_to(std::move(all), send.realm, send.request);
    co_return sent;
  }
  auto sent = co_await transport_->send(send.realm, send.request);
  co_return sent;
}

asio::awaitable<Action> Driver::exchange(Machine& machine, CallPtr call, SendToKdc send) {
  count(send.exchange);
  if (on_event_) on_event_(event_of_request(*call, send));
  const auto begun = std::chrono::steady_clock::now();
  KdcExchangeResult sent = co_await carry(send);
  silent_steps(*call, send, sent.silent);
  if (!sent.reply) {
    if (sent.silent.empty()) {
      auto step = step_at(send.exchange, send.realm, {});
      step.answer = to_string(StepAnswer{AnswerKind::timeout});
      step.detail = send.detail;
      step.milliseconds = milliseconds(std::chrono::steady_clock::now() - begun);
      add_step(*call, std::move(step));
    }
    ++timeouts_;
    co_return machine.on_reply(Reply{sent.reply.error(), {}});
  }
  KdcReply& got = *sent.reply;
  if (got.from.level == DcLevel::unknown && levels_ == Levels::learned)
    got.from.level = co_await level_of(send.realm, got.from);
  auto step = step_at(send.exchange, send.realm, got.from);
  step.milliseconds = milliseconds(got.took);
  step.detail = send.detail;
  Action next = machine.on_reply(Reply{std::move(got.bytes), got.from});
  step.answer = to_string(machine.answer());
  step.status = machine.answer().status;
  add_step(*call, std::move(step));
  co_return next;
}

asio::awaitable<Action> Driver::locate(Machine& machine, CallPtr call, LocateDc wanted) {
  report(*call);
  const auto begun = std::chrono::steady_clock::now();
  DcLocator::Found found;
  if (wanted.writable)
    found = co_await locator_->find_writable(wanted.realm, wanted.refused);
  else
    found = co_await locator_->find(wanted.realm, wanted.at_least, wanted.refused);
  const bool known = !found.usable.empty() && found.usable.front().level >= wanted.at_least;
  auto step = step_at(ExchangeKind::locate, wanted.realm, known ? found.usable.front() : KnownController{});
  step.milliseconds = milliseconds(std::chrono::steady_clock::now() - begun);
  step.answer = to_string(StepAnswer{known ? AnswerKind::found : AnswerKind::none});
  step.detail = wanted.writable ? "a writable controller"
                                : "a controller of " + std::string(to_string(wanted.at_least)) + " level";
  if (!known && !found.usable.empty()) step.detail += "; those of unknown level are tried";
  add_step(*call, std::move(step));
  co_return machine.on_located(Located{std::move(found.usable), std::move(found.seen)});
}

// The ping goes on after the wait: the next call finds its answer.
asio::awaitable<DcLevel> Driver::level_of(std::string realm, KnownController controller) {
  auto& ping = pings_[address_text(controller.where)];
  if (!ping) {
    ping = std::make_shared<LevelPing>(executor_);
    asio::co_spawn(
        executor_,
        [locator = locator_, realm, where = controller.where, entry = ping]() -> asio::awaitable<void> {
          const DcLevel level = co_await locator->level_of(realm, where);
          entry->level = level;
          entry->done.cancel();
        },
        [](std::exception_ptr) {});
  }
  const std::shared_ptr<LevelPing> entry = ping;
  if (!entry->level && !entry->was_awaited) {
    entry->done.expires_after(kLevelTimeout);
    co_await entry->done.async_wait(asio::as_tuple(asio::use_awaitable));
    entry->was_awaited = true;
  }
  co_return entry->level.value_or(DcLevel::unknown);
}

void Driver::count(ExchangeKind kind) {
  switch (kind) {
    case ExchangeKind::as:
      ++as_;
      break;
    case ExchangeKind::tgs:
      ++tgs_;
      break;
    case ExchangeKind::s4u2self:
      ++s4u2self_;
      break;
    case ExchangeKind::s4u2proxy:
      ++s4u2proxy_;
      break;
    case ExchangeKind::locate:
      break;
  }
}

Statistics Driver::statistics() const {
  Statistics out;
  out.as_exchanges = as_;
  out.tgs_exchanges = tgs_;
  out.s4u2self_exchanges = s4u2self_;
  out.s4u2proxy_exchanges = s4u2proxy_;
  out.timeouts = timeouts_;
  return out;
}

void Driver::silent_steps(Call& call, const SendToKdc& send, const std::vector<KdcAttempt>& silent) {
  for (const auto& attempt : silent) {
    auto step = step_at(send.exchange, send.realm, attempt.at);
    step.answer = to_string(StepAnswer{AnswerKind::timeout});
    step.detail = send.detail;
    step.milliseconds = milliseconds(attempt.took);
    add_step(call, std::move(step));
  }
}

// The step before is complete and is reported. The new one may still learn its DC's level.
TraceStep& Driver::add_step(Call& call, TraceStep step) {
  report(call);
  step.step = static_cast<int>(call.trace.steps.size()) + 1;
  call.trace.steps.push_back(std::move(step));
  return call.trace.steps.back();
}

void Driver::report(Call& call) {
  for (; call.reported < call.trace.steps.size(); ++call.reported) {
    if (on_step_) on_step_(call.trace.steps[call.reported]);
    if (on_event_) on_event_(event_of_step(call, call.reported));
  }
}

}  // namespace stead
