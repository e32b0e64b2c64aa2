#include "proxy/doctor/gather/ldap.h"

#include <gssapi/gssapi_krb5.h>
#include <ldap.h>
#include <openldap.h>
#include <sasl/sasl.h>
#include <sys/time.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/krb5_handles.h"

namespace stead::doctor {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kConnectTime{2};
constexpr int kSearchSeconds = 5, kMaxEntries = 100;
constexpr std::chrono::seconds kAllSearches{8};
constexpr std::size_t kMaxValues = 1000;  // of an attribute that are kept

Problem problem(const std::string& what, const std::string& why) {
  return {.message = what + ": " + why, .where = {}, .fix = {}};
}

// SASL asks for names and passwords; GSSAPI needs none.
int answer_nothing(LDAP*, unsigned, void*, void* questions) {
  for (auto* one = static_cast<sasl_interact_t*>(questions); one->id != SASL_CB_LIST_END; ++one) {
    one->result = one->defresult != nullptr ? one->defresult : "";
    one->len = static_cast<unsigned>(std::string(static_cast<const char*>(one->result)).size());
  }
  return LDAP_SUCCESS;
}

// A connected socket, or -1.
int connect_to(const ControllerAddress& where, std::string& why) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  Error error;
  const auto address = asio::ip::make_address(where.address, error);
  if (error) {
    why = error.message();
    return -1;
  }
  error = asio::error::timed_out;
  socket.async_connect({address, where.ldap_port}, [&error](const Error& done) { error = done; });
  io.run_for(kConnectTime);
  if (error) {
    why = error.message();
    return -1;
  }
  socket.native_non_blocking(false, error);
  return socket.release(error);
}

void destroy_cache(const std::string& name) {
  const auto context = make_krb5_context();
  krb5_ccache cache = nullptr;
  if (context && krb5_cc_resolve(context->get(), name.c_str(), &cache) == 0) krb5_cc_destroy(context->get(), cache);
}

// The calling thread's GSSAPI uses this credential cache as long as this lives; then the cache is destroyed.
class ThreadCache {
 public:
  explicit ThreadCache(const std::string& name) : name_(name) {
    OM_uint32 minor = 0;
    const char* before = nullptr;
    gss_krb5_ccache_name(&minor, name.c_str(), &before);
    if (before != nullptr) before_ = before;
  }
  ~ThreadCache() {
    OM_uint32 minor = 0;
    gss_krb5_ccache_name(&minor, before_.empty() ? nullptr : before_.c_str(), nullptr);
    destroy_cache(name_);
  }
  ThreadCache(const ThreadCache&) = delete;
  ThreadCache& operator=(const ThreadCache&) = delete;

 private:
  std::string name_, before_;
};

void set_options(LDAP* handle) {
  const int version = LDAP_VERSION3;
  timeval limit{kSearchSeconds, 0};
  ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  ldap_set_option(handle, LDAP_OPT_TIMEOUT, &limit);
  ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &limit);
  ldap_set_option(handle, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);  // the name is the controller's, not its address's
}

DirectoryEntry entry_of(LDAP* handle, LDAPMessage* message) {
  DirectoryEntry out;
  if (char* dn = ldap_get_dn(handle, message)) {
    out.dn = dn;
    ldap_memfree(dn);
  }
  BerElement* place = nullptr;
  for (char* name = ldap_first_attribute(handle, message, &place); name != nullptr;
       name = ldap_next_attribute(handle, message, place)) {
    auto& values = out.attributes[to_lower(name)];
    if (berval** all = ldap_get_values_len(handle, message, name)) {
      for (berval** one = all; *one != nullptr && values.size() < kMaxValues; ++one)
        values.emplace_back((*one)->bv_val, (*one)->bv_len);
      ldap_value_free_len(all);
    }
    ldap_memfree(name);
  }
  if (place != nullptr) ber_free(place, 0);
  return out;
}

}  // namespace

struct Ldap::Handle {
  explicit Handle(LDAP* opened) : ldap(opened) {}
  ~Handle() { ldap_unbind_ext_s(ldap, nullptr, nullptr); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  LDAP* ldap;
};

Ldap::Ldap(std::unique_ptr<Handle> handle)
    : handle_(std::move(handle)), until_(std::chrono::steady_clock::now() + kAllSearches) {}
Ldap::~Ldap() = default;

Checked<std::unique_ptr<Ldap>> Ldap::open(const ControllerAddress& where, const ServiceTicket& ticket) {
  const std::string at = where.name + " (" + where.address + ":" + std::to_string(where.ldap_port) + ")";
  std::string why;
  const int fd = connect_to(where, why);
  if (fd < 0) return problem("LDAP to " + at, why);
  LDAP* raw = nullptr;
  const std::string url = "ldap://" + where.name;
  if (const int code = ldap_init_fd(fd, LDAP_PROTO_TCP, url.c_str(), &raw); code != LDAP_SUCCESS)
    return problem("LDAP to " + at, ldap_err2string(code));
  auto handle = std::make_unique<Handle>(raw);
  set_options(raw);
  static std::atomic<unsigned> counter{0};
  const std::string cache = "MEMORY:stead-doctor-" + std::to_string(++counter);
  if (const auto written = export_ccache(ticket, cache); !written)
    return problem("LDAP to " + at, written.error().message());
  {
    const ThreadCache use(cache);
    const int code = ldap_sasl_interactive_bind_s(raw, nullptr, "GSSAPI", nullptr, nullptr, LDAP_SASL_QUIET,
                                                  answer_nothing, nullptr);
    if (code != LDAP_SUCCESS) {
      char* text = nullptr;
      ldap_get_option(raw, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
      const std::string more = text != nullptr ? std::string(": ") + text : std::string();
      ldap_memfree(text);
      return problem("LDAP sign-in at " + at, ldap_err2string(code) + more);
    }
  }
  std::unique_ptr<Ldap> out(new Ldap(std::move(handle)));
  const auto root = out->search_at("", LDAP_SCOPE_BASE, "(objectClass=*)", {"defaultNamingContext"});
  if (!root) return root.error();
  if (!root->empty()) out->naming_context_ = root->front().text("defaultNamingContext");
  if (out->naming_context_.empty()) return problem("LDAP to " + at, "it names no default naming context");
  return out;
}

Checked<std::vector<DirectoryEntry>> Ldap::search(const std::string& filter,
                                                  const std::vector<std::string>& attributes) const {
  return search_at(naming_context_, LDAP_SCOPE_SUBTREE, filter, attributes);
}

Checked<std::vector<DirectoryEntry>> Ldap::search_at(const std::string& base, int scope, const std::string& filter,
                                                     const std::vector<std::string>& attributes) const {
  if (std::chrono::steady_clock::now() > until_) return problem("LDAP search for " + filter, "the time is over");
  std::vector<char*> names;
  names.reserve(attributes.size() + 1);
  for (const std::string& name : attributes) names.push_back(const_cast<char*>(name.c_str()));
  names.push_back(nullptr);
  timeval limit{kSearchSeconds, 0};
  LDAPMessage* raw = nullptr;
  const int code = ldap_search_ext_s(handle_->ldap, base.c_str(), scope, filter.c_str(), names.data(), 0, nullptr,
                                     nullptr, &limit, kMaxEntries, &raw);
  const std::unique_ptr<LDAPMessage, decltype(&ldap_msgfree)> answer(raw, ldap_msgfree);
  if (code != LDAP_SUCCESS && code != LDAP_SIZELIMIT_EXCEEDED)
    return problem("LDAP search for " + filter, ldap_err2string(code));
  std::vector<DirectoryEntry> out;
  for (LDAPMessage* one = ldap_first_entry(handle_->ldap, raw); one != nullptr;
       one = ldap_next_entry(handle_->ldap, one))
    out.push_back(entry_of(handle_->ldap, one));
  return out;
}

}  // namespace stead::doctor
