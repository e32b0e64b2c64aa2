#include "proxy/pages/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace stead::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

PageContent sample() {
  return {.title = "Sign in to {}",
          .site = "<intranet>",
          .message = "The user name or the password is not correct.",
          .request_id = "abc",
          .form = PageForm::login,
          .csrf = "token",
          .return_path = "/a?b=\"c\""};
}

TEST(Language, IsTheOneThatTheReaderLikesBest) {
  const Pages pages;
  EXPECT_EQ(language_for("", pages), "en");
  EXPECT_EQ(language_for("de", pages), "de");
  EXPECT_EQ(language_for("de-AT,de;q=0.9,en;q=0.8", pages), "de");
  EXPECT_EQ(language_for("fr, en;q=0.5, de;q=0.7", pages), "de");
  EXPECT_EQ(language_for("en-GB, de;q=0.9", pages), "en");
  EXPECT_EQ(language_for("fr, de;q=0", pages), "en");
  EXPECT_EQ(language_for("*,;q=,=;;,,", pages), "en");
}

TEST(Page, IsInTheReadersLanguageAndEscaped) {
  const std::string german = render(sample(), Pages{}, "de");
  for (const char* const part :
       {"<html lang=\"de\">", "<h1>Anmelden bei &lt;intranet&gt;</h1>", "role=\"alert\"", "Der Benutzername oder",
        "<label for=\"password\">Kennwort</label>", "value=\"/a?b=&quot;c&quot;\"", "Vorgangsnummer: abc"})
    EXPECT_THAT(german, HasSubstr(part));
  EXPECT_THAT(render(sample(), Pages{}, "en"), HasSubstr("<h1>Sign in to &lt;intranet&gt;</h1>"));
}

TEST(Page, HasTheOperatorsLook) {
  Pages pages;
  pages.name = "Contoso & Sons";
  pages.logo = "data:image/png;base64,AAAA";
  pages.color = "#123456";
  pages.texts["de"]["Sign in to {}"] = "Willkommen bei {}";
  const std::string page = render(sample(), pages, "de");
  EXPECT_THAT(page, HasSubstr("<img src=\"data:image/png;base64,AAAA\" alt=\"Contoso &amp; Sons\">"));
  EXPECT_THAT(page, HasSubstr("--accent:#123456"));
  EXPECT_THAT(page, HasSubstr("<h1>Willkommen bei &lt;intranet&gt;</h1>"));
  pages.html =
      "<html lang=\"{{language}}\"><title>{{title}}</title>{{style}}<b>{{name}}</b>{{content}}{{unknown}}</html>";
  EXPECT_THAT(render(sample(), pages, "de"), HasSubstr("<b>Contoso &amp; Sons</b><h1>"));
}

TEST(Page, FillsInValuesInOrderAndNoMore) {
  const std::string page = render({.title = "t", .text = "{} and {} and {}", .values = {"<1>", "{}"}}, Pages{}, "en");
  EXPECT_THAT(page, HasSubstr("<p>&lt;1&gt; and {} and {}</p>"));
}

TEST(Page, IsDressedForTheRequest) {
  OwnResponse response{.status = 404, .headers = {}, .body = "", .page = PageContent{.title = "Not found"}};
  RequestHead head;
  head.fields = {{"Accept-Language", "de"}};
  dress(response, head, Pages{});
  EXPECT_THAT(response.body, HasSubstr("Nicht gefunden"));
  OwnResponse other{.status = 200, .headers = {}, .body = "{}"};
  dress(other, head, Pages{});
  EXPECT_EQ(other.body, "{}");
  EXPECT_TRUE(other.headers.empty());
}

}  // namespace
}  // namespace stead::proxy
