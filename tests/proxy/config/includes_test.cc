#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "proxy/config/config.h"

namespace stead::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Includes : public testing::Test {
 protected:
  Includes() {
    std::string name = (std::filesystem::temp_directory_path() / "includes-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    std::filesystem::create_directory(folder_ + "/conf.d");
  }
  ~Includes() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ + "/" + name) << text; }
  Checked<Config> read() { return read_config(folder_ + "/proxy.toml"); }
  std::string error() {
    const auto config = read();
    return config ? "" : to_string(config.error());
  }
  std::string folder_;
};

std::string route(const std::string& path) {
  return "[[route]]\npath = \"" + path + "\"\nupstreams = [\"http://a\"]\ndelegation = \"none\"\n";
}
const std::string kMain = "include = [\"conf.d/*.toml\"]\n[server]\nlisten = [\"127.0.0.1:1\"]\n";

TEST_F(Includes, AreReadAsOneFile) {
  write("proxy.toml", kMain + route("/main/"));
  write("conf.d/20-b.toml", route("/b/") + route("/b2/"));
  write("conf.d/10-a.toml", route("/a/") + "[server]\nthreads = 3\n[limits]\nidle_timeout = \"7s\"\n");
  write("conf.d/not-read.conf", "nonsense");
  const auto config = read();
  ASSERT_TRUE(config) << to_string(config.error());
  std::vector<std::string> paths;
  for (const Route& one : config->routes) paths.push_back(one.path);
  EXPECT_THAT(paths, ElementsAre("/main/", "/a/", "/b/", "/b2/"));
  EXPECT_EQ(config->threads, 3U);
  EXPECT_EQ(config->limits.idle_timeout.count(), 7);
  EXPECT_THAT(config->files, ElementsAre(folder_ + "/conf.d/10-a.toml", folder_ + "/conf.d/20-b.toml"));
}

TEST_F(Includes, MayBringAllOfATable) {
  write("proxy.toml", "include = [\"conf.d/*.toml\", \"routes.toml\"]\n");
  write("conf.d/a.toml", "[server]\nlisten = [\"127.0.0.1:1\"]\n");
  write("routes.toml", route("/a/"));
  EXPECT_EQ(error(), "");
}

TEST_F(Includes, StartTheirPathsAtTheFirstFile) {
  write("proxy.toml", kMain + route("/"));
  write("conf.d/a.toml", "[server]\naccess_log = \"log\"\n");
  const auto config = read();
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->access_log, folder_ + "/log");
}

TEST_F(Includes, NameTheFileAndLineOfAFault) {
  write("proxy.toml", kMain + route("/"));
  const struct {
    std::string text, where, says;
  } faults[] = {
      {"[server]\n\ncolour = 1\n", "conf.d/x.toml:3:1: ", "unknown key \"colour\""},
      {"[server]\nthreads = \"x\"\n", "conf.d/x.toml:2:11: ", "must be an integer"},
      {"[[route]\n", "conf.d/x.toml:1:", ""},
      {"\n[[route]]\npath = \"/b/\"\ndelegation = \"none\"\n", "conf.d/x.toml:2:1: ", "needs upstreams"},
      {"[[route]]\npath = \"/b/\"\nupstreams = [\"http://a\", 7]\n",
       "conf.d/x.toml:3:26: ", "upstreams must have strings"},
      {route("/"), "conf.d/x.toml:2:8: ", "stands above already"},
      {"[server]\nlisten = [\"127.0.0.1:2\"]\n",
       "conf.d/x.toml:2:1: ", "server.listen stands in " + folder_ + "/proxy.toml:3:10 already"},
      {"include = [\"y.toml\"]\n", "conf.d/x.toml:1:11: ", "an included file includes no others"},
      {"server = 1\n", "conf.d/x.toml:1:1: ", "server stands in"},
      {"[route]\npath = \"/\"\n", "conf.d/x.toml:1:", "route stands in"},
  };
  for (const auto& fault : faults) {
    write("conf.d/x.toml", fault.text);
    EXPECT_THAT(error(), testing::StartsWith(folder_ + "/" + fault.where));
    EXPECT_THAT(error(), HasSubstr(fault.says));
  }
}

TEST_F(Includes, OfTwoFaultsTheFirstFilesIsToldFirst) {
  write("proxy.toml", kMain + "colour = 1\n" + route("/"));
  write("conf.d/x.toml", "[server]\nsound = 1\n");
  EXPECT_THAT(error(), testing::StartsWith(folder_ + "/proxy.toml:4:1: "));
}

TEST_F(Includes, WantAFileThatIsNamedButNoneOfAPattern) {
  write("proxy.toml", kMain + route("/"));
  EXPECT_EQ(error(), "");
  write("proxy.toml", "include = [\"none.toml\"]\n");
  EXPECT_EQ(error(), folder_ + "/proxy.toml:1:12: include: there is no file " + folder_ + "/none.toml");
  write("proxy.toml", "include = [\"conf.d\"]\n");
  EXPECT_EQ(error(), folder_ + "/conf.d:1:1: is a directory");
  write("proxy.toml", "include = [\"*.toml\"]\n");
  EXPECT_THAT(error(), HasSubstr("is this file, too"));
  write("conf.d/a.toml", "");
  write("proxy.toml", "include = [\"conf.d/a.toml\", \"conf.d/*.toml\"]\n");
  EXPECT_THAT(error(), HasSubstr("is included twice"));
  write("proxy.toml", "include = \"conf.d/a.toml\"\n");
  EXPECT_THAT(error(), HasSubstr("must be an array of strings"));
}

}  // namespace
}  // namespace stead::proxy
