#include "sspi_shim/krb5/keytab.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/krb5_handles.h"

namespace stead {
namespace {

struct CloseKeytab {
  krb5_context context;
  void operator()(krb5_keytab keytab) const noexcept { krb5_kt_close(context, keytab); }
};
using Krb5Keytab = std::unique_ptr<std::remove_pointer_t<krb5_keytab>, CloseKeytab>;

// The entries of a keytab, one after the other.
class Walk {
 public:
  struct Entry {
    Principal principal;
    std::uint32_t kvno = 0;
    std::optional<Key> key;  // nothing: of an encryption type that Stead does not have
  };
  Walk(krb5_context context, krb5_keytab keytab) : context_(context), keytab_(keytab) {
    error_ = krb5_kt_start_seq_get(context_, keytab_, &cursor_);
    open_ = error_ == 0;
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  ~Walk() {
    if (open_) krb5_kt_end_seq_get(context_, keytab_, &cursor_);
  }
  // Nothing at the end, and on an error.
  std::optional<Entry> next() {
    krb5_keytab_entry entry{};
    if (error_ == 0) error_ = krb5_kt_next_entry(context_, keytab_, &entry, &cursor_);
    if (error_ != 0) return std::nullopt;
    Entry out{.principal = from_krb5(entry.principal), .kvno = entry.vno, .key = {}};
    if (auto key = Key::make(static_cast<EncType>(entry.key.enctype), {entry.key.contents, entry.key.length}))
      out.key = std::move(*key);
    krb5_free_keytab_entry_contents(context_, &entry);
    return out;
  }
  [[nodiscard]] krb5_error_code error() const { return error_ == KRB5_KT_END ? 0 : error_; }

 private:
  krb5_context context_;
  krb5_keytab keytab_;
  krb5_kt_cursor cursor_{};
  krb5_error_code error_ = 0;
  bool open_ = false;
};

}  // namespace

Checked<std::vector<KeytabEntry>> read_keytab(const std::string& path) {
  const auto context = make_krb5_context();
  if (!context) return no_libkrb5(context.error());
  krb5_keytab raw = nullptr;
  krb5_error_code code = krb5_kt_resolve(context->get(), path.c_str(), &raw);
  const Krb5Keytab keytab(raw, CloseKeytab{context->get()});
  std::vector<KeytabEntry> entries;
  if (code == 0) {
    Walk walk(context->get(), raw);
    while (auto entry = walk.next()) {
      if (entry->key) entries.push_back({std::move(entry->principal), entry->kvno, std::move(*entry->key)});
    }
    code = walk.error();
  }
  if (code == 0) return entries;
  return Problem{.message = "keytab " + path + " cannot be read: " + libkrb5_message(context->get(), code),
                 .code = libkrb5_error(code)};
}

bool same_service(const Principal& a, const Principal& b) {
  const auto same = [](const std::string& x, const std::string& y) { return equal_ignoring_case(x, y); };
  if (!std::equal(a.name.components.begin(), a.name.components.end(), b.name.components.begin(),
                  b.name.components.end(), same))
    return false;
  return a.realm.empty() || b.realm.empty() || equal_ignoring_case(a.realm, b.realm);
}

Checked<std::vector<KeytabEntry>> read_keys_of(const std::string& path, const Principal& principal) {
  auto all = read_keytab(path);
  if (!all) return all;
  std::vector<KeytabEntry> keys;
  std::set<std::string> others;
  for (KeytabEntry& entry : *all) {
    if (same_service(entry.principal, principal)) {
      keys.push_back(std::move(entry));
    } else {
      others.insert(to_string(entry.principal));
    }
  }
  std::ranges::stable_sort(keys, std::greater(), &KeytabEntry::kvno);
  if (!keys.empty()) return keys;
  return Problem{.message = "keytab " + path + " has no key for " + to_string(principal) + contents_text(others),
                 .code = libkrb5_error(KRB5_KT_NOTFOUND)};
}

}  // namespace stead
