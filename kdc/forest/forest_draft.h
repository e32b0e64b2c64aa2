#pragma once
// A forest file after reading and before checking: the values with their positions in the file, and names that are not
// looked up yet. forest_file.cc fills it; forest_check.cc turns it into a forest or reports why it cannot be one.
#include <cstddef>
#include <vector>

#include "kdc/forest/forest.h"
#include "sspi_shim/base/toml_table.h"

namespace stead::kdc {

// An account or a group, in the file's order.
struct EntryDraft {
  std::size_t index = 0;  // in Domain::accounts or Domain::groups
  bool is_group = false;
  FilePosition at, name_at, rid_at;
  bool rid_given = false;
  std::vector<PlacedText> groups;  // `groups` of an account, `member_of` of a group
  // Of accounts only.
  std::vector<PlacedText> allowed_to_act, allowed_to_authenticate;
  FilePosition upn_at, keys_at;
  std::vector<FilePosition> spns_at;  // of each SPN
};

struct ControllerDraft {
  FilePosition name_at, kerberos_at, ldap_at, kpasswd_at, level_at;
};

struct DomainDraft {
  FilePosition at, realm_at, netbios_at, sid_at;
  std::vector<ControllerDraft> controllers;
  std::vector<EntryDraft> entries;
};

struct TrustDraft {
  FilePosition at, kind_at;
  std::vector<PlacedText> domains;
  bool has_kind = false, has_sid_filtering = false;
};

struct ForestDraft {
  Forest forest;
  std::vector<DomainDraft> domains;  // one for each of forest.domains
  std::vector<TrustDraft> trusts;    // one for each of forest.trusts
};

}  // namespace stead::kdc
