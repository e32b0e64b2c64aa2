// libstead.so finds MIT's libraries itself, and is not linked with them. A program may have functions and variables of
// their names (of Heimdal, linked in; a `gss_mech_krb5` of its own). The dynamic linker would give those to us, and to
// libgssapi_krb5 itself: a crash.
//
// Each function below is a jump to MIT's function of that name, and no other object sees it. At the start, the libraries
// are loaded beside what the program has: as any library where nothing of the program is in the way, else with
// RTLD_DEEPBIND, by which they find their own functions first. That has a price: they use libc's malloc then, whatever
// the program has in its place. A program with both, names of MIT's and a malloc of its own, gets errors from each call.
#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <gssapi/gssapi.h>
#include <krb5.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

// What libstead calls, each with the version of its symbol. The linker says what is missing here.
#define STEAD_GSSAPI_FUNCTIONS(F)                      \
  F(gss_accept_sec_context, gssapi_krb5_2_MIT)         \
  F(gss_acquire_cred_from, gssapi_krb5_2_MIT)          \
  F(gss_delete_sec_context, gssapi_krb5_2_MIT)         \
  F(gss_display_name, gssapi_krb5_2_MIT)               \
  F(gss_display_status, gssapi_krb5_2_MIT)             \
  F(gss_get_mic, gssapi_krb5_2_MIT)                    \
  F(gss_get_mic_iov_length, gssapi_krb5_2_MIT)         \
  F(gss_import_name, gssapi_krb5_2_MIT)                \
  F(gss_init_sec_context, gssapi_krb5_2_MIT)           \
  F(gss_inquire_context, gssapi_krb5_2_MIT)            \
  F(gss_inquire_sec_context_by_oid, gssapi_krb5_2_MIT) \
  F(gss_release_buffer, gssapi_krb5_2_MIT)             \
  F(gss_release_buffer_set, gssapi_krb5_2_MIT)         \
  F(gss_release_cred, gssapi_krb5_2_MIT)               \
  F(gss_release_name, gssapi_krb5_2_MIT)               \
  F(gss_unwrap_iov, gssapi_krb5_2_MIT)                 \
  F(gss_verify_mic, gssapi_krb5_2_MIT)                 \
  F(gss_wrap_iov, gssapi_krb5_2_MIT)                   \
  F(gss_wrap_iov_length, gssapi_krb5_2_MIT)

#define STEAD_KRB5_FUNCTIONS(F)                  \
  F(krb5_cc_cache_match, krb5_3_MIT)             \
  F(krb5_cc_close, krb5_3_MIT)                   \
  F(krb5_cc_default, krb5_3_MIT)                 \
  F(krb5_cc_destroy, krb5_3_MIT)                 \
  F(krb5_cc_end_seq_get, krb5_3_MIT)             \
  F(krb5_cc_get_full_name, krb5_3_MIT)           \
  F(krb5_cc_get_principal, krb5_3_MIT)           \
  F(krb5_cc_initialize, krb5_3_MIT)              \
  F(krb5_cc_next_cred, krb5_3_MIT)               \
  F(krb5_cc_resolve, krb5_3_MIT)                 \
  F(krb5_cc_set_config, krb5_3_MIT)              \
  F(krb5_cc_start_seq_get, krb5_3_MIT)           \
  F(krb5_cc_store_cred, krb5_3_MIT)              \
  F(krb5_free_checksum_contents, krb5_3_MIT)     \
  F(krb5_free_context, krb5_3_MIT)               \
  F(krb5_free_cred_contents, krb5_3_MIT)         \
  F(krb5_free_default_realm, krb5_3_MIT)         \
  F(krb5_free_enctypes, krb5_3_MIT)              \
  F(krb5_free_error_message, krb5_3_MIT)         \
  F(krb5_free_keyblock_contents, krb5_3_MIT)     \
  F(krb5_free_keytab_entry_contents, krb5_3_MIT) \
  F(krb5_free_principal, krb5_3_MIT)             \
  F(krb5_free_string, krb5_3_MIT)                \
  F(krb5_get_default_realm, krb5_3_MIT)          \
  F(krb5_get_error_message, krb5_3_MIT)          \
  F(krb5_get_permitted_enctypes, krb5_3_MIT)     \
  F(krb5_get_profile, krb5_3_MIT)                \
  F(krb5_init_context, krb5_3_MIT)               \
  F(krb5_init_context_profile, krb5_3_MIT)       \
  F(krb5_is_config_principal, krb5_3_MIT)        \
  F(krb5_kt_close, krb5_3_MIT)                   \
  F(krb5_kt_default_name, krb5_3_MIT)            \
  F(krb5_kt_end_seq_get, krb5_3_MIT)             \
  F(krb5_kt_next_entry, krb5_3_MIT)              \
  F(krb5_kt_resolve, krb5_3_MIT)                 \
  F(krb5_kt_start_seq_get, krb5_3_MIT)           \
  F(krb5_parse_name, krb5_3_MIT)                 \
  F(profile_get_values, krb5_3_MIT)              \
  F(profile_get_subsection_names, krb5_3_MIT)    \
  F(profile_get_relation_names, krb5_3_MIT)      \
  F(profile_free_list, krb5_3_MIT)               \
  F(profile_get_boolean, krb5_3_MIT)             \
  F(profile_get_integer, krb5_3_MIT)             \
  F(profile_get_string, krb5_3_MIT)              \
  F(profile_init, krb5_3_MIT)                    \
  F(profile_release, krb5_3_MIT)                 \
  F(profile_release_string, krb5_3_MIT)

#define STEAD_CRYPTO_FUNCTIONS(F)          \
  F(krb5_c_decrypt, k5crypto_3_MIT)        \
  F(krb5_c_encrypt, k5crypto_3_MIT)        \
  F(krb5_c_encrypt_length, k5crypto_3_MIT) \
  F(krb5_c_make_checksum, k5crypto_3_MIT)  \
  F(krb5_c_prf, k5crypto_3_MIT)            \
  F(krb5_c_prf_length, k5crypto_3_MIT)     \
  F(krb5_c_string_to_key, k5crypto_3_MIT)

#define STEAD_KERBEROS_FUNCTIONS(F) \
  STEAD_GSSAPI_FUNCTIONS(F)         \
  STEAD_KRB5_FUNCTIONS(F)           \
  STEAD_CRYPTO_FUNCTIONS(F)

#define STEAD_SLOT(name, version) extern __attribute__((visibility("hidden"))) void* stead_slot_of_##name;
extern "C" {
STEAD_KERBEROS_FUNCTIONS(STEAD_SLOT)
}
#define STEAD_EMPTY_SLOT(name, version) __attribute__((used)) void* stead_slot_of_##name = nullptr;
STEAD_KERBEROS_FUNCTIONS(STEAD_EMPTY_SLOT)

#if defined(__x86_64__)
#define STEAD_JUMP(name) "endbr64\n jmp *stead_slot_of_" name "(%rip)\n"
#elif defined(__aarch64__)
#define STEAD_JUMP(name) \
  "hint 34\n adrp x16, stead_slot_of_" name "\n ldr x16, [x16, :lo12:stead_slot_of_" name "]\n br x16\n"
#else
#error "sspi_shim/CMakeLists.txt leaves this file out on other processors"
#endif
#define STEAD_DEFINE(name, version)                                                                        \
  __asm__(".text\n .p2align 4\n .globl " #name "\n .hidden " #name "\n .type " #name ", %function\n" #name \
          ":\n" STEAD_JUMP(#name) " .size " #name ", . - " #name "\n");
STEAD_KERBEROS_FUNCTIONS(STEAD_DEFINE)

namespace {

constexpr const char* kGssapi = "libgssapi_krb5.so.2";  // brings the others

struct Function {
  const char* name;
  const char* version;
  void** slot;
};
constexpr Function kFunctions[] = {
#define STEAD_ENTRY(name, version) {#name, #version, &stead_slot_of_##name},
    STEAD_KERBEROS_FUNCTIONS(STEAD_ENTRY)
#undef STEAD_ENTRY
};

// What MIT's libraries use of each other, by the same names in Heimdal or in older programs.
struct Name {
  const char* name;
  const char* version;
};
constexpr Name kTheirNames[] = {{"gss_mech_krb5", "gssapi_krb5_2_MIT"},
                                {"gss_mech_krb5_old", "gssapi_krb5_2_MIT"},
                                {"gss_mech_set_krb5", "gssapi_krb5_2_MIT"},
                                {"gss_mech_iakerb", "gssapi_krb5_2_MIT"},
                                {"gss_nt_krb5_name", "gssapi_krb5_2_MIT"},
                                {"gss_nt_service_name", "gssapi_krb5_2_MIT"},
                                {"gss_nt_user_name", "gssapi_krb5_2_MIT"},
                                {"GSS_C_NT_USER_NAME", "gssapi_krb5_2_MIT"},
                                {"GSS_C_NT_HOSTBASED_SERVICE", "gssapi_krb5_2_MIT"},
                                {"GSS_C_NT_EXPORT_NAME", "gssapi_krb5_2_MIT"},
                                {"GSS_C_NT_ANONYMOUS", "gssapi_krb5_2_MIT"},
                                {"GSS_KRB5_NT_PRINCIPAL_NAME", "gssapi_krb5_2_MIT"},
                                {"gss_indicate_mechs", "gssapi_krb5_2_MIT"},
                                {"gss_add_oid_set_member", "gssapi_krb5_2_MIT"},
                                {"gss_create_empty_oid_set", "gssapi_krb5_2_MIT"},
                                {"gss_release_oid_set", "gssapi_krb5_2_MIT"},
                                {"krb5_auth_con_init", "krb5_3_MIT"},
                                {"krb5_auth_con_free", "krb5_3_MIT"},
                                {"krb5_rd_req", "krb5_3_MIT"},
                                {"krb5_mk_rep", "krb5_3_MIT"},
                                {"krb5_copy_principal", "krb5_3_MIT"},
                                {"krb5_set_error_message", "krb5_3_MIT"},
                                {"krb5_sname_to_principal", "krb5_3_MIT"},
                                {"profile_iterator_create", "krb5_3_MIT"},
                                {"krb5_c_random_make_octets", "k5crypto_3_MIT"},
                                {"krb5_k_create_key", "k5crypto_3_MIT"},
                                {"krb5_k_free_key", "k5crypto_3_MIT"},
                                {"com_err", nullptr},
                                {"error_message", nullptr},
                                {"add_error_table", nullptr},
                                {"remove_error_table", nullptr}};

bool is_of_mit(void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return false;
  std::string_view file = info.dli_fname;
  file.remove_prefix(file.rfind('/') == std::string_view::npos ? 0 : file.rfind('/') + 1);
  for (const std::string_view library : {"libgssapi_krb5.so.", "libkrb5.so.", "libk5crypto.so.", "libcom_err.so."}) {
    if (file.starts_with(library)) return true;
  }
  return false;
}

// True where the dynamic linker would take something else for this function or variable of MIT's.
bool is_taken(const char* name, const char* version) {
  void* found = version != nullptr ? dlvsym(RTLD_DEFAULT, name, version) : dlsym(RTLD_DEFAULT, name);
  return found != nullptr && !is_of_mit(found);
}

bool any_is_taken() {
  for (const Function& function : kFunctions) {
    if (is_taken(function.name, function.version)) return true;
  }
  for (const Name& name : kTheirNames) {
    if (is_taken(name.name, name.version)) return true;
  }
  return false;
}

bool has_own_malloc() {
  void* libc = dlopen(LIBC_SO, RTLD_NOW | RTLD_NOLOAD);
  if (libc == nullptr) return true;
  const bool own = dlsym(libc, "malloc") != dlsym(RTLD_DEFAULT, "malloc");
  dlclose(libc);
  return own;
}

// Why the libraries are not there; empty: they are.
char failure[256];

int fails_as_krb5() {
  return ENOSYS;
}
OM_uint32 fails_as_gssapi(OM_uint32* minor) {
  if (minor != nullptr) *minor = ENOSYS;
  return GSS_S_UNAVAILABLE;
}
const char* failure_text() {
  return failure;
}

void* library() {
  if (void* there = dlopen(kGssapi, RTLD_NOW | RTLD_NOLOAD)) return there;  // the program's own: bound already
  if (!any_is_taken()) return dlopen(kGssapi, RTLD_NOW | RTLD_LOCAL);
  if (!has_own_malloc()) return dlopen(kGssapi, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  std::strncpy(failure,
               "the program has functions of libgssapi_krb5's names and a malloc of its own: MIT's libraries cannot be "
               "loaded beside both",
               sizeof failure - 1);
  return nullptr;
}

__attribute__((constructor)) void load() {
  void* const mit = library();
  if (mit == nullptr && failure[0] == '\0') {
    const char* why = dlerror();
    std::strncpy(failure, why != nullptr ? why : "libgssapi_krb5 cannot be loaded", sizeof failure - 1);
  }
  for (const Function& function : kFunctions) {
    void* found = mit != nullptr ? dlsym(mit, function.name) : nullptr;
    if (found == nullptr && std::strncmp(function.name, "gss_", 4) == 0)
      found = reinterpret_cast<void*>(fails_as_gssapi);
    else if (found == nullptr)
      found = reinterpret_cast<void*>(fails_as_krb5);
    *function.slot = found;
  }
  if (mit == nullptr) stead_slot_of_krb5_get_error_message = reinterpret_cast<void*>(failure_text);
}

}  // namespace
