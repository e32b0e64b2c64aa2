#pragma once
// libkrb5's replay cache: whether an authenticator was seen before. All acceptors of a system user on a machine share
// the file, libkrb5's own among them. Its format is MIT's "file2" (doc/formats/rcache_file_format of MIT krb5):
//
//   file   = seed of SipHash-2-4 (16) ‖ tables of 1023, 2048, 4096, … records
//   record = tag (12) ‖ time of writing (4, seconds since 1970, big-endian; 0: the record is empty)
//
// The hash of a tag gives a record's place in a table: that one or the next. A tag is in the first table that had room
// for it. Each table hashes with the seed whose first octet is one higher than for the table before.
#include <krb5.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/protocol/types/types.h"

namespace stead {

enum class Blocking { forbidden, allowed };

class ReplayCache {
 public:
  enum class Answer {
    fresh,  // not seen before; it is remembered now
    replay,
    unusable,  // the file cannot be opened, locked, read or written
  };

  // The cache that libkrb5 would use, by KRB5RCACHENAME, KRB5RCACHETYPE, default_rcache_name of krb5.conf,
  // KRB5RCACHEDIR and TMPDIR. Nothing: its type is neither "dfl", "file2" nor "none".
  [[nodiscard]] static std::optional<ReplayCache> of(krb5_context context);
  [[nodiscard]] static ReplayCache in_file(std::string path) { return {std::move(path), Owner::any}; }

  // Type "none": the administrator switched the cache off; every tag is fresh.
  [[nodiscard]] bool is_none() const { return path_.empty(); }
  // `tag`: the integrity tag of the authenticator's ciphertext. `life`: how long a record is kept. Blocks for the
  // file's lock. Thread-safe.
  [[nodiscard]] Answer remember(Bytes tag, Time now, std::chrono::seconds life) const;
  // The same without blocking. Nothing, and nothing remembered: the file is not in memory (tmpfs, such as systemd's
  // RuntimeDirectory), or another process or thread holds its lock.
  [[nodiscard]] std::optional<Answer> remember_at_once(Bytes tag, Time now, std::chrono::seconds life) const;

 private:
  enum class Owner {
    any,
    ourselves,  // the folder may be writable for others: the file must belong to us and be no link
  };
  ReplayCache(std::string path, Owner owner) : path_(std::move(path)), owner_(owner) {}
  [[nodiscard]] static std::optional<ReplayCache> named(const std::string& name);
  [[nodiscard]] std::optional<Answer> remember(Bytes tag, Time now, std::chrono::seconds life, Blocking blocking) const;

  std::string path_;
  Owner owner_;
};

}  // namespace stead
