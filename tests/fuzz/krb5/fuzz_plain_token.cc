// Tokens before the plain judge and before libgssapi: what the first takes, the second takes too, of the same user,
// with the same session key.
//
// An input that begins with 0 is a token as it is. Others are changes to a token that both take: an octet says what is
// changed, some that follow how. DER is changed before it is encrypted, so that changes reach what only the KDC and the
// user can have written. Whatever libgssapi takes, the ticket that we find in the token is of the user whom it names:
// we must not read a token as two. With STEAD_FUZZ_COUNT set, it is told at the end how many tokens were taken.
#include "sspi_shim/base/hex.h"
#include "sspi_shim/krb5/plain_token.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "sspi_shim/krb5/krb5_handles.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "tests/fuzz/fuzz_roundtrip.h"
#include "tests/krb5/gss_peer.h"
#include "tests/krb5/token_draft.h"

namespace stead {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;
using test::TokenDraft;

constexpr seconds kClockSkew{300};
constexpr std::uint32_t kChannelBound = 2048;
constexpr std::string_view kOurChannel = "tls-server-end-point:0123456789abcdef",
                           kAnothers = "tls-server-end-point:fedcba9876543210";
constexpr EncType kTypes[] = {EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha1_96,
                              EncType::aes256_cts_hmac_sha384_192, EncType::aes128_cts_hmac_sha256_128,
                              EncType::rc4_hmac};

Time now_seconds() {
  return std::chrono::floor<seconds>(system_clock::now());
}

Key fixed_key(EncType type, std::uint8_t octet) {
  const bool is_long = type == EncType::aes256_cts_hmac_sha1_96 || type == EncType::aes256_cts_hmac_sha384_192;
  return Key::make(type, Buffer(is_long ? 32 : 16, octet)).value();
}

// The octets of an input, one after the other; zeros where there are no more.
class Choices {
 public:
  explicit Choices(Bytes bytes) : rest_(bytes) {}
  [[nodiscard]] bool done() const { return rest_.empty(); }
  Bytes take(std::size_t size) {
    const Bytes out = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(out.size());
    return out;
  }
  std::uint32_t number(std::size_t octets) {
    std::uint32_t out = 0;
    for (const std::uint8_t octet : take(octets)) out = out << 8 | octet;
    return out;
  }
  std::uint8_t octet() { return static_cast<std::uint8_t>(number(1)); }
  std::size_t below(std::size_t count) { return count == 0 ? 0 : octet() % count; }
  bool flag() { return (octet() & 1) != 0; }
  Buffer bytes() { return to_buffer(take(octet())); }
  template <class T, std::size_t N>
  const T& of(const T (&table)[N]) {
    return table[below(N)];
  }

 private:
  Bytes rest_;
};

// DER as a tree, to be changed in one place and written with lengths that fit.
struct Element {
  std::uint8_t tag = 0;
  Buffer content;
  std::vector<Element> inside;  // in place of `content`
};
std::vector<Element> read_elements(Bytes der, int depth = 0) {
  std::vector<Element> out;
  der::Reader in(der);
  while (!in.at_end()) {
    Element element{.tag = in.peek(), .content = {}, .inside = {}};
    element.content = to_buffer(in.raw(element.tag));
    if ((element.tag & 0x20) != 0 && depth < der::kMaxDepth) element.inside = read_elements(element.content, depth + 1);
    out.push_back(std::move(element));
  }
  if (in.failed()) out.clear();
  return out;
}
void write_elements(der::Writer& out, const std::vector<Element>& elements) {
  for (const Element& element : elements) {
    if (element.inside.empty())
      out.raw(element.tag, element.content);
    else
      out.element(element.tag, [&](der::Writer& w) { write_elements(w, element.inside); });
  }
}
struct Place {
  std::vector<Element>* among;
  std::size_t index;
};
void find_places(std::vector<Element>& elements, std::vector<Place>& out) {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    out.push_back({&elements, i});
    find_places(elements[i].inside, out);
  }
}

void change_octets(Buffer& bytes, Choices& in) {
  const std::size_t at = in.number(2) % (bytes.size() + 1);
  switch (in.below(3)) {
    case 0: {
      const Buffer more = in.bytes();
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), more.begin(), more.end());
      return;
    }
    case 1:
      bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                  bytes.begin() + static_cast<std::ptrdiff_t>(std::min(at + in.octet(), bytes.size())));
      return;
    default:
      if (at < bytes.size()) bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ in.octet());
  }
}

Buffer change_der(Bytes der, Choices& in) {
  Buffer out = to_buffer(der);
  const std::size_t how = in.below(8);
  std::vector<Element> elements = read_elements(der);
  if (how == 0 || elements.empty()) return change_octets(out, in), out;
  std::vector<Place> places;
  find_places(elements, places);
  const auto [among, index] = places[in.below(places.size())];
  const auto at = among->begin() + static_cast<std::ptrdiff_t>(index);
  switch (how) {
    case 1:
      at->content = in.bytes(), at->inside.clear();
      break;
    case 2:
      at->tag = in.octet();
      break;
    case 3:
      among->erase(at);
      break;
    case 4:
      among->insert(at, Element(*at));
      break;
    case 5:
      among->insert(at + static_cast<std::ptrdiff_t>(in.below(2)),
                    Element{.tag = in.octet(), .content = in.bytes(), .inside = {}});
      break;
    case 6:
      if (index + 1 < among->size()) std::swap(*at, *(at + 1));
      break;
    default:
      if (at->inside.empty())
        change_octets(at->content, in);
      else
        at->inside.push_back({.tag = in.octet(), .content = in.bytes(), .inside = {}});
  }
  der::Writer writer;
  write_elements(writer, elements);
  return std::move(writer).finish();
}

// As many changes as there are; each comes out of the input before the next thing is chosen.
TokenDraft::Change change_of(Choices& in, const TokenDraft::Change& before) {
  return [before, how = in.bytes()](Bytes der) {
    Choices choices(how);
    return change_der(before ? before(der) : to_buffer(der), choices);
  };
}

Time time_of(Choices& in, Time now) {
  const std::size_t kind = in.below(6);
  const auto number = static_cast<std::int32_t>(in.number(kind == 2 || kind == 3 ? 4 : 2));
  const auto close = seconds(static_cast<std::int16_t>(number) / 256);
  switch (kind) {
    case 0:
      return now + seconds(static_cast<std::int16_t>(number));
    case 1:
      return now + std::chrono::days(static_cast<std::int16_t>(number));
    case 2:
      return Time(seconds(static_cast<std::uint32_t>(number)));
    case 3:
      return Time(seconds(0x1'0000'0000 + static_cast<std::int64_t>(number)));
    case 4:
      return now + (number % 2 == 0 ? kClockSkew : -kClockSkew) + close;
    default:
      return Time(close);
  }
}

std::string text_of(Choices& in) {
  static constexpr std::string_view kTexts[] = {"alice",     "bob",      "Alice",    "HOME.TEST",     "CORP.TEST",
                                                "home.test", "HTTP",     "http",     "web.corp.test", "other.corp.test",
                                                "",          "a/b@c\\d", "EVIL.TEST"};
  const std::size_t choice = in.below(std::size(kTexts) + 1);
  if (choice < std::size(kTexts)) return std::string(kTexts[choice]);
  const Buffer bytes = in.bytes();
  return std::string(as_text(bytes));
}
PrincipalName name_of(Choices& in) {
  PrincipalName out{NameType(static_cast<std::int8_t>(in.octet())), {}};
  for (std::size_t count = in.below(4); count > 0; --count) out.components.push_back(text_of(in));
  return out;
}

AuthorizationData authorization_data_of(Choices& in, int depth = 0) {
  static constexpr AdType kKinds[] = {AdType::if_relevant, AdType::kdc_issued,
                                      AdType::and_or,      AdType(8),
                                      AdType::cammac,      AdType(97),
                                      AdType::win2k_pac,   AdType::etype_negotiation,
                                      AdType::ap_options,  AdType::target_principal,
                                      AdType(512),         AdType(4711)};
  AuthorizationData out;
  for (std::size_t count = in.below(4); count > 0; --count) {
    const AdType type = in.of(kKinds);
    const std::size_t kind = in.below(4);
    if (type == AdType::if_relevant && depth < 4 && kind != 0) {
      out.push_back({type, encode(authorization_data_of(in, depth + 1))});
    } else if (kind == 1 && type == AdType::ap_options) {
      out.push_back({type, {0, in.flag() ? std::uint8_t{0x40} : std::uint8_t{0}, 0, 0}});
    } else if (kind == 1 && type == AdType::etype_negotiation) {
      out.push_back({type, from_hex("3006020112020111")});
    } else if (kind == 1 || kind == 2) {
      Pac pac;
      for (std::size_t buffers = in.below(4); buffers > 0; --buffers)
        pac.buffers.push_back({PacType(in.octet()), Buffer(in.below(40))});
      Buffer bytes = encode(pac);
      if (kind == 2) change_octets(bytes, in);
      out.push_back({type, std::move(bytes)});
    } else {
      out.push_back({type, in.bytes()});
    }
  }
  return out;
}

struct Keytab {
  Principal service;
  std::uint32_t kvno;
  Key key;
};

// A service with its keytab, a krb5.conf that knows of no KDC, and no replay cache: it is the same input again and
// again.
class Service {
 public:
  Service() {
    std::string name = (std::filesystem::temp_directory_path() / "stead-fuzz-XXXXXX").string();
    fuzz::expect(::mkdtemp(name.data()) != nullptr, "there is room for a keytab");
    folder_ = name;
    const std::string keytab = folder_ / "service.keytab";
    std::ofstream(folder_ / "krb5.conf")
        << "[libdefaults]\ndefault_realm = HOME.TEST\ndns_lookup_kdc = false\ndns_lookup_realm = false\nrdns = false\n";
    ::setenv("KRB5_CONFIG", (folder_ / "krb5.conf").c_str(), 1);
    ::setenv("KRB5_KTNAME", keytab.c_str(), 1);
    ::setenv("KRB5RCACHENAME", "none:", 1);
    const Principal ours{{NameType::srv_inst, {"HTTP", "web.corp.test"}}, "CORP.TEST"},
        other{{NameType::srv_inst, {"HTTP", "other.corp.test"}}, "CORP.TEST"};
    for (std::uint8_t i = 0; i < std::size(kTypes); ++i)
      keys.push_back({ours, i + 3U, fixed_key(kTypes[i], std::uint8_t(i + 1))});
    keys.push_back({ours, 2, fixed_key(kTypes[0], 0x22)});
    keys.push_back({other, 3, fixed_key(kTypes[0], 0x33)});
    for (const Keytab& entry : keys) add(keytab, entry);
    settings = read_accept_settings(keytab, {ours});
    fuzz::expect(settings.has_value(), "the keytab can be read");
  }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::vector<Keytab> keys;
  std::optional<AcceptSettings> settings;

 private:
  static void add(const std::string& path, const Keytab& entry) {
    auto context = make_krb5_context();
    auto name = to_krb5(context->get(), entry.service);
    krb5_keytab keytab = nullptr;
    SecretBuffer bytes = to_secret(entry.key.value());
    krb5_keytab_entry added{};
    added.principal = name->get();
    added.vno = entry.kvno;
    added.key.enctype = static_cast<krb5_enctype>(entry.key.type());
    added.key.length = static_cast<unsigned>(bytes.size());
    added.key.contents = bytes.data();
    fuzz::expect(krb5_kt_resolve(context->get(), path.c_str(), &keytab) == 0 &&
                     krb5_kt_add_entry(context->get(), keytab, &added) == 0,
                 "a keytab");
    krb5_kt_close(context->get(), keytab);
  }
  std::filesystem::path folder_;
};

// What belongs to the request and not to the token.
struct Circumstances {
  std::string_view channel;
  BindingsPolicy policy = BindingsPolicy::allow;
};

void change(TokenDraft& draft, Circumstances& around, const Service& service, Choices& in, Time now) {
  EncTicketPart& part = draft.part;
  Authenticator& authenticator = draft.authenticator;
  switch (in.below(30)) {
    case 0:
      part.flags = in.number(4);
      break;
    case 1:
      part.authtime = time_of(in, now);
      break;
    case 2:
      part.starttime = time_of(in, now);
      break;
    case 3:
      part.endtime = time_of(in, now);
      break;
    case 4:
      part.renew_till = time_of(in, now);
      break;
    case 5:
      authenticator.ctime = time_of(in, now);
      break;
    case 6:
      authenticator.cusec = static_cast<std::int32_t>(in.number(4));
      break;
    case 7:
      part.cname = name_of(in);
      break;
    case 8:
      authenticator.cname = part.cname = name_of(in);
      break;
    case 9:
      part.crealm = text_of(in);
      break;
    case 10:
      authenticator.crealm = part.crealm = text_of(in);
      break;
    case 11:
      draft.service.name = name_of(in);
      break;
    case 12:
      draft.service.realm = text_of(in);
      break;
    case 13: {
      const Keytab& entry = service.keys[in.below(service.keys.size())];
      draft.service_key = entry.key, draft.kvno = entry.kvno;
      if (in.flag()) draft.service = entry.service;
      break;
    }
    case 14:
      draft.kvno = in.flag() ? std::optional(in.number(4)) : std::nullopt;
      break;
    case 15:
      draft.session_key = fixed_key(in.of(kTypes), 7);
      part.key = draft.session_key.to_encryption_key();
      break;
    case 16:
      part.key = {EncType(static_cast<std::int8_t>(in.octet())), to_secret(in.bytes())};
      break;
    case 17:
      authenticator.subkey = fixed_key(in.of(kTypes), 9).to_encryption_key();
      break;
    case 18:
      authenticator.subkey = EncryptionKey{EncType(static_cast<std::int8_t>(in.octet())), to_secret(in.bytes())};
      break;
    case 19:
      authenticator.seq_number = in.number(4);
      break;
    case 20:
      part.transited = {static_cast<std::int32_t>(in.number(2)), in.bytes()};
      break;
    case 21:
      part.caddr.push_back({static_cast<std::int32_t>(in.octet()), in.bytes()});
      break;
    case 22:
      part.authorization_data = authorization_data_of(in);
      break;
    case 23:
      authenticator.authorization_data = authorization_data_of(in);
      break;
    case 24: {
      const std::size_t kind = in.below(5);
      if (kind == 0) {
        draft.checksum.reset();
        authenticator.checksum = Checksum{in.flag() ? kGssChecksumType : ChecksumType(in.number(2)), in.bytes()};
      } else if (kind == 1) {
        draft.checksum = GssChecksum{in.bytes(), in.number(4), in.bytes()};
      } else if (kind == 2) {
        draft.after_checksum = in.bytes();
      } else if (draft.checksum) {
        draft.checksum->bindings_md5 = channel_bindings_md5(as_bytes(kind == 3 ? kOurChannel : kAnothers));
        draft.checksum->flags = in.octet();
      }
      break;
    }
    case 25:
      around.channel = in.flag() ? kOurChannel : "";
      around.policy = BindingsPolicy(in.below(3));
      break;
    case 26:
      draft.options = in.number(4);
      break;
    case 27: {
      const Buffer kMechs[] = {mech_oid::kerberos, mech_oid::ms_kerberos, mech_oid::ntlm, mech_oid::spnego, in.bytes()};
      draft.mech_types.clear();
      for (std::size_t count = in.below(5); count > 0; --count) draft.mech_types.push_back(in.of(kMechs));
      if (in.flag()) draft.req_flags = in.bytes();
      if (in.flag()) {
        der::Writer mic;
        mic.octet_string(in.bytes());
        draft.mech_list_mic = std::move(mic).finish();
      }
      break;
    }
    case 28:
      draft.id = KrbTokenId(in.number(2));
      break;
    default: {
      TokenDraft::Change* const kChanges[] = {&draft.change_part, &draft.change_authenticator, &draft.change_request,
                                              &draft.change_init};
      TokenDraft::Change& chosen = *in.of(kChanges);
      chosen = change_of(in, chosen);
    }
  }
}

// What is in the reply besides a key and a number of the service's own: they are there or not.
struct Reply {
  std::optional<NegState> state;
  Buffer mech;
  Time ctime{};
  std::int32_t cusec = 0;
  bool has_subkey = false, has_number = false;
  friend bool operator==(const Reply&, const Reply&) = default;
};
Reply read_reply(Bytes bytes, const Key& session_key) {
  Reply out;
  Buffer framed = to_buffer(bytes);
  if (const auto negotiated = decode_neg_token_resp(bytes)) {
    out.state = negotiated->state, out.mech = negotiated->supported_mech, framed = negotiated->response_token;
    fuzz::expect(negotiated->mech_list_mic.empty(), "nobody asked for a MIC");
  }
  if (framed.empty()) return out;
  const auto token = decode_krb_token(framed);
  fuzz::expect(token && token->id == KrbTokenId::ap_rep, "a reply has an AP-REP");
  const auto message = decode_ap_rep(token->message);
  fuzz::expect(message.has_value(), "the AP-REP decodes");
  const auto plain = decrypt_data(session_key, KeyUsage::ap_rep_encrypted_part, message->enc_part);
  fuzz::expect(plain.has_value(), "the AP-REP is encrypted with the session key");
  const auto part = decode_enc_ap_rep_part(*plain);
  fuzz::expect(part.has_value(), "the AP-REP's inside decodes");
  out.ctime = part->ctime, out.cusec = part->cusec, out.has_subkey = part->subkey.has_value(),
  out.has_number = part->seq_number.has_value();
  return out;
}

// Whose ticket it is that the acceptor would hand on; nothing where no key opens it.
std::optional<std::string> user_of(const Ticket& ticket, const Service& service) {
  for (const Keytab& entry : service.keys) {
    const auto plain = decrypt_data(entry.key, KeyUsage::ticket, ticket.enc_part);
    if (!plain) continue;
    const auto part = decode_enc_ticket_part(*plain);
    return part ? std::optional(to_string(part->cname, part->crealm)) : std::nullopt;
  }
  return std::nullopt;
}

struct Count {
  std::size_t tokens = 0, taken = 0, left = 0;
  ~Count() {
    if (std::getenv("STEAD_FUZZ_COUNT") != nullptr)
      std::fprintf(stderr, "%zu tokens: %zu taken by both, %zu by libgssapi alone\n", tokens, taken, left);
  }
};

void set_before_both(Bytes token, const Key& session_key, const Circumstances& around, const Service& service) {
  static Count count;
  ++count.tokens;
  const Bytes bindings = as_bytes(around.channel), held = around.policy == BindingsPolicy::ignore ? Bytes() : bindings;
  const auto judge = [&](seconds off) {
    return judge_plain_token(token, bindings, around.policy, *service.settings, system_clock::now() + off);
  };
  const auto plain = judge(seconds(0));
  // What we cannot read is not shown to libgssapi, as the acceptor does not: of some it reads beyond the end.
  const auto der = ap_req_of_negotiate_token(token);
  const auto request = der ? decode_ap_req(*der) : Result<ApReq>(der.error());
  fuzz::expect(request || !plain, "the acceptor reads what the plain judge takes");
  if (!request) return;
  const auto stock = test::accept(token, held);
  if (stock.complete)
    fuzz::expect(user_of(request->ticket, service).value_or(stock.client) == stock.client,
                 "the evidence is of whom libgssapi names");
  if (!plain) {
    count.left += stock.complete ? 1 : 0;
    return;
  }
  // A second may have ended between the two, and time(), which libkrb5 asks, learns of it later than the clock that we
  // ask.
  if (!stock.complete && (!judge(seconds(-1)) || !judge(seconds(1)))) return;
  ++count.taken;
  if (!stock.complete) std::fprintf(stderr, "libgssapi: %s\n", stock.error.c_str());
  fuzz::expect(stock.complete, "libgssapi takes what the plain judge takes");
  if (plain->client.user != stock.client)
    std::fprintf(stderr, "%s and %s\n", plain->client.user.c_str(), stock.client.c_str());
  fuzz::expect(plain->client.user == stock.client, "both name the same user");
  fuzz::expect(plain->client.channel_bound == ((stock.flags & kChannelBound) != 0), "both see the channel");
  fuzz::expect(plain->client.reply.empty() == stock.reply.empty(), "both reply, or neither");
  fuzz::expect(read_reply(plain->client.reply, session_key) == read_reply(stock.reply, session_key),
               "both reply the same");
  fuzz::expect(plain->client.ap_req == *der, "the AP-REQ is what came");
  fuzz::expect(encode(request->ticket) == plain->client.ticket, "the ticket is the AP-REQ's");
}

}  // namespace
}  // namespace stead

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  static const Service service;
  Choices in({data, size});
  const Time now = now_seconds();
  const Keytab& ours = service.keys.front();
  TokenDraft draft(ours.service, ours.key, ours.kvno, fixed_key(kTypes[0], 7), now);
  Circumstances around;
  if (size != 0 && data[0] == 0) {
    set_before_both({data + 1, size - 1}, draft.session_key, around, service);
    return 0;
  }
  if (size != 0) in.octet();
  while (!in.done()) change(draft, around, service, in, now);
  set_before_both(draft.token(), draft.session_key, around, service);
  return 0;
}
