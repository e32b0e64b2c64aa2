#include "proxy/http2/flood_guard.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace stead::proxy {
namespace {

// RFC 9113 §6.
enum FrameType : unsigned char {
  kData = 0,
  kHeaders = 1,
  kRstStream = 3,
  kContinuation = 9,
};
constexpr unsigned char kEndStream = 0x1, kEndHeaders = 0x4;

}  // namespace

bool TokenBucket::take(Clock::time_point now) {
  const double passed = std::chrono::duration<double, std::ratio<60>>(now - filled_at_).count();
  filled_at_ = now;
  add(passed * capacity_);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void TokenBucket::add(double tokens) {
  tokens_ = std::min(capacity_, tokens_ + tokens);
}

FloodGuard::FloodGuard(const Limits& limits, Clock::time_point now)
    : limits_(limits), resets_(limits.resets_per_minute, now), control_(limits.control_frames_per_minute, now) {}

std::string_view FloodGuard::begin_frame(Clock::time_point now) {
  const std::size_t length =
      static_cast<std::size_t>(head_[0]) << 16 | static_cast<std::size_t>(head_[1]) << 8 | head_[2];
  const unsigned char type = head_[3], flags = head_[4];
  payload_left_ = length;
  if (type == kHeaders || type == kContinuation) {
    if (type == kHeaders) block_octets_ = continuations_ = 0;
    block_octets_ += length;
    if (type == kContinuation && ++continuations_ > limits_.continuations) return "CONTINUATION frames";
    if (block_octets_ > limits_.header_block_octets) return "octets of a header block";
    in_header_block_ = (flags & kEndHeaders) == 0;
    return {};
  }
  if (type == kRstStream) return resets_.take(now) ? std::string_view{} : "resets of streams";
  if (type == kData && (length > 0 || (flags & kEndStream) != 0)) return {};
  return control_.take(now) ? std::string_view{} : "control frames";
}

std::string_view FloodGuard::check(std::string_view octets, Clock::time_point now) {
  const std::size_t preface = std::min(preface_left_, octets.size());
  preface_left_ -= preface;
  octets.remove_prefix(preface);
  while (!octets.empty()) {
    if (payload_left_ > 0) {
      const std::size_t skipped = std::min(payload_left_, octets.size());
      payload_left_ -= skipped;
      octets.remove_prefix(skipped);
      continue;
    }
    const std::size_t copied = std::min(head_.size() - head_size_, octets.size());
    std::copy_n(octets.begin(), copied, head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
    head_size_ += copied;
    octets.remove_prefix(copied);
    if (head_size_ < head_.size()) break;
    head_size_ = 0;
    if (const std::string_view flood = begin_frame(now); !flood.empty()) return flood;
  }
  return {};
}

std::string_view FloodGuard::note_caused_reset(Clock::time_point now) {
  return resets_.take(now) ? std::string_view{} : "resets that the client caused";
}

}  // namespace stead::proxy
