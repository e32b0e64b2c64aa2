#include "sspi_shim/s4u/password/derivation_queue.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>

namespace stead {

std::unique_ptr<DerivationQueue::Work> DerivationQueue::push(DerivationTurn turn, std::unique_ptr<Work> work) {
  if (size_ >= kMaxWaiting) return work;
  std::deque<Waiting>& waiting = callers_[turn.caller];
  if (waiting.size() >= kMaxOfCaller) return work;
  if (waiting.empty()) turns_.push_back(std::move(turn.caller));
  waiting.push_back({turn.deadline, std::move(work)});
  ++size_;
  return nullptr;
}

DerivationQueue::Next DerivationQueue::pop(Clock::time_point now) {
  if (turns_.empty()) return {};
  const auto found = callers_.find(turns_.front());
  std::deque<Waiting>& waiting = found->second;
  Next out{std::move(waiting.front().work), waiting.front().deadline <= now};
  waiting.pop_front();
  --size_;
  if (waiting.empty()) {
    callers_.erase(found);
    turns_.pop_front();
  } else {
    turns_.splice(turns_.end(), turns_, turns_.begin());
  }
  return out;
}

Error derivation_queue_full() {
  return make_error_code(boost::system::errc::resource_unavailable_try_again);
}

Error derivation_too_late() {
  return boost::asio::error::timed_out;
}

bool is_derivation_late(const Error& error) {
  return error == derivation_queue_full() || error == derivation_too_late();
}

}  // namespace stead
