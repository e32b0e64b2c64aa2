/* The app server of main.cc with the functions of SSPI, in C, as a service that was written for Windows looks here.
 * Each connection has a thread; each request carries its own Negotiate token. AcceptSecurityContext judges the token,
 * the context gives the user's token object, and ShimExportCCache gives libpq a ticket in the user's name.
 *
 *   GET /whoami    {"signed_in_as": …, "current_user": …, "principal": …, "encrypted": …}
 *
 * gss_krb5_ccache_name() sets the ticket that libpq uses, for the calling thread alone; user_database.h says why not
 * KRB5CCNAME. The ccache is in memory, has a name that is used once and is destroyed when the connection is open. The
 * connection is used only if the server names the user as its principal. */
#include <arpa/inet.h>
#include <ctype.h>
#include <getopt.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "stead/sspi.h"

#define MAX_HEAD (128 * 1024) /* tickets of users in many groups are long */
#define MAX_TOKEN (96 * 1024)

static CredHandle server_credentials;
static const char *spn, *database;

static void note(const char* format, ...) {
  char line[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  fprintf(stderr, "%s\n", line);
}

/* Logs the calling thread's last failure. */
static void note_failure(const char* what) {
  SHIM_ERROR_DETAIL detail;
  detail.Size = sizeof detail;
  if (ShimGetLastErrorDetail(&detail) == SEC_E_OK)
    note("%s: 0x%08X %s %s", what, (unsigned)detail.Status, detail.Text, detail.Diagnosis);
}

/* ---- HTTP ---- */

/* Reads to the empty line. False: the connection has ended, or the head is too long. */
static int read_head(int connection, char* head, size_t size) {
  size_t used = 0;
  while (used + 1 < size) {
    ssize_t got = recv(connection, head + used, size - used - 1, 0);
    if (got <= 0) return 0;
    used += (size_t)got;
    head[used] = '\0';
    if (strlen(head) != used) return 0;
    if (strstr(head, "\r\n\r\n") != NULL) return 1;
  }
  return 0;
}

static int base64_value(char c) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char* found = c == '\0' ? NULL : strchr(digits, c);
  return found == NULL ? -1 : (int)(found - digits);
}

/* The bytes of the one "Authorization: Negotiate TOKEN" of a head; 0: there is none, or it is malformed. */
static size_t find_token(const char* head, unsigned char* out, size_t size) {
  static const char field[] = "\r\nAuthorization: Negotiate ";
  const char* at = strcasestr(head, field);
  size_t length = 0;
  unsigned bits = 0, held = 0;
  if (at == NULL || strcasestr(at + 2, "\r\nAuthorization:") != NULL) return 0;
  at += sizeof field - 1;
  for (; base64_value(*at) >= 0; ++at) {
    bits = bits << 6 | (unsigned)base64_value(*at);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    if (length == size) return 0;
    out[length++] = (unsigned char)(bits >> held);
  }
  while (*at == '=') ++at;
  return strncmp(at, "\r\n", 2) == 0 ? length : 0;
}

/* The caller frees it. */
static char* to_base64(const unsigned char* bytes, size_t length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = malloc((length + 2) / 3 * 4 + 1), *out = text;
  if (text == NULL) return NULL;
  for (size_t i = 0; i < length; i += 3) {
    const unsigned left = length - i > 3 ? 3 : (unsigned)(length - i);
    const unsigned group =
        (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    for (unsigned digit = 0; digit < 4; ++digit) *out++ = digit <= left ? digits[group >> (18 - 6 * digit) & 63] : '=';
  }
  *out = '\0';
  return text;
}

static void answer(int connection, const char* status, const char* negotiate, const char* json) {
  const char* lead = negotiate == NULL    ? ""
                     : *negotiate == '\0' ? "WWW-Authenticate: Negotiate"
                                          : "WWW-Authenticate: Negotiate ";
  FILE* out = fdopen(dup(connection), "w");
  if (out == NULL) return;
  fprintf(out,
          "HTTP/1.1 %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: "
          "%zu\r\n%s%s%sConnection: close\r\n\r\n%s\n",
          status, strlen(json) + 1, lead, negotiate == NULL ? "" : negotiate, negotiate == NULL ? "" : "\r\n", json);
  fclose(out);
}

/* ---- The database, as a user ---- */

static void forget_ccache(const char* name) {
  krb5_context context;
  krb5_ccache ccache;
  if (krb5_init_context(&context) != 0) return;
  if (krb5_cc_resolve(context, name, &ccache) == 0) krb5_cc_destroy(context, ccache);
  krb5_free_context(context);
}

/* A connection in the name of the token's user, for PQfinish. NULL: the ticket was refused, which is logged. */
static PGconn* connect_as(HANDLE user, const char* role) {
  static atomic_ulong next = 1;
  char ccache[64], service[64], host[256];
  const char* names[] = {spn};
  const char* keywords[] = {"gssencmode", "connect_timeout", "dbname", "user", "host", "krbsrvname", NULL};
  const char* values[] = {"require", "10", database, role, host, service, NULL};
  OM_uint32 minor;
  PGconn* connection;
  snprintf(ccache, sizeof ccache, "MEMORY:postgres-%lu", atomic_fetch_add(&next, 1));
  snprintf(service, sizeof service, "%.*s", (int)strcspn(spn, "/"), spn);
  snprintf(host, sizeof host, "%s", spn + strcspn(spn, "/") + 1);
  if (ShimExportCCache(user, names, 1, ccache, 0) != SEC_E_OK) {
    note_failure("a ticket to the database");
    return NULL;
  }
  gss_krb5_ccache_name(&minor, ccache, NULL); /* of this thread */
  connection = PQconnectdbParams(keywords, values, 1);
  gss_krb5_ccache_name(&minor, "MEMORY:nobody", NULL);
  forget_ccache(ccache);
  return connection;
}

static const char kWhoAmI[] =
    "SELECT json_build_object('signed_in_as', $1::text, 'current_user', current_user, 'principal', principal, "
    "'encrypted', encrypted), "
    "principal = $1::text FROM pg_stat_gssapi WHERE pid = pg_backend_pid()";

static void answer_from_database(int connection, const char* negotiate, HANDLE user, const char* name) {
  char role[256];
  const char* parameters[] = {name};
  PGconn* opened;
  PGresult* result = NULL;
  snprintf(role, sizeof role, "%.*s", (int)strcspn(name, "@"), name);
  opened = connect_as(user, role);
  if (opened == NULL) {
    answer(connection, "403 Forbidden", negotiate,
           "{\"error\": \"the directory does not let this server act for you\"}");
    return;
  }
  if (PQstatus(opened) == CONNECTION_OK) result = PQexecParams(opened, kWhoAmI, 1, NULL, parameters, NULL, NULL, 0);
  if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
      strcmp(PQgetvalue(result, 0, 1), "t") == 0) {
    answer(connection, "200 OK", negotiate, PQgetvalue(result, 0, 0));
    note("200 %s", name);
  } else {
    answer(connection, "502 Bad Gateway", negotiate, "{\"error\": \"the database does not serve you\"}");
    note("502 %s: %s", name, PQerrorMessage(opened));
  }
  PQclear(result);
  PQfinish(opened);
}

/* ---- Sign-in ---- */

static void answer_user(int connection, unsigned char* token, size_t length) {
  SecBuffer in = {(ULONG)length, SECBUFFER_TOKEN, token}, out = {0, SECBUFFER_TOKEN, NULL};
  SecBufferDesc input = {SECBUFFER_VERSION, 1, &in}, output = {SECBUFFER_VERSION, 1, &out};
  CtxtHandle context;
  SecPkgContext_NativeNames names = {NULL, NULL};
  HANDLE user = NULL;
  char* negotiate;
  SECURITY_STATUS status =
      AcceptSecurityContext(&server_credentials, NULL, &input, ASC_REQ_ALLOCATE_MEMORY | ASC_REQ_MUTUAL_AUTH,
                            SECURITY_NATIVE_DREP, &context, &output, NULL, NULL);
  if (status != SEC_E_OK) { /* clients that need several tokens are refused: a connection keeps no state */
    if (status == SEC_I_CONTINUE_NEEDED) DeleteSecurityContext(&context);
    note_failure("AcceptSecurityContext");
    FreeContextBuffer(out.pvBuffer);
    answer(connection, "401 Unauthorized", "", "{\"error\": \"Kerberos is needed\"}");
    return;
  }
  negotiate = out.cbBuffer == 0 ? NULL : to_base64(out.pvBuffer, out.cbBuffer);
  FreeContextBuffer(out.pvBuffer);
  if (QueryContextAttributes(&context, SECPKG_ATTR_NATIVE_NAMES, &names) == SEC_E_OK &&
      QuerySecurityContextToken(&context, &user) == SEC_E_OK) {
    answer_from_database(connection, negotiate, user, names.sClientName);
  } else {
    note_failure("the context's user");
    answer(connection, "500 Internal Server Error", negotiate, "{\"error\": \"the log says more\"}");
  }
  CloseHandle(user);
  FreeContextBuffer(names.sClientName);
  FreeContextBuffer(names.sServerName);
  DeleteSecurityContext(&context);
  free(negotiate);
}

static void* serve(void* argument) {
  const int connection = (int)(intptr_t)argument;
  const struct timeval limit = {30, 0};
  char* head = malloc(MAX_HEAD);
  unsigned char* token = malloc(MAX_TOKEN);
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (head != NULL && token != NULL && read_head(connection, head, MAX_HEAD)) {
    const size_t length = find_token(head, token, MAX_TOKEN);
    if (strncmp(head, "GET /whoami ", 12) != 0)
      answer(connection, "404 Not Found", NULL, "{\"error\": \"there is /whoami\"}");
    else if (length == 0)
      answer(connection, "401 Unauthorized", "", "{\"error\": \"Kerberos is needed\"}");
    else
      answer_user(connection, token, length);
  }
  free(head);
  free(token);
  close(connection);
  return NULL;
}

/* ---- Start ---- */

static int listen_at(const char* text) {
  struct sockaddr_in address = {0};
  const char* colon = strrchr(text, ':');
  char host[64];
  const int on = 1, out = socket(AF_INET, SOCK_STREAM, 0);
  if (colon == NULL || out < 0 || colon - text >= (long)sizeof host) return -1;
  snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(colon + 1));
  setsockopt(out, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1 || bind(out, (struct sockaddr*)&address, sizeof address) != 0 ||
      listen(out, 128) != 0)
    return -1;
  return out;
}

struct arguments {
  const char *listen, *config, *keytab, *principal;
};

/* Reads the command line, into `spn` and `database` too. False: it is not as the usage says. */
static int parse(int count, char** words, struct arguments* out) {
  static const struct option flags[] = {{"listen", 1, NULL, 'l'}, {"spn", 1, NULL, 's'},    {"database", 1, NULL, 'd'},
                                        {"config", 1, NULL, 'c'}, {"keytab", 1, NULL, 'k'}, {"principal", 1, NULL, 'p'},
                                        {NULL, 0, NULL, 0}};
  int found;
  while ((found = getopt_long(count, words, "", flags, NULL)) != -1) {
    switch (found) {
      case 'l':
        out->listen = optarg;
        break;
      case 's':
        spn = optarg;
        break;
      case 'd':
        database = optarg;
        break;
      case 'c':
        out->config = optarg;
        break;
      case 'k':
        out->keytab = optarg;
        break;
      case 'p':
        out->principal = optarg;
        break;
      default:
        return 0;
    }
  }
  return out->listen != NULL && spn != NULL && strchr(spn, '/') != NULL && database != NULL;
}

int main(int count, char** words) {
  struct arguments arguments = {NULL, NULL, NULL, NULL};
  int listening;
  pthread_attr_t detached;
  if (!parse(count, words, &arguments)) {
    fprintf(stderr,
            "usage: sdk_postgresql_sspi --listen IPV4:PORT --spn SPN --database CONNINFO [--config FILE] [--keytab "
            "FILE] [--principal SPN]\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  if ((arguments.config != NULL && ShimSetDefaultConfig("config", arguments.config) != SEC_E_OK) ||
      (arguments.keytab != NULL && ShimSetDefaultConfig("keytab", arguments.keytab) != SEC_E_OK) ||
      (arguments.principal != NULL && ShimSetDefaultConfig("principal", arguments.principal) != SEC_E_OK) ||
      AcquireCredentialsHandle((SEC_CHAR*)arguments.principal, (SEC_CHAR*)NEGOSSP_NAME, SECPKG_CRED_INBOUND, NULL, NULL,
                               NULL, NULL, &server_credentials, NULL) != SEC_E_OK) {
    note_failure("sdk_postgresql_sspi");
    return 2;
  }
  listening = listen_at(arguments.listen);
  if (listening < 0) {
    fprintf(stderr, "sdk_postgresql_sspi: cannot listen at %s\n", arguments.listen);
    return 1;
  }
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  puts("ready");
  fflush(stdout);
  for (;;) {
    pthread_t thread;
    const int connection = accept(listening, NULL, NULL);
    if (connection < 0) {
      usleep(100000); /* out of descriptors: let some connections end */
      continue;
    }
    if (pthread_create(&thread, &detached, serve, (void*)(intptr_t)connection) != 0) close(connection);
  }
}
