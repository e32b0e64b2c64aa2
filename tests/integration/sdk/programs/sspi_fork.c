/* A server that forks its workers after it has used the library; sspi_fork_test.py runs it.
 *   sspi_fork stead.toml KEYTAB PRINCIPAL
 * Prints "ok NAME" for each case, or "not ok NAME: what" and the last error. A call that never returns ends by SIGALRM. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stead/sspi.h"

#define BACKEND "HTTP/backend.corp.contoso.com"
#define WORKERS 4
#define EXPECT(condition) \
  if (!(condition)) return #condition

static CredHandle accepting, delegated;
static CtxtHandle accepted;
static HANDLE alice;
static SHIM_CLIENT client;

static SECURITY_STATUS make_token(PCredHandle credential, const char* target, PCtxtHandle context, SecBuffer* buffer) {
  SecBufferDesc output = {SECBUFFER_VERSION, 1, buffer};
  *buffer = (SecBuffer){0, SECBUFFER_TOKEN, NULL};
  return InitializeSecurityContext(credential, NULL, (SEC_CHAR*)target, ISC_REQ_ALLOCATE_MEMORY, 0,
                                   SECURITY_NATIVE_DREP, NULL, 0, context, &output, NULL, NULL);
}

static const char* delegate(PCredHandle credential) {
  CtxtHandle context;
  SecBuffer buffer;
  EXPECT(make_token(credential, BACKEND, &context, &buffer) == SEC_E_OK);
  FreeContextBuffer(buffer.pvBuffer);
  EXPECT(DeleteSecurityContext(&context) == SEC_E_OK);
  return NULL;
}

static const char* sign_in_by_password(void) {
  SEC_WINNT_AUTH_IDENTITY identity = {
      (UCHAR*)"alice", 5, NULL, 0, (UCHAR*)"Passw0rd!", 9, SEC_WINNT_AUTH_IDENTITY_ANSI};
  CredHandle credential;
  EXPECT(AcquireCredentialsHandle(NULL, (SEC_CHAR*)"Kerberos", SECPKG_CRED_OUTBOUND, NULL, &identity, NULL, NULL,
                                  &credential, NULL) == SEC_E_OK);
  return delegate(&credential);
}

static const char* create_token(const SHIM_CLIENT* by, const char* user) {
  HANDLE token;
  EXPECT(ShimCreateTokenForUser(by, user, &token) == SEC_E_OK);
  EXPECT(CloseHandle(token));
  return NULL;
}

/* A client of our own signs in to us. */
static const char* accept_one(PCtxtHandle server) {
  CredHandle own;
  CtxtHandle initiated;
  SecBuffer sent, back = {0, SECBUFFER_TOKEN, NULL};
  SecBufferDesc input = {SECBUFFER_VERSION, 1, &sent}, output = {SECBUFFER_VERSION, 1, &back};
  const char* failed = NULL;
  SEC_WINNT_AUTH_IDENTITY user = {(UCHAR*)"alice", 5, NULL, 0, (UCHAR*)"Passw0rd!", 9, SEC_WINNT_AUTH_IDENTITY_ANSI};
  EXPECT(AcquireCredentialsHandle(NULL, (SEC_CHAR*)"Kerberos", SECPKG_CRED_OUTBOUND, NULL, &user, NULL, NULL, &own,
                                  NULL) == SEC_E_OK);
  EXPECT(make_token(&own, "HTTP/frontend.root.fabrikam.com", &initiated, &sent) == SEC_E_OK);
  if (AcceptSecurityContext(&accepting, NULL, &input, ASC_REQ_ALLOCATE_MEMORY, SECURITY_NATIVE_DREP, server, &output,
                            NULL, NULL) != SEC_E_OK)
    failed = "AcceptSecurityContext";
  FreeContextBuffer(sent.pvBuffer);
  FreeContextBuffer(back.pvBuffer);
  DeleteSecurityContext(&initiated);
  FreeCredentialsHandle(&own);
  return failed;
}

static const char* parent_begins(void) {
  EXPECT(AcquireCredentialsHandle(NULL, (SEC_CHAR*)"Kerberos", SECPKG_CRED_INBOUND, NULL, NULL, NULL, NULL, &accepting,
                                  NULL) == SEC_E_OK);
  EXPECT(ShimOpenClient(NULL, &client) == SEC_E_OK);
  EXPECT(ShimCreateTokenForUser(NULL, "alice", &alice) == SEC_E_OK);
  EXPECT(ImpersonateLoggedOnUser(alice));
  EXPECT(AcquireCredentialsHandle(NULL, (SEC_CHAR*)"Kerberos", SECPKG_CRED_OUTBOUND, NULL, NULL, NULL, NULL, &delegated,
                                  NULL) == SEC_E_OK);
  EXPECT(RevertToSelf());
  const char* failed = accept_one(&accepted);
  return failed ? failed : delegate(&delegated);
}

static const char* worker(void) {
  HANDLE user;
  CtxtHandle mine;
  const char* failed = delegate(&delegated);
  if (!failed) failed = create_token(NULL, "alice");
  if (!failed) failed = create_token(&client, "bob");
  if (!failed) failed = sign_in_by_password();
  if (!failed) failed = accept_one(&mine);
  if (failed) return failed;
  EXPECT(QuerySecurityContextToken(&accepted, &user) == SEC_E_OK);
  EXPECT(CloseHandle(user));
  EXPECT(ShimCloseClient(&client) == SEC_E_OK);
  EXPECT(ShimSetDefaultConfig("refusal_life", "90") == SEC_E_OK);
  failed = create_token(NULL, "alice");
  return failed;
}

static int report(const char* name, const char* failed) {
  SHIM_ERROR_DETAIL detail = {.Size = sizeof detail};
  ShimGetLastErrorDetail(&detail);
  if (failed)
    printf("not ok %s: %s (%08x %s)\n", name, failed, (unsigned)detail.Status, detail.Text);
  else
    printf("ok %s\n", name);
  fflush(stdout);
  return failed != NULL;
}

static pid_t start_worker(const char* (*work)(void), const char* name) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  alarm(40);
  exit(report(name, work()));
}

static const char* wait_for(int workers) {
  for (int i = 0; i < workers; ++i) {
    int status = 0;
    EXPECT(wait(&status) > 0);
    EXPECT(!WIFSIGNALED(status)); /* SIGALRM: a call did not return */
    EXPECT(WEXITSTATUS(status) == 0);
  }
  return NULL;
}

static const char* workers_use_what_the_parent_opened(void) {
  for (int i = 0; i < WORKERS; ++i) EXPECT(start_worker(worker, "worker") > 0);
  return wait_for(WORKERS);
}

static const char* nested(void) {
  EXPECT(start_worker(worker, "worker_of_a_worker") > 0);
  const char* failed = worker();
  return failed ? failed : wait_for(1);
}

static const char* a_worker_forks_again(void) {
  EXPECT(start_worker(nested, "nested") > 0);
  return wait_for(1);
}

/* Other threads of the parent are in the middle of calls of every kind. */
static atomic_int ending;
static void* busy(void* argument) {
  const int kind = (int)(intptr_t)argument;
  while (!atomic_load(&ending)) {
    CtxtHandle context;
    const char* failed = kind == 0 ? sign_in_by_password() : kind == 1 ? delegate(&delegated) : accept_one(&context);
    if (kind == 2 && !failed) DeleteSecurityContext(&context);
    if (failed) return report("busy", failed) ? (void*)1 : NULL;
  }
  return NULL;
}

static const char* short_worker(void) {
  const char* failed = delegate(&delegated);
  return failed ? failed : sign_in_by_password();
}

static const char* fork_while_other_threads_call(void) {
  pthread_t threads[3];
  void* failed = NULL;
  const char* out = NULL;
  for (intptr_t i = 0; i < 3; ++i) EXPECT(pthread_create(&threads[i], NULL, busy, (void*)i) == 0);
  for (int round = 0; round < 5 && !out; ++round) {
    for (int i = 0; i < WORKERS; ++i) EXPECT(start_worker(short_worker, "worker_of_a_busy_parent") > 0);
    out = wait_for(WORKERS);
  }
  atomic_store(&ending, 1);
  for (int i = 0; i < 3; ++i) {
    void* one = NULL;
    pthread_join(threads[i], &one);
    if (one) failed = one;
  }
  EXPECT(!failed);
  return out;
}

static const char* parent_goes_on(void) {
  const char* failed = create_token(&client, "alice");
  if (!failed) failed = delegate(&delegated);
  return failed ? failed : sign_in_by_password();
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    const char* (*run)(void);
  } cases[] = {{"parent_begins", parent_begins},
               {"workers_use_what_the_parent_opened", workers_use_what_the_parent_opened},
               {"a_worker_forks_again", a_worker_forks_again},
               {"fork_while_other_threads_call", fork_while_other_threads_call},
               {"parent_goes_on", parent_goes_on}};
  int failed = 0;
  if (argc != 4) return 2;
  if (ShimSetDefaultConfig("config", argv[1]) != SEC_E_OK || ShimSetDefaultConfig("keytab", argv[2]) != SEC_E_OK ||
      ShimSetDefaultConfig("principal", argv[3]) != SEC_E_OK)
    return report("configuration", "ShimSetDefaultConfig");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) failed |= report(cases[i].name, cases[i].run());
  return failed;
}
