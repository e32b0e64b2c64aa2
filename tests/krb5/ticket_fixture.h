#pragma once
// A service with a keytab, and users' tickets for it that are made without a KDC; and a krb5.conf that names no KDC.
#include <gtest/gtest.h>
#include <krb5.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/krb5/krb5_handles.h"

namespace stead::test {

class TicketFixture : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "stead-context-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    keytab_ = (folder_ / "service.keytab").string();
    std::ofstream(folder_ / "krb5.conf")
        << "[libdefaults]\ndefault_realm = HOME.TEST\ndns_lookup_kdc = false\ndns_lookup_realm = false\n"
           "rdns = false\ndns_canonicalize_hostname = false\n";
    ::setenv("KRB5_CONFIG", (folder_ / "krb5.conf").c_str(), 1);
    ::setenv("KRB5_KTNAME", keytab_.c_str(), 1);
    ::setenv("KRB5RCACHEDIR", folder_.c_str(), 1);
    ::unsetenv("KRB5CCNAME");
    service_key_ = Key::random(EncType::aes256_cts_hmac_sha1_96);
    add_key(service_, 3, service_key_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void add_key(const Principal& principal, std::uint32_t kvno, const Key& key) {
    auto context = make_krb5_context();
    ASSERT_TRUE(context);
    auto name = to_krb5(context->get(), principal);
    ASSERT_TRUE(name);
    krb5_keytab keytab = nullptr;
    ASSERT_EQ(krb5_kt_resolve(context->get(), keytab_.c_str(), &keytab), 0);
    SecretBuffer bytes = to_secret(key.value());
    krb5_keytab_entry entry{};
    entry.principal = name->get();
    entry.vno = kvno;
    entry.key.enctype = static_cast<krb5_enctype>(key.type());
    entry.key.length = static_cast<unsigned>(bytes.size());
    entry.key.contents = bytes.data();
    EXPECT_EQ(krb5_kt_add_entry(context->get(), keytab, &entry), 0);
    krb5_kt_close(context->get(), keytab);
  }

  // alice's ticket for the service, as the KDC of CORP.TEST would issue it.
  IssuedTicket issue(std::chrono::seconds life = std::chrono::hours(1)) const {
    const Time now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    Credential out;
    out.session_key = Key::random(EncType::aes256_cts_hmac_sha1_96);
    out.client = client_.name;
    out.client_realm = client_.realm;
    out.service = asked_service_.value_or(service_.name);
    out.service_realm = service_.realm;
    out.flags = ticket_flag::forwardable | ticket_flag::pre_authent | ticket_flag::transited_policy_checked;
    out.authtime = now - std::chrono::minutes(5);
    out.starttime = out.authtime;
    out.endtime = now + life;
    EncTicketPart part;
    part.flags = out.flags;
    part.key = out.session_key.to_encryption_key();
    part.crealm = out.client_realm;
    part.cname = out.client;
    part.authtime = out.authtime;
    part.starttime = out.starttime;
    part.endtime = out.endtime;
    out.ticket = {service_.realm, out.service, encrypt_data(service_key_, KeyUsage::ticket, encode(part), 3)};
    return IssuedTicket(out, {});
  }

  std::filesystem::path folder_;
  std::string keytab_, message_;
  Principal service_{{NameType::srv_inst, {"HTTP", "web.corp.test"}}, "CORP.TEST"};
  Principal client_{{NameType::principal, {"alice"}}, "HOME.TEST"};  // of the next ticket
  std::optional<PrincipalName> asked_service_;                       // of the next ticket; none: service_
  Key service_key_;
};

}  // namespace stead::test
