#pragma once
// KERB_VALIDATION_INFO (MS-PAC §2.5): the user and their groups.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/protocol/security/sid.h"

namespace stead {

constexpr std::uint64_t kFileTimeNever = 0x7FFFFFFFFFFFFFFF;

struct GroupMembership {
  std::uint32_t rid = 0;
  std::uint32_t attributes = 7;  // SE_GROUP_*: mandatory, enabled by default, enabled
  friend bool operator==(const GroupMembership&, const GroupMembership&) = default;
};
struct SidAndAttributes {
  Sid sid;
  std::uint32_t attributes = 7;
  friend bool operator==(const SidAndAttributes&, const SidAndAttributes&) = default;
};

namespace logon_user_flag {
constexpr std::uint32_t extra_sids = 0x20, resource_groups = 0x200;
}

// Times are FILETIME: 100 ns since 1601, kFileTimeNever for never.
struct PacLogonInfo {
  std::uint64_t logon_time = 0, logoff_time = kFileTimeNever, kick_off_time = kFileTimeNever, password_last_set = 0,
                password_can_change = 0, password_must_change = kFileTimeNever;
  std::string effective_name, full_name, logon_script, profile_path, home_directory, home_directory_drive;
  std::uint16_t logon_count = 0, bad_password_count = 0;
  std::uint32_t user_id = 0, primary_group_id = 0;
  std::vector<GroupMembership> groups;  // relative to logon_domain_id
  std::uint32_t user_flags = 0;         // logon_user_flag
  Buffer user_session_key = Buffer(16);
  std::string logon_server, logon_domain_name;  // NetBIOS
  Sid logon_domain_id;                          // empty: NULL
  std::uint32_t user_account_control = 0;       // samr_uac
  std::uint32_t sub_auth_status = 0;
  std::uint64_t last_successful_logon = 0, last_failed_logon = 0;
  std::uint32_t failed_logon_count = 0;
  std::vector<SidAndAttributes> extra_sids;
  Sid resource_group_domain_sid;  // empty: NULL
  std::vector<GroupMembership> resource_groups;
  friend bool operator==(const PacLogonInfo&, const PacLogonInfo&) = default;

  [[nodiscard]] Sid user_sid() const { return logon_domain_id.with_rid(user_id); }
  [[nodiscard]] std::vector<Sid> all_sids() const;  // user, groups, extra SIDs, resource groups
  [[nodiscard]] bool has_sid(const Sid& sid) const;
};
[[nodiscard]] Result<PacLogonInfo> decode_pac_logon_info(Bytes ndr);
[[nodiscard]] Buffer encode(const PacLogonInfo& value);

}  // namespace stead
