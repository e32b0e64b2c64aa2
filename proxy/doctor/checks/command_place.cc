#include "proxy/doctor/checks/command_place.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::doctor {
namespace {

using enum LineKind;

struct Command {
  std::string_view start;
  std::optional<Place> place;  // nothing: on the computer that the check is about
  LineKind kind;
};

constexpr auto kDc = Place::domain_controller;
constexpr auto kFront = Place::front_end;
constexpr auto kBack = Place::back_end;

// The first that fits counts.
constexpr auto kCommands = std::to_array<Command>({
    {"setspn -Q", kDc, look},
    {"setspn -X", kDc, look},
    {"setspn -L", kDc, look},
    {"setspn", kDc, change},
    {"ktpass", kDc, change},
    {"Get-", kDc, look},
    {"nltest /dsregdns", kDc, change},
    {"nltest", kDc, look},
    {"Resume-Service", kDc, change},
    {"Start-Service", kDc, change},
    {"New-NetFirewallRule", kDc, change},
    {"Add-DnsServer", kDc, change},
    {"dsacls", kDc, change},
    {"Set-AD", kDc, change},
    {"Enable-AD", kDc, change},
    {"Unlock-AD", kDc, change},
    {"Clear-AD", kDc, change},
    {"Remove-AD", kDc, change},
    {"Add-AD", kDc, change},
    {"certutil -CRL", Place::authority, change},
    {"w32tm /stripchart", kDc, look},
    {"w32tm /query", std::nullopt, look},
    {"w32tm", std::nullopt, change},
    {"chronyc", std::nullopt, change},
    {"timedatectl", std::nullopt, change},
    {"New-WebBinding", kBack, change},
    {"Set-WebConfigurationProperty", kBack, change},
    {"AuthType", kBack, change},
    {"LimitRequestFieldSize", kBack, change},
    {"large_client_header_buffers", kBack, change},
    {"New-ItemProperty HKLM:", kBack, change},
    {"icacls", kBack, look},
    {"nslookup", kFront, look},
    {"nc ", kFront, look},
    {"curl ", kFront, look},
    {"tcpdump", kFront, look},
    {"klist", kFront, look},
    {"ls ", kFront, look},
    {"sed -n", kFront, look},
    {"openssl req", kFront, change},
    {"openssl", kFront, look},
    {"stead ", kFront, look},
    {"systemctl", kFront, change},
    {"stead-proxy ", kFront, look},
    {"kinit", kFront, look},
});

constexpr std::string_view kReplacesList = " -PrincipalsAllowedToDelegateToAccount ";

FixLine place_of(const std::string& text, Place here) {
  if (text.starts_with("netdom trust"))
    return {kDc, text.find("/togglesuffix") == std::string::npos ? look : change, text};
  const auto* const found =
      std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& one) { return text.starts_with(one.start); });
  if (found == kCommands.end()) return {kFront, change, text};  // a file of this computer, or a key of the proxy's file
  return {found->place.value_or(here), found->kind, text};
}

// "Set-ADComputer NAME -PrincipalsAllowedToDelegateToAccount FRONT -Server REALM" replaces the list.
void show_list_first(const std::string& command, std::vector<FixLine>& looks, std::vector<FixLine>& changes) {
  const std::size_t at = command.find(kReplacesList);
  const std::size_t cmdlet = command.find("-AD");
  if (at == std::string::npos || cmdlet > at) return;
  const std::size_t server = command.find(" -Server ");
  looks.push_back({kDc, look,
                   "Get" + command.substr(cmdlet, at - cmdlet) + " -Properties PrincipalsAllowedToDelegateToAccount" +
                       (server == std::string::npos ? "" : command.substr(server))});
  changes.push_back({kDc, note, "# This replaces the accounts that Get-AD... shows: name those too, with commas."});
}

}  // namespace

std::string_view to_string(Place place) {
  switch (place) {
    case Place::domain_controller:
      return "a domain controller";
    case Place::front_end:
      return "the front end";
    case Place::back_end:
      return "the back end";
    case Place::authority:
      break;
  }
  return "the certification authority";
}

std::vector<FixLine> fix_lines(const std::vector<std::string>& fix, Place here, PresentList list) {
  std::vector<FixLine> looks, changes;
  for (std::size_t i = 0; i < fix.size(); ++i) {
    if (fix[i].starts_with('#')) {
      const Place of_command = i + 1 < fix.size() ? place_of(fix[i + 1], here).place : here;
      changes.push_back({of_command, note, fix[i]});
      continue;
    }
    FixLine line = place_of(fix[i], here);
    if (line.kind == change && list == PresentList::unknown) show_list_first(line.text, looks, changes);
    (line.kind == look ? looks : changes).push_back(std::move(line));
  }
  looks.insert(looks.end(), changes.begin(), changes.end());
  return looks;
}

}  // namespace stead::doctor
