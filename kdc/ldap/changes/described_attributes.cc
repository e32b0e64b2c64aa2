#include "kdc/ldap/changes/described_attributes.h"

#include <algorithm>
#include <string>

#include "sspi_shim/base/text.h"
#include "sspi_shim/base/unicode.h"

namespace stead::kdc {
namespace {

constexpr std::size_t kMaxText = 1024;

constexpr std::string_view kNames[] = {"accountNameHistory",
                                       "adminDescription",
                                       "c",
                                       "co",
                                       "codePage",
                                       "comment",
                                       "company",
                                       "countryCode",
                                       "department",
                                       "description",
                                       "displayName",
                                       "displayNamePrintable",
                                       "division",
                                       "dNSHostName",
                                       "employeeID",
                                       "employeeNumber",
                                       "gecos",
                                       "gidNumber",
                                       "givenName",
                                       "homeDirectory",
                                       "homeDrive",
                                       "info",
                                       "initials",
                                       "ipPhone",
                                       "l",
                                       "location",
                                       "loginShell",
                                       "mail",
                                       "managedBy",
                                       "manager",
                                       "mobile",
                                       "msDS-cloudExtensionAttribute1",
                                       "networkAddress",
                                       "operatingSystem",
                                       "operatingSystemHotfix",
                                       "operatingSystemServicePack",
                                       "operatingSystemVersion",
                                       "physicalDeliveryOfficeName",
                                       "postalCode",
                                       "postOfficeBox",
                                       "profilePath",
                                       "scriptPath",
                                       "sn",
                                       "st",
                                       "streetAddress",
                                       "telephoneNumber",
                                       "title",
                                       "uid",
                                       "uidNumber",
                                       "unixHomeDirectory",
                                       "userParameters",
                                       "userWorkstations",
                                       "wWWHomePage"};

std::string_view spelled(std::string_view name) {
  const auto found = std::find_if(std::begin(kNames), std::end(kNames),
                                  [&](std::string_view known) { return equal_ignoring_case(known, name); });
  return found == std::end(kNames) ? std::string_view{} : *found;
}

}  // namespace

bool is_described(std::string_view name) {
  return !spelled(name).empty();
}

LdapResult change_described(Account& account, const Modification& change, bool permissive) {
  const auto name = spelled(change.change.attribute);
  const auto& values = change.change.values;
  auto& stored = account.other_attributes;
  const auto found =
      std::find_if(stored.begin(), stored.end(), [&](const StoredAttribute& each) { return each.name == name; });
  if (values.size() > 1) return {LdapCode::constraint_violation, std::string(name) + " has one value here"};
  const auto value = values.empty() ? std::string_view{} : as_text(values.front());
  if (!is_utf8(value) || value.size() > kMaxText)
    return {LdapCode::invalid_attribute_syntax, std::string(name) + " is UTF-8 of at most 1024 octets"};
  const bool has = found != stored.end();
  if (change.operation == Modification::Operation::remove && !permissive &&
      (!has || (!values.empty() && found->value != value)))
    return {LdapCode::no_such_attribute, "00002085: AtrErr: the account does not have this " + std::string(name)};
  if (change.operation == Modification::Operation::add && has && !permissive)
    return {LdapCode::attribute_or_value_exists, "00002083: AtrErr: the account has a " + std::string(name)};
  if (has) stored.erase(found);
  if (change.operation != Modification::Operation::remove && !value.empty())
    stored.push_back({std::string(name), std::string(value)});
  return {};
}

}  // namespace stead::kdc
