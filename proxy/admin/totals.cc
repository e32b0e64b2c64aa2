#include "proxy/admin/totals.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "proxy/core/every_core.h"

namespace stead::proxy {

std::uint64_t sum_of(const Cores& cores, Counter CoreMetrics::* counter) {
  std::uint64_t total = 0;
  for (const auto& core : cores) total += (core->metrics.*counter).value();
  return total;
}

std::uint64_t requests_from(const Cores& cores, std::size_t lowest) {
  std::uint64_t total = 0;
  for (const auto& core : cores) {
    const auto& by_status = core->metrics.requests_by_status;
    for (std::size_t status = lowest; status < by_status.size(); ++status) total += by_status[status].value();
  }
  return total;
}

std::uint64_t requests_refused(const Cores& cores) {
  std::uint64_t total = 0;
  for (const auto& core : cores)
    for (const std::size_t status : {403, 429}) total += core->metrics.requests_by_status[status].value();
  return total;
}

std::vector<FailureNote> last_failures(const Cores& cores) {
  std::vector<FailureNote> out;
  for (const auto& core : cores)
    for (FailureNote& note : core->metrics.failures()) out.push_back(std::move(note));
  std::sort(out.begin(), out.end(), [](const FailureNote& a, const FailureNote& b) { return a.at > b.at; });
  return out;
}

boost::asio::awaitable<std::vector<FailedRequest>> last_refused_sign_ins(const Cores& cores) {
  constexpr std::size_t kShown = 50;
  std::function<std::vector<FailedRequest>(const Core&)> look = [](const Core& core) {
    std::vector<FailedRequest> last = core.failed.last(FailedRequests::Kind::refused_sign_in);
    if (last.size() > kShown) last.resize(kShown);
    return last;
  };
  std::vector<std::vector<FailedRequest>> found = co_await from_every_core(cores, std::move(look));
  std::vector<FailedRequest> out;
  for (std::vector<FailedRequest>& of_core : found)
    for (FailedRequest& one : of_core) out.push_back(std::move(one));
  std::sort(out.begin(), out.end(), [](const FailedRequest& a, const FailedRequest& b) { return a.at > b.at; });
  if (out.size() > kShown) out.resize(kShown);
  co_return out;
}

}  // namespace stead::proxy
