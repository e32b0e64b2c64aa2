#pragma once
// How long each step of the Kerberos client took, by exchange, realm and controller, and what was answered. One for
// each core: its thread writes, the admin page reads at any time, nothing is locked. Names come from a configuration,
// from DNS and from KDCs' referrals, so their number has a bound: what does not fit is counted under the realm "other".
#include <array>
#include <atomic>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "proxy/observe/counter.h"
#include "stead/s4u.h"

namespace stead::proxy {

// One series as it is read: steps by the bound that they are at or below, and in the last place those above every one.
struct KdcSeries {
  static constexpr std::array<double, 12> kSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                   0.05,   0.1,   0.25,   1,     2.5,  10};
  std::array<std::uint64_t, kSeconds.size() + 1> count{};
  std::uint64_t microseconds = 0;
};

class KdcTimes {
 public:
  static constexpr std::size_t kMostSeries = 256, kMostAnswers = 128;
  using Key = std::tuple<std::string, std::string,
                         std::string>;  // exchange, realm, controller (or its address; "" for a search)

  void add(const TraceStep& step);  // on the core's thread

  // Adds what this core counted; from any thread.
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
  // A row that grows only: an element's key is written before its number is published, and never changes after.
  template <class Element, std::size_t N>
  struct Row {
    std::array<Element, N> elements;
    std::atomic<std::size_t> size{0};
    template <class Key_>
    Element* find_or_add(const Key_& key, std::size_t most);
  };

  Row<Series, kMostSeries> times_;
  Row<Answers, kMostAnswers> answers_;
};

}  // namespace stead::proxy
