#include "sspi_shim/locate/bounded_table.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace stead {
namespace {

TEST(BoundedTable, HasItsLimitWhateverNamesCome) {
  std::map<std::string, int> table;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    make_room(table, key, 10);
    table[key] = i;
    EXPECT_LE(table.size(), 10u);
    EXPECT_TRUE(table.contains(key));
  }
  EXPECT_EQ(table.size(), 10u);
}

TEST(BoundedTable, ErasesNothingForAKeyThatItHas) {
  std::map<std::string, int> table = {{"a", 1}, {"b", 2}};
  make_room(table, "a", 2);
  EXPECT_EQ(table.size(), 2u);
  make_room(table, "c", 3);
  EXPECT_EQ(table.size(), 2u);
}

}  // namespace
}  // namespace stead
