#pragma once
// Times and answers of the Kerberos client's steps, by exchange, realm and controller. One object for each core: its thread
// writes, and the admin page reads at any time without a lock. Names come from the configuration, from DNS and from KDCs'
// referrals, so their number is limited: further ones are counted under the realm "other".
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "proxy/observe/counter.h"
#include "stead/s4u.h"

namespace stead::proxy {

// One histogram: the number of steps at or below each bound (and above the bound before); the last one is above all.
struct KdcSeries {
  static constexpr std::array<double, 12> kSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                   0.05,   0.1,   0.25,   1,     2.5,  10};
  std::array<std::uint64_t, kSeconds.size() + 1> count{};
  std::uint64_t microseconds = 0;
};

class KdcTimes {
 public:
  static constexpr std::size_t kMaxSeries = 256, kMaxAnswers = 128;
  using Key = std::tuple<std::string, std::string,
                         std::string>;  // exchange, realm, controller (or its address; empty for a search)

  void add(const TraceStep& step);  // on the core's thread

  // Adds this core's counts to the arguments; thread-safe.
  void collect(std::map<Key, KdcSeries>& times,
               std::map<std::pair<std::string, std::string>, std::uint64_t>& answers) const;

 private:
  struct Series {
    Key key;
    std::array<Counter, KdcSeries::kSeconds.size() + 1> count;
    Counter microseconds;
  };
  struct Answers {
    std::pair<std::string, std::string> key;  // exchange, answer
    Counter count;
  };
  // An array that only grows. An element's key is written before `size` includes it, and does not change afterwards.
  template <class Element, std::size_t N>
  struct Row {
    std::array<Element, N> elements;
    std::atomic<std::size_t> size{0};
    template <class Key_>
    Element* find_or_add(const Key_& key, std::size_t limit);
  };

  Row<Series, kMaxSeries> times_;
  Row<Answers, kMaxAnswers> answers_;
};

}  // namespace stead::proxy
