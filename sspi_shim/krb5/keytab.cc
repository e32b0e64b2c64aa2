#include "sspi_shim/krb5/keytab.h"

#include <algorithm>
#include <set>

#include "sspi_shim/krb5/krb5_handles.h"

namespace stead {
namespace {

struct CloseKeytab {
  krb5_context context;
  void operator()(krb5_keytab keytab) const noexcept { krb5_kt_close(context, keytab); }
};
using Krb5Keytab = std::unique_ptr<std::remove_pointer_t<krb5_keytab>, CloseKeytab>;

// Walks a keytab's entries; closes the walk, however it ends.
class Walk {
 public:
  Walk(krb5_context context, krb5_keytab keytab) : context_(context), keytab_(keytab) {
    error_ = krb5_kt_start_seq_get(context_, keytab_, &cursor_);
    open_ = error_ == 0;
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  ~Walk() {
    if (open_) krb5_kt_end_seq_get(context_, keytab_, &cursor_);
  }
  // False at the end, and on an error.
  bool next(KeytabEntry& out, bool& usable) {
    krb5_keytab_entry entry{};
    if (error_ == 0) error_ = krb5_kt_next_entry(context_, keytab_, &entry, &cursor_);
    if (error_ != 0) return false;
    out.principal = from_krb5(entry.principal);
    out.kvno = entry.vno;
    const auto key = Key::make(static_cast<EncType>(entry.key.enctype), {entry.key.contents, entry.key.length});
    usable = key.has_value();
    if (usable) out.key = *key;
    krb5_free_keytab_entry_contents(context_, &entry);
    return true;
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

Result<std::vector<KeytabEntry>> read_keytab(const std::string& path, std::string& message) {
  const auto context = make_krb5_context();
  if (!context) {
    message = "libkrb5 cannot be started: " + context.error().message();
    return context.error();
  }
  krb5_keytab raw = nullptr;
  krb5_error_code code = krb5_kt_resolve(context->get(), path.c_str(), &raw);
  const Krb5Keytab keytab(raw, CloseKeytab{context->get()});
  std::vector<KeytabEntry> entries;
  if (code == 0) {
    Walk walk(context->get(), raw);
    KeytabEntry entry;
    bool usable = false;
    while (walk.next(entry, usable)) {
      if (usable) entries.push_back(entry);
    }
    code = walk.error();
  }
  if (code == 0) return entries;
  message = "keytab " + path + " cannot be read: " + libkrb5_message(context->get(), code);
  return libkrb5_error(code);
}

bool same_service(const Principal& a, const Principal& b) {
  const auto same = [](const std::string& x, const std::string& y) { return equal_ignoring_case(x, y); };
  if (!std::equal(a.name.components.begin(), a.name.components.end(), b.name.components.begin(),
                  b.name.components.end(), same))
    return false;
  return a.realm.empty() || b.realm.empty() || equal_ignoring_case(a.realm, b.realm);
}

Result<std::vector<KeytabEntry>> read_keys_of(const std::string& path, const Principal& principal,
                                              std::string& message) {
  auto all = read_keytab(path, message);
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
  std::stable_sort(keys.begin(), keys.end(),
                   [](const KeytabEntry& a, const KeytabEntry& b) { return a.kvno > b.kvno; });
  if (!keys.empty()) return keys;
  message = "keytab " + path + " has no key for " + to_string(principal);
  std::string there;
  for (const std::string& name : others) there += (there.empty() ? "" : ", ") + name;
  message += there.empty() ? "; it is empty" : "; it has " + there;
  return libkrb5_error(KRB5_KT_NOTFOUND);
}

}  // namespace stead
