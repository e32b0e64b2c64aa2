#include "sspi_shim/protocol/pac/pac_logon_info.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/protocol/pac/ndr.h"

namespace stead {
namespace {

constexpr std::size_t kSessionKeySize = 16;

// An array whose count is in the fixed part and again before its elements.
struct ArrayHeader {
  std::uint32_t count = 0;
  bool present = false;
};

ArrayHeader read_array_header(ndr::Reader& r) {
  ArrayHeader header;
  header.count = r.u32();
  header.present = r.pointer();
  if (header.count != 0 && !header.present) r.fail(WireErrc::bad_value);
  return header;
}

void write_array_header(ndr::Writer& w, std::size_t count) {
  w.u32(std::uint32_t(count));
  w.pointer(count != 0);
}

std::uint32_t read_array_count(ndr::Reader& r, const ArrayHeader& header) {
  const std::uint32_t count = r.conformance(8);
  if (count != header.count) r.fail(WireErrc::bad_value);
  return r.failed() ? 0 : count;
}

std::vector<GroupMembership> read_groups(ndr::Reader& r, const ArrayHeader& header) {
  std::vector<GroupMembership> out;
  if (!header.present) return out;
  out.resize(read_array_count(r, header));
  for (GroupMembership& group : out) {
    group.rid = r.u32();
    group.attributes = r.u32();
  }
  return out;
}

void write_groups(ndr::Writer& w, const std::vector<GroupMembership>& groups) {
  if (groups.empty()) return;
  w.u32(std::uint32_t(groups.size()));
  for (const GroupMembership& group : groups) {
    w.u32(group.rid);
    w.u32(group.attributes);
  }
}

std::vector<SidAndAttributes> read_extra_sids(ndr::Reader& r, const ArrayHeader& header) {
  std::vector<SidAndAttributes> out;
  if (!header.present) return out;
  out.resize(read_array_count(r, header));
  for (SidAndAttributes& entry : out) {
    if (!r.pointer()) r.fail(WireErrc::bad_value);
    entry.attributes = r.u32();
  }
  for (SidAndAttributes& entry : out) entry.sid = r.sid();
  return out;
}

void write_extra_sids(ndr::Writer& w, const std::vector<SidAndAttributes>& sids) {
  if (sids.empty()) return;
  w.u32(std::uint32_t(sids.size()));
  for (const SidAndAttributes& entry : sids) {
    w.pointer(true);
    w.u32(entry.attributes);
  }
  for (const SidAndAttributes& entry : sids) w.sid(entry.sid);
}

}  // namespace

Result<PacLogonInfo> decode_pac_logon_info(Bytes ndr) {
  PacLogonInfo out;
  ndr::Reader r(ndr);
  for (std::uint64_t* time : {&out.logon_time, &out.logoff_time, &out.kick_off_time, &out.password_last_set,
                              &out.password_can_change, &out.password_must_change})
    *time = r.filetime();
  const auto effective_name = r.string_header(), full_name = r.string_header(), logon_script = r.string_header(),
             profile_path = r.string_header(), home_directory = r.string_header(),
             home_directory_drive = r.string_header();
  out.logon_count = r.u16();
  out.bad_password_count = r.u16();
  out.user_id = r.u32();
  out.primary_group_id = r.u32();
  const ArrayHeader groups = read_array_header(r);
  out.user_flags = r.u32();
  out.user_session_key = to_buffer(r.bytes(kSessionKeySize));
  const auto logon_server = r.string_header(), logon_domain_name = r.string_header();
  const bool logon_domain_id = r.pointer();
  r.bytes(8);  // Reserved1
  out.user_account_control = r.u32();
  out.sub_auth_status = r.u32();
  out.last_successful_logon = r.filetime();
  out.last_failed_logon = r.filetime();
  out.failed_logon_count = r.u32();
  r.u32();  // Reserved3
  const ArrayHeader extra_sids = read_array_header(r);
  const bool resource_group_domain_sid = r.pointer();
  const ArrayHeader resource_groups = read_array_header(r);

  out.effective_name = r.string_body(effective_name);
  out.full_name = r.string_body(full_name);
  out.logon_script = r.string_body(logon_script);
  out.profile_path = r.string_body(profile_path);
  out.home_directory = r.string_body(home_directory);
  out.home_directory_drive = r.string_body(home_directory_drive);
  out.groups = read_groups(r, groups);
  out.logon_server = r.string_body(logon_server);
  out.logon_domain_name = r.string_body(logon_domain_name);
  if (logon_domain_id) out.logon_domain_id = r.sid();
  out.extra_sids = read_extra_sids(r, extra_sids);
  if (resource_group_domain_sid) out.resource_group_domain_sid = r.sid();
  out.resource_groups = read_groups(r, resource_groups);
  return r.finish(std::move(out));
}

Buffer encode(const PacLogonInfo& value) {
  ndr::Writer w;
  for (const std::uint64_t time : {value.logon_time, value.logoff_time, value.kick_off_time, value.password_last_set,
                                   value.password_can_change, value.password_must_change})
    w.filetime(time);
  const std::string* const names[] = {&value.effective_name, &value.full_name,      &value.logon_script,
                                      &value.profile_path,   &value.home_directory, &value.home_directory_drive};
  for (const std::string* name : names) w.string_header(*name);
  w.u16(value.logon_count);
  w.u16(value.bad_password_count);
  w.u32(value.user_id);
  w.u32(value.primary_group_id);
  write_array_header(w, value.groups.size());
  w.u32(value.user_flags);
  Buffer session_key = value.user_session_key;
  session_key.resize(kSessionKeySize);
  w.bytes(session_key);
  w.string_header(value.logon_server);
  w.string_header(value.logon_domain_name);
  w.pointer(!value.logon_domain_id.empty());
  w.bytes(Buffer(8));
  w.u32(value.user_account_control);
  w.u32(value.sub_auth_status);
  w.filetime(value.last_successful_logon);
  w.filetime(value.last_failed_logon);
  w.u32(value.failed_logon_count);
  w.u32(0);
  write_array_header(w, value.extra_sids.size());
  w.pointer(!value.resource_group_domain_sid.empty());
  write_array_header(w, value.resource_groups.size());

  for (const std::string* name : names) w.string_body(*name);
  write_groups(w, value.groups);
  w.string_body(value.logon_server);
  w.string_body(value.logon_domain_name);
  if (!value.logon_domain_id.empty()) w.sid(value.logon_domain_id);
  write_extra_sids(w, value.extra_sids);
  if (!value.resource_group_domain_sid.empty()) w.sid(value.resource_group_domain_sid);
  write_groups(w, value.resource_groups);
  return std::move(w).finish();
}

std::vector<Sid> PacLogonInfo::all_sids() const {
  std::vector<Sid> out;
  out.reserve(1 + groups.size() + extra_sids.size() + resource_groups.size());
  out.push_back(user_sid());
  for (const GroupMembership& group : groups) out.push_back(logon_domain_id.with_rid(group.rid));
  for (const SidAndAttributes& entry : extra_sids) out.push_back(entry.sid);
  for (const GroupMembership& group : resource_groups) out.push_back(resource_group_domain_sid.with_rid(group.rid));
  return out;
}

bool PacLogonInfo::has_sid(const Sid& sid) const {
  const auto has_rid = [&](const std::vector<GroupMembership>& list) {
    return std::any_of(list.begin(), list.end(), [&](const GroupMembership& group) { return group.rid == sid.rid(); });
  };
  if (sid.is_in(logon_domain_id) && (sid.rid() == user_id || has_rid(groups))) return true;
  if (sid.is_in(resource_group_domain_sid) && has_rid(resource_groups)) return true;
  return std::any_of(extra_sids.begin(), extra_sids.end(), [&](const auto& entry) { return entry.sid == sid; });
}

}  // namespace stead
