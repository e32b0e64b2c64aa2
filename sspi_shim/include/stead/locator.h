#pragma once
// Which domain controller, and why. What `stead locate` prints.
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stead/result.h"

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

// A DC as a configuration names it. `address`: IPv4 or IPv6 in text.
struct ControllerAddress {
  std::string name;  // full DNS name
  std::string address;
  std::uint16_t kerberos_port = 88;
  std::uint16_t ldap_port = 389;
  friend bool operator==(const ControllerAddress&, const ControllerAddress&) = default;
};

// An HTTPS relay in front of KDCs (MS-KKDCP), where they cannot be reached themselves.
struct KdcProxy {
  std::string url;  // "https://host/KdcProxy", with a port where it is not 443
  std::string ca;   // a PEM file with those who may have issued its certificate; empty: the system's
  friend bool operator==(const KdcProxy&, const KdcProxy&) = default;
};

struct LocatorOptions {
  // Controllers of a realm (upper case), in the order they are asked, in place of DNS.
  std::map<std::string, std::vector<ControllerAddress>> realms;
  // Relays of realms (upper case), in place of controllers and DNS; and the one of every other realm that has no controllers here.
  std::map<std::string, KdcProxy> kdc_proxies;
  std::optional<KdcProxy> kdc_proxy;
  std::vector<std::string> nameservers;          // "address:port"; empty: the system's
  std::string site;                              // empty: learned from the DCs' answers
  std::chrono::milliseconds ping_timeout{1000};  // for one datagram; two are sent
  friend bool operator==(const LocatorOptions&, const LocatorOptions&) = default;
};

// What a DC must say of itself in its answer to a ping (DsGetDcName, MS-NRPC 3.5.4.3.1). `flags` are DS_FLAG of MS-ADTS 6.3.1.2, as
// DS_PDC_FLAG and the like of stead/sspi.h: 0x1 PDC, 0x4 GC, 0x8 LDAP, 0x20 KDC, 0x40 time server, 0x100 writable, 0x4000 DS_8… Where GC is
// among them the DC is looked for in the realm's whole forest (_gc records, or the configured realms that are of it), and `realm` of what is
// found is its own.
struct ControllerRequirements {
  std::string level{};          // at least: "2012", "2016"…; empty: any
  std::string site{};           // a DC of this site only; empty: any
  std::uint32_t flags = 0;      // all of these
  std::uint32_t any_of = 0;     // and one of these, where there are some
  std::uint32_t preferred = 0;  // a DC that has these goes before others
  bool nearest = false;         // a DC of our site goes before one of the next closest site, that before others
  // The domain's objectGUID, its bytes as on the wire. A DC that says another is none of the domain; where the realm has none, the domain is
  // looked for by its GUID in our own forest, or among the controllers of the configuration.
  std::optional<std::array<std::uint8_t, 16>> domain_guid{};
  bool rediscover = false;  // neither DNS nor a DC's answer is taken from memory (15 minutes; a failure 45 seconds)
};

// A DC that was looked at on the way.
struct SeenController {
  std::string controller;  // name; empty: unknown
  std::string address;     // "127.0.8.1:8088"
  std::string level;       // "unknown", "2003", "2008", "2012", "2012R2", "2016"
  std::string answer;      // "ok", "paused", "timeout", "not this domain", "not this forest", "below the level", …
};

struct LocatedController {
  std::string realm;
  ControllerAddress controller;
  std::string level;
  std::string site;
  std::uint32_t flags = 0;  // DS_FLAG of its answer
  std::string forest;       // DNS name; this and the next by find_controller alone
  std::array<std::uint8_t, 16> domain_guid{};
  std::string why;  // one sentence
  std::vector<SeenController> seen;
};

}  // namespace v0
}  // namespace stead
