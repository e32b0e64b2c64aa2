#pragma once
// The keytab's keys, and the tickets to our own account that they decrypt. An administrator may change the account's
// password and replace the keytab while we run: if no key fits, the keytab is read again.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead {

constexpr std::uint32_t kProtectedUsersRid = 525;  // MS-DTYP 2.4.2.4

// A ticket to us, decrypted, and the key that did it: one of those given.
struct DecryptedTicket {
  EncTicketPart part;
  const Key* key = nullptr;
};
// Tries each key of the ticket's encryption type. integrity: none of them decrypts it.
[[nodiscard]] Result<DecryptedTicket> decrypt_own_ticket(const Ticket& ticket, std::span<const Key> keys);

// The same, and what its PAC says of delegating the user.
struct OpenedTicket {
  EncTicketPart part;
  bool sensitive = false;                       // NOT_DELEGATED, or in Protected Users
  std::shared_ptr<const PacLogonInfo> logon{};  // of the PAC; null: none that decodes
};
[[nodiscard]] Result<OpenedTicket> open_own_ticket(const Ticket& ticket, const std::vector<Key>& keys);

// Thread-safe.
class OwnKeys {
 public:
  using Clock = std::chrono::steady_clock;
  using Read = std::function<Result<std::vector<Key>>()>;  // reads a small file; blocks
  static constexpr std::chrono::seconds kLookAgain{1};

  explicit OwnKeys(std::vector<Key> keys, Read read = {})
      : keys_(std::make_shared<const std::vector<Key>>(std::move(keys))), read_(std::move(read)) {}

  [[nodiscard]] std::shared_ptr<const std::vector<Key>> all() const;  // newest first
  [[nodiscard]] Result<OpenedTicket> open(const Ticket& ticket);      // as open_own_ticket
  // Reads the keytab again, at most once in kLookAgain. True: the keys have changed. Keeps the old keys where the file
  // has none, as while it is being written.
  [[nodiscard]] bool look_again(Clock::time_point now = Clock::now());

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const std::vector<Key>> keys_;
  Read read_;
  Clock::time_point not_before_{};
};

enum class WeakKeys { excluded, included };  // RC4
// The keys of a keytab's entries.
[[nodiscard]] std::vector<Key> keys_of(const std::vector<KeytabEntry>& entries, WeakKeys weak);
// Reads the keys of this principal from the file at each call.
[[nodiscard]] OwnKeys::Read read_from_keytab(std::string path, Principal self, WeakKeys weak);

// Identifies a ticket: SHA-256 in hexadecimal.
[[nodiscard]] std::string fingerprint_of(Bytes ticket_der);

}  // namespace stead
