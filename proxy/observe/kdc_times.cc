#include "proxy/observe/kdc_times.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxNameSize = 255;  // a DNS name
constexpr std::array<std::string_view, 5> kExchanges{"AS", "TGS", "S4U2Self", "S4U2Proxy", "locate"};
constexpr std::string_view kReferral = "referral to ";

}  // namespace

template <class Element, std::size_t N>
template <class Key_>
Element* KdcTimes::Row<Element, N>::find_or_add(const Key_& key, std::size_t limit) {
  const std::size_t held = size.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < held; ++i)
    if (elements[i].key == key) return &elements[i];
  if (held >= std::min(limit, N)) return nullptr;
  elements[held].key = key;
  size.store(held + 1, std::memory_order_release);
  return &elements[held];
}

void KdcTimes::add(const TraceStep& step) {
  // The last places are kept for the realm "other".
  constexpr std::size_t kReserved = kExchanges.size() + 1;
  const bool known = std::find(kExchanges.begin(), kExchanges.end(), step.exchange) != kExchanges.end();
  const std::string exchange = known ? step.exchange : "other";
  Series* series = nullptr;
  if (step.realm.size() <= kMaxNameSize && step.controller.size() <= kMaxNameSize)
    series = times_.find_or_add(Key(exchange, step.realm,
                                    step.exchange == "locate" ? ""
                                    : step.controller.empty() ? step.address
                                                              : step.controller),
                                kMaxSeries - kReserved);
  if (series == nullptr) series = times_.find_or_add(Key(exchange, "other", ""), kMaxSeries);
  if (series != nullptr) {
    const double seconds = std::isfinite(step.milliseconds) ? std::max(step.milliseconds, 0.0) / 1e3 : 0;
    const auto slot =
        std::lower_bound(KdcSeries::kSeconds.begin(), KdcSeries::kSeconds.end(), seconds) - KdcSeries::kSeconds.begin();
    series->count[static_cast<std::size_t>(slot)].add();
    series->microseconds.add(static_cast<std::uint64_t>(seconds * 1e6));
  }
  const std::string answer = step.answer.starts_with(kReferral) ? "referral"
                             : step.answer.size() > 64          ? "other"
                                                                : step.answer;
  Answers* answers = answers_.find_or_add(std::pair(exchange, answer), kMaxAnswers - kReserved);
  if (answers == nullptr) answers = answers_.find_or_add(std::pair(exchange, std::string("other")), kMaxAnswers);
  if (answers != nullptr) answers->count.add();
}

void KdcTimes::collect(std::map<Key, KdcSeries>& times,
                       std::map<std::pair<std::string, std::string>, std::uint64_t>& answers) const {
  const std::size_t series = times_.size.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < series; ++i) {
    const Series& one = times_.elements[i];
    KdcSeries& into = times[one.key];
    for (std::size_t slot = 0; slot < into.count.size(); ++slot) into.count[slot] += one.count[slot].value();
    into.microseconds += one.microseconds.value();
  }
  const std::size_t kinds = answers_.size.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < kinds; ++i) answers[answers_.elements[i].key] += answers_.elements[i].count.value();
}

}  // namespace stead::proxy
