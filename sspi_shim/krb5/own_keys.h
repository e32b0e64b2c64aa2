#pragma once
// The keytab's keys, and what they open: tickets to ourselves. The account's password may be changed, and the keytab
// written anew, while we run: where a key does not fit, the keytab is looked at again.
#include <functional>
#include <mutex>
#include <span>

#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/krb5/keytab.h"

namespace stead {

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
  bool sensitive = false;  // NOT_DELEGATED, or in Protected Users
};
[[nodiscard]] Result<OpenedTicket> open_own_ticket(const Ticket& ticket, const std::vector<Key>& keys);

// Thread-safe.
class OwnKeys {
 public:
  using Clock = std::chrono::steady_clock;
  using Read = std::function<Result<std::vector<Key>>()>;  // blocks for as long as a small file takes
  static constexpr std::chrono::seconds kLookAgain{1};

  explicit OwnKeys(std::vector<Key> keys, Read read = {})
      : keys_(std::make_shared<const std::vector<Key>>(std::move(keys))), read_(std::move(read)) {}

  [[nodiscard]] std::shared_ptr<const std::vector<Key>> all() const;  // newest first
  [[nodiscard]] Result<OpenedTicket> open(const Ticket& ticket);      // as open_own_ticket
  // True where the keys are other ones now. At most once in kLookAgain, whoever brings what does not fit; without keys
  // in it, a keytab that is being written leaves all as it was.
  [[nodiscard]] bool look_again(Clock::time_point now = Clock::now());

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const std::vector<Key>> keys_;
  Read read_;
  Clock::time_point not_before_{};
};

// What a Client keeps of a keytab's entries. `weak`: RC4 too.
[[nodiscard]] std::vector<Key> keys_of(const std::vector<KeytabEntry>& entries, bool weak);
// Reads the keys of this principal anew, each time.
[[nodiscard]] OwnKeys::Read read_from_keytab(std::string path, Principal self, bool weak);

// Tells one ticket from another: SHA-256, hexadecimal.
[[nodiscard]] std::string fingerprint_of(Bytes ticket_der);

}  // namespace stead
