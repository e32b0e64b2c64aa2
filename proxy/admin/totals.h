#pragma once
// Sums over all cores, and their last failures, for the admin pages.
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "proxy/core/server_state.h"
#include "proxy/observe/failed_requests.h"

namespace stead::proxy {

[[nodiscard]] std::uint64_t sum_of(const Cores& cores, Counter CoreMetrics::* counter);
// Requests that were answered with this status or a higher one.
[[nodiscard]] std::uint64_t requests_from(const Cores& cores, std::size_t lowest);
// 403 and 429: the user may not, or not now. A 401 is how every sign-in begins.
[[nodiscard]] std::uint64_t requests_refused(const Cores& cores);
// The newest first.
[[nodiscard]] std::vector<FailureNote> last_failures(const Cores& cores);
// The newest first, at most 50. On the first core.
[[nodiscard]] boost::asio::awaitable<std::vector<FailedRequest>> last_refused_sign_ins(const Cores& cores);

}  // namespace stead::proxy
