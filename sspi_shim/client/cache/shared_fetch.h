#pragma once
// FetchOnce with Outcome results: a wait that ends without a result becomes a Failure.
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>

#include "sspi_shim/client/cache/fetch_once.h"
#include "stead/s4u.h"

namespace stead {

template <class T>
using OutcomeFetch = FetchOnce<Outcome<T>>;

// FetchOnce::run. The Failure says whether the caller was cancelled or the deadline passed.
template <class T>
boost::asio::awaitable<Outcome<T>> wait_for(OutcomeFetch<T>& fetches, std::string key,
                                            std::chrono::steady_clock::duration deadline,
                                            typename OutcomeFetch<T>::Work work,
                                            typename OutcomeFetch<T>::OnRole on_role = {}) {
  std::optional<Outcome<T>> result =
      co_await fetches.run(std::move(key), deadline, std::move(work), std::move(on_role));
  if (result) co_return std::move(*result);
  Failure none;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (state.cancelled() != boost::asio::cancellation_type::none) {
    none.kind = FailureKind::cancelled;
    none.error = boost::asio::error::operation_aborted;
    none.text = "the call was cancelled";
  } else {
    none.kind = FailureKind::unreachable;
    none.error = boost::asio::error::timed_out;
    none.text = "no answer within the deadline of the request";
  }
  none.retryable = true;
  co_return none;
}

// Runs `work` on `executor`, wherever the caller waits. `work` keeps alive what it uses: it goes on when the caller is
// cancelled.
template <class T>
boost::asio::awaitable<Outcome<T>> on_executor(boost::asio::any_io_executor executor,
                                               std::chrono::steady_clock::duration deadline,
                                               typename OutcomeFetch<T>::Work work) {
  const auto here = co_await boost::asio::this_coro::executor;
  if (here == executor) co_return co_await work();
  // A fetch that nobody joins: FetchOnce hands the result over between the executors.
  OutcomeFetch<T> fetch(executor);
  Outcome<T> out = co_await wait_for<T>(fetch, std::string(), deadline, std::move(work));
  co_return out;
}

}  // namespace stead
