/* libkrb5's client against a KDC, for tests/bench/client.py: what client_bench does, by MIT's library.
 *
 *   krb5_s4u_bench gss FRONT_END SPN USER@REALM COUNT THREADS        gss_acquire_cred_impersonate_name,
 * gss_init_sec_context krb5_s4u_bench evidence FRONT_END SPN USER@REALM COUNT THREADS   gss_init_sec_context, with
 * credentials had before: an acceptor's proxy credentials are of this kind krb5_s4u_bench bare FRONT_END SPN USER@REALM
 * COUNT THREADS       no GSSAPI: krb5_get_credentials with KRB5_GC_CONSTRAINED_DELEGATION, the evidence had before;
 * then an AP-REQ, without SPNEGO COUNT users, USER1 and on, THREADS at a time: each thread has a context, a cache and a
 * TGT of its own. KRB5_CONFIG, KRB5_KTNAME and KRB5_CLIENT_KTNAME say where and who. */
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Exported, but in no header of libkrb5's. */
krb5_error_code krb5_get_credentials_for_user(krb5_context context, krb5_flags options, krb5_ccache ccache,
                                              krb5_creds* in_creds, krb5_data* subject_cert, krb5_creds** out_creds);

static gss_OID_desc kSpnego = {6, "\x2b\x06\x01\x05\x05\x02"};

static double seconds_of(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}
static double cpu_now(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static void fail(const char* what, long code) {
  fprintf(stderr, "krb5_s4u_bench: %s: %ld\n", what, code);
  exit(1);
}
static void check_gss(OM_uint32 major, const OM_uint32* minor, const char* what) {
  OM_uint32 ignored, more = 0;
  gss_buffer_desc text;
  if (!GSS_ERROR(major)) return;
  gss_display_status(&ignored, *minor, GSS_C_MECH_CODE, GSS_C_NO_OID, &more, &text);
  fprintf(stderr, "krb5_s4u_bench: %s: %.*s\n", what, (int)text.length, (char*)text.value);
  exit(1);
}
static int by_value(const void* a, const void* b) {
  return *(const double*)a < *(const double*)b ? -1 : *(const double*)a > *(const double*)b;
}

static void user_name(char* out, size_t size, const char* user, int i) {
  const char* realm = strchr(user, '@');
  snprintf(out, size, "%.*s%d%s", (int)(realm - user), user, i, realm);
}
static gss_name_t import(const char* name) {
  OM_uint32 minor;
  gss_name_t out;
  gss_buffer_desc text = {strlen(name), (void*)name};
  check_gss(gss_import_name(&minor, &text, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, &out), &minor, "gss_import_name");
  return out;
}

static gss_cred_id_t impersonate(gss_cred_id_t self, const char* user) {
  OM_uint32 minor, ignored;
  gss_name_t name = import(user);
  gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
  gss_OID_set_desc mechs = {1, &kSpnego};
  check_gss(gss_acquire_cred_impersonate_name(&minor, self, name, GSS_C_INDEFINITE, &mechs, GSS_C_INITIATE, &cred, NULL,
                                              NULL),
            &minor, "gss_acquire_cred_impersonate_name");
  gss_release_name(&ignored, &name);
  return cred;
}
static void make_token(gss_cred_id_t cred, gss_name_t target) {
  OM_uint32 minor, ignored;
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
  check_gss(gss_init_sec_context(&minor, cred, &context, target, &kSpnego, GSS_C_MUTUAL_FLAG, GSS_C_INDEFINITE,
                                 GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, NULL, &token, NULL, NULL),
            &minor, "gss_init_sec_context");
  gss_release_buffer(&ignored, &token);
  gss_delete_sec_context(&ignored, &context, GSS_C_NO_BUFFER);
}
static void one_by_gss(gss_cred_id_t self, const char* user, gss_name_t target) {
  OM_uint32 ignored;
  gss_cred_id_t cred = impersonate(self, user);
  make_token(cred, target);
  gss_release_cred(&ignored, &cred);
}

static __thread krb5_context krb;
static __thread krb5_ccache cache;
static __thread krb5_principal self_principal, target_principal;

static void open_krb5(const char* front_end, const char* spn) {
  krb5_keytab keytab;
  krb5_creds tgt;
  krb5_error_code code;
  if ((code = krb5_init_context(&krb)) || (code = krb5_parse_name(krb, front_end, &self_principal)) ||
      (code = krb5_parse_name(krb, spn, &target_principal)) || (code = krb5_kt_default(krb, &keytab)) ||
      (code = krb5_cc_new_unique(krb, "MEMORY", NULL, &cache)) ||
      (code = krb5_cc_initialize(krb, cache, self_principal)) ||
      (code = krb5_get_init_creds_keytab(krb, &tgt, self_principal, keytab, 0, NULL, NULL)) ||
      (code = krb5_cc_store_cred(krb, cache, &tgt))) {
    fail("our own TGT", code);
  }
}
static krb5_creds* evidence_of(const char* user) {
  krb5_creds in, *out;
  krb5_error_code code;
  memset(&in, 0, sizeof in);
  if ((code = krb5_parse_name(krb, user, &in.client))) fail("krb5_parse_name", code);
  in.server = self_principal;
  code = krb5_get_credentials_for_user(krb, KRB5_GC_NO_STORE | KRB5_GC_CANONICALIZE, cache, &in, NULL, &out);
  if (code) fail("krb5_get_credentials_for_user", code);
  krb5_free_principal(krb, in.client);
  return out;
}
static void one_bare(krb5_creds* evidence) {
  krb5_creds in, *out;
  krb5_error_code code;
  krb5_auth_context auth = NULL;
  krb5_data token;
  memset(&in, 0, sizeof in);
  in.client = self_principal;
  in.server = target_principal;
  in.second_ticket = evidence->ticket;
  code = krb5_get_credentials(krb, KRB5_GC_NO_STORE | KRB5_GC_CANONICALIZE | KRB5_GC_CONSTRAINED_DELEGATION, cache, &in,
                              &out);
  if (code) fail("krb5_get_credentials", code);
  code = krb5_mk_req_extended(krb, &auth, AP_OPTS_MUTUAL_REQUIRED | AP_OPTS_USE_SUBKEY, NULL, out, &token);
  if (code) fail("krb5_mk_req_extended", code);
  krb5_free_data_contents(krb, &token);
  krb5_auth_con_free(krb, auth);
  krb5_free_creds(krb, out);
}

static const char *front_end, *spn, *user_at_realm;
static enum { kGss, kEvidence, kBare } way;
static int count, threads;
static double* took;
static pthread_barrier_t ready, started;

/* Users whose number is `first` modulo `threads`. */
static void* work(void* first) {
  char user[256];
  int i;
  gss_cred_id_t self = GSS_C_NO_CREDENTIAL;
  gss_name_t target = GSS_C_NO_NAME;
  gss_cred_id_t* users = calloc((size_t)count, sizeof *users);
  krb5_creds** evidence = calloc((size_t)count, sizeof *evidence);
  const int mine = (int)(intptr_t)first;
  user_name(user, sizeof user, user_at_realm, 0);
  if (way == kBare) open_krb5(front_end, spn);
  if (way != kBare) {
    OM_uint32 minor;
    gss_name_t me = import(front_end);
    target = import(spn);
    check_gss(gss_acquire_cred(&minor, me, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_INITIATE, &self, NULL, NULL),
              &minor, "gss_acquire_cred");
    one_by_gss(self, user, target);
  }
  for (i = mine; i < count; i += threads) {
    user_name(user, sizeof user, user_at_realm, i + 1);
    if (way == kBare) evidence[i] = evidence_of(user);
    if (way == kEvidence) users[i] = impersonate(self, user);
  }
  if (way == kBare) one_bare(evidence[mine]);
  pthread_barrier_wait(&ready);
  pthread_barrier_wait(&started);
  for (i = mine; i < count; i += threads) {
    const double start = now();
    user_name(user, sizeof user, user_at_realm, i + 1);
    switch (way) {
      case kGss:
        one_by_gss(self, user, target);
        break;
      case kEvidence:
        make_token(users[i], target);
        break;
      case kBare:
        one_bare(evidence[i]);
        break;
    }
    took[i] = (now() - start) * 1e3;
  }
  return NULL;
}

int main(int argc, char** argv) {
  int i;
  double cpu, begun, wall;
  pthread_t* running;
  if (argc != 7 || strchr(argv[4], '@') == NULL) return 2;
  if (strcmp(argv[1], "gss") == 0) {
    way = kGss;
  } else if (strcmp(argv[1], "evidence") == 0) {
    way = kEvidence;
  } else if (strcmp(argv[1], "bare") == 0) {
    way = kBare;
  } else {
    return 2;
  }
  front_end = argv[2];
  spn = argv[3];
  user_at_realm = argv[4];
  count = atoi(argv[5]);
  threads = atoi(argv[6]);
  if (count < 1 || threads < 1 || threads > count) return 2;
  took = calloc((size_t)count, sizeof *took);
  running = calloc((size_t)threads, sizeof *running);
  pthread_barrier_init(&ready, NULL, (unsigned)threads + 1);
  pthread_barrier_init(&started, NULL, (unsigned)threads + 1);
  for (i = 0; i < threads; ++i) {
    if (pthread_create(&running[i], NULL, work, (void*)(intptr_t)i) != 0) return 1;
  }
  pthread_barrier_wait(&ready);
  begun = now();
  cpu = cpu_now();
  pthread_barrier_wait(&started);
  for (i = 0; i < threads; ++i) pthread_join(running[i], NULL);
  cpu = cpu_now() - cpu;
  wall = now() - begun;
  qsort(took, (size_t)count, sizeof *took, by_value);
  printf("users %d\ncpu_ms %.4f\np50_ms %.3f\np99_ms %.3f\nper_second %.0f\n", count, cpu * 1e3 / count,
         took[count / 2], took[count * 99 / 100], count / wall);
  return 0;
}
