#include "sspi_shim/krb5/conf/krb5_realms.h"

#include <arpa/inet.h>
#include <krb5.h>
#include <netdb.h>
#include <profile.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"

namespace stead {
namespace {

constexpr int kDefaultUdpLimit = 1465;  // libkrb5's
constexpr std::size_t kMaxNames = 256;  // that are remembered

// krb5.conf as libkrb5 reads it.
class Profile {
 public:
  Profile() {
    if (krb5_init_context(&context_) != 0) context_ = nullptr;
    if (context_ != nullptr && krb5_get_profile(context_, &profile_) != 0) profile_ = nullptr;
  }
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;
  ~Profile() {
    if (profile_ != nullptr) profile_release(profile_);
    if (context_ != nullptr) krb5_free_context(context_);
  }
  [[nodiscard]] bool is_readable() const { return profile_ != nullptr; }

  [[nodiscard]] std::vector<std::string> values(std::vector<const char*> path) const {
    return list(profile_get_values, std::move(path));
  }
  [[nodiscard]] std::vector<std::string> sections(std::vector<const char*> path) const {
    return list(profile_get_subsection_names, std::move(path));
  }
  [[nodiscard]] std::vector<std::string> relations(std::vector<const char*> path) const {
    return list(profile_get_relation_names, std::move(path));
  }
  [[nodiscard]] bool flag(const char* name, bool otherwise) const {
    int out = otherwise ? 1 : 0;
    const int as_default = out;
    if (profile_get_boolean(profile_, "libdefaults", name, nullptr, as_default, &out) != 0) return otherwise;
    return out != 0;
  }
  [[nodiscard]] int number(const char* name, int otherwise) const {
    int out = otherwise;
    return profile_get_integer(profile_, "libdefaults", name, nullptr, otherwise, &out) == 0 ? out : otherwise;
  }

 private:
  template <class Get>
  std::vector<std::string> list(Get get, std::vector<const char*> path) const {
    path.push_back(nullptr);
    char** found = nullptr;
    std::vector<std::string> out;
    if (get(profile_, path.data(), &found) != 0) return out;
    for (char** one = found; *one != nullptr; ++one) out.emplace_back(*one);
    profile_free_list(found);
    return out;
  }
  krb5_context context_ = nullptr;
  profile_t profile_ = nullptr;
};

// Addresses of host names, for a minute.
class Names {
 public:
  std::vector<std::string> addresses(const std::string& host) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (known_.size() >= kMaxNames) known_.clear();
    Entry& entry = known_[host];
    if (entry.until > now) return entry.addresses;
    entry = {now + std::chrono::minutes(1), look_up(host)};
    return entry.addresses;
  }

 private:
  struct Entry {
    std::chrono::steady_clock::time_point until{};
    std::vector<std::string> addresses;
  };
  static std::vector<std::string> look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    std::vector<std::string> out;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) {
      hints.ai_flags = AI_NUMERICHOST;  // of a family that this machine has no address of
      if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return out;
    }
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
      char text[INET6_ADDRSTRLEN] = {};
      const void* address = one->ai_family == AF_INET
                                ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(one->ai_addr)->sin_addr)
                                : static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(one->ai_addr)->sin6_addr);
      if (::inet_ntop(one->ai_family, address, text, sizeof text) != nullptr) out.emplace_back(text);
    }
    ::freeaddrinfo(found);
    return out;
  }
  std::mutex mutex_;
  std::map<std::string, Entry> known_;
};
Names& names() {
  static auto* one = new Names;
  return *one;
}

// "host", "host:88", "[::1]:88", "::1", each also after "tcp/" or "udp/".
struct HostPort {
  std::string host;
  std::uint16_t port = 88;
};
std::optional<HostPort> host_and_port_of(std::string_view text) {
  for (const std::string_view transport : {"tcp/", "udp/"}) {
    if (text.starts_with(transport)) text.remove_prefix(transport.size());
  }
  HostPort out;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (std::ranges::count(text, ':') <= 1) {
    const auto colon = std::min(text.find(':'), text.size());
    out.host = text.substr(0, colon);
    port = text.substr(colon);
  } else {
    out.host = text;
  }
  if (port.empty()) return out.host.empty() ? std::nullopt : std::optional(out);
  unsigned number = 0;
  for (const char c : port.substr(1)) {
    if (c < '0' || c > '9' || number > 65535) return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  if (port[0] != ':' || number == 0 || number > 65535 || out.host.empty()) return std::nullopt;
  out.port = static_cast<std::uint16_t>(number);
  return out;
}

std::vector<std::string> kdcs_of(const Profile& profile, const std::string& realm) {
  std::vector<std::string> out = profile.values({"realms", realm.c_str(), "kdc"});
  for (const char* first : {"primary_kdc", "master_kdc"}) {
    for (std::string& kdc : profile.values({"realms", realm.c_str(), first})) {
      if (std::ranges::find(out, kdc) == out.end()) out.push_back(std::move(kdc));
    }
  }
  return out;
}

void add_realm(const Profile& profile, const std::string& realm, LocatorOptions& out) {
  std::vector<ControllerAddress> controllers;
  for (const std::string& kdc : kdcs_of(profile, realm)) {
    if (kdc.starts_with("https://")) {
      KdcProxy relay{.url = kdc, .ca = {}};
      for (const std::string& anchor : profile.values({"realms", realm.c_str(), "http_anchors"})) {
        if (anchor.starts_with("FILE:")) relay.ca = anchor.substr(5);
      }
      if (controllers.empty()) {
        out.kdc_proxies.emplace(to_upper(realm), std::move(relay));
        return;
      }
      continue;
    }
    const auto at = host_and_port_of(kdc);
    if (!at) continue;
    for (std::string& address : names().addresses(at->host)) {
      ControllerAddress controller;
      if (address != at->host) controller.name = at->host;
      controller.address = std::move(address);
      controller.kerberos_port = at->port;
      controllers.push_back(std::move(controller));
    }
  }
  if (!controllers.empty()) out.realms.emplace(to_upper(realm), std::move(controllers));
}

}  // namespace

void add_krb5_conf(LocatorOptions& out) {
  const Profile profile;
  if (!profile.is_readable()) return;
  // Named DNS servers are there to be asked.
  const bool by_named_dns = !out.nameservers.empty();
  for (const std::string& realm : profile.sections({"realms"})) {
    const std::string upper = to_upper(realm);
    if (!by_named_dns && !out.kdc_proxy && !out.realms.contains(upper) && !out.kdc_proxies.contains(upper))
      add_realm(profile, realm, out);
  }
  if (!by_named_dns) out.ask_dns = profile.flag("dns_lookup_kdc", profile.flag("dns_fallback", true));
  const int limit = std::max(1, profile.number("udp_preference_limit", kDefaultUdpLimit));
  out.largest_datagram = std::min(out.largest_datagram, static_cast<std::size_t>(limit));
  for (const std::string& host : profile.relations({"domain_realm"})) {
    const auto realm = profile.values({"domain_realm", host.c_str()});
    if (!realm.empty()) out.realms_of_hosts.emplace(to_lower(host), realm.front());
  }
}

std::string realm_of_service(const PrincipalName& service, const LocatorOptions& options) {
  if (options.realms_of_hosts.empty() || service.components.size() != 2) return {};
  std::string name = to_lower(service.components[1]);
  while (!name.empty()) {  // as libkrb5: "www.example.com", ".example.com", "example.com", ".com", "com"
    const auto found = options.realms_of_hosts.find(name);
    if (found != options.realms_of_hosts.end()) return found->second;
    name.erase(0, name.front() == '.' ? 1 : std::min(name.find('.'), name.size()));
  }
  return {};
}

}  // namespace stead
