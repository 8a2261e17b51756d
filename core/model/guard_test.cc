#include "core/model/guard.h"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

namespace peculiar {
namespace {

TEST(GuardTest, WantOfMemoryIsToldFromOtherErrors) {
  for (const char* words : {"CUDA out of memory. Tried to allocate 2.00 GiB",
                            "GET was unable to find an engine to execute this computation",
                            "Unable to find a valid cuDNN algorithm to run convolution"}) {
    const absl::Status status = Guard("cannot step", [&] { TORCH_CHECK(false, words); });
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_EQ(status.message(), std::string("cannot step: ") + words);
  }
  EXPECT_TRUE(absl::IsResourceExhausted(Guard("x", [] { throw std::bad_alloc(); })));
  EXPECT_TRUE(absl::IsInternal(Guard("x", [] { TORCH_CHECK(false, "an engine of no kind"); })));
  EXPECT_TRUE(absl::IsInternal(Guard("x", [] { throw std::runtime_error("no"); })));
  EXPECT_TRUE(absl::IsInternal(Guard("x", [] { throw 7; })));
}

TEST(GuardTest, WhatIsReturnedIsPassedOn) {
  EXPECT_EQ(*Guard("x", [] { return absl::StatusOr<int>(7); }), 7);
  EXPECT_TRUE(Guard("x", [] {}).ok());
}

}  // namespace
}  // namespace peculiar
