#include "core/network/aligned_buffer.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace peculiar {
namespace {

TEST(AlignedBufferTest, SmallAndHugeOnesAreAlignedZeroAndMovable) {
  for (const std::size_t size : {std::size_t{5}, std::size_t{5} << 18}) {  // 20 bytes, 5 MiB
    AlignedBuffer<float> buffer(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0u);
    EXPECT_EQ(buffer[size - 1], 0);
    buffer[size - 1] = 3;
    const AlignedBuffer<float> moved = std::move(buffer);
    EXPECT_EQ(moved[size - 1], 3);
    EXPECT_EQ(moved.size(), size);
  }
}

}  // namespace
}  // namespace peculiar
