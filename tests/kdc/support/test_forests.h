#pragma once
// Forests for tests. Every password is "secret".
namespace stead::kdc::test {

// Two forests of two and three domains, an external domain beside them, and DCs of many levels. Four hops from FJORD to
// REEF.
extern const char kTwoForests[];
// One domain with a DC that knows RC4 and PA-FOR-USER only, and its successor.
extern const char kOldDomain[];

}  // namespace stead::kdc::test
