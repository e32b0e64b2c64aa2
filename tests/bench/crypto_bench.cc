// Ours and libk5crypto's cryptography on 1.4 kB, which a ticket with a PAC has. Warm: the key has been used; cold: a
// session key's first use, with what it takes to make the key.
#include <benchmark/benchmark.h>
#include <array>
#include <cstdint>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/random.h"
#include "tests/protocol/crypto/libk5crypto.h"

namespace stead {
namespace {

constexpr auto kUsage = KeyUsage::ticket;
const Buffer kPlain = random_buffer(1400);

EncType type_of(const benchmark::State& state) {
  return EncType(state.range(0));
}

void ours_encrypt_warm(benchmark::State& state) {
  const auto key = Key::random(type_of(state));
  for (auto _ : state) benchmark::DoNotOptimize(encrypt(key, kUsage, kPlain));
}
void ours_decrypt_warm(benchmark::State& state) {
  const auto key = Key::random(type_of(state));
  const auto cipher = encrypt(key, kUsage, kPlain);
  for (auto _ : state) benchmark::DoNotOptimize(decrypt(key, kUsage, cipher));
}
void ours_checksum_warm(benchmark::State& state) {
  const auto key = Key::random(type_of(state));
  for (auto _ : state) benchmark::DoNotOptimize(make_checksum(key, kUsage, kPlain));
}
void ours_encrypt_cold(benchmark::State& state) {
  const auto value = to_buffer(Key::random(type_of(state)).value());
  for (auto _ : state) benchmark::DoNotOptimize(encrypt(*Key::make(type_of(state), value), kUsage, kPlain));
}
void ours_decrypt_cold(benchmark::State& state) {
  const auto key = Key::random(type_of(state));
  const auto cipher = encrypt(key, kUsage, kPlain);
  for (auto _ : state) benchmark::DoNotOptimize(decrypt(*Key::make(key.type(), key.value()), kUsage, cipher));
}
void ours_checksum_cold(benchmark::State& state) {
  const auto value = to_buffer(Key::random(type_of(state)).value());
  for (auto _ : state) benchmark::DoNotOptimize(make_checksum(*Key::make(type_of(state), value), kUsage, kPlain));
}
void ours_from_password(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(Key::from_password(type_of(state), "Passw0rd!", "CORP.CONTOSO.COMalice"));
}
void ours_random_bytes(benchmark::State& state) {
  std::array<std::uint8_t, 16> bytes;
  for (auto _ : state) random_bytes(bytes);
}

// A krb5_key keeps what it derives, a krb5_keyblock does not.
struct KrbKey {
  krb5_keyblock block;
  krb5_key key = nullptr;
  explicit KrbKey(const Key& from) : block(oracle::keyblock(from)) {
    krb5_k_create_key(oracle::context(), &block, &key);
  }
  ~KrbKey() { krb5_k_free_key(oracle::context(), key); }
};

void krb_encrypt(krb5_key key, Buffer& room) {
  const auto in = oracle::borrow(kPlain);
  krb5_enc_data out{};
  out.ciphertext = oracle::borrow(room);
  krb5_k_encrypt(oracle::context(), key, krb5_keyusage(kUsage), nullptr, &in, &out);
}
void krb_decrypt(krb5_key key, const Buffer& cipher, Buffer& room) {
  krb5_enc_data in{};
  in.enctype = krb5_k_key_enctype(oracle::context(), key);
  in.ciphertext = oracle::borrow(cipher);
  auto out = oracle::borrow(room);
  krb5_k_decrypt(oracle::context(), key, krb5_keyusage(kUsage), nullptr, &in, &out);
}
void krb_checksum(krb5_key key) {
  const auto in = oracle::borrow(kPlain);
  krb5_checksum sum{};
  krb5_k_make_checksum(oracle::context(), 0, key, krb5_keyusage(kUsage), &in, &sum);
  krb5_free_checksum_contents(oracle::context(), &sum);
}

void libk5crypto_encrypt_warm(benchmark::State& state) {
  const auto from = Key::random(type_of(state));
  const KrbKey key(from);
  Buffer room(1500);
  for (auto _ : state) krb_encrypt(key.key, room);
}
void libk5crypto_decrypt_warm(benchmark::State& state) {
  const auto from = Key::random(type_of(state));
  const KrbKey key(from);
  const auto cipher = encrypt(from, kUsage, kPlain);
  Buffer room(1500);
  for (auto _ : state) krb_decrypt(key.key, cipher, room);
}
void libk5crypto_checksum_warm(benchmark::State& state) {
  const auto from = Key::random(type_of(state));
  const KrbKey key(from);
  for (auto _ : state) krb_checksum(key.key);
}
void libk5crypto_encrypt_cold(benchmark::State& state) {
  const auto from = Key::random(type_of(state));
  Buffer room(1500);
  for (auto _ : state) krb_encrypt(KrbKey(from).key, room);
}
void libk5crypto_decrypt_cold(benchmark::State& state) {
  const auto from = Key::random(type_of(state));
  const auto cipher = encrypt(from, kUsage, kPlain);
  Buffer room(1500);
  for (auto _ : state) krb_decrypt(KrbKey(from).key, cipher, room);
}
void libk5crypto_checksum_cold(benchmark::State& state) {
  const auto from = Key::random(type_of(state));
  for (auto _ : state) krb_checksum(KrbKey(from).key);
}
void libk5crypto_from_password(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(oracle::string_to_key(type_of(state), "Passw0rd!", "CORP.CONTOSO.COMalice"));
}

void every_type(benchmark::internal::Benchmark* b) {
  b->ArgName("etype")->DenseRange(17, 20)->Arg(23);
}

BENCHMARK(ours_encrypt_warm)->Apply(every_type);
BENCHMARK(libk5crypto_encrypt_warm)->Apply(every_type);
BENCHMARK(ours_encrypt_cold)->Apply(every_type);
BENCHMARK(libk5crypto_encrypt_cold)->Apply(every_type);
BENCHMARK(ours_decrypt_warm)->Apply(every_type);
BENCHMARK(libk5crypto_decrypt_warm)->Apply(every_type);
BENCHMARK(ours_decrypt_cold)->Apply(every_type);
BENCHMARK(libk5crypto_decrypt_cold)->Apply(every_type);
BENCHMARK(ours_checksum_warm)->Apply(every_type);
BENCHMARK(libk5crypto_checksum_warm)->Apply(every_type);
BENCHMARK(ours_checksum_cold)->Apply(every_type);
BENCHMARK(libk5crypto_checksum_cold)->Apply(every_type);
BENCHMARK(ours_from_password)->Arg(17)->Arg(18)->Arg(19)->Arg(20);
BENCHMARK(libk5crypto_from_password)->Arg(17)->Arg(18)->Arg(19)->Arg(20);
BENCHMARK(ours_random_bytes);

}  // namespace
}  // namespace stead

BENCHMARK_MAIN();
