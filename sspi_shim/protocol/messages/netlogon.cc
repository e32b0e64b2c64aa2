#include "sspi_shim/protocol/messages/netlogon.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead {
namespace {

constexpr std::size_t kFixedPart = 24;  // opcode, sbz, flags, GUID
constexpr std::size_t kTail = 8;        // NtVersion, LmNtToken, Lm20Token
constexpr int kMaxJumps = 128;
constexpr std::size_t kMaxName = 255;  // bytes, as RFC 1035 counts them: each label with its length
constexpr std::size_t kMaxLabel = 63;
constexpr std::uint8_t kSockaddrSize = 16;
constexpr std::uint16_t kAfInet = 2;

// Reads one name at `at` and moves it behind the name. Names end before `limit`; pointers lead to what was read before.
Result<std::string> read_name(Bytes bytes, std::size_t& at, std::size_t limit) {
  std::string out;
  std::size_t here = at, start_of_run = at, size = 0;
  int jumps = 0;
  for (;;) {
    if (here >= limit) return WireErrc::truncated;
    const std::uint8_t head = bytes[here];
    if ((head & 0xc0) == 0xc0) {
      if (here + 1 >= limit) return WireErrc::truncated;
      const std::size_t target = std::size_t(head & 0x3f) << 8 | bytes[here + 1];
      if (jumps == 0) at = here + 2;
      if (++jumps > kMaxJumps) return WireErrc::too_deep;
      if (target >= start_of_run) return WireErrc::bad_value;
      here = start_of_run = target;
      continue;
    }
    if (head > kMaxLabel) return WireErrc::bad_value;
    if (head == 0) {
      if (jumps == 0) at = here + 1;
      return out;
    }
    if (std::size_t{head} + 1 > limit - here) return WireErrc::truncated;
    size += std::size_t{head} + 1;
    if (size + 1 > kMaxName) return WireErrc::too_large;
    const std::string_view label = as_text(bytes.subspan(here + 1, head));
    // User names may have dots inside; a name must stay the same when it is split at its dots again.
    if (label.find('\0') != label.npos || label.starts_with('.') || label.ends_with('.') ||
        label.find("..") != label.npos) {
      return WireErrc::bad_value;
    }
    if (!out.empty()) out += '.';
    out += label;
    here += std::size_t{head} + 1;
  }
}

// A name that cannot be written, for an empty or long label or its length, becomes the empty name.
void append_name(Buffer& out, std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  Buffer labels;
  while (!name.empty()) {
    const std::size_t end = name.find('.');
    const std::string_view label = name.substr(0, end);
    if (label.empty() || label.size() > kMaxLabel || labels.size() + label.size() + 2 > kMaxName) {
      labels.clear();
      break;
    }
    labels.push_back(static_cast<std::uint8_t>(label.size()));
    append(labels, as_bytes(label));
    name = end == name.npos ? std::string_view{} : name.substr(end + 1);
  }
  append(out, labels);
  out.push_back(0);
}

constexpr std::string NetlogonResponse::* kNames[] = {
    &NetlogonResponse::dns_forest_name,     &NetlogonResponse::dns_domain_name,       &NetlogonResponse::dns_host_name,
    &NetlogonResponse::netbios_domain_name, &NetlogonResponse::netbios_computer_name, &NetlogonResponse::user_name,
    &NetlogonResponse::dc_site_name,        &NetlogonResponse::client_site_name,
};

Buffer le32(std::uint32_t value) {
  Buffer out(4);
  store_le32(out.data(), value);
  return out;
}

}  // namespace

Result<NetlogonResponse> decode_netlogon_response(Bytes bytes, std::uint32_t asked) {
  if (bytes.size() < kFixedPart + kTail) return WireErrc::truncated;
  NetlogonResponse out;
  const std::size_t limit = bytes.size() - kTail;
  out.nt_version = load_le32(bytes.data() + limit);
  out.opcode = NetlogonOpcode(load_le16(bytes.data()));
  if (out.opcode != NetlogonOpcode::response_ex && out.opcode != NetlogonOpcode::pause_response_ex &&
      out.opcode != NetlogonOpcode::user_unknown_ex) {
    return WireErrc::unsupported;
  }
  out.flags = load_le32(bytes.data() + 4);
  std::copy_n(bytes.begin() + 8, out.domain_guid.size(), out.domain_guid.begin());

  std::size_t at = kFixedPart;
  for (const auto name : kNames) {
    Result<std::string> text = read_name(bytes, at, limit);
    if (!text) return text.error();
    out.*name = std::move(*text);
  }
  if ((asked & nt_version::v5ex_with_ip) != 0) {
    if (at >= limit) return WireErrc::truncated;
    const std::size_t size = bytes[at++];
    if (size > limit - at) return WireErrc::truncated;
    // A sockaddr_in: family, port, address, eight zeros.
    if (size >= 8 && load_le16(bytes.data() + at) == kAfInet) out.ipv4 = load_be32(bytes.data() + at + 4);
    at += size;
  }
  if ((asked & nt_version::closest_site) != 0 && at < limit) {
    Result<std::string> text = read_name(bytes, at, limit);
    if (!text) return text.error();
    out.next_closest_site_name = std::move(*text);
  }
  if (at != limit) return WireErrc::trailing_bytes;
  return out;
}

Buffer encode(const NetlogonResponse& value) {
  Buffer out(8);
  store_le16(out.data(), std::uint16_t(value.opcode));
  store_le32(out.data() + 4, value.flags);
  append(out, value.domain_guid);
  for (const auto name : kNames) append_name(out, value.*name);
  if (value.ipv4) {
    std::array<std::uint8_t, 1 + kSockaddrSize> address{kSockaddrSize};
    store_le16(address.data() + 1, kAfInet);
    store_be32(address.data() + 5, *value.ipv4);
    append(out, address);
  }
  if (value.next_closest_site_name) append_name(out, *value.next_closest_site_name);
  append(out, le32(value.nt_version));
  append(out, le32(0xffffffff));  // LmNtToken, Lm20Token
  return out;
}

std::string guid_text(const std::array<std::uint8_t, 16>& guid) {
  constexpr std::size_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  Buffer bytes;
  for (const std::size_t at : order) bytes.push_back(guid[at]);
  std::string out = to_hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, 1, '-');
  return out;
}

DcLevel level_of(std::uint32_t flags) {
  if ((flags & ds_flag::ds_10) != 0) return DcLevel::w2016;
  if ((flags & ds_flag::ds_9) != 0) return DcLevel::w2012r2;
  if ((flags & ds_flag::ds_8) != 0) return DcLevel::w2012;
  if ((flags & (ds_flag::full_secret_domain_6 | ds_flag::select_secret_domain_6)) != 0) return DcLevel::w2008;
  return flags != 0 ? DcLevel::w2003 : DcLevel::unknown;
}

std::string_view to_string(DcLevel level) {
  switch (level) {
    case DcLevel::w2003:
      return "2003";
    case DcLevel::w2008:
      return "2008";
    case DcLevel::w2012:
      return "2012";
    case DcLevel::w2012r2:
      return "2012R2";
    case DcLevel::w2016:
      return "2016";
    case DcLevel::unknown:
      break;
  }
  return "unknown";
}

std::optional<DcLevel> dc_level_by_name(std::string_view text) {
  constexpr std::pair<std::string_view, DcLevel> kLevels[] = {
      {"2003", DcLevel::w2003},     {"2008", DcLevel::w2008}, {"2008R2", DcLevel::w2008}, {"2012", DcLevel::w2012},
      {"2012R2", DcLevel::w2012r2}, {"2016", DcLevel::w2016}, {"2019", DcLevel::w2016},   {"2022", DcLevel::w2016},
  };
  for (const auto& [name, level] : kLevels) {
    if (equal_ignoring_case(name, text)) return level;
  }
  return std::nullopt;
}

PingSearch to_search(const NetlogonPing& ping, std::int32_t message_id) {
  PingSearch out;
  out.message_id = message_id;
  const auto add = [&](const char* attribute, Buffer value) { out.filter.push_back({attribute, std::move(value)}); };
  if (!ping.dns_domain.empty()) add("DnsDomain", to_buffer(as_bytes(ping.dns_domain)));
  if (!ping.host.empty()) add("Host", to_buffer(as_bytes(ping.host)));
  if (!ping.user.empty()) add("User", to_buffer(as_bytes(ping.user)));
  if (ping.account_control) add("AAC", le32(*ping.account_control));
  if (ping.domain_guid) add("DomainGuid", to_buffer(*ping.domain_guid));
  add("NtVer", le32(ping.nt_version));
  out.attributes.emplace_back("Netlogon");
  return out;
}

Result<NetlogonPing> netlogon_ping_of(const PingSearch& search) {
  const auto wants_netlogon = [](const std::string& attribute) { return equal_ignoring_case(attribute, "Netlogon"); };
  if (std::ranges::none_of(search.attributes, wants_netlogon)) return WireErrc::bad_value;
  NetlogonPing out;
  bool has_version = false;
  for (const EqualityMatch& term : search.filter) {
    const auto is = [&](std::string_view name) { return equal_ignoring_case(term.attribute, name); };
    if (is("NtVer")) {
      if (term.value.size() != 4) return WireErrc::bad_value;
      out.nt_version = load_le32(term.value.data());
      has_version = true;
    } else if (is("AAC")) {
      if (term.value.size() != 4) return WireErrc::bad_value;
      out.account_control = load_le32(term.value.data());
    } else if (is("DomainGuid")) {
      if (term.value.size() != 16) return WireErrc::bad_value;
      std::copy_n(term.value.begin(), 16, out.domain_guid.emplace().begin());
    } else if (is("DnsDomain") || is("Host") || is("User")) {
      if (std::ranges::find(term.value, 0) != term.value.end()) return WireErrc::bad_value;
      std::string& text = is("DnsDomain") ? out.dns_domain : is("Host") ? out.host : out.user;
      text = as_text(term.value);
    }  // DomainSid and what else a client may add does not change the answer
  }
  if (!has_version) return WireErrc::bad_value;
  return out;
}

}  // namespace stead
