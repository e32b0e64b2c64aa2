#include "sspi_shim/protocol/types/name_case.h"

#include <gtest/gtest.h>

namespace stead {
namespace {

TEST(NameCase, GoesByTheUpperCaseOfEachCharacter) {
  EXPECT_TRUE(equal_names("alice", "ALICE"));
  EXPECT_TRUE(equal_names("müller", "MÜLLER"));
  EXPECT_TRUE(equal_names("Ærø-Øst", "ærØ-øSt"));
  EXPECT_TRUE(equal_names("иван", "ИВАН"));
  EXPECT_TRUE(equal_names("σς", "ΣΣ"));
  EXPECT_TRUE(equal_names("ÿ", "Ÿ"));
  EXPECT_EQ(fold_case("müller@root"), "MÜLLER@ROOT");
  EXPECT_EQ(fold_case(""), "");
}

TEST(NameCase, KeepsApartWhatIsNotACase) {
  EXPECT_FALSE(equal_names("müller", "muller"));
  EXPECT_FALSE(equal_names("straße", "STRASSE"));
  EXPECT_EQ(fold_case("ß"), "ß");
  EXPECT_FALSE(equal_names("müller", "müllers"));
  EXPECT_FALSE(equal_names("", "ü"));
}

// A name with one of these is not an administrator's.
TEST(NameCase, MakesNothingAscii) {
  EXPECT_FALSE(equal_names("adm\u0131n", "ADMIN"));  // dotless i
  EXPECT_FALSE(equal_names("\u017Fql", "SQL"));      // long s
  EXPECT_FALSE(equal_names("\u212Aim", "kim"));      // the Kelvin sign
}

TEST(NameCase, LeavesOctetsThatAreNoUtf8) {
  EXPECT_EQ(fold_case("a\xff\xc3"), "A\xff\xc3");
  EXPECT_FALSE(equal_names("\xff", "\xfe"));
}

}  // namespace
}  // namespace stead
