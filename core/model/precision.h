// In which numbers a GPU computes the layers over images. Parameters, cell states, gradients of
// parameters and losses are float32 always. Free of LibTorch.
#pragma once

#include <string_view>

namespace peculiar {

enum class Precision {
  kFp32,  // float32
  kTf32,  // float32, whose products take 10 bits of the mantissa: GPUs alone
  kBf16,  // maps and products in bfloat16 (8 bits), sums in float32
};

// "fp32", "tf32", "bf16".
std::string_view PrecisionName(Precision precision);

}  // namespace peculiar
