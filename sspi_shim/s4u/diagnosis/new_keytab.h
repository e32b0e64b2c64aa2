#pragma once
// The commands that write a new keytab for an account.
#include <cstdint>
#include <string>
#include <vector>

namespace stead {

struct NewKeytab {
  std::string file;
  std::string principal;   // "HTTP/host@REALM"
  std::string account;     // "frontend$" or "stead-proxy"
  std::string salt{};      // that the KDC named; empty: the usual one of such an account
  std::uint32_t kvno = 0;  // 0: unknown. An entry with 0 fits each number
};

// The first asks for the account's password and changes nothing in the directory. The last sets a new password, which
// the line before it says. Lines that begin with "#" are for the reader.
[[nodiscard]] std::vector<std::string> new_keytab_commands(const NewKeytab& wanted);

// The line that says so, for commands that set a new password of an account.
[[nodiscard]] std::string password_warning(const std::string& command, const std::string& account);

}  // namespace stead
