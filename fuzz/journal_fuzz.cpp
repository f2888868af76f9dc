// SPDX-License-Identifier: Apache-2.0
// Hostile bytes against the decoders of journal/. The first byte chooses the decoder; odd values first repair the
// checksum, because no fuzzer finds a CRC by itself.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/assert.h"
#include "base/crc32c.h"
#include "journal/map_delta.h"
#include "journal/meta_codec.h"
#include "journal/slot_codec.h"

namespace {

using namespace tt;
using namespace tt::journal;

void fuzz_slot(std::vector<std::byte> bytes, bool repair) {
  if (bytes.size() < kSlotHeadBytes) bytes.resize(kSlotHeadBytes);
  if (repair) write_header(bytes, read_header(bytes));
  (void)proves_durable(bytes, 0, 0, SlotSeq{1});
  if (check_head(bytes) != SlotFault::none) return;
  const SlotHeader header = read_header(bytes);
  TT_ASSERT(header.slot_bytes <= kMaxSlotBytes);
  std::vector<std::byte> damaged(bytes.begin(), bytes.begin() + kSlotHeadBytes);
  damaged[header.payload_crc % kSlotHeadBytes] ^= std::byte{1};
  TT_ASSERT(check_head(damaged) != SlotFault::none);
  bytes.resize(header.slot_bytes);
  (void)check_payload(header, bytes);
  (void)check_link(header, after(header, 64_MiB), header.ring_id);
  for (std::size_t i = 0; i < header.record_count; ++i) {
    const RecordHeader record = read_record(bytes, i);
    TT_ASSERT(record.payload_offset + std::uint64_t{record.payload_bytes} <= header.slot_bytes);
  }
}

void fuzz_superblock(std::vector<std::byte> bytes, bool repair) {
  if (bytes.size() < kPageBytes) bytes.resize(kPageBytes);
  if (repair) {
    const auto page = std::span(bytes).first(kPageBytes);
    const std::uint32_t crc = crc32c(crc32c(0, page.first(12)), page.subspan(20));
    std::memcpy(bytes.data() + 12, &crc, sizeof crc);
  }
  const SuperblockCopy copy = decode_superblock(bytes, 1);
  if (copy.fault != SuperblockFault::none) return;
  const SuperblockCopy again = decode_superblock(encode_superblock(copy.content, 1), 1);
  TT_ASSERT(again.fault == SuperblockFault::none && again.content.sequence == copy.content.sequence);
  // One wrong bit anywhere, and it is no superblock any more.
  std::vector<std::byte> damaged = encode_superblock(copy.content, 1);
  damaged[copy.checksum % kPageBytes] ^= std::byte{1};
  TT_ASSERT(decode_superblock(damaged, 1).fault != SuperblockFault::none);
}

void fuzz_index(std::span<const std::byte> bytes) {
  const auto index = decode_index(bytes);
  if (!index) return;
  const auto encoded = encode_index(*index);
  TT_ASSERT(encoded.size() == bytes.size() && decode_index(encoded));
}

void fuzz_deltas(std::span<const std::byte> bytes) {
  const auto deltas = decode_map_deltas(bytes);
  if (!deltas) return;
  std::vector<std::byte> encoded;
  encode_map_deltas(*deltas, encoded);
  const auto again = decode_map_deltas(encoded);
  TT_ASSERT(encoded.size() == bytes.size() && again && *again == *deltas);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::byte> input(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  const std::vector<std::byte> bytes(input.begin(), input.end());
  const bool repair = (data[0] & 1U) != 0;
  switch (data[0] / 2 % 4) {
    case 0:
      fuzz_slot(bytes, repair);
      break;
    case 1:
      fuzz_superblock(bytes, repair);
      break;
    case 2:
      fuzz_index(bytes);
      break;
    default:
      fuzz_deltas(bytes);
      break;
  }
  return 0;
}
