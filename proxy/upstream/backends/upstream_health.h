#pragma once
// What is known of one back end at run time: whether requests go to it, since when, why not, and how many it has now.
// All cores share it, for the life of the process: it is kept apart from the configuration, by the back end's address,
// and outlives a reload.
//
//   up ──── a connection fails, a request times out, three answers in a row break off, or checks fail ────> out
//   out ─── it answers a check, which is sent after a back-off that doubles from 1 s to 60 s ─────────────> up
//
// A back end that is out gets no requests while another one of the route is up. It returns when it answers a check, not
// when some time has passed: no request of a user is the test. Without `health` in the route the check is OPTIONS *, and
// any answer will do.
//
// An administrator may drain it besides: it gets no new requests, as if it were out, until that is taken back.
//
// Requests read and write atomics only. Changes take a lock and write one line to the log.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/http/stream.h"

namespace stead::proxy {

// How to reach a back end and check it: what makes two upstreams of routes the same back end.
struct BackEnd {
  Upstream upstream;
  bool verify = true;
  std::string ca;
  std::string server_name{};       // for SNI and in its certificate; empty: the upstream's host
  CertificateFiles certificate{};  // that the proxy shows it; empty: none
  std::optional<HealthCheck> check{};
  std::string spn{};  // for a check with a ticket
  [[nodiscard]] static BackEnd of(const Route& route, const Upstream& upstream);
  [[nodiscard]] std::string key() const;
};

enum class Trouble {
  no_connection,  // refused, unreachable, or its TLS fails
  no_answer,      // the request timed out
  broken_off,     // the connection ended before the answer
};

class alignas(64) UpstreamHealth {
 public:
  explicit UpstreamHealth(BackEnd back_end);
  UpstreamHealth(const UpstreamHealth&) = delete;
  UpstreamHealth& operator=(const UpstreamHealth&) = delete;

  [[nodiscard]] const BackEnd& back_end() const { return back_end_; }
  [[nodiscard]] const std::string& name() const { return name_; }  // "127.0.0.1:9001"

  // --- of requests, on any core -------------------------------------------------------------------------------------
  [[nodiscard]] bool is_up() const { return up_.load(std::memory_order_relaxed); }
  // False while it is out, and after drain(true): an administrator takes it out of service.
  [[nodiscard]] bool takes_requests() const { return is_up() && !drained_.load(std::memory_order_relaxed); }
  void drain(bool on);
  [[nodiscard]] std::uint32_t in_flight() const {
    return static_cast<std::uint32_t>(requests_.load(std::memory_order_relaxed));
  }
  // 0.1 to 1: the share of its weight that a back end gets which has returned a short time ago.
  [[nodiscard]] double warmth(std::chrono::seconds slow_start, Clock::time_point now) const;
  void failed(Trouble trouble, std::string_view why, Clock::time_point now);

  // --- of the checker -----------------------------------------------------------------------------------------------
  // True if a check is due: by the route's interval, after the back-off, or because requests wait without any answer.
  // Then it counts as running until checked() is called.
  [[nodiscard]] bool begin_check(Clock::time_point now);
  void check_passed(Clock::time_point now);
  void check_failed(std::string_view why, Clock::time_point now);
  void check_gave_no_verdict(std::string_view why, Clock::time_point now);

  // --- for the metrics and the status page ----------------------------------------------------------------------------
  struct Report {
    bool up = true, drained = false;
    std::string why;  // it is out; empty: it is up
    std::chrono::seconds since{0};
    std::uint32_t in_flight = 0;
    std::uint64_t outages = 0, failed_checks = 0;
  };
  [[nodiscard]] Report report(Clock::time_point now) const;

 private:
  friend class InFlight;
  static constexpr Clock::rep kAlways = Clock::time_point::min().time_since_epoch().count();
  static constexpr std::uint64_t kOneWaiting = std::uint64_t{1} << 32;
  [[nodiscard]] bool waits_in_vain(Clock::time_point now) const;
  void take_out(std::string_view why, Clock::time_point now, std::chrono::milliseconds first_wait);
  void bring_back(Clock::time_point now);

  const BackEnd back_end_;
  const std::string name_;
  std::atomic<bool> up_{true}, drained_{false};
  std::atomic<std::uint64_t> requests_{0};     // low half: in flight; high half: those that wait for an answer's head
  std::atomic<std::uint32_t> broken_off_{0};   // in a row
  std::atomic<Clock::rep> last_answer_{0};     // or the start of the first request that waits
  std::atomic<Clock::rep> up_since_{kAlways};  // kAlways: there was no outage

  mutable std::mutex mutex_;  // for what follows
  bool checking_ = false;
  bool out_by_checks_ = false;
  int passed_ = 0, missed_ = 0;  // checks in a row
  int back_off_ = 0;             // doublings
  Clock::time_point next_check_{}, out_since_{};
  std::string why_;         // it is out
  std::string no_verdict_;  // the last check gave none, for this reason
  std::uint64_t outages_ = 0, failed_checks_ = 0;
};

// Counts a request at its back end for as long as it lives.
class InFlight {
 public:
  InFlight() = default;
  InFlight(UpstreamHealth& health, Clock::time_point now);
  InFlight(InFlight&& other) noexcept
      : health_(std::exchange(other.health_, nullptr)), waits_(std::exchange(other.waits_, false)) {}
  InFlight& operator=(InFlight&& other) noexcept {
    std::swap(health_, other.health_);
    std::swap(waits_, other.waits_);
    return *this;
  }
  ~InFlight() { end(); }
  void answered(Clock::time_point now);  // the head of an answer is here
  void end();

 private:
  UpstreamHealth* health_ = nullptr;
  bool waits_ = false;  // for the head of an answer
};

// The back ends of the process, each once. One that no configuration in use names any more is forgotten.
class UpstreamHealths {
 public:
  [[nodiscard]] std::shared_ptr<UpstreamHealth> of(BackEnd back_end);
  [[nodiscard]] std::vector<std::shared_ptr<UpstreamHealth>> all() const;  // in the order of their keys

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::weak_ptr<UpstreamHealth>> by_key_;
};

}  // namespace stead::proxy
