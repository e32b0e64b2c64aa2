#pragma once
// Whether an authenticator was here before: asked of libkrb5's replay cache, a file that every acceptor of this user on
// this machine shares, libkrb5's own included. The file is of MIT's format "file2" (doc/formats/rcache_file_format of
// MIT krb5):
//
//   file   = seed of SipHash-2-4 (16) ‖ tables of 1023, 2048, 4096, … records
//   record = tag (12) ‖ when it was written (4, seconds since 1970, big-endian; 0: an empty place)
//
// A tag's record is in the place that the hash says or in the next one, in the first table that had room; each table
// has the seed with its first octet one higher.
#include <krb5.h>

#include <chrono>
#include <optional>
#include <string>

#include "sspi_shim/protocol/types/types.h"

namespace stead {

class ReplayCache {
 public:
  enum class Answer {
    fresh,  // and remembered
    replay,
    unusable,  // the file cannot be opened, locked, read or written
  };

  // The one that libkrb5 would use, by KRB5RCACHENAME, KRB5RCACHETYPE, default_rcache_name of krb5.conf, KRB5RCACHEDIR
  // and TMPDIR. Nothing: it is of a kind that is not known here.
  [[nodiscard]] static std::optional<ReplayCache> of(krb5_context context);
  [[nodiscard]] static ReplayCache in_file(std::string path) { return {std::move(path), false}; }

  // "none:": an administrator said that nothing shall be remembered; every tag is fresh.
  [[nodiscard]] bool is_none() const { return path_.empty(); }
  // Blocks: the file is locked meanwhile. `tag`: the integrity tag of the authenticator's ciphertext. `life`: before it
  // a record is not written over. Thread-safe.
  [[nodiscard]] Answer remember(Bytes tag, Time now, std::chrono::seconds life) const;
  // The same where it does not block: the file lies in memory (tmpfs, such as systemd's RuntimeDirectory), and nobody
  // has locked it. Else nothing, and nothing was remembered.
  [[nodiscard]] std::optional<Answer> remember_at_once(Bytes tag, Time now, std::chrono::seconds life) const;

 private:
  ReplayCache(std::string path, bool must_be_own) : path_(std::move(path)), must_be_own_(must_be_own) {}
  [[nodiscard]] static std::optional<ReplayCache> named(const std::string& name);
  [[nodiscard]] std::optional<Answer> remember(Bytes tag, Time now, std::chrono::seconds life, bool may_block) const;

  std::string path_;
  bool must_be_own_;  // it lies where others may write, so it must be ours and no link
};

}  // namespace stead
