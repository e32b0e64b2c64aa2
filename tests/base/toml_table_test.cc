#include "sspi_shim/base/toml_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stead {
namespace {

using Lines = std::vector<std::string>;

// The errors of reading `text` as a table [place] with these keys.
Lines errors_of(std::string_view text) {
  FileErrors errors("f.toml");
  const std::optional<toml::table> file = parse_toml(text, errors);
  if (file) {
    TomlTable table(*file, "[place]", errors);
    std::string name, note;
    bool open = false;
    std::uint16_t port = 0;
    table.required_text("name", name);
    table.any_text("note", note);
    table.boolean("open", open);
    table.integer("port", port, 1, 65535);
    (void)table.texts("doors");
    (void)table.tables("room");
    table.finish();
  }
  return errors.lines();
}

TEST(TomlTable, ReadsValues) {
  FileErrors errors("f.toml");
  const auto file = parse_toml("name = 'x'\nport = 88\ndoors = ['a', 'b']\none = 'c'\n[place]\n", errors);
  ASSERT_TRUE(file);
  TomlTable table(*file, "", errors);
  std::string name;
  std::uint16_t port = 0;
  EXPECT_TRUE(table.text("name", name));
  EXPECT_TRUE(table.integer("port", port, 1, 65535));
  EXPECT_EQ(name, "x");
  EXPECT_EQ(port, 88);
  const auto doors = table.texts("doors");
  ASSERT_EQ(doors.size(), 2u);
  EXPECT_EQ(doors[1].text, "b");
  EXPECT_EQ(doors[1].at, (FilePosition{3, 15}));
  EXPECT_EQ(table.text_or_texts("one").size(), 1u);
  EXPECT_NE(table.table("place"), nullptr);
  table.finish();
  EXPECT_EQ(errors.lines(), Lines());
}

TEST(TomlTable, NamesWhatIsWrongAndWhere) {
  EXPECT_EQ(errors_of("name = 'x'\nnote = ''\n"), Lines());
  EXPECT_EQ(errors_of("name = 'x'\nopen = 'yes'\nport = 70000\n"),
            (Lines{"f.toml:2:8: [place] open must be true or false, this is a string",
                   "f.toml:3:8: [place] port must be a number from 1 to 65535, this is 70000"}));
  EXPECT_EQ(errors_of("name = ''\n"), (Lines{"f.toml:1:8: [place] name is empty"}));
  EXPECT_EQ(errors_of("name = 'x'\ndoors = ['a', 1]\nroom = 1\n"),
            (Lines{"f.toml:2:15: [place] doors must be an array of strings, this is an integer",
                   "f.toml:3:8: [place] room must be an array of tables, this is an integer"}));
  EXPECT_EQ(errors_of(""), (Lines{"f.toml:1:1: [place] needs \"name\""}));
}

TEST(TomlTable, ListsTheKeysBesideAnUnknownOne) {
  EXPECT_EQ(errors_of("name = 'x'\nnmae = 'y'\n"),
            (Lines{"f.toml:2:1: unknown key \"nmae\" in [place], which has: name note open port doors room"}));
}

TEST(TomlTable, SaysWhereAFileIsNotToml) {
  const Lines got = errors_of("name = \n");
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].substr(0, 9), "f.toml:1:") << got[0];
}

TEST(BesideFile, RelativePathsBeginAtTheFilesFolder) {
  EXPECT_EQ(beside_file("/etc/stead/proxy.toml", "front.keytab"), "/etc/stead/front.keytab");
  EXPECT_EQ(beside_file("/etc/stead/proxy.toml", "FILE:front.keytab"), "FILE:/etc/stead/front.keytab");
  EXPECT_EQ(beside_file("/etc/stead/proxy.toml", "/k"), "/k");
  EXPECT_EQ(beside_file("/etc/stead/proxy.toml", "MEMORY:x"), "MEMORY:x");
}

}  // namespace
}  // namespace stead
