// Our encodings of tests/protocol/samples.h against another implementation's of the same values.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sspi_shim/base/hex.h"
#include "tests/protocol/samples.h"

namespace stead {
namespace {

const std::map<std::string, Buffer>& vectors() {
  static const std::map<std::string, Buffer> loaded = [] {
    std::map<std::string, Buffer> out;
    std::ifstream in(STEAD_VECTORS "/kerberos_messages.txt");
    std::string line, name, hex;
    const auto keep = [&] {
      if (!name.empty()) out[name] = from_hex(hex);
    };
    while (std::getline(in, line)) {
      if (line.starts_with('#')) continue;
      if (const auto equals = line.find(" ="); equals != line.npos) {
        keep();
        name = line.substr(0, equals), hex.clear();
      } else {
        hex += line;
      }
    }
    keep();
    return out;
  }();
  return loaded;
}

struct Golden {
  const char* name;
  std::function<Buffer()> ours;                // the sample as we encode it
  std::function<bool(Bytes)> reads_as_sample;  // what the other encoded decodes to the sample
};

template <class Value, class Decode>
Golden golden(const char* name, Value value, Decode decode) {
  return {name,
          [value] {
            const auto der = encode(value);
            return Buffer(der.begin(), der.end());
          },
          [value, decode](Bytes der) {
            const auto decoded = decode(der);
            return decoded.has_value() && *decoded == value;
          }};
}

std::vector<Golden> cases() {
  namespace s = samples;
  return {
      golden("ticket", s::ticket(), decode_ticket),
      golden("enc_ticket_part", s::enc_ticket_part(), decode_enc_ticket_part),
      golden("as_req", s::as_req(), decode_kdc_req),
      golden("tgs_req", s::tgs_req(), decode_kdc_req),
      golden("as_rep", s::kdc_rep(MessageType::as_rep), decode_kdc_rep),
      golden("tgs_rep", s::kdc_rep(MessageType::tgs_rep), decode_kdc_rep),
      golden("enc_as_rep_part", s::enc_kdc_rep_part(MessageType::as_rep), decode_enc_kdc_rep_part),
      golden("enc_tgs_rep_part", s::enc_kdc_rep_part(MessageType::tgs_rep), decode_enc_kdc_rep_part),
      golden("ap_req", s::ap_req(), decode_ap_req),
      golden("ap_rep", s::ap_rep(), decode_ap_rep),
      golden("authenticator", s::authenticator(), decode_authenticator),
      golden("enc_ap_rep_part", s::enc_ap_rep_part(), decode_enc_ap_rep_part),
      golden("krb_error", s::krb_error(), decode_krb_error),
      golden("pa_enc_ts_enc", s::pa_enc_ts_enc(), decode_pa_enc_ts_enc),
      golden("etype_info2", s::etype_info2(), decode_etype_info2),
      golden("pa_for_user", s::pa_for_user(), decode_pa_for_user),
      golden("pa_s4u_x509_user", s::pa_s4u_x509_user(), decode_pa_s4u_x509_user),
      golden("enc_krb_priv_part", s::enc_krb_priv_part(), decode_enc_krb_priv_part),
      golden("krb_cred", s::krb_cred(), decode_krb_cred),
      golden("enc_krb_cred_part", s::enc_krb_cred_part(), decode_enc_krb_cred_part),
      golden("change_passwd_data", s::change_passwd_data(), decode_change_passwd_data),
      {"krb_priv", [] { return encode_krb_priv(s::encrypted_data()); },
       [](Bytes der) { return decode_krb_priv(der) == Result<EncryptedData>(s::encrypted_data()); }},
      {"pa_pac_request", [] { return encode_pa_pac_request(true); },
       [](Bytes der) { return decode_pa_pac_request(der).value(); }},
      {"pa_pac_options", [] { return encode_pa_pac_options(pac_option::resource_based_constrained_delegation); },
       [](Bytes der) {
         return decode_pa_pac_options(der).value() == pac_option::resource_based_constrained_delegation;
       }},
  };
}

class AnotherImplementation : public testing::TestWithParam<Golden> {};
TEST_P(AnotherImplementation, EncodesTheSame) {
  const auto vector = vectors().find(GetParam().name);
  ASSERT_NE(vector, vectors().end());
  EXPECT_EQ(to_hex(GetParam().ours()), to_hex(vector->second));
  EXPECT_TRUE(GetParam().reads_as_sample(vector->second));
}
INSTANTIATE_TEST_SUITE_P(Messages, AnotherImplementation, testing::ValuesIn(cases()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(AnotherImplementationsVectors, AreAllUsed) {
  EXPECT_EQ(vectors().size(), cases().size());
}

}  // namespace
}  // namespace stead
