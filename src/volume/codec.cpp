// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "volume/codec_fields.h"
#include "volume/derived.h"
#include "volume/mutation.h"

namespace tt::volume {

namespace {

constexpr std::size_t kMutations = std::variant_size_v<AnyMutation>;

template <std::size_t... I>
constexpr bool kinds_are_unique(std::index_sequence<I...>) {
  std::array<std::uint32_t, kMutations> kinds{kKind<std::variant_alternative_t<I, AnyMutation>>...};
  std::sort(kinds.begin(), kinds.end());
  return kinds.front() != 0 && std::adjacent_find(kinds.begin(), kinds.end()) == kinds.end();
}
static_assert(kinds_are_unique(std::make_index_sequence<kMutations>{}));

Result<void> check_version(ByteReader& reader) {
  const std::uint8_t version = reader.u8();
  if (version == 0) return Errc::bad_message;
  if (version > codec::kVersion) return {Errc::version_not_supported, version};
  return {};
}

/// Tries the alternatives of the variant in turn. A number that none of them has is a mutation of a later release,
/// which cannot be skipped as a field can.
template <std::size_t I = 0>
Result<Mutation> take_mutation(std::uint64_t kind, ByteReader& reader, codec::Budget& budget) {
  if constexpr (I == kMutations) {
    return {Errc::version_not_supported, kind};
  } else {
    using M = std::variant_alternative_t<I, AnyMutation>;
    if (kind != kKind<M>) return take_mutation<I + 1>(kind, reader, budget);
    M mutation;
    codec::Decoder::take(reader, budget, mutation);
    if (!reader.complete()) return Errc::bad_message;
    return Mutation(std::move(mutation));
  }
}

}  // namespace

std::vector<std::byte> encode_mutation(const Mutation& mutation) {
  ByteWriter writer;
  writer.u8(codec::kVersion);
  std::visit(
      [&writer]<class M>(const M& m) {
        writer.varint(kKind<M>);
        codec::Encoder::put(writer, m);
      },
      mutation);
  return writer.take();
}

Result<Mutation> decode_mutation(std::span<const std::byte> bytes) {
  return codec::decode_mutation_within(bytes, {});
}

std::vector<std::byte> encode_config(const ImageConfig& config) {
  ByteWriter writer;
  writer.u8(codec::kVersion);
  codec::Encoder::put(writer, config);
  return writer.take();
}

Result<ImageConfig> decode_config(std::span<const std::byte> bytes) {
  return codec::decode_config_within(bytes, {});
}

namespace codec {

Result<Mutation> decode_mutation_within(std::span<const std::byte> bytes, Budget budget) {
  ByteReader reader(bytes);
  TT_CHECK(check_version(reader));
  const std::uint64_t kind = reader.varint();
  if (!reader.ok() || kind == 0) return Errc::bad_message;
  return take_mutation(kind, reader, budget);
}

Result<ImageConfig> decode_config_within(std::span<const std::byte> bytes, Budget budget) {
  ByteReader reader(bytes);
  TT_CHECK(check_version(reader));
  ImageConfig config;
  Decoder::take(reader, budget, config);
  if (!reader.complete()) return Errc::bad_message;
  TT_CHECK(derive(config));
  return config;
}

}  // namespace codec

}  // namespace tt::volume
