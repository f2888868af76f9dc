// SPDX-License-Identifier: Apache-2.0
// One message of each kind with nothing left at its default, for tests and the corpus of the fuzzer.
#pragma once

#include <vector>

#include "mirror/message.h"

namespace tt::mirror::lab {

/// `data`: at least 4 KiB, referred to by the messages.
inline std::vector<Message> one_of_each(std::span<const std::byte> data) {
  const PairAttributes attributes{true, true, false, false, true};
  const Lineage lineage{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const PairPhase failed_over{PairRole::source, PairType::global_copy, PairState::suspended, SuspendReason::host_source,
                              true};
  return {
      Hello{1, 2, 0x4, 0x500507630EFFFE00, 0x500507630EFFFE01, 0x0101, 0x0003, 0xA1B2C3D4E5F60718, 78, "2107-75FA120"},
      Welcome{1, 0, 0x500507630EFFFE01, 77, "2107-75FA121"},
      Goodbye{PathStatus::other_image, "this is another image"},
      Beat{},
      Answer{AnswerCode::epoch, PathStatus::established, 42},
      OpenPath{0x10, 0x20, 0xFF10, 0xFF20, true},
      ClosePath{0x10, 0x20},
      OpenPair{
          {VolumeId(0x1000), VolumeId(0x2000), Generation(99), 1U << 21U, PairType::global_copy, attributes, lineage},
          false},
      PairOpened{Generation(97), 1U << 22U, false},
      PairReport{VolumeId(0x1000), VolumeId(0x2000), Generation(99), failed_over, lineage, 4211},
      ClosePair{},
      Suspend{SuspendReason::freeze},
      Resume{PairType::global_copy, attributes, lineage},
      DeclareDuplex{},
      FailBack{
          {VolumeId(0x2000), VolumeId(0x1000), Generation(98), 1U << 21U, PairType::global_copy, attributes, lineage},
          true},
      Write{0x123456, data.first(4096)},
      Zero{0x8000, 0x10000},
      GetMarks{64, 20},
      Marks{64, 20, data.subspan(4096, 3)},
      Fence{0xA1B2C3D4E5F60718},
  };
}

inline std::vector<std::byte> sample_data() {
  std::vector<std::byte> data(4096 + 3);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 7 % 251);
  data.back() = std::byte{0x0A};
  return data;
}

/// As it goes over the line.
inline std::vector<std::byte> whole_frame(const FrameHead& head, const Message& message) {
  std::vector<std::byte> bytes = encode_frame(head, message);
  const auto data = data_of(message);
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

}  // namespace tt::mirror::lab
