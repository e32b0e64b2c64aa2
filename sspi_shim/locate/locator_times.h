#pragma once
// The locator's clock, and how long it keeps what it learned. A forced rediscovery (DcLocator::forget, or
// ControllerWish::fresh) ends all of these early.
#include <chrono>
#include <functional>

namespace stead {

// What tests replace. Waits for a datagram or for a slower DC are not measured by this clock.
struct LocatorTimes {
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  std::chrono::milliseconds dns_timeout{1000};  // of the first try; the second has twice as long
};

// A DC's answer to a ping: for a search by level, and for one by ControllerRequirements (MS-NRPC §3.5.4.3.1).
constexpr std::chrono::minutes kPingLife{30}, kRequirementsPingLife{15};
// Answers by which no DC serves are asked for again once they are older than this: a DC may have been raised or
// resumed.
constexpr std::chrono::seconds kSuspectAfter{2};
// A ping without an answer, a name that DNS does not have, a search by ControllerRequirements that found nothing.
constexpr std::chrono::seconds kFailureLife{45};
// A list of DCs from DNS lives as long as the TTL of its records, within these bounds.
constexpr std::chrono::seconds kMinListLife{10}, kMaxListLife{12 * 3600};
// After DNS gave no answer, the last list stands for this long; then DNS is asked again.
constexpr std::chrono::seconds kUnansweredDnsLife{1};
// A DC that did not answer a request is asked after the others.
constexpr std::chrono::seconds kSilentLife{60};
// A DC that served S4U2Proxy is asked first as long as its last answer to a ping is not older than this.
constexpr std::chrono::hours kPreferredLife{12};

}  // namespace stead
