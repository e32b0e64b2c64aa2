#include "proxy/admin/history.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/pages/render.h"

namespace stead::proxy {
namespace {

RequestTotals difference(const RequestTotals& a, const RequestTotals& b) {
  return {.requests = a.requests - b.requests, .refused = a.refused - b.refused, .failed = a.failed - b.failed};
}

}  // namespace

void RequestHistory::note(const RequestTotals& totals, Clock::time_point now) {
  now_ = totals;
  for (std::size_t i = 0; now - minute_ >= std::chrono::minutes(1) && i < kMinutes; ++i) {
    done_[next_] = difference(now_, at_begin_);
    next_ = (next_ + 1) % kMinutes;
    at_begin_ = now_;
    minute_ += std::chrono::minutes(1);
  }
  if (now - minute_ >= std::chrono::minutes(1)) minute_ = now;  // the machine slept for more than an hour
}

std::vector<RequestTotals> RequestHistory::minutes() const {
  std::vector<RequestTotals> out;
  for (std::size_t i = 1; i < kMinutes; ++i) out.push_back(done_[(next_ + i) % kMinutes]);
  out.push_back(difference(now_, at_begin_));
  return out;
}

std::string bar_chart(std::string_view title, const std::vector<std::uint64_t>& values, std::string_view color) {
  constexpr std::size_t kWidth = 8, kHeight = 60;
  const std::uint64_t most = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  const std::uint64_t all = std::accumulate(values.begin(), values.end(), std::uint64_t{0});
  const std::string width = std::to_string(kWidth * values.size());
  std::string out = "<figure><figcaption>" + escape_html(title) + ": " + std::to_string(all) + ", at most " +
                    std::to_string(most) + " a minute</figcaption>\n<svg role=\"img\" aria-label=\"" +
                    escape_html(title) + ", minute by minute\" viewBox=\"0 0 " + width + " 61\" width=\"" + width +
                    "\" height=\"61\"><path d=\"M0 60.5H" + width + "\" stroke=\"#8a94a3\"/>";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0) continue;
    // At least one unit, so that a single request is seen beside thousands.
    const std::uint64_t height = std::max<std::uint64_t>(1, values[i] * kHeight / most);
    const std::size_t ago = values.size() - 1 - i;
    out += "<rect x=\"" + std::to_string(i * kWidth + 1) + "\" y=\"" + std::to_string(kHeight - height) +
           "\" width=\"" + std::to_string(kWidth - 2) + "\" height=\"" + std::to_string(height) + "\" style=\"fill:";
    out.append(color).append("\"><title>");
    out += (ago == 0 ? std::string("this minute") : std::to_string(ago) + " min ago") + ": " +
           std::to_string(values[i]) + "</title></rect>";
  }
  return out + "</svg></figure>\n";
}

}  // namespace stead::proxy
