#include "proxy/http/fields/trace_context.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace stead::proxy {
namespace {

constexpr std::size_t kSize = 55, kTrace = 3, kParent = 36, kFlags = 53, kIdSize = 16;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

TraceContext parse_traceparent(std::string_view value) {
  if (value.size() < kSize || value[2] != '-' || value[kParent - 1] != '-' || value[kFlags - 1] != '-') return {};
  const std::string_view version = value.substr(0, 2), trace = value.substr(kTrace, 32),
                         parent = value.substr(kParent, kIdSize), flags = value.substr(kFlags, 2);
  if (!is_hex(version) || version == "ff" || !is_id(trace) || !is_id(parent) || !is_hex(flags)) return {};
  if (value.size() > kSize && (version == "00" || value[kSize] != '-')) return {};
  return {.trace_id = trace, .flags = flags};
}

void append_traceparent(std::string& out, const TraceContext& trace, std::string_view request_id) {
  const std::size_t from = request_id.size() > kIdSize ? request_id.size() - kIdSize : 0;
  out.append("00-").append(trace.trace_id).append("-").append(request_id.substr(from)).append("-");
  // Flags of later versions have no meaning in ours, but for the first: the client records its trace.
  const char last = trace.flags[1];
  const int bits = last <= '9' ? last - '0' : last - 'a' + 10;
  out.append(bits % 2 == 1 ? "01" : "00");
}

}  // namespace stead::proxy
