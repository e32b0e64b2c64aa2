#pragma once
// The counters of one core. Its thread writes, the admin page reads. Counting takes no lock; the rare events with text have
// a lock of their own.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "proxy/observe/counter.h"
#include "proxy/observe/kdc_times.h"
#include "stead/s4u.h"

namespace stead::proxy {

// A failed request, for /status.
struct FailureNote {
  std::chrono::system_clock::time_point at;
  std::string request_id, user, spn;
  int status = 0;
  std::string summary;  // the diagnosis, one or two sentences
  std::string steps;    // the exchanges with the DCs, as text; may be empty
};

struct CoreMetrics {
  static constexpr std::array<double, 10> kSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2, 10};

  std::array<Counter, 600> requests_by_status;
  std::array<Counter, kSeconds.size() + 1> requests_by_time;
  Counter request_microseconds, bytes_from_clients, bytes_to_clients;
  Counter client_connections, client_connections_now, client_connections_refused, malformed_requests, tls_failures,
      http2_floods, requests_over_limit;
  std::array<Counter, 3> requests_by_version;  // HTTP/1.0, HTTP/1.1, HTTP/2
  Counter upstream_connections, upstream_reuses, upstream_failures, upstream_retries;
  Counter tokens_made, tokens_refused, replies_that_do_not_hold;
  Counter tickets_refused, tickets_unreachable, tickets_failed;
  Counter reloads, reloads_refused;  // of the configuration; counted by the first core
  KdcTimes kdc;

  void request_done(int status, std::chrono::microseconds time) {
    requests_by_status[static_cast<std::size_t>(status) % requests_by_status.size()].add();
    const double seconds = static_cast<double>(time.count()) / 1e6;
    std::size_t slot = 0;
    while (slot < kSeconds.size() && seconds > kSeconds[slot]) ++slot;
    requests_by_time[slot].add();
    request_microseconds.add(static_cast<std::uint64_t>(time.count()));
  }

  void note_failure(FailureNote note) {
    const std::lock_guard lock(rare_mutex_);
    failures_.push_front(std::move(note));
    if (failures_.size() > kFailures) failures_.pop_back();
  }
  [[nodiscard]] std::vector<FailureNote> failures() const {
    const std::lock_guard lock(rare_mutex_);
    return {failures_.begin(), failures_.end()};
  }

  // A copy of the client's counters, which only the core's thread may read.
  void keep_statistics(const Statistics& statistics) {
    const std::lock_guard lock(rare_mutex_);
    statistics_ = statistics;
  }
  [[nodiscard]] Statistics statistics() const {
    const std::lock_guard lock(rare_mutex_);
    return statistics_;
  }

 private:
  static constexpr std::size_t kFailures = 50;
  mutable std::mutex rare_mutex_;
  std::deque<FailureNote> failures_;
  Statistics statistics_;
};

}  // namespace stead::proxy
