// SPDX-License-Identifier: Apache-2.0
// The tagged binary encoding (docs/formats.md, chapter "configuration"). A structure is a sequence of fields
//
//   tag (varint, ascending), length (varint), `length` bytes
//
// whose meaning fields() in codec_fields.h declares once for both directions. A decoder skips tags that it does not
// know and leaves members whose tag is missing at their defaults, so fields can be added without a new version.
// Integers and enumerations are varints (signed ones zigzag), text and lineages are their bytes, an empty optional is a
// missing field, a list or table is its elements one after the other, each with its length before it.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/byte_io.h"
#include "volume/mutation.h"

namespace tt::volume::codec {

inline constexpr std::uint8_t kVersion = 1;

using Extents = std::vector<std::optional<ExtentRef>>;

/// What decoding may still allocate beyond the size of its input: a few bytes can stand for many extents.
struct Budget {
  std::uint64_t extents = kMaxImageExtents;
};

/// Largest valid value of an enumeration; specialised beside the fields.
template <class Enum>
struct LastOf;

template <class T>
inline constexpr bool kIsStrong = false;
template <class Tag, class Rep>
inline constexpr bool kIsStrong<Strong<Tag, Rep>> = true;

constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1));
}

/// Given to fields() to write a structure.
class Encoder {
 public:
  /// One value of any type that fields() may name.
  template <class T>
  static void put(ByteWriter& writer, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      writer.varint(static_cast<std::uint64_t>(value));
    } else if constexpr (kIsStrong<T>) {
      writer.varint(value.value);
    } else if constexpr (std::signed_integral<T>) {
      writer.varint(zigzag(value));
    } else if constexpr (std::unsigned_integral<T>) {
      writer.varint(value);
    } else if constexpr (std::same_as<T, std::string>) {
      writer.text(value);
    } else if constexpr (std::same_as<T, mirror::Lineage>) {
      for (const std::uint8_t byte : value) writer.u8(byte);
    } else {
      Encoder encoder(writer);
      fields(encoder, value);
    }
  }
  template <class T>
  static void put(ByteWriter& writer, const std::vector<T>& list) {
    for (const T& element : list) put_sized(writer, element);
  }
  template <class Key, class T>
  static void put(ByteWriter& writer, const std::map<Key, T>& table) {
    for (const auto& [key, element] : table) put_sized(writer, element);
  }
  template <class T, VolumeId T::* From, VolumeId T::* Onto>
  static void put(ByteWriter& writer, const CopyTable<T, From, Onto>& table) {
    put(writer, table.entries());
  }
  static void put(ByteWriter& writer, const Extents& extents);

  template <class T>
  void operator()(std::uint32_t tag, const T& value) {
    TT_ASSERT(tag > last_tag_);
    last_tag_ = tag;
    writer_.varint(tag);
    put_sized(writer_, value);
  }
  template <class T>
  void operator()(std::uint32_t tag, const std::optional<T>& value) {
    if (value) (*this)(tag, *value);
  }

 private:
  explicit Encoder(ByteWriter& writer) noexcept : writer_(writer) {}

  template <class T>
  static void put_sized(ByteWriter& writer, const T& value) {
    ByteWriter body;
    put(body, value);
    writer.varint(body.size());
    writer.bytes(body.view());
  }

  ByteWriter& writer_;
  std::uint32_t last_tag_ = 0;
};

/// Given to fields() to read a structure.
class Decoder {
 public:
  /// One value of any type that fields() may name, from all bytes of the reader; fails the reader on anything else.
  template <class T>
  static void take(ByteReader& reader, Budget& budget, T& value) {
    if constexpr (std::same_as<T, bool>) {
      value = take_unsigned<std::uint8_t>(reader, 1) != 0;
    } else if constexpr (std::is_enum_v<T>) {
      using Rep = std::underlying_type_t<T>;
      value = static_cast<T>(take_unsigned<Rep>(reader, static_cast<Rep>(LastOf<T>::value)));
    } else if constexpr (kIsStrong<T>) {
      value = T(take_unsigned<decltype(T::value)>(reader));
    } else if constexpr (std::same_as<T, std::int64_t>) {
      value = unzigzag(reader.varint());
    } else if constexpr (std::unsigned_integral<T>) {
      value = take_unsigned<T>(reader);
    } else if constexpr (std::same_as<T, std::string>) {
      value = reader.text(reader.remaining());
    } else if constexpr (std::same_as<T, mirror::Lineage>) {
      for (std::uint8_t& byte : value) byte = reader.u8();
    } else {
      Decoder decoder(reader, budget);
      if (reader.ok()) fields(decoder, value);
    }
  }
  template <class T>
  static void take(ByteReader& reader, Budget& budget, std::vector<T>& list) {
    list.clear();
    while (reader.ok() && reader.remaining() > 0) take_sized(reader, budget, list.emplace_back());
  }
  /// The key is part of the element (key_of); keys ascend, so none comes twice.
  template <class Key, class T>
  static void take(ByteReader& reader, Budget& budget, std::map<Key, T>& table) {
    table.clear();
    while (reader.ok() && reader.remaining() > 0) {
      T element;
      take_sized(reader, budget, element);
      const Key key = key_of(element);
      if (!table.empty() && !(table.rbegin()->first < key)) return reader.fail();
      table.emplace_hint(table.end(), key, std::move(element));
    }
  }
  template <class T, VolumeId T::* From, VolumeId T::* Onto>
  static void take(ByteReader& reader, Budget& budget, CopyTable<T, From, Onto>& table) {
    std::map<Generation, T> entries;
    take(reader, budget, entries);
    table = CopyTable<T, From, Onto>(std::move(entries));
  }
  static void take(ByteReader& reader, Budget& budget, Extents& extents);

  template <class T>
  void operator()(std::uint32_t tag, T& value) {
    TT_ASSERT(tag < kTags);
    const auto& body = bodies_[tag];
    if (!body || !reader_.ok()) return;
    ByteReader reader(*body);
    take(reader, budget_, value);
    if (!reader.complete()) reader_.fail();
  }
  template <class T>
  void operator()(std::uint32_t tag, std::optional<T>& value) {
    if (bodies_[tag]) (*this)(tag, value.emplace());
  }

  template <std::unsigned_integral T>
  static T take_unsigned(ByteReader& reader, T last = std::numeric_limits<T>::max()) {
    const std::uint64_t value = reader.varint();
    if (value > last) reader.fail();
    return static_cast<T>(value);
  }

 private:
  static constexpr std::size_t kTags = 96;  // tags from here on are from later versions

  Decoder(ByteReader& reader, Budget& budget) noexcept : reader_(reader), budget_(budget) {
    std::uint64_t last = 0;
    while (reader.ok() && reader.remaining() > 0) {
      const std::uint64_t tag = reader.varint();
      const auto body = reader.bytes(reader.varint());
      if (tag <= last) reader.fail();
      last = tag;
      if (tag < kTags) bodies_[tag] = body;
    }
  }

  template <class T>
  static void take_sized(ByteReader& reader, Budget& budget, T& value) {
    ByteReader body(reader.bytes(reader.varint()));
    if (!reader.ok()) return;
    take(body, budget, value);
    if (!body.complete()) reader.fail();
  }

  ByteReader& reader_;
  Budget& budget_;
  std::array<std::optional<std::span<const std::byte>>, kTags> bodies_{};
};

/// decode_config() with a smaller budget, for tests that run it very often.
Result<ImageConfig> decode_config_within(std::span<const std::byte> bytes, Budget budget);
Result<Mutation> decode_mutation_within(std::span<const std::byte> bytes, Budget budget);

}  // namespace tt::volume::codec
