// Writes a seed or more for each fuzz target of the protocol's messages: make_corpus FOLDER.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>

#include "sspi_shim/protocol/messages/kdc_proxy_message.h"
#include "tests/protocol/samples.h"

namespace {

using namespace stead;
std::filesystem::path folder;

void seed(const char* target, const char* name, Bytes bytes) {
  std::filesystem::create_directories(folder / target);
  std::ofstream out(folder / target / name, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: make_corpus FOLDER\n"), 2;
  folder = argv[1];
  namespace s = samples;
  seed("ticket", "full", encode(s::ticket()));
  seed("enc_ticket_part", "full", encode(s::enc_ticket_part()));
  EncTicketPart bare;
  seed("enc_ticket_part", "bare", encode(bare));
  seed("transited", "domains", as_bytes("EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS."));
  seed("transited", "x500", as_bytes("/COM,/HP,/APOLLO, /COM/DEC"));
  seed("transited", "all", as_bytes(","));
  seed("transited", "between", as_bytes(",EDU,,CS.WASHINGTON.EDU"));
  seed("transited", "escapes", as_bytes("a\\,b,c\\.,\\ d"));
  seed("principal", "service", as_bytes("HTTP/web.a.example@A.EXAMPLE"));
  seed("principal", "escapes", as_bytes("al\\@ice\\/x\\\\\\n@A"));
  seed("authorization_data", "pac", encode(s::authorization_data()));
  seed("padata_list", "two", encode(s::padata()));
  seed("kdc_req", "as", encode(s::as_req()));
  seed("kdc_req", "tgs", encode(s::tgs_req()));
  seed("kdc_rep", "as", encode(s::kdc_rep(MessageType::as_rep)));
  seed("kdc_rep", "tgs", encode(s::kdc_rep(MessageType::tgs_rep)));
  seed("enc_kdc_rep_part", "as", encode(s::enc_kdc_rep_part(MessageType::as_rep)));
  seed("enc_kdc_rep_part", "tgs", encode(s::enc_kdc_rep_part(MessageType::tgs_rep)));
  seed("ap_req", "full", encode(s::ap_req()));
  seed("ap_rep", "full", encode(s::ap_rep()));
  seed("authenticator", "full", encode(s::authenticator()));
  seed("enc_ap_rep_part", "full", encode(s::enc_ap_rep_part()));
  seed("gss_checksum", "delegated", encode(s::gss_checksum()));
  seed("gss_checksum", "plain", encode(GssChecksum{{}, gss_flag::mutual, {}}));
  seed("kdc_proxy_message", "request", encode(KdcProxyMessage{encode(s::tgs_req()), "A.EXAMPLE", 0x200600}));
  seed("kdc_proxy_message", "answer", encode(KdcProxyMessage{encode(s::krb_error()), "", {}}));
  seed("krb_error", "status", encode(s::krb_error()));
  KrbError preauth = s::krb_error();
  preauth.e_data = encode(PaDataList{{PaType::etype_info2, encode(s::etype_info2())}, {PaType::enc_timestamp, {}}});
  seed("krb_error", "method_data", encode(preauth));
  seed("kerb_error_data", "status", encode(KerbErrorData{3, NtStatus::STATUS_NOT_FOUND, 3}));
  seed("kerb_error_data", "skew", encode(KerbErrorData{2, std::nullopt, 3}));
  seed("fast", "request", encode(s::fast_armored_req()));
  seed("fast", "inner", encode(s::fast_req()));
  seed("fast", "reply", encode_pa_fx_fast_reply(s::encrypted_data()));
  seed("fast", "response", encode(s::fast_response()));
  seed("pa_enc_ts_enc", "full", encode(s::pa_enc_ts_enc()));
  seed("etype_info2", "two", encode(s::etype_info2()));
  seed("pa_flags", "pac_request", encode_pa_pac_request(true));
  seed("pa_flags", "pac_options", encode_pa_pac_options(pac_option::resource_based_constrained_delegation));
  seed("pa_flags", "supported_enctypes", encode_pa_supported_enctypes(0x1f));
  seed("encrypted_data", "full", encode(s::encrypted_data()));
  seed("checksum", "full", encode(s::checksum()));
  seed("pa_for_user", "full", encode(s::pa_for_user()));
  seed("pa_s4u_x509_user", "full", encode(s::pa_s4u_x509_user()));
  seed("krb_priv", "full", encode_krb_priv(s::encrypted_data()));
  seed("enc_krb_priv_part", "full", encode(s::enc_krb_priv_part()));
  seed("krb_cred", "full", encode(s::krb_cred()));
  seed("enc_krb_cred_part", "full", encode(s::enc_krb_cred_part()));
  seed("change_passwd_data", "full", encode(s::change_passwd_data()));
  seed("kpasswd_frame", "set", encode(s::kpasswd_frame()));
  seed("neg_token_init", "kerberos", encode(s::neg_token_init()));
  seed("neg_token_resp", "completed", encode(s::neg_token_resp()));
  seed("krb_token", "ap_req", encode(s::krb_token()));
  seed("negotiate_token", "spnego", encode(s::neg_token_init()));
  seed("negotiate_token", "raw", encode(s::krb_token()));
  seed("negotiate_token", "ntlm", as_bytes({"NTLMSSP\0\1\0\0\0", 12}));
  seed("ping_search", "full", encode(to_search(s::netlogon_ping(), 5)));
  seed("ping_reply", "entry", encode(s::ping_reply()));
  seed("ping_reply", "nothing", encode(PingReply{5, 0, {}}));
  Buffer asked{nt_version::v5ex_with_ip | nt_version::closest_site};
  append(asked, encode(s::netlogon_response()));
  seed("netlogon_response", "full", asked);
  return 0;
}
