#include "core/model/precision.h"

namespace peculiar {

std::string_view PrecisionName(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return "fp32";
    case Precision::kTf32:
      return "tf32";
    case Precision::kBf16:
      break;
  }
  return "bf16";
}

}  // namespace peculiar
