#pragma once
// How domain controllers (DCs) are found: the options, and what a search returns. `stead locate` prints the same.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stead/result.h"

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

// A DC as a configuration names it. `address`: an IPv4 or IPv6 address as text.
struct ControllerAddress {
  std::string name;  // DNS name; empty: unknown
  std::string address;
  std::uint16_t kerberos_port = 88;
  std::uint16_t ldap_port = 389;
  friend bool operator==(const ControllerAddress&, const ControllerAddress&) = default;
};

// A KDC proxy (MS-KKDCP): carries requests over HTTPS to KDCs that cannot be reached directly.
struct KdcProxy {
  std::string url;  // "https://host/KdcProxy", or "https://host:port/…"
  std::string ca;   // PEM file of the CAs that its certificate may come from; empty: the system's CAs
  friend bool operator==(const KdcProxy&, const KdcProxy&) = default;
};

struct LocatorOptions {
  // The DCs of a realm (upper case), in the order in which they are asked. DNS is not asked for such a realm.
  std::map<std::string, std::vector<ControllerAddress>> realms;
  // KDC proxies by realm (upper case), in place of DCs and DNS.
  std::map<std::string, KdcProxy> kdc_proxies;
  std::optional<KdcProxy> kdc_proxy;             // for every realm that has neither `realms` nor `kdc_proxies`
  std::vector<std::string> nameservers;          // "address:port"; empty: the system's
  std::string site;                              // our AD site; empty: learned from the DCs' answers
  std::chrono::milliseconds ping_timeout{1000};  // for one ping in all; its datagram is sent again after half of it
  bool ask_dns = true;                           // false: only the realms that are named above have KDCs
  std::size_t largest_datagram = 1400;           // a larger request goes by TCP at once; 1: all do
  // The realm of a host ("www.example.com"), or of all hosts of a domain (".example.com"), in lower case: for services
  // whose realm the caller does not give. Others are found by the KDCs' referrals.
  std::map<std::string, std::string> realms_of_hosts;
  friend bool operator==(const LocatorOptions&, const LocatorOptions&) = default;
};

// What a DC must state about itself in its answer to a CLDAP ping (DsGetDcName, MS-NRPC §3.5.4.3.1). Flags are those of
// MS-ADTS §6.3.1.2, DS_PDC_FLAG and the like of stead/sspi.h: 0x1 PDC, 0x4 global catalog, 0x8 LDAP, 0x20 KDC, 0x40
// time server, 0x100 writable, 0x4000 Windows Server 2012 or later (DS_8)… With the global catalog flag the search
// covers the realm's whole forest (by _gc records, or the configured realms of that forest); LocatedController::realm
// is then the realm of the DC that was found.
struct ControllerRequirements {
  // At least this level: "2003", "2008", "2008R2", "2012", "2012R2", "2016", "2019", "2022" (the last two mean 2016);
  // empty: any.
  std::string level{};
  std::string site{};           // a DC of this site only; empty: any
  std::uint32_t flags = 0;      // all of these are required
  std::uint32_t any_of = 0;     // at least one of these is required; 0: no such requirement
  std::uint32_t preferred = 0;  // a DC that has all of these is preferred
  // Prefer a DC of our site, then one of the site that the DCs name as the next closest to ours.
  bool nearest = false;
  // The domain's objectGUID, in the byte order of the wire (MS-DTYP §2.3.4.2). A DC that states another GUID is
  // ignored. If the realm has no DC of that GUID, the domain is searched for by its GUID: in our own forest, or among
  // the configured DCs.
  std::optional<std::array<std::uint8_t, 16>> domain_guid{};
  // Do not use cached answers. Such a search uses a DC's answer for 15 minutes, and a failure for 45 seconds. (A search
  // by level alone, which the client makes for a request and in Client::locate, uses answers for 30 minutes.)
  bool rediscover = false;
};

// A DC that the search considered.
struct SeenController {
  std::string controller;  // name; empty: unknown
  std::string address;     // "127.0.8.1:8088"
  std::string level;       // "unknown", "2003", "2008" (2008R2 too), "2012", "2012R2", "2016" (newer ones too)
  // To the ping: "ok", "paused", "timeout", "not this domain", "not this forest", "below the level", "refused" (it
  // refused the request before), "lacks what is required".
  std::string answer;
};

struct LocatedController {
  std::string realm;
  ControllerAddress controller;
  std::string level;                           // as in SeenController
  std::string site;                            // of the DC; empty: unknown
  std::uint32_t flags = 0;                     // of its answer, as in ControllerRequirements
  std::string forest;                          // DNS name of its forest; set by Client::find_controller only
  std::array<std::uint8_t, 16> domain_guid{};  // set by Client::find_controller only
  std::string why;                             // why this DC was chosen, one sentence
  std::vector<SeenController> seen;            // all that the search considered
};

}  // namespace v0
}  // namespace stead
