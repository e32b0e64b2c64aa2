#include "sspi_shim/locate/dns/dns_srv.h"

#include <ares.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace stead {
namespace {

constexpr std::size_t kHeaderSize = 12;
constexpr std::uint16_t kTypeSrv = 33, kClassInternet = 1;

struct FreeAresString {
  void operator()(char* text) const noexcept { ares_free_string(text); }
};

// Reads a DNS message (RFC 1035 §4.1) field by field; keeps the first error.
class MessageReader {
 public:
  explicit MessageReader(Bytes message) : message_(message), at_(kHeaderSize) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t position() const { return at_; }
  void move_to(std::size_t position) { at_ = position; }
  [[nodiscard]] bool has(std::size_t size) {
    if (failed_ || message_.size() - at_ < size) failed_ = true;
    return !failed_;
  }
  std::uint16_t u16() {
    if (!has(2)) return 0;
    at_ += 2;
    return load_be16(message_.data() + at_ - 2);
  }
  std::uint32_t u32() {
    if (!has(4)) return 0;
    at_ += 4;
    return load_be32(message_.data() + at_ - 4);
  }
  // A domain name, compressed or not; c-ares bounds the pointers.
  std::string name() {
    if (!has(1)) return {};
    char* text = nullptr;
    long size = 0;
    if (ares_expand_name(message_.data() + at_, message_.data(), static_cast<int>(message_.size()), &text, &size) !=
        ARES_SUCCESS) {
      failed_ = true;
      return {};
    }
    const std::unique_ptr<char, FreeAresString> owned(text);
    at_ += static_cast<std::size_t>(size);
    return text;
  }

 private:
  Bytes message_;
  std::size_t at_;
  bool failed_ = false;
};

}  // namespace

Result<std::vector<SrvRecord>> decode_srv_answer(Bytes message) {
  if (message.size() < kHeaderSize || message.size() > 65535) return make_error_code(WireErrc::truncated);
  const std::uint16_t questions = load_be16(message.data() + 4);
  const std::uint16_t answers = load_be16(message.data() + 6);
  MessageReader reader(message);
  for (int i = 0; i < questions && !reader.failed(); ++i) {
    reader.name();
    reader.u32();  // type and class
  }
  std::vector<SrvRecord> records;
  for (int i = 0; i < answers && !reader.failed(); ++i) {
    reader.name();
    const std::uint16_t type = reader.u16();
    const std::uint16_t dns_class = reader.u16();
    SrvRecord record;
    record.ttl = reader.u32();
    const std::uint16_t size = reader.u16();
    if (!reader.has(size)) break;
    const std::size_t end = reader.position() + size;
    if (type == kTypeSrv && dns_class == kClassInternet) {
      record.priority = reader.u16();
      record.weight = reader.u16();
      record.port = reader.u16();
      record.target = reader.name();
      if (reader.failed()) break;
      if (reader.position() != end) return make_error_code(WireErrc::bad_length);
      if (!record.target.empty()) records.push_back(std::move(record));
    }
    reader.move_to(end);  // a record of another type may stand between, such as a CNAME
  }
  if (reader.failed()) return make_error_code(WireErrc::truncated);
  return records;
}

std::vector<SrvRecord> in_srv_order(std::vector<SrvRecord> records,
                                    const std::function<std::uint32_t(std::uint32_t)>& draw) {
  // Weight 0 first within a priority: RFC 2782 gives it a small chance that way.
  std::stable_sort(records.begin(), records.end(), [](const SrvRecord& a, const SrvRecord& b) {
    return a.priority != b.priority ? a.priority<b.priority : (a.weight == 0)>(b.weight == 0);
  });
  for (auto first = records.begin(); first != records.end(); ++first) {
    const auto last =
        std::find_if(first, records.end(), [&](const SrvRecord& r) { return r.priority != first->priority; });
    const std::uint32_t total =
        std::accumulate(first, last, 0U, [](std::uint32_t sum, const SrvRecord& r) { return sum + r.weight; });
    const std::uint32_t drawn = draw(total);
    std::uint32_t sum = 0;
    const auto chosen = std::find_if(first, last, [&](const SrvRecord& r) { return (sum += r.weight) >= drawn; });
    if (chosen != last) std::rotate(first, chosen, chosen + 1);
  }
  return records;
}

}  // namespace stead
