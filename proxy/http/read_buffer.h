#pragma once
// The octets read from a connection and not yet consumed: one block of memory, which an idle connection gives
// back.
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "sspi_shim/base/bytes.h"

namespace stead::proxy {

class ReadBuffer {
 public:
  [[nodiscard]] std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] bool full() const { return end_ - begin_ == capacity_; }

  void consume(std::size_t n) {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Room for reading: at least one octet unless full(). May move the octets held, which invalidates views.
  [[nodiscard]] char* space() {
    if (capacity_ == 0) grow(kInitialSize);
    if (end_ == capacity_ && begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    return data_.get() + end_;
  }
  [[nodiscard]] std::size_t space_size() const { return capacity_ - end_; }
  void commit(std::size_t n) { end_ += n; }

  void grow(std::size_t capacity) {
    if (capacity <= capacity_) return;
    std::unique_ptr<char[]> bigger(new char[capacity]);
    if (size() > 0) std::memcpy(bigger.get(), data_.get() + begin_, size());
    end_ -= begin_;
    begin_ = 0;
    data_ = std::move(bigger);
    capacity_ = capacity;
  }
  // Wipes what was consumed: a password.
  void wipe_consumed() {
    if (begin_ > 0) wipe(data_.get(), begin_);
    if (capacity_ > end_) wipe(data_.get() + end_, capacity_ - end_);
  }
  // Frees the memory if nothing is held.
  void release_if_empty() {
    if (size() > 0) return;
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  static constexpr std::size_t kInitialSize = 8 * 1024;
  std::unique_ptr<char[]> data_;
  std::size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

}  // namespace stead::proxy
