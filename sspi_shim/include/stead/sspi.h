/* The names, constants and structure layouts of SSPI over Kerberos delegation, for C11 and C++. Code that was written
 * for SSPI compiles unchanged.
 *
 * - ULONG and the like are 32 bits wide, WCHAR is char16_t. `A` functions take UTF-8. TimeStamps are UTC.
 * - A handle that is stale, was freed or never existed gives SEC_E_INVALID_HANDLE.
 * - Every function may be called from any thread. A function that needs a KDC or a DC blocks until one has answered,
 *   for about "request_deadline" (15 s; see ShimSetDefaultConfig), and then fails with
 *   SEC_E_NO_AUTHENTICATING_AUTHORITY; LsaLogonUser with STATUS_NO_LOGON_SERVERS, DsGetDcName with
 *   ERROR_NO_SUCH_DOMAIN.
 * - What a function returns is freed so, and by no other function (free() of C in particular):
 *     FreeContextBuffer      tokens under ISC_REQ_ALLOCATE_MEMORY or ASC_REQ_ALLOCATE_MEMORY; strings, keys and package
 *                            information of QueryContextAttributes and QueryCredentialsAttributes; the one block of
 *                            EnumerateSecurityPackages, of QuerySecurityPackageInfo, of ShimGetLastErrorTrace
 *     NetApiBufferFree       the one block of DsGetDcName
 *     LsaFreeReturnBuffer    nothing that this library returns; it accepts NULL, as the two above do
 *     FreeCredentialsHandle, DeleteSecurityContext, LsaDeregisterLogonProcess, ShimCloseClient    their handles
 *     CloseHandle            tokens, whichever function made them
 *   InitSecurityInterface returns a static table, which is not freed.
 * - Impersonation changes no operating system identity. ImpersonateSecurityContext and its like store a token of this
 *   library for the calling thread, and AcquireCredentialsHandle uses it. Files and other local resources are still
 *   opened as the user of the process.
 * - In the library the functions' names begin with stead_ (stead/sspi_names.h): dlsym takes stead_CloseHandle.
 * - After fork(), the child may use every handle that the parent had, except those of contexts that another thread was
 *   using: these are stale. The child's calls start a thread, connections and a cache of tickets of their own; the
 *   cache is empty at first. fork() waits until no thread is inside libkrb5 for this library, a second at most.
 * - There is no GetLastError and no FormatMessage. A function that returns BOOL returns FALSE on failure. After a
 *   function failed, also one that returns BOOL or DWORD, ShimGetLastErrorDetail has the reason in one line.
 * - Delegation is S4U2Proxy: a forwarded TGT is not used, and ISC_REQ_DELEGATE forwards none. Datagram contexts and
 *   user-to-user (USE_SESSION_KEY) give SEC_E_UNSUPPORTED_FUNCTION.
 */
#ifndef STEAD_SSPI_H
#define STEAD_SSPI_H

#include <stdint.h>
#ifndef __cplusplus
#include <uchar.h>
#endif

#include "stead/sspi_names.h"

#ifdef __cplusplus
#define STEAD_NOEXCEPT noexcept
extern "C" {
#else
#define STEAD_NOEXCEPT
#endif
#define STEAD_EXPORT __attribute__((visibility("default")))

/* ---- Windows' basic types ---- */
typedef int32_t LONG;
typedef uint32_t ULONG, DWORD;
typedef uint16_t USHORT;
typedef uint8_t UCHAR, BYTE, BOOLEAN;
typedef int32_t BOOL;
typedef char CHAR;
typedef char16_t WCHAR;
typedef CHAR *LPSTR, *PSTR;
typedef const CHAR *LPCSTR, *PCSTR;
typedef WCHAR *LPWSTR, *PWSTR;
typedef const WCHAR *LPCWSTR, *PCWSTR;
typedef void* PVOID;
typedef void* HANDLE;
typedef HANDLE* PHANDLE;
typedef ULONG* PULONG;
typedef UCHAR* PUCHAR;
typedef uintptr_t ULONG_PTR;
typedef LONG NTSTATUS;
typedef NTSTATUS* PNTSTATUS;
typedef LONG SECURITY_STATUS;
typedef CHAR SEC_CHAR;
typedef WCHAR SEC_WCHAR;
typedef union _LARGE_INTEGER {
  struct {
    ULONG LowPart;
    LONG HighPart;
  } u;
  int64_t QuadPart;
} LARGE_INTEGER;
typedef struct _SECURITY_INTEGER { /* 100 ns since 1601 */
  ULONG LowPart;
  LONG HighPart;
} SECURITY_INTEGER, TimeStamp, *PTimeStamp;
typedef struct _LUID {
  ULONG LowPart;
  LONG HighPart;
} LUID, *PLUID;
typedef struct _GUID {
  ULONG Data1;
  USHORT Data2, Data3;
  UCHAR Data4[8];
} GUID;
typedef struct _UNICODE_STRING { /* lengths in bytes */
  USHORT Length, MaximumLength;
  WCHAR* Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef struct _LSA_STRING {
  USHORT Length, MaximumLength;
  CHAR* Buffer;
} LSA_STRING, *PLSA_STRING;

/* ---- Status codes; ShimGetLastErrorDetail has the cause of one ---- */
#define SEC_E_OK ((SECURITY_STATUS)0)
#define SEC_I_CONTINUE_NEEDED ((SECURITY_STATUS)0x00090312)
#define SEC_I_COMPLETE_NEEDED ((SECURITY_STATUS)0x00090313)
#define SEC_I_COMPLETE_AND_CONTINUE ((SECURITY_STATUS)0x00090314)
#define SEC_I_CONTEXT_EXPIRED ((SECURITY_STATUS)0x00090317)
#define SEC_E_INSUFFICIENT_MEMORY ((SECURITY_STATUS)0x80090300)
#define SEC_E_INVALID_HANDLE ((SECURITY_STATUS)0x80090301)
#define SEC_E_UNSUPPORTED_FUNCTION ((SECURITY_STATUS)0x80090302)
#define SEC_E_TARGET_UNKNOWN ((SECURITY_STATUS)0x80090303)
#define SEC_E_INTERNAL_ERROR ((SECURITY_STATUS)0x80090304)
#define SEC_E_SECPKG_NOT_FOUND ((SECURITY_STATUS)0x80090305)
#define SEC_E_NOT_OWNER ((SECURITY_STATUS)0x80090306)
#define SEC_E_INVALID_TOKEN ((SECURITY_STATUS)0x80090308)
#define SEC_E_QOP_NOT_SUPPORTED ((SECURITY_STATUS)0x8009030A)
#define SEC_E_NO_IMPERSONATION ((SECURITY_STATUS)0x8009030B)
#define SEC_E_LOGON_DENIED ((SECURITY_STATUS)0x8009030C)
#define SEC_E_UNKNOWN_CREDENTIALS ((SECURITY_STATUS)0x8009030D)
#define SEC_E_NO_CREDENTIALS ((SECURITY_STATUS)0x8009030E)
#define SEC_E_MESSAGE_ALTERED ((SECURITY_STATUS)0x8009030F)
#define SEC_E_OUT_OF_SEQUENCE ((SECURITY_STATUS)0x80090310)
#define SEC_E_NO_AUTHENTICATING_AUTHORITY ((SECURITY_STATUS)0x80090311)
#define SEC_E_CONTEXT_EXPIRED ((SECURITY_STATUS)0x80090317)
#define SEC_E_INCOMPLETE_MESSAGE ((SECURITY_STATUS)0x80090318)
#define SEC_E_INCOMPLETE_CREDENTIALS ((SECURITY_STATUS)0x80090320)
#define SEC_E_BUFFER_TOO_SMALL ((SECURITY_STATUS)0x80090321)
#define SEC_E_WRONG_PRINCIPAL ((SECURITY_STATUS)0x80090322)
#define SEC_E_TIME_SKEW ((SECURITY_STATUS)0x80090324)
#define SEC_E_ILLEGAL_MESSAGE ((SECURITY_STATUS)0x80090326)
#define SEC_E_DECRYPT_FAILURE ((SECURITY_STATUS)0x80090330)
#define SEC_E_KDC_INVALID_REQUEST ((SECURITY_STATUS)0x80090340)
#define SEC_E_KDC_UNABLE_TO_REFER ((SECURITY_STATUS)0x80090341)
#define SEC_E_KDC_UNKNOWN_ETYPE ((SECURITY_STATUS)0x80090342)
#define SEC_E_DELEGATION_REQUIRED ((SECURITY_STATUS)0x80090345)
#define SEC_E_BAD_BINDINGS ((SECURITY_STATUS)0x80090346)
#define SEC_E_MULTIPLE_ACCOUNTS ((SECURITY_STATUS)0x80090347)
#define SEC_E_NO_S4U_PROT_SUPPORT ((SECURITY_STATUS)0x80090356)
#define SEC_E_CROSSREALM_DELEGATION_FAILURE ((SECURITY_STATUS)0x80090357)
#define SEC_E_INVALID_PARAMETER ((SECURITY_STATUS)0x8009035D)
#define SEC_E_DELEGATION_POLICY ((SECURITY_STATUS)0x8009035E)
#define SEC_E_NO_CONTEXT ((SECURITY_STATUS)0x80090361)
#define SEC_E_MUTUAL_AUTH_FAILED ((SECURITY_STATUS)0x80090363)

#define SEC_SUCCESS(Status) ((Status) >= 0)
#define NT_SUCCESS(Status) ((NTSTATUS)(Status) >= 0)
#define SEC_ENTRY
#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif

/* ---- Handles and buffers ---- */
typedef struct _SecHandle {
  ULONG_PTR dwLower, dwUpper;
} SecHandle, *PSecHandle;
typedef SecHandle CredHandle, CtxtHandle;
typedef PSecHandle PCredHandle, PCtxtHandle;
#define SecInvalidateHandle(x) ((x)->dwLower = (ULONG_PTR) - 1, (x)->dwUpper = (ULONG_PTR) - 1)
#define SecIsValidHandle(x) (((x)->dwLower != (ULONG_PTR) - 1) && ((x)->dwUpper != (ULONG_PTR) - 1))

typedef struct _SecBuffer {
  ULONG cbBuffer, BufferType;
  void* pvBuffer;
} SecBuffer, *PSecBuffer;
typedef struct _SecBufferDesc {
  ULONG ulVersion, cBuffers;
  PSecBuffer pBuffers;
} SecBufferDesc, *PSecBufferDesc;
#define SECBUFFER_VERSION 0
#define SECBUFFER_EMPTY 0
#define SECBUFFER_DATA 1
#define SECBUFFER_TOKEN 2
#define SECBUFFER_PADDING 9
#define SECBUFFER_STREAM 10
#define SECBUFFER_CHANNEL_BINDINGS 14
#define SECBUFFER_ATTRMASK 0xF0000000U
#define SECBUFFER_READONLY 0x80000000U
#define SECBUFFER_READONLY_WITH_CHECKSUM 0x10000000U

typedef struct
    _SEC_CHANNEL_BINDINGS { /* the application data follows, at dwApplicationDataOffset from the start of this structure */
  ULONG dwInitiatorAddrType, cbInitiatorLength, dwInitiatorOffset;
  ULONG dwAcceptorAddrType, cbAcceptorLength, dwAcceptorOffset;
  ULONG cbApplicationDataLength, dwApplicationDataOffset;
} SEC_CHANNEL_BINDINGS, *PSEC_CHANNEL_BINDINGS;

#define SECBUFFER_PKG_PARAMS 3
#define SECBUFFER_MISSING 4
#define SECBUFFER_EXTRA 5
#define SECBUFFER_STREAM_TRAILER 6
#define SECBUFFER_STREAM_HEADER 7
#define SECBUFFER_TARGET 13
#define SECURITY_NATIVE_DREP 0x10
#define SECURITY_NETWORK_DREP 0

#define SECPKG_CRED_INBOUND 1
#define SECPKG_CRED_OUTBOUND 2
#define SECPKG_CRED_BOTH 3

#define ISC_REQ_DELEGATE 0x1
#define ISC_REQ_MUTUAL_AUTH 0x2
#define ISC_REQ_REPLAY_DETECT 0x4
#define ISC_REQ_SEQUENCE_DETECT 0x8
#define ISC_REQ_CONFIDENTIALITY 0x10
#define ISC_REQ_USE_SESSION_KEY 0x20
#define ISC_REQ_PROMPT_FOR_CREDS 0x40
#define ISC_REQ_USE_SUPPLIED_CREDS 0x80
#define ISC_REQ_ALLOCATE_MEMORY 0x100
#define ISC_REQ_USE_DCE_STYLE 0x200
#define ISC_REQ_DATAGRAM 0x400
#define ISC_REQ_CONNECTION 0x800
#define ISC_REQ_EXTENDED_ERROR 0x4000
#define ISC_REQ_STREAM 0x8000
#define ISC_REQ_INTEGRITY 0x10000
#define ISC_REQ_IDENTIFY 0x20000
#define ISC_RET_DELEGATE 0x1
#define ISC_RET_MUTUAL_AUTH 0x2
#define ISC_RET_REPLAY_DETECT 0x4
#define ISC_RET_SEQUENCE_DETECT 0x8
#define ISC_RET_CONFIDENTIALITY 0x10
#define ISC_RET_ALLOCATED_MEMORY 0x100
#define ISC_RET_USED_DCE_STYLE 0x200
#define ISC_RET_CONNECTION 0x800
#define ISC_RET_INTEGRITY 0x10000
#define ISC_RET_IDENTIFY 0x20000

#define ASC_REQ_DELEGATE 0x1
#define ASC_REQ_MUTUAL_AUTH 0x2
#define ASC_REQ_REPLAY_DETECT 0x4
#define ASC_REQ_SEQUENCE_DETECT 0x8
#define ASC_REQ_CONFIDENTIALITY 0x10
#define ASC_REQ_USE_SESSION_KEY 0x20
#define ASC_REQ_ALLOCATE_MEMORY 0x100
#define ASC_REQ_USE_DCE_STYLE 0x200
#define ASC_REQ_DATAGRAM 0x400
#define ASC_REQ_CONNECTION 0x800
#define ASC_REQ_EXTENDED_ERROR 0x8000
#define ASC_REQ_STREAM 0x10000
#define ASC_REQ_INTEGRITY 0x20000
#define ASC_REQ_IDENTIFY 0x80000
#define ASC_REQ_ALLOW_MISSING_BINDINGS 0x10000000
#define ASC_RET_DELEGATE 0x1
#define ASC_RET_MUTUAL_AUTH 0x2
#define ASC_RET_REPLAY_DETECT 0x4
#define ASC_RET_SEQUENCE_DETECT 0x8
#define ASC_RET_CONFIDENTIALITY 0x10
#define ASC_RET_ALLOCATED_MEMORY 0x100
#define ASC_RET_USED_DCE_STYLE 0x200
#define ASC_RET_CONNECTION 0x800
#define ASC_RET_INTEGRITY 0x20000
#define ASC_RET_IDENTIFY 0x80000

/* ---- Packages: "Kerberos" and "Negotiate" (Kerberos within SPNEGO) ---- */
#define SECPKG_FLAG_INTEGRITY 0x1
#define SECPKG_FLAG_PRIVACY 0x2
#define SECPKG_FLAG_CONNECTION 0x10
#define SECPKG_FLAG_MULTI_REQUIRED 0x20
#define SECPKG_FLAG_EXTENDED_ERROR 0x80
#define SECPKG_FLAG_IMPERSONATION 0x100
#define SECPKG_FLAG_ACCEPT_WIN32_NAME 0x200
#define SECPKG_FLAG_NEGOTIABLE 0x800
#define SECPKG_FLAG_GSS_COMPATIBLE 0x1000
#define SECPKG_FLAG_MUTUAL_AUTH 0x10000
#define RPC_C_AUTHN_GSS_NEGOTIATE 9
#define RPC_C_AUTHN_GSS_KERBEROS 16
typedef struct _SecPkgInfoA {
  ULONG fCapabilities;
  USHORT wVersion, wRPCID;
  ULONG cbMaxToken;
  SEC_CHAR *Name, *Comment;
} SecPkgInfoA, *PSecPkgInfoA;
typedef struct _SecPkgInfoW {
  ULONG fCapabilities;
  USHORT wVersion, wRPCID;
  ULONG cbMaxToken;
  SEC_WCHAR *Name, *Comment;
} SecPkgInfoW, *PSecPkgInfoW;
STEAD_EXPORT SECURITY_STATUS EnumerateSecurityPackagesA(PULONG pcPackages, PSecPkgInfoA* ppPackageInfo) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS EnumerateSecurityPackagesW(PULONG pcPackages, PSecPkgInfoW* ppPackageInfo) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS QuerySecurityPackageInfoA(SEC_CHAR* pszPackageName,
                                                       PSecPkgInfoA* ppPackageInfo) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS QuerySecurityPackageInfoW(SEC_WCHAR* pszPackageName,
                                                       PSecPkgInfoW* ppPackageInfo) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS FreeContextBuffer(PVOID pvContextBuffer) STEAD_NOEXCEPT;

/* ---- Credentials ---- */
typedef void (*SEC_GET_KEY_FN)(void* Arg, void* Principal, ULONG KeyVer, void** Key, SECURITY_STATUS* Status);

/* pAuthData of a service. Principal NULL: pszPrincipal, else "principal" of ShimSetDefaultConfig, else the first
 * principal of the keytab. pszPrincipal has precedence over Principal. Keytab NULL: "keytab" of ShimSetDefaultConfig,
 * else libkrb5's default (KRB5_KTNAME, krb5.conf). */
#define SHIM_KEYTAB_IDENTITY_VERSION 0x53484D31U
typedef struct _SHIM_KEYTAB_IDENTITY {
  ULONG Version; /* SHIM_KEYTAB_IDENTITY_VERSION */
  ULONG Length;  /* sizeof(SHIM_KEYTAB_IDENTITY) */
  const char* Principal;
  const char* Keytab; /* path, or TYPE:rest */
  const char* CCache; /* OUTBOUND as this service: use the tickets in this ccache; NULL: request them with the keytab */
} SHIM_KEYTAB_IDENTITY, *PSHIM_KEYTAB_IDENTITY;

/* pAuthData of a user with a password. Tickets are requested as the user: no delegation. Flags says whether the strings
 * are UTF-8 ("ANSI") or UTF-16; lengths are in characters. User: alice, alice@SUFFIX or DOMAIN\\alice. Domain: DNS or
 * NetBIOS name; empty: ours. A wrong password gives SEC_E_LOGON_DENIED at once.
 *
 * OUTBOUND needs no keytab and does not verify the KDC. A false KDC can accept any password, so never use OUTBOUND to
 * check one. It serves to reach a target as the user; mutual authentication then proves that target and ticket are
 * genuine.
 *
 * BOTH is a logon: the KDC must also give the user a ticket to this service that the keytab opens, as in
 * Client::user_by_password. SEC_E_ILLEGAL_MESSAGE: the keytab does not open it. SEC_E_NO_CREDENTIALS: there is no such
 * keytab. If the KDC refuses the user a ticket to this service, the status is that of its error. */
#define SEC_WINNT_AUTH_IDENTITY_ANSI 0x1
#define SEC_WINNT_AUTH_IDENTITY_UNICODE 0x2
#define SEC_WINNT_AUTH_IDENTITY_VERSION 0x200
typedef struct _SEC_WINNT_AUTH_IDENTITY_A {
  UCHAR* User;
  ULONG UserLength;
  UCHAR* Domain;
  ULONG DomainLength;
  UCHAR* Password;
  ULONG PasswordLength;
  ULONG Flags;
} SEC_WINNT_AUTH_IDENTITY_A, *PSEC_WINNT_AUTH_IDENTITY_A;
typedef struct _SEC_WINNT_AUTH_IDENTITY_W {
  USHORT* User;
  ULONG UserLength;
  USHORT* Domain;
  ULONG DomainLength;
  USHORT* Password;
  ULONG PasswordLength;
  ULONG Flags;
} SEC_WINNT_AUTH_IDENTITY_W, *PSEC_WINNT_AUTH_IDENTITY_W;
typedef struct _SEC_WINNT_AUTH_IDENTITY_EXA { /* PackageList is ignored */
  ULONG Version, Length;
  UCHAR* User;
  ULONG UserLength;
  UCHAR* Domain;
  ULONG DomainLength;
  UCHAR* Password;
  ULONG PasswordLength;
  ULONG Flags;
  UCHAR* PackageList;
  ULONG PackageListLength;
} SEC_WINNT_AUTH_IDENTITY_EXA, *PSEC_WINNT_AUTH_IDENTITY_EXA;
typedef struct _SEC_WINNT_AUTH_IDENTITY_EXW {
  ULONG Version, Length;
  USHORT* User;
  ULONG UserLength;
  USHORT* Domain;
  ULONG DomainLength;
  USHORT* Password;
  ULONG PasswordLength;
  ULONG Flags;
  USHORT* PackageList;
  ULONG PackageListLength;
} SEC_WINNT_AUTH_IDENTITY_EXW, *PSEC_WINNT_AUTH_IDENTITY_EXW;

/* pszPackage: "Negotiate" or "Kerberos".
 *
 * INBOUND: the keys of the keytab. Tickets for each principal of the keytab are accepted; with pszPrincipal, or
 * Principal of SHIM_KEYTAB_IDENTITY, tickets for this principal only.
 *
 * OUTBOUND, the first of these that applies:
 * - SEC_WINNT_AUTH_IDENTITY with a name: the user of this password.
 * - pAuthData is NULL and the thread impersonates: the user's credentials; InitializeSecurityContext runs S4U2Proxy.
 * - OUTBOUND alone (not BOTH), and pAuthData is NULL or an identity without user, domain and password: the user who
 *   runs the program, by the tickets of the default ccache (with pszPrincipal: of that principal's ccache), if it has
 *   valid ones.
 * - CCache of SHIM_KEYTAB_IDENTITY: the tickets in it.
 * - This service, by the keytab. SEC_E_NO_CREDENTIALS: the keytab has no key either.
 * A service that must not act as the user who runs the program passes SHIM_KEYTAB_IDENTITY.
 *
 * KDCs come from [locator] of the configuration, else from krb5.conf, else from DNS. A ccache that has no TGT, or that
 * CCache names, is used by libgssapi, whose KDCs come from krb5.conf whatever [locator] says.
 *
 * pvLogonId, pGetKeyFn and pvGetKeyArgument are ignored. ptsExpiry (NULL: not wanted) is the end of the user's ticket;
 * of credentials by keytab the largest TimeStamp, since they do not end. */
STEAD_EXPORT SECURITY_STATUS AcquireCredentialsHandleA(SEC_CHAR* pszPrincipal, SEC_CHAR* pszPackage,
                                                       ULONG fCredentialUse, void* pvLogonId, void* pAuthData,
                                                       SEC_GET_KEY_FN pGetKeyFn, void* pvGetKeyArgument,
                                                       PCredHandle phCredential, PTimeStamp ptsExpiry) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS AcquireCredentialsHandleW(SEC_WCHAR* pszPrincipal, SEC_WCHAR* pszPackage,
                                                       ULONG fCredentialUse, void* pvLogonId, void* pAuthData,
                                                       SEC_GET_KEY_FN pGetKeyFn, void* pvGetKeyArgument,
                                                       PCredHandle phCredential, PTimeStamp ptsExpiry) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS FreeCredentialsHandle(PCredHandle phCredential) STEAD_NOEXCEPT;
#define SECPKG_CRED_ATTR_NAMES 1
typedef struct _SecPkgCredentials_NamesA {
  SEC_CHAR* sUserName;
} SecPkgCredentials_NamesA, *PSecPkgCredentials_NamesA;
typedef struct _SecPkgCredentials_NamesW {
  SEC_WCHAR* sUserName;
} SecPkgCredentials_NamesW, *PSecPkgCredentials_NamesW;
STEAD_EXPORT SECURITY_STATUS QueryCredentialsAttributesA(PCredHandle phCredential, ULONG ulAttribute,
                                                         void* pBuffer) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS QueryCredentialsAttributesW(PCredHandle phCredential, ULONG ulAttribute,
                                                         void* pBuffer) STEAD_NOEXCEPT;

/* ---- Contexts ---- */
/* The first call: phContext is NULL, pszTargetName is an SPN ("HTTP/host" or "HTTP/host@REALM"), and a new context's
 * handle is written to phNewContext. Further calls: phContext is that handle, and phNewContext is NULL or the place of
 * a handle, also the same place (phNewContext == phContext): it gets the same handle. They ignore phCredential,
 * pszTargetName and fContextReq.
 *
 * fContextReq: MUTUAL_AUTH, REPLAY_DETECT, SEQUENCE_DETECT, CONFIDENTIALITY, INTEGRITY, IDENTIFY, USE_DCE_STYLE (with
 * mutual authentication) and ALLOCATE_MEMORY have their meaning. DATAGRAM and USE_SESSION_KEY give
 * SEC_E_UNSUPPORTED_FUNCTION. CONNECTION is only returned. All others are ignored: DELEGATE, PROMPT_FOR_CREDS,
 * USE_SUPPLIED_CREDS, EXTENDED_ERROR, STREAM.
 *
 * pInput: the server's token (SECBUFFER_TOKEN; none at the first call), and SECBUFFER_CHANNEL_BINDINGS at each call.
 * pOutput: needs a SECBUFFER_TOKEN. Without ALLOCATE_MEMORY its pvBuffer is the caller's and cbBuffer its size
 * (cbMaxToken of the package as a rule); SEC_E_BUFFER_TOO_SMALL sets cbBuffer to what was needed, and is a failure as
 * any other. Send the token if it is not empty.
 *
 * SEC_E_OK: complete. SEC_I_CONTINUE_NEEDED: call again with the server's next token. After a failure of the first call
 * there is no context and nothing to delete. After a failure of a further call the context is of no more use, and
 * DeleteSecurityContext must still free it. */
STEAD_EXPORT SECURITY_STATUS InitializeSecurityContextA(PCredHandle phCredential, PCtxtHandle phContext,
                                                        SEC_CHAR* pszTargetName, ULONG fContextReq, ULONG Reserved1,
                                                        ULONG TargetDataRep, PSecBufferDesc pInput, ULONG Reserved2,
                                                        PCtxtHandle phNewContext, PSecBufferDesc pOutput,
                                                        PULONG pfContextAttr, PTimeStamp ptsExpiry) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS InitializeSecurityContextW(PCredHandle phCredential, PCtxtHandle phContext,
                                                        SEC_WCHAR* pszTargetName, ULONG fContextReq, ULONG Reserved1,
                                                        ULONG TargetDataRep, PSecBufferDesc pInput, ULONG Reserved2,
                                                        PCtxtHandle phNewContext, PSecBufferDesc pOutput,
                                                        PULONG pfContextAttr, PTimeStamp ptsExpiry) STEAD_NOEXCEPT;
/* Handles, buffers, results and failures as for InitializeSecurityContext. fContextReq: ALLOCATE_MEMORY has its
 * meaning; DATAGRAM and USE_SESSION_KEY are refused; all others ask for nothing, since the client decides:
 * pfContextAttr has what holds. If channel bindings are given, a client without any is refused with SEC_E_BAD_BINDINGS,
 * unless ASC_REQ_ALLOW_MISSING_BINDINGS is set. May block on libkrb5's replay cache, a file. */
STEAD_EXPORT SECURITY_STATUS AcceptSecurityContext(PCredHandle phCredential, PCtxtHandle phContext,
                                                   PSecBufferDesc pInput, ULONG fContextReq, ULONG TargetDataRep,
                                                   PCtxtHandle phNewContext, PSecBufferDesc pOutput,
                                                   PULONG pfContextAttr, PTimeStamp ptsExpiry) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS CompleteAuthToken(PCtxtHandle phContext, PSecBufferDesc pToken)
    STEAD_NOEXCEPT; /* does nothing: no function returns SEC_I_COMPLETE_NEEDED */
STEAD_EXPORT SECURITY_STATUS DeleteSecurityContext(PCtxtHandle phContext) STEAD_NOEXCEPT;

#define SECPKG_ATTR_SIZES 0
#define SECPKG_ATTR_NAMES 1
#define SECPKG_ATTR_LIFESPAN 2
#define SECPKG_ATTR_SESSION_KEY 9
#define SECPKG_ATTR_PACKAGE_INFO 10
#define SECPKG_ATTR_NEGOTIATION_INFO 12
#define SECPKG_ATTR_NATIVE_NAMES 13
#define SECPKG_ATTR_FLAGS 14
#define SECPKG_ATTR_ACCESS_TOKEN 18
#define SECPKG_ATTR_TARGET 19
#define SECPKG_ATTR_CLIENT_SPECIFIED_TARGET 27
#define SECPKG_NEGOTIATION_COMPLETE 0
#define SECPKG_NEGOTIATION_IN_PROGRESS 2
typedef struct _SecPkgContext_Sizes {
  ULONG cbMaxToken, cbMaxSignature, cbBlockSize, cbSecurityTrailer;
} SecPkgContext_Sizes, *PSecPkgContext_Sizes;
/* The user as Windows names them, DOMAIN\alice: on the acceptor's side by the PAC, on the initiator's by the NetBIOS
 * name that a DC states, for which the call may block. "alice@REALM" if neither says it, and always in
 * SECPKG_ATTR_NATIVE_NAMES. */
typedef struct _SecPkgContext_NamesA {
  SEC_CHAR* sUserName;
} SecPkgContext_NamesA, *PSecPkgContext_NamesA;
typedef struct _SecPkgContext_NamesW {
  SEC_WCHAR* sUserName;
} SecPkgContext_NamesW, *PSecPkgContext_NamesW;
typedef struct _SecPkgContext_Lifespan {
  TimeStamp tsStart, tsExpiry;
} SecPkgContext_Lifespan, *PSecPkgContext_Lifespan;
typedef struct _SecPkgContext_SessionKey {
  ULONG SessionKeyLength;
  PUCHAR SessionKey;
} SecPkgContext_SessionKey, *PSecPkgContext_SessionKey;
typedef struct _SecPkgContext_PackageInfoA {
  PSecPkgInfoA PackageInfo;
} SecPkgContext_PackageInfoA, *PSecPkgContext_PackageInfoA;
typedef struct _SecPkgContext_PackageInfoW {
  PSecPkgInfoW PackageInfo;
} SecPkgContext_PackageInfoW, *PSecPkgContext_PackageInfoW;
typedef struct _SecPkgContext_NegotiationInfoA {
  PSecPkgInfoA PackageInfo;
  ULONG NegotiationState;
} SecPkgContext_NegotiationInfoA, *PSecPkgContext_NegotiationInfoA;
typedef struct _SecPkgContext_NegotiationInfoW {
  PSecPkgInfoW PackageInfo;
  ULONG NegotiationState;
} SecPkgContext_NegotiationInfoW, *PSecPkgContext_NegotiationInfoW;
typedef struct _SecPkgContext_NativeNamesA {
  SEC_CHAR *sClientName, *sServerName;
} SecPkgContext_NativeNamesA, *PSecPkgContext_NativeNamesA;
typedef struct _SecPkgContext_NativeNamesW {
  SEC_WCHAR *sClientName, *sServerName;
} SecPkgContext_NativeNamesW, *PSecPkgContext_NativeNamesW;
typedef struct _SecPkgContext_Flags { /* ISC_RET_ flags on the initiator's side, ASC_RET_ flags on the acceptor's */
  ULONG Flags;
} SecPkgContext_Flags, *PSecPkgContext_Flags;
typedef struct _SecPkgContext_AccessToken { /* the caller closes it with CloseHandle */
  void* AccessToken;
} SecPkgContext_AccessToken, *PSecPkgContext_AccessToken;
typedef struct _SecPkgContext_Target {
  ULONG TargetLength;
  char* Target;
} SecPkgContext_Target, *PSecPkgContext_Target;
typedef struct _SecPkgContext_ClientSpecifiedTarget {
  SEC_WCHAR* sTargetName;
} SecPkgContext_ClientSpecifiedTarget, *PSecPkgContext_ClientSpecifiedTarget;
/* pBuffer: the structure of the attribute; the caller frees the strings, the key and the package information in it with
 * FreeContextBuffer. NAMES, LIFESPAN and SESSION_KEY give SEC_E_INVALID_HANDLE before the context is complete,
 * ACCESS_TOKEN gives SEC_E_NO_IMPERSONATION before that and on the initiator's side. Attributes without a constant
 * above: SEC_E_UNSUPPORTED_FUNCTION. */
STEAD_EXPORT SECURITY_STATUS QueryContextAttributesA(PCtxtHandle phContext, ULONG ulAttribute,
                                                     void* pBuffer) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS QueryContextAttributesW(PCtxtHandle phContext, ULONG ulAttribute,
                                                     void* pBuffer) STEAD_NOEXCEPT;

/* ---- Messages (RFC 4121). Sizes of the token: SecPkgContext_Sizes ---- */
#define SECQOP_WRAP_NO_ENCRYPT 0x80000001U
STEAD_EXPORT SECURITY_STATUS EncryptMessage(PCtxtHandle phContext, ULONG fQOP, PSecBufferDesc pMessage,
                                            ULONG MessageSeqNo) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS DecryptMessage(PCtxtHandle phContext, PSecBufferDesc pMessage, ULONG MessageSeqNo,
                                            PULONG pfQOP) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS MakeSignature(PCtxtHandle phContext, ULONG fQOP, PSecBufferDesc pMessage,
                                           ULONG MessageSeqNo) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS VerifySignature(PCtxtHandle phContext, PSecBufferDesc pMessage, ULONG MessageSeqNo,
                                             PULONG pfQOP) STEAD_NOEXCEPT;

/* ---- Impersonation: a thread begins and ends its own; other threads are not affected ---- */
/* From now on the calling thread impersonates the client of this complete context of an acceptor, in place of whom it
 * impersonated before. It holds what it needs: the context may be deleted meanwhile. */
STEAD_EXPORT SECURITY_STATUS ImpersonateSecurityContext(PCtxtHandle phContext) STEAD_NOEXCEPT;
/* Ends it. SEC_E_NO_IMPERSONATION: the calling thread does not impersonate the client of this context. */
STEAD_EXPORT SECURITY_STATUS RevertSecurityContext(PCtxtHandle phContext) STEAD_NOEXCEPT;
/* A token for the client of a complete context of an acceptor, for any thread. Free it with CloseHandle. */
STEAD_EXPORT SECURITY_STATUS QuerySecurityContextToken(PCtxtHandle phContext, void** Token) STEAD_NOEXCEPT;
STEAD_EXPORT BOOL ImpersonateLoggedOnUser(HANDLE hToken) STEAD_NOEXCEPT; /* as ShimImpersonateToken */
STEAD_EXPORT BOOL RevertToSelf(void) STEAD_NOEXCEPT;                     /* as ShimRevert */
/* Frees a token, and accepts no other handle. A thread that impersonates the token's user continues to. */
STEAD_EXPORT BOOL CloseHandle(HANDLE hObject) STEAD_NOEXCEPT;

/* ---- Logon in a user's name (S4U2Self) ---- */
#define STATUS_SUCCESS ((NTSTATUS)0)
#define STATUS_INVALID_HANDLE ((NTSTATUS)0xC0000008)
#define STATUS_INVALID_PARAMETER ((NTSTATUS)0xC000000D)
#define STATUS_NO_MEMORY ((NTSTATUS)0xC0000017)
#define STATUS_NO_LOGON_SERVERS ((NTSTATUS)0xC000005E)
#define STATUS_NO_SUCH_USER ((NTSTATUS)0xC0000064)
#define STATUS_LOGON_FAILURE ((NTSTATUS)0xC000006D)
#define STATUS_ACCOUNT_RESTRICTION ((NTSTATUS)0xC000006E)
#define STATUS_ACCOUNT_DISABLED ((NTSTATUS)0xC0000072)
#define STATUS_NOT_SUPPORTED ((NTSTATUS)0xC00000BB)
#define STATUS_INTERNAL_ERROR ((NTSTATUS)0xC00000E5)
#define STATUS_NO_SUCH_PACKAGE ((NTSTATUS)0xC00000FE)
typedef ULONG LSA_OPERATIONAL_MODE, *PLSA_OPERATIONAL_MODE;
typedef enum _SECURITY_LOGON_TYPE { Interactive = 2, Network = 3, Batch = 4, Service = 5 } SECURITY_LOGON_TYPE;
typedef enum _KERB_LOGON_SUBMIT_TYPE { KerbS4ULogon = 12, KerbCertificateS4ULogon = 14 } KERB_LOGON_SUBMIT_TYPE;
#define KERB_S4U_LOGON_FLAG_CHECK_LOGONHOURS 0x2
#define KERB_S4U_LOGON_FLAG_IDENTIFY 0x8
typedef struct _KERB_S4U_LOGON { /* the buffers of the strings follow in the same block of memory */
  KERB_LOGON_SUBMIT_TYPE MessageType;
  ULONG Flags;
  UNICODE_STRING ClientUpn;   /* a UPN, user@REALM, DOMAIN\user or user */
  UNICODE_STRING ClientRealm; /* the realm of a ClientUpn without one */
} KERB_S4U_LOGON, *PKERB_S4U_LOGON;
#define KERB_CERTIFICATE_S4U_LOGON_FLAG_CHECK_DUPLICATES \
  0x1 /* refuse a certificate that is mapped to several accounts, even if a name is given */
#define KERB_CERTIFICATE_S4U_LOGON_FLAG_CHECK_LOGONHOURS 0x2
#define KERB_CERTIFICATE_S4U_LOGON_FLAG_FAIL_IF_NT_AUTH_POLICY_REQUIRED \
  0x4 /* STATUS_NOT_SUPPORTED: the caller decides which CAs to trust */
#define KERB_CERTIFICATE_S4U_LOGON_FLAG_IDENTIFY 0x8
/* The buffers of the strings and the certificate follow in the same block of memory. The caller must have verified the
 * certificate's chain and that the peer holds its key. UserPrincipalName (also user or DOMAIN\\user) selects one of the
 * accounts that the certificate is mapped to; empty: the certificate alone decides. Active Directory's KDCs check that
 * the certificate belongs to that account (MS-SFU 2.2.2, MS-PKCA 3.1.5.2.1). With a KDC that does not, pass no name
 * that the peer chose: they could name any account. DomainName: DNS or NetBIOS name of the domain whose KDCs are asked
 * first; empty: ours. */
typedef struct _KERB_CERTIFICATE_S4U_LOGON {
  KERB_LOGON_SUBMIT_TYPE MessageType;
  ULONG Flags;
  UNICODE_STRING UserPrincipalName, DomainName;
  ULONG CertificateLength;
  PUCHAR Certificate; /* DER */
} KERB_CERTIFICATE_S4U_LOGON, *PKERB_CERTIFICATE_S4U_LOGON;
typedef struct _TOKEN_GROUPS* PTOKEN_GROUPS;
typedef struct _TOKEN_SOURCE {
  CHAR SourceName[8];
  LUID SourceIdentifier;
} TOKEN_SOURCE, *PTOKEN_SOURCE;
typedef struct _QUOTA_LIMITS {
  uintptr_t PagedPoolLimit, NonPagedPoolLimit, MinimumWorkingSetSize, MaximumWorkingSetSize, PagefileLimit;
  LARGE_INTEGER TimeLimit;
} QUOTA_LIMITS, *PQUOTA_LIMITS;
STEAD_EXPORT NTSTATUS LsaRegisterLogonProcess(PLSA_STRING LogonProcessName, PHANDLE LsaHandle,
                                              PLSA_OPERATIONAL_MODE SecurityMode) STEAD_NOEXCEPT;
STEAD_EXPORT NTSTATUS LsaConnectUntrusted(PHANDLE LsaHandle) STEAD_NOEXCEPT;
STEAD_EXPORT NTSTATUS LsaLookupAuthenticationPackage(HANDLE LsaHandle, PLSA_STRING PackageName,
                                                     PULONG AuthenticationPackage) STEAD_NOEXCEPT;
/* Sets *ProfileBuffer to NULL. SubStatus: the NTSTATUS in the KDC's error; 0: none. */
STEAD_EXPORT NTSTATUS LsaLogonUser(HANDLE LsaHandle, PLSA_STRING OriginName, SECURITY_LOGON_TYPE LogonType,
                                   ULONG AuthenticationPackage, PVOID AuthenticationInformation,
                                   ULONG AuthenticationInformationLength, PTOKEN_GROUPS LocalGroups,
                                   PTOKEN_SOURCE SourceContext, PVOID* ProfileBuffer, PULONG ProfileBufferLength,
                                   PLUID LogonId, PHANDLE Token, PQUOTA_LIMITS Quotas,
                                   PNTSTATUS SubStatus) STEAD_NOEXCEPT;
STEAD_EXPORT NTSTATUS LsaFreeReturnBuffer(PVOID Buffer) STEAD_NOEXCEPT;
STEAD_EXPORT NTSTATUS LsaDeregisterLogonProcess(HANDLE LsaHandle) STEAD_NOEXCEPT;
#define NEGOSSP_NAME_A "Negotiate"
#define MICROSOFT_KERBEROS_NAME_A "Kerberos"

/* ---- Finding a domain controller ---- */
#define ERROR_SUCCESS 0U
#define ERROR_NOT_ENOUGH_MEMORY 8U
#define ERROR_INVALID_PARAMETER 87U
#define ERROR_INVALID_FLAGS 1004U
#define ERROR_INVALID_DOMAINNAME 1212U
#define ERROR_NO_SUCH_DOMAIN 1355U
#define ERROR_INTERNAL_ERROR 1359U
#define DS_FORCE_REDISCOVERY 0x00000001U
#define DS_DIRECTORY_SERVICE_REQUIRED 0x00000010U
#define DS_DIRECTORY_SERVICE_PREFERRED 0x00000020U
#define DS_GC_SERVER_REQUIRED 0x00000040U
#define DS_PDC_REQUIRED 0x00000080U
#define DS_BACKGROUND_ONLY 0x00000100U
#define DS_IP_REQUIRED 0x00000200U
#define DS_KDC_REQUIRED 0x00000400U
#define DS_TIMESERV_REQUIRED 0x00000800U
#define DS_WRITABLE_REQUIRED 0x00001000U
#define DS_GOOD_TIMESERV_PREFERRED 0x00002000U
#define DS_AVOID_SELF 0x00004000U
#define DS_ONLY_LDAP_NEEDED 0x00008000U
#define DS_IS_FLAT_NAME 0x00010000U
#define DS_IS_DNS_NAME 0x00020000U
#define DS_TRY_NEXTCLOSEST_SITE 0x00040000U
#define DS_DIRECTORY_SERVICE_6_REQUIRED 0x00080000U
#define DS_WEB_SERVICE_REQUIRED 0x00100000U
#define DS_DIRECTORY_SERVICE_8_REQUIRED 0x00200000U
#define DS_DIRECTORY_SERVICE_9_REQUIRED 0x00400000U
#define DS_DIRECTORY_SERVICE_10_REQUIRED 0x00800000U
#define DS_RETURN_DNS_NAME 0x40000000U
#define DS_RETURN_FLAT_NAME 0x80000000U
#define DS_INET_ADDRESS 1
#define DS_NETBIOS_ADDRESS 2
#define DS_PDC_FLAG 0x00000001U
#define DS_GC_FLAG 0x00000004U
#define DS_LDAP_FLAG 0x00000008U
#define DS_DS_FLAG 0x00000010U
#define DS_KDC_FLAG 0x00000020U
#define DS_TIMESERV_FLAG 0x00000040U
#define DS_CLOSEST_FLAG 0x00000080U
#define DS_WRITABLE_FLAG 0x00000100U
#define DS_GOOD_TIMESERV_FLAG 0x00000200U
#define DS_NDNC_FLAG 0x00000400U
#define DS_SELECT_SECRET_DOMAIN_6_FLAG 0x00000800U
#define DS_FULL_SECRET_DOMAIN_6_FLAG 0x00001000U
#define DS_WS_FLAG 0x00002000U
#define DS_DS_8_FLAG 0x00004000U
#define DS_DS_9_FLAG 0x00008000U
#define DS_DS_10_FLAG 0x00010000U
#define DS_DNS_CONTROLLER_FLAG 0x20000000U
#define DS_DNS_DOMAIN_FLAG 0x40000000U
#define DS_DNS_FOREST_FLAG 0x80000000U
typedef struct _DOMAIN_CONTROLLER_INFOA {
  CHAR *DomainControllerName, *DomainControllerAddress; /* both begin with two backslashes */
  ULONG DomainControllerAddressType;
  GUID DomainGuid;
  CHAR *DomainName, *DnsForestName;
  ULONG Flags;
  CHAR *DcSiteName, *ClientSiteName;
} DOMAIN_CONTROLLER_INFOA, *PDOMAIN_CONTROLLER_INFOA;
typedef struct _DOMAIN_CONTROLLER_INFOW {
  WCHAR *DomainControllerName, *DomainControllerAddress;
  ULONG DomainControllerAddressType;
  GUID DomainGuid;
  WCHAR *DomainName, *DnsForestName;
  ULONG Flags;
  WCHAR *DcSiteName, *ClientSiteName;
} DOMAIN_CONTROLLER_INFOW, *PDOMAIN_CONTROLLER_INFOW;
/* MS-NRPC 3.5.4.3.1. Returns ERROR_SUCCESS, or a code of those above; ERROR_NO_SUCH_DOMAIN: no such DC was found or
 * none answers. ComputerName: NULL or empty, since this computer searches. DomainName: DNS or NetBIOS name
 * (DS_IS_DNS_NAME and DS_IS_FLAT_NAME say which; else a name without a dot is a NetBIOS name); a NetBIOS name is
 * searched for among our realm and the configured ones; NULL: our domain. SiteName: a DC of this site only; NULL: any.
 *
 * Cache: a DC's answer is used for 15 minutes, a failed search for 45 seconds. DS_FORCE_REDISCOVERY uses no cached
 * answer, DS_BACKGROUND_ONLY uses them whatever their age. DS_TRY_NEXTCLOSEST_SITE prefers a DC of our site, then one
 * of the site that the DCs name as the next closest to ours. DS_IP_REQUIRED and DS_AVOID_SELF change nothing: a DC's
 * address is always an IP address, and this computer is no DC.
 *
 * DS_GC_SERVER_REQUIRED: DomainName is a forest, or a domain whose DCs state their forest. The DC is one that DNS lists
 * as _gc of the forest (MS-ADTS 6.3.6.1); with configured DCs, one of any configured realm of the forest. DomainName of
 * the result is the domain of that DC.
 *
 * DomainGuid: the domain's objectGUID; NULL or all zero: unknown. A DC that states another GUID is ignored. If
 * DomainName leads to no DC (the domain was renamed), the domain is searched for by its GUID: in DNS as
 * _ldap._tcp.GUID.domains._msdcs of our forest (MS-ADTS 6.3.6.1), or among the configured DCs. */
STEAD_EXPORT DWORD DsGetDcNameA(const CHAR* ComputerName, const CHAR* DomainName, GUID* DomainGuid,
                                const CHAR* SiteName, ULONG Flags,
                                PDOMAIN_CONTROLLER_INFOA* DomainControllerInfo) STEAD_NOEXCEPT;
STEAD_EXPORT DWORD DsGetDcNameW(const WCHAR* ComputerName, const WCHAR* DomainName, GUID* DomainGuid,
                                const WCHAR* SiteName, ULONG Flags,
                                PDOMAIN_CONTROLLER_INFOW* DomainControllerInfo) STEAD_NOEXCEPT;
STEAD_EXPORT DWORD NetApiBufferFree(void* Buffer) STEAD_NOEXCEPT;

/* ---- Beyond SSPI ---- */
/* Sets a default for the process. Keys:
 *
 *   "config"                                        a file as for `stead --config`
 *   "principal", "keytab", "site"
 *   "allow_rc4", "allow_proxy_credentials"          "true" or "false"
 *   "pa_for_user"                                   "auto", "true" or "false"
 *   "cache_entries", "cache_bytes"
 *   "ticket_life", "refusal_life"                   seconds
 *   "request_deadline", "kdc_timeout"               milliseconds
 *   "uncached_service"                              an SPN without realm, whose tickets are not cached; a call adds one
 *
 * "config" replaces principal, keytab, all of the locator ("site" too), allow_rc4, pa_for_user, own_service_ticket and
 * ticket_life, also by their defaults where the file is silent: set it first, and the other keys after it. Without
 * "config", the file that STEAD_CONFIG of the environment names is read before the first use, else
 * /etc/stead/stead.toml if it exists: so programs that know nothing of this function are configured.
 *
 * A call holds for credentials, tokens and clients that are made after it, with a cache that is empty at first; earlier
 * ones keep their configuration. SEC_E_INVALID_PARAMETER: unknown key, bad value, or an error in the file, and nothing
 * has changed; ShimGetLastErrorDetail says where. */
STEAD_EXPORT SECURITY_STATUS ShimSetDefaultConfig(const char* Key, const char* Value) STEAD_NOEXCEPT;
/* A separate client, with its own configuration and cache. `Config`: a file, which is laid over the process's defaults
 * as "config" of ShimSetDefaultConfig is; NULL: these defaults. A principal must be configured. Only
 * ShimCreateTokenForUser takes a client; all other functions use the client of their token or credentials. Tokens
 * outlive ShimCloseClient. SEC_E_INVALID_PARAMETER: an error in the file; SEC_E_NO_CREDENTIALS: no principal, or no key
 * of it in the keytab. */
typedef SecHandle SHIM_CLIENT;
STEAD_EXPORT SECURITY_STATUS ShimOpenClient(const char* Config, SHIM_CLIENT* Client) STEAD_NOEXCEPT;
STEAD_EXPORT SECURITY_STATUS ShimCloseClient(SHIM_CLIENT* Client) STEAD_NOEXCEPT;

/* A token for a user by S4U2Self, without a context. `Client` NULL: the default client. `User`: alice, alice@SUFFIX or
 * DOMAIN\\alice. Free the token with CloseHandle. */
STEAD_EXPORT SECURITY_STATUS ShimCreateTokenForUser(const SHIM_CLIENT* Client, const char* User,
                                                    HANDLE* Token) STEAD_NOEXCEPT;
/* As QuerySecurityContextToken: SEC_E_NO_IMPERSONATION unless it is a complete context of an acceptor. CloseHandle
 * frees the token, which outlives the context. */
STEAD_EXPORT SECURITY_STATUS ShimTokenFromContext(PCtxtHandle Context, HANDLE* Token) STEAD_NOEXCEPT;
/* The calling thread impersonates the token's user from now on, until ShimRevert or another impersonation. The token
 * may be closed meanwhile. */
STEAD_EXPORT SECURITY_STATUS ShimImpersonateToken(HANDLE Token) STEAD_NOEXCEPT;
/* Ends any impersonation of the calling thread; succeeds without one too. */
STEAD_EXPORT SECURITY_STATUS ShimRevert(void) STEAD_NOEXCEPT;
/* Writes the user's tickets to these services to a ccache for MIT's libraries, in place of one of that name:
 * "FILE:path", "MEMORY:name", "KEYRING:…". No TGT is written. With SHIM_EXPORT_PROXY_CREDENTIAL (Spns NULL, Count 0)
 * writes MIT's proxy credential instead: the user's evidence and *our own TGT*. Whoever reads it can act as this
 * service, for every user. SEC_E_UNSUPPORTED_FUNCTION unless "allow_proxy_credentials" is "true". */
#define SHIM_EXPORT_PROXY_CREDENTIAL 0x1
STEAD_EXPORT SECURITY_STATUS ShimExportCCache(HANDLE Token, const char* const* Spns, ULONG Count, const char* CCache,
                                              ULONG Flags) STEAD_NOEXCEPT;

typedef struct _SHIM_ERROR_DETAIL {
  ULONG Size; /* in: sizeof(SHIM_ERROR_DETAIL); out: the number of bytes that were filled */
  SECURITY_STATUS Status;
  LONG KerberosError; /* code of the KRB-ERROR; 0: none */
  NTSTATUS NtStatus;  /* of its e-data; 0: none */
  ULONG Attempts;     /* exchanges with DCs and searches for DCs */
  /* Stage to Level are of the last of them. Stage: "AS", "TGS", "S4U2Self", "S4U2Proxy", "locate"; empty: none. These
   * are the words of TraceStep::exchange in stead/s4u.h, and not those of Failure::stage. */
  CHAR Stage[32];
  CHAR Realm[256], Controller[256], Address[64], Level[16];
  CHAR Diagnosis[64]; /* "rbcd_denied_on_target"; empty: none */
  CHAR Text[1024];    /* one line */
  ULONG Retryable;    /* 1: the cause may pass without an administrator. Repeat the call after CacheableFor */
  ULONG CacheableFor; /* ms for which the same call gets this failure without asking a KDC; 0: the next call asks */
} SHIM_ERROR_DETAIL, *PSHIM_ERROR_DETAIL;
/* The last failure of the calling thread; a success does not replace it. Before the first failure Status is 0.
 * SEC_E_INVALID_PARAMETER if Size is too small for Size and Status. */
STEAD_EXPORT SECURITY_STATUS ShimGetLastErrorDetail(PSHIM_ERROR_DETAIL Detail) STEAD_NOEXCEPT;
/* The steps of the last failure, and its diagnosis with the commands that repair the cause: the JSON object of `stead
 * s4u --json`. Free it with FreeContextBuffer. *Json is NULL if no KDC was asked. */
STEAD_EXPORT SECURITY_STATUS ShimGetLastErrorTrace(char** Json) STEAD_NOEXCEPT;

/* Fetches the user's ticket to a target without blocking. A later InitializeSecurityContext finds it in the cache and
 * does not block; if the target is an "uncached_service" it fetches another ticket, and blocks. Credentials of a user
 * only (impersonated, by password, or with a TGT): else SEC_E_NO_IMPERSONATION. `Credential` may be freed, and
 * `TargetName` changed, as soon as this function returns.
 *
 * Status: SEC_E_OK, or what InitializeSecurityContext would return. `Callback` runs once, on a thread of the library,
 * and must not block: a function that would wait for a KDC returns SEC_E_INTERNAL_ERROR there. It is not called if this
 * function itself fails. */
typedef void (*SHIM_CALLBACK)(void* Arg, SECURITY_STATUS Status);
STEAD_EXPORT SECURITY_STATUS ShimInitializeSecurityContextAsync(PCredHandle Credential, const char* TargetName,
                                                                SHIM_CALLBACK Callback, void* Arg) STEAD_NOEXCEPT;
/* The same for an event loop: sets *Status to the result and then writes 1 to `EventFd` (an eventfd). `Status` and
 * `EventFd` must stay valid until then. There is no way to cancel it. If this function itself fails, it writes to
 * neither. */
STEAD_EXPORT SECURITY_STATUS ShimInitializeSecurityContextEvent(PCredHandle Credential, const char* TargetName,
                                                                int EventFd, SECURITY_STATUS* Status) STEAD_NOEXCEPT;

/* ---- The function table ---- */
#define SECURITY_SUPPORT_PROVIDER_INTERFACE_VERSION 1
#define STEAD_FUNCTION_TABLE(X, CH)                                                                                   \
  typedef struct _SECURITY_FUNCTION_TABLE_##X {                                                                       \
    ULONG dwVersion;                                                                                                  \
    SECURITY_STATUS (*EnumerateSecurityPackages##X)(PULONG, PSecPkgInfo##X*);                                         \
    SECURITY_STATUS (*QueryCredentialsAttributes##X)(PCredHandle, ULONG, void*);                                      \
    SECURITY_STATUS (*AcquireCredentialsHandle##X)(CH*, CH*, ULONG, void*, void*, SEC_GET_KEY_FN, void*, PCredHandle, \
                                                   PTimeStamp);                                                       \
    SECURITY_STATUS (*FreeCredentialsHandle)(PCredHandle);                                                            \
    void* Reserved2;                                                                                                  \
    SECURITY_STATUS (*InitializeSecurityContext##X)(PCredHandle, PCtxtHandle, CH*, ULONG, ULONG, ULONG,               \
                                                    PSecBufferDesc, ULONG, PCtxtHandle, PSecBufferDesc, PULONG,       \
                                                    PTimeStamp);                                                      \
    SECURITY_STATUS (*AcceptSecurityContext)(PCredHandle, PCtxtHandle, PSecBufferDesc, ULONG, ULONG, PCtxtHandle,     \
                                             PSecBufferDesc, PULONG, PTimeStamp);                                     \
    SECURITY_STATUS (*CompleteAuthToken)(PCtxtHandle, PSecBufferDesc);                                                \
    SECURITY_STATUS (*DeleteSecurityContext)(PCtxtHandle);                                                            \
    void* ApplyControlToken;                                                                                          \
    SECURITY_STATUS (*QueryContextAttributes##X)(PCtxtHandle, ULONG, void*);                                          \
    SECURITY_STATUS (*ImpersonateSecurityContext)(PCtxtHandle);                                                       \
    SECURITY_STATUS (*RevertSecurityContext)(PCtxtHandle);                                                            \
    SECURITY_STATUS (*MakeSignature)(PCtxtHandle, ULONG, PSecBufferDesc, ULONG);                                      \
    SECURITY_STATUS (*VerifySignature)(PCtxtHandle, PSecBufferDesc, ULONG, PULONG);                                   \
    SECURITY_STATUS (*FreeContextBuffer)(PVOID);                                                                      \
    SECURITY_STATUS (*QuerySecurityPackageInfo##X)(CH*, PSecPkgInfo##X*);                                             \
    void* Reserved3;                                                                                                  \
    void* Reserved4;                                                                                                  \
    void* ExportSecurityContext;                                                                                      \
    void* ImportSecurityContext;                                                                                      \
    void* AddCredentials;                                                                                             \
    void* Reserved8;                                                                                                  \
    SECURITY_STATUS (*QuerySecurityContextToken)(PCtxtHandle, void**);                                                \
    SECURITY_STATUS (*EncryptMessage)(PCtxtHandle, ULONG, PSecBufferDesc, ULONG);                                     \
    SECURITY_STATUS (*DecryptMessage)(PCtxtHandle, PSecBufferDesc, ULONG, PULONG);                                    \
  } SecurityFunctionTable##X, *PSecurityFunctionTable##X;
STEAD_FUNCTION_TABLE(A, SEC_CHAR)
STEAD_FUNCTION_TABLE(W, SEC_WCHAR)
STEAD_EXPORT PSecurityFunctionTableA InitSecurityInterfaceA(void) STEAD_NOEXCEPT;
STEAD_EXPORT PSecurityFunctionTableW InitSecurityInterfaceW(void) STEAD_NOEXCEPT;

/* ---- Names without A or W ---- */
#ifdef UNICODE
#define STEAD_AW(name) name##W
#define STEAD_AWU(name) name##_W
#else
#define STEAD_AW(name) name##A
#define STEAD_AWU(name) name##_A
#endif
#define EnumerateSecurityPackages STEAD_AW(EnumerateSecurityPackages)
#define QuerySecurityPackageInfo STEAD_AW(QuerySecurityPackageInfo)
#define AcquireCredentialsHandle STEAD_AW(AcquireCredentialsHandle)
#define QueryCredentialsAttributes STEAD_AW(QueryCredentialsAttributes)
#define InitializeSecurityContext STEAD_AW(InitializeSecurityContext)
#define QueryContextAttributes STEAD_AW(QueryContextAttributes)
#define InitSecurityInterface STEAD_AW(InitSecurityInterface)
#define DsGetDcName STEAD_AW(DsGetDcName)
#define SEC_WINNT_AUTH_IDENTITY STEAD_AWU(SEC_WINNT_AUTH_IDENTITY)
#define PSEC_WINNT_AUTH_IDENTITY STEAD_AWU(PSEC_WINNT_AUTH_IDENTITY)
#define SEC_WINNT_AUTH_IDENTITY_EX STEAD_AW(SEC_WINNT_AUTH_IDENTITY_EX)
#define PSEC_WINNT_AUTH_IDENTITY_EX STEAD_AW(PSEC_WINNT_AUTH_IDENTITY_EX)
#define SecPkgInfo STEAD_AW(SecPkgInfo)
#define PSecPkgInfo STEAD_AW(PSecPkgInfo)
#define SecPkgCredentials_Names STEAD_AW(SecPkgCredentials_Names)
#define SecPkgContext_Names STEAD_AW(SecPkgContext_Names)
#define SecPkgContext_NativeNames STEAD_AW(SecPkgContext_NativeNames)
#define SecPkgContext_PackageInfo STEAD_AW(SecPkgContext_PackageInfo)
#define SecPkgContext_NegotiationInfo STEAD_AW(SecPkgContext_NegotiationInfo)
#define SecurityFunctionTable STEAD_AW(SecurityFunctionTable)
#define PSecurityFunctionTable STEAD_AW(PSecurityFunctionTable)
#define DOMAIN_CONTROLLER_INFO STEAD_AW(DOMAIN_CONTROLLER_INFO)
#define PDOMAIN_CONTROLLER_INFO STEAD_AW(PDOMAIN_CONTROLLER_INFO)
#ifdef UNICODE
#define NEGOSSP_NAME u"Negotiate"
#define MICROSOFT_KERBEROS_NAME u"Kerberos"
#else
#define NEGOSSP_NAME NEGOSSP_NAME_A
#define MICROSOFT_KERBEROS_NAME MICROSOFT_KERBEROS_NAME_A
#endif

#ifdef __cplusplus
}
#endif
#endif
