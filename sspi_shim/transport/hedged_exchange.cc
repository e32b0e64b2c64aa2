#include "sspi_shim/transport/hedged_exchange.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "sspi_shim/locate/dc_locator.h"
#include "sspi_shim/protocol/messages/kdc_reply.h"

namespace stead {
namespace asio = boost::asio;

HedgedExchange::HedgedExchange(std::shared_ptr<KdcRace> race, std::vector<KnownController> controllers,
                               HedgeTimes times, std::shared_ptr<DcLocator> locator,
                               std::shared_ptr<LastAnswers> last_answers)
    : race_(std::move(race)),
      controllers_(std::move(controllers)),
      times_(times),
      locator_(std::move(locator)),
      last_answers_(std::move(last_answers)),
      next_at_(Clock::now()),
      result_{make_error_code(asio::error::timed_out), {}} {}

asio::awaitable<KdcExchangeResult> HedgedExchange::run() {
  while (start_next()) {
    const bool go_on = co_await race_->wait(wake_time());
    if (!go_on) {
      result_.reply = make_error_code(asio::error::operation_aborted);
      co_return std::move(result_);
    }
    while (KdcRace::Attempt* attempt = race_->next_outcome()) {
      if (take(*attempt)) co_return std::move(result_);
    }
  }
  result_.reply = last_resort();
  co_return std::move(result_);
}

bool HedgedExchange::start_next() {
  const bool is_running = race_->is_running();
  // A DC that answers other requests lives: it is slow with this one, or lost it.
  if (hedged_ != nullptr && next_at_ <= Clock::now()) {
    const auto silent_at = last_answers_->of(hedged_->at.where) + times_.silent;
    next_at_ = std::max(next_at_, std::min(silent_at, hedged_->started + times_.slow));
  }
  const bool is_due = !is_running || Clock::now() >= next_at_;
  if (next_ == controllers_.size() || !is_due) return is_running;
  hedged_ = &race_->start(controllers_[next_++]);
  next_at_ = hedged_->started + times_.silent;
  return true;
}

HedgedExchange::Clock::time_point HedgedExchange::wake_time() const {
  return next_ < controllers_.size() ? next_at_ : Clock::now() + times_.answer;
}

bool HedgedExchange::take(KdcRace::Attempt& attempt) {
  Result<Buffer>& outcome = *attempt.outcome;
  if (!outcome) {
    last_error_ = outcome.error();
    has_timed_out_ = has_timed_out_ || last_error_ == asio::error::timed_out;
    note_silent(attempt, attempt.took);
    ask_next_now();
    return false;
  }
  last_answers_->note(attempt.at.where, Clock::now());
  locator_->mark_alive(attempt.at.where);
  KdcReply reply{std::move(*outcome), attempt.at, attempt.took};
  if (is_krb_error(reply.bytes, KrbErrc::KDC_ERR_SVC_UNAVAILABLE)) {
    unavailable_ = std::move(reply);
    ask_next_now();
    return false;
  }
  note_overtaken();
  result_.reply = std::move(reply);
  return true;
}

void HedgedExchange::ask_next_now() {
  next_at_ = Clock::now();
  hedged_ = nullptr;
}

void HedgedExchange::note_silent(const KdcRace::Attempt& attempt, Clock::duration took) {
  result_.silent.push_back({attempt.at, took});
  locator_->mark_silent(attempt.at.where);
}

void HedgedExchange::note_overtaken() {
  const auto now = Clock::now();
  for (const auto& attempt : race_->attempts()) {
    const bool had_time = now - attempt->started >= times_.silent;
    const bool is_alive = now - last_answers_->of(attempt->at.where) < times_.silent;  // slow, not silent
    if (!attempt->outcome && had_time && !is_alive) note_silent(*attempt, now - attempt->started);
  }
}

Result<KdcReply> HedgedExchange::last_resort() {
  if (unavailable_) return std::move(*unavailable_);
  return has_timed_out_ ? make_error_code(asio::error::timed_out) : last_error_;
}

}  // namespace stead
