/* A program that has functions of Windows' and of MIT Kerberos' names itself, as one that is linked with libwinpr or with
 * Heimdal has; host_names_test.py builds it against libstead.so, with its names visible to libraries, and runs it.
 *   sspi_host stead.toml KEYTAB PRINCIPAL
 * Signs a user in by password, accepts them and acts for them. Any call of its own functions ends the program. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stead/sspi.h"

#ifdef HOST_NAMES
#define OWN(name)                                         \
  __attribute__((visibility("default"))) int name(void) { \
    fprintf(stderr, "called " #name " of the program\n"); \
    abort();                                              \
  }
OWN(gss_init_sec_context)
OWN(gss_accept_sec_context)
OWN(gss_acquire_cred_from)
OWN(gss_display_status)
OWN(gss_release_buffer)
OWN(gss_release_cred)
OWN(gss_import_name)
OWN(gss_indicate_mechs)
OWN(gss_add_oid_set_member)
OWN(krb5_init_context)
OWN(krb5_free_context)
OWN(krb5_kt_resolve)
OWN(krb5_rd_req)
OWN(krb5_auth_con_init)
OWN(krb5_c_decrypt)
OWN(krb5_k_create_key)
OWN(krb5_get_error_message)
OWN(profile_init)
OWN(com_err)
OWN(error_message)
__attribute__((visibility("default"))) const void* gss_mech_krb5 = (const void*)0x10;
__attribute__((visibility("default"))) const void* GSS_C_NT_HOSTBASED_SERVICE = (const void*)0x10;
__attribute__((visibility("default"))) const void* GSS_KRB5_NT_PRINCIPAL_NAME = (const void*)0x10;
#undef CloseHandle
#undef FreeContextBuffer
#undef NetApiBufferFree
#undef AcceptSecurityContext
OWN(CloseHandle)
OWN(FreeContextBuffer)
OWN(NetApiBufferFree)
OWN(AcceptSecurityContext)
#define CloseHandle stead_CloseHandle
#define FreeContextBuffer stead_FreeContextBuffer
#define NetApiBufferFree stead_NetApiBufferFree
#define AcceptSecurityContext stead_AcceptSecurityContext
#endif

#ifdef HOST_MALLOC
extern void* __libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void* block);
/* Blocks of this malloc have a head that libc's free would not understand: the size, and where the block begins. */
typedef struct {
  size_t size;
  void* begin;
} Head;
static void* aligned(size_t alignment, size_t size) {
  if (alignment < sizeof(Head)) alignment = sizeof(Head);
  char* begin = __libc_memalign(alignment, size + alignment);
  if (begin == NULL) return NULL;
  ((Head*)(begin + alignment))[-1] = (Head){size, begin};
  return begin + alignment;
}
#define VISIBLE __attribute__((visibility("default")))
VISIBLE void* malloc(size_t size) {
  return aligned(16, size);
}
VISIBLE void* memalign(size_t alignment, size_t size) {
  return aligned(alignment, size);
}
VISIBLE void* aligned_alloc(size_t alignment, size_t size) {
  return aligned(alignment, size);
}
VISIBLE int posix_memalign(void** out, size_t alignment, size_t size) {
  *out = aligned(alignment, size);
  return *out ? 0 : 12;
}
VISIBLE void free(void* block) {
  if (block) __libc_free(((Head*)block)[-1].begin);
}
VISIBLE void* calloc(size_t count, size_t size) {
  void* block = malloc(count * size);
  return block ? memset(block, 0, count * size) : NULL;
}
VISIBLE void* realloc(void* block, size_t size) {
  void* out = malloc(size);
  if (out && block) memcpy(out, block, ((Head*)block)[-1].size < size ? ((Head*)block)[-1].size : size);
  if (out) free(block);
  return out;
}
#endif

#define EXPECT(condition) \
  if (!(condition)) return failed(#condition)

static int failed(const char* what) {
  SHIM_ERROR_DETAIL detail = {.Size = sizeof detail};
  ShimGetLastErrorDetail(&detail);
  printf("not ok %s (%08x %s)\n", what, (unsigned)detail.Status, detail.Text);
  return 1;
}

int main(int argc, char** argv) {
  SEC_WINNT_AUTH_IDENTITY alice = {(UCHAR*)"alice", 5, NULL, 0, (UCHAR*)"Passw0rd!", 9, SEC_WINNT_AUTH_IDENTITY_ANSI};
  SecBuffer sent = {0, SECBUFFER_TOKEN, NULL}, back = {0, SECBUFFER_TOKEN, NULL};
  SecBufferDesc first = {SECBUFFER_VERSION, 1, &sent}, second = {SECBUFFER_VERSION, 1, &back};
  CredHandle own, accepting;
  CtxtHandle client, server;
  SecPkgContext_Names names;
  SecPkgContext_NativeNames native;
  HANDLE token;
  if (argc != 4) return 2;
  EXPECT(ShimSetDefaultConfig("config", argv[1]) == SEC_E_OK && ShimSetDefaultConfig("keytab", argv[2]) == SEC_E_OK &&
         ShimSetDefaultConfig("principal", argv[3]) == SEC_E_OK);
  EXPECT(AcquireCredentialsHandle(NULL, (SEC_CHAR*)"Kerberos", SECPKG_CRED_INBOUND, NULL, NULL, NULL, NULL, &accepting,
                                  NULL) == SEC_E_OK);
  EXPECT(AcquireCredentialsHandle(NULL, (SEC_CHAR*)"Kerberos", SECPKG_CRED_OUTBOUND, NULL, &alice, NULL, NULL, &own,
                                  NULL) == SEC_E_OK);
  EXPECT(InitializeSecurityContext(&own, NULL, (SEC_CHAR*)"HTTP/frontend.root.fabrikam.com", ISC_REQ_ALLOCATE_MEMORY, 0,
                                   SECURITY_NATIVE_DREP, NULL, 0, &client, &first, NULL, NULL) == SEC_E_OK);
  EXPECT(AcceptSecurityContext(&accepting, NULL, &first, ASC_REQ_ALLOCATE_MEMORY, SECURITY_NATIVE_DREP, &server,
                               &second, NULL, NULL) == SEC_E_OK);
  EXPECT(QuerySecurityContextToken(&server, &token) == SEC_E_OK);
  EXPECT(CloseHandle(token));
  CtxtHandle* const sides[] = {&server, &client};
  for (int i = 0; i < 2; ++i) {
    EXPECT(QueryContextAttributes(sides[i], SECPKG_ATTR_NAMES, &names) == SEC_E_OK);
    EXPECT(QueryContextAttributes(sides[i], SECPKG_ATTR_NATIVE_NAMES, &native) == SEC_E_OK);
    printf("%s is %s to %s\n", names.sUserName, native.sClientName, native.sServerName);
    FreeContextBuffer(names.sUserName);
    FreeContextBuffer(native.sClientName);
    FreeContextBuffer(native.sServerName);
  }
  FreeContextBuffer(sent.pvBuffer);
  FreeContextBuffer(back.pvBuffer);
  EXPECT(DeleteSecurityContext(&client) == SEC_E_OK && DeleteSecurityContext(&server) == SEC_E_OK);
  EXPECT(FreeCredentialsHandle(&own) == SEC_E_OK && FreeCredentialsHandle(&accepting) == SEC_E_OK);
  return 0;
}
