#include "proxy/observe/failed_requests.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {
namespace {

void cut(std::string& text, std::size_t limit) {
  constexpr std::string_view kMark = "...";
  if (text.size() <= limit) return;
  text.resize(limit - kMark.size());
  text.append(kMark);
  text.shrink_to_fit();
}

}  // namespace

void FailedRequests::add(Kind kind, FailedRequest request) {
  for (std::string* const text :
       {&request.request_id, &request.address, &request.method, &request.host, &request.path, &request.route,
        &request.spn, &request.upstream, &request.user, &request.sign_in, &request.refusal.user})
    cut(*text, kMaxText);
  cut(request.why, kMaxSentence);
  cut(request.refusal.reason, kMaxSentence);
  Ring& ring = rings_[static_cast<std::size_t>(kind)];
  if (ring.kept.size() < kKept) {
    ring.kept.push_back(std::move(request));
  } else {
    ring.kept[ring.next] = std::move(request);
    ring.next = (ring.next + 1) % kKept;
  }
}

const FailedRequest* FailedRequests::find(std::string_view request_id) const {
  for (const Ring& ring : rings_) {
    const auto found = std::find_if(ring.kept.begin(), ring.kept.end(),
                                    [&](const FailedRequest& one) { return one.request_id == request_id; });
    if (found != ring.kept.end()) return &*found;
  }
  return nullptr;
}

std::vector<FailedRequest> FailedRequests::last(Kind kind) const {
  const Ring& ring = rings_[static_cast<std::size_t>(kind)];
  std::vector<FailedRequest> out(ring.kept.begin() + static_cast<std::ptrdiff_t>(ring.next), ring.kept.end());
  out.insert(out.end(), ring.kept.begin(), ring.kept.begin() + static_cast<std::ptrdiff_t>(ring.next));
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace stead::proxy
