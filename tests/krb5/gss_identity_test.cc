// The client of a context that libgssapi accepted, as an Identity.
#include <memory>
#include <utility>

#include "stead/gss.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "sspi_shim/krb5/gss_handles.h"
#include "sspi_shim/protocol/errors/error.h"
#include "tests/krb5/gss_peer.h"
#include "tests/krb5/ticket_fixture.h"

namespace stead {
namespace {

class GssIdentityTest : public test::TicketFixture {
 protected:
  void SetUp() override {
    TicketFixture::SetUp();
    auto opened =
        Client::open(io_.get_executor(), {.principal = "HTTP/web.corp.test@CORP.TEST", .keytab = keytab_}, message_);
    ASSERT_TRUE(opened) << message_;
    client_ = std::move(*opened);
  }
  // alice's token, and the context that the library accepts by it.
  Buffer token_of(const IssuedTicket& ticket) { return make_negotiate_token(ticket).value().token; }
  void accept(GssContext& context, Bytes token) {
    gss_buffer_desc in = test::view(token);
    GssBuffer out;
    OM_uint32 minor = 0;
    const OM_uint32 major =
        gss_accept_sec_context(&minor, &context.value, GSS_C_NO_CREDENTIAL, &in, GSS_C_NO_CHANNEL_BINDINGS, nullptr,
                               nullptr, &out.value, nullptr, nullptr, nullptr);
    ASSERT_EQ(major, GSS_S_COMPLETE) << gss_message(major, minor);
  }
  boost::asio::io_context io_;
  std::shared_ptr<Client> client_;
};

TEST_F(GssIdentityTest, IsWhoTheContextWasAcceptedFrom) {
  const Buffer token = token_of(issue());
  GssContext context;
  accept(context, token);
  const auto who = identity_from_context(*client_, context.value, token);
  ASSERT_TRUE(who) << who.error().message();
  EXPECT_EQ(who->principal(), "alice@HOME.TEST");
  EXPECT_FALSE(who->by_s4u2self());
}

TEST_F(GssIdentityTest, NeedsAContextThatWasAccepted) {
  const Buffer token = token_of(issue());
  EXPECT_EQ(identity_from_context(*client_, GSS_C_NO_CONTEXT, token).error(), boost::system::errc::permission_denied);
  ASSERT_TRUE(export_ccache(issue(), "MEMORY:initiator"));
  ::setenv("KRB5CCNAME", "MEMORY:initiator", 1);
  GssContext ours;
  GssName name;
  GssBuffer out;
  OM_uint32 minor = 0;
  gss_buffer_desc text = test::view(as_bytes("HTTP@web.corp.test"));
  gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name.value);
  gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &ours.value, name.value, GSS_C_NO_OID, 0, 0,
                       GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, nullptr, &out.value, nullptr, nullptr);
  ::unsetenv("KRB5CCNAME");
  EXPECT_EQ(identity_from_context(*client_, ours.value, token).error(), boost::system::errc::permission_denied)
      << "an initiator's";
}

TEST_F(GssIdentityTest, NeedsTheTicketOfThatClientAndNoOther) {
  const Buffer token = token_of(issue());
  GssContext context;
  accept(context, token);
  Credential bobs = issue().credential();
  bobs.client.components = {"bob"};
  EncTicketPart part;
  part.key = bobs.session_key.to_encryption_key();
  part.crealm = bobs.client_realm;
  part.cname = bobs.client;
  part.authtime = bobs.authtime;
  part.endtime = bobs.endtime;
  bobs.ticket.enc_part = encrypt_data(service_key_, KeyUsage::ticket, encode(part), 3);
  EXPECT_EQ(identity_from_context(*client_, context.value, token_of(IssuedTicket(bobs, {}))).error(),
            boost::system::errc::permission_denied);
  EXPECT_FALSE(identity_from_context(*client_, context.value, {}));
  EXPECT_FALSE(identity_from_context(*client_, context.value, as_bytes("NTLMSSP")));
  bobs.ticket.enc_part.cipher.back() ^= 1;
  EXPECT_EQ(identity_from_context(*client_, context.value, token_of(IssuedTicket(bobs, {}))).error(),
            make_error_code(WireErrc::integrity));
}

}  // namespace
}  // namespace stead
