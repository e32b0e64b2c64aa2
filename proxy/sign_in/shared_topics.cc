#include "proxy/sign_in/shared_topics.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/sessions/sign_out_line.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

std::chrono::sys_seconds now_seconds() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// "TIME ADDRESS ACCOUNT": TIME in seconds since 1970, the others as the throttle counts them.
std::string failure_line(const LoginThrottle::Failure& failure) {
  return std::to_string(now_seconds().time_since_epoch().count()) + ' ' + failure.address + ' ' + failure.account;
}

void take_failure(std::string_view line, LoginThrottle& throttle) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return;
  const auto time = parse_number<std::int64_t>(line.substr(0, first));
  if (!time) return;
  const auto age = now_seconds() - std::chrono::sys_seconds(std::chrono::seconds(*time));
  throttle.add_failure({.account = std::string(line.substr(second + 1)),
                        .address = std::string(line.substr(first + 1, second - first - 1))},
                       LoginThrottle::Clock::now() - std::max(age, std::chrono::seconds(0)));
}

}  // namespace

SharedState::Topics shared_topics(SignInMemory& memory) {
  auto take = [&memory](SharedTopic topic, const Announcement& announcement) {
    if (topic == SharedTopic::failed_password) return take_failure(announcement.text, *memory.throttle);
    if (const auto entry = sign_out_in(announcement.text)) memory.revocations.add(*entry, now_seconds());
  };
  auto known = [&memory](SharedTopic topic) {
    std::vector<Announcement> out;
    if (topic != SharedTopic::signed_out) return out;
    for (const Revocations::Entry& entry : memory.revocations.all())
      out.push_back({.text = sign_out_line(entry), .expires = entry.expires});
    return out;
  };
  return {.take = std::move(take), .known = std::move(known)};
}

void share_failures(LoginThrottle& throttle, const std::shared_ptr<SharedState>& shared) {
  if (!shared) return throttle.report_failures({});
  throttle.report_failures([to = std::weak_ptr(shared), &throttle](const LoginThrottle::Failure& failure) {
    if (const auto others = to.lock())
      others->announce(SharedTopic::failed_password,
                       {.text = failure_line(failure), .expires = now_seconds() + throttle.window()});
  });
}

}  // namespace stead::proxy
