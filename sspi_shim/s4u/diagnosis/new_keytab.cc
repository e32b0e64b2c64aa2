#include "sspi_shim/s4u/diagnosis/new_keytab.h"

#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/types/types.h"
#include "sspi_shim/s4u/diagnosis/diagnosis_facts.h"

namespace stead {
namespace {

// One word for a POSIX shell.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// One word for ktutil.
std::string ktutil_word(const std::string& text) {
  return text.find_first_of(" \t") == std::string::npos ? text : '"' + text + '"';
}

// Active Directory's salt: of a user REALM and their name, of a computer REALM, "host" and its DNS name in the domain. An
// account that was renamed has the salt of its former name until its password changes.
std::string salt_of(const std::string& account, const std::string& realm) {
  const std::string upper = to_upper(realm);
  if (!account.ends_with('$')) return upper + account;
  return upper + "host" + to_lower(account.substr(0, account.size() - 1)) + '.' + to_lower(realm);
}

}  // namespace

std::string password_warning(const std::string& command, const std::string& account) {
  return "# " + command + " sets a new password of " + account + ": all that uses the present one stops working.";
}

std::vector<std::string> new_keytab_commands(const NewKeytab& wanted) {
  const auto principal = parse_principal(wanted.principal);
  const std::string realm = principal ? principal->realm : std::string();
  const std::string entry = "addent -password -p " + wanted.principal + " -k " + std::to_string(wanted.kvno) +
                            " -e aes256-cts -s " +
                            ktutil_word(wanted.salt.empty() ? salt_of(wanted.account, realm) : wanted.salt);
  const std::string file = wanted.file.substr(wanted.file.rfind('/') + 1);
  const std::string fresh = wanted.file + ".new";
  return {"read -rsp 'Password of " + wanted.account + ": ' word; rm -f " + shell_word(fresh) + "; printf '%s\\n' " +
              shell_word(entry) + " \"$word\" " + shell_word("wkt " + ktutil_word(fresh)) + " | ktutil && mv " +
              shell_word(fresh) + " " + shell_word(wanted.file),
          password_warning("ktpass", wanted.account),
          "ktpass /out " + file + " /princ " + wanted.principal + " /mapuser " + identity_value(wanted.account) +
              " /pass * /crypto All /ptype KRB5_NT_PRINCIPAL"};
}

}  // namespace stead
