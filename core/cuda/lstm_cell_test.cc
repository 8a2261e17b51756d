#include "core/cuda/lstm_cell.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "core/cuda/lstm_cell_example.h"
#include "core/cuda/run_on_host.h"

namespace peculiar {
namespace {

template <typename T>
void ForwardOnHost(const LstmCellCall<T>& call) {
  WithActivations(call.hard_sigmoid, call.tanh, [&](auto gate, auto activation) {
    RunItemsOnHost(LstmCellForward<decltype(gate), decltype(activation), T>{call}, ItemsOf(call));
  });
}
template <typename T>
void BackwardOnHost(const LstmCellCall<T>& call) {
  WithActivations(call.hard_sigmoid, call.tanh, [&](auto gate, auto activation) {
    RunItemsOnHost(LstmCellBackward<decltype(gate), decltype(activation), T>{call}, ItemsOf(call));
  });
}

TEST(LstmCellPlaceTest, ItemsCoverEveryValueOnce) {
  for (const int lanes : {4, 8, 48}) {
    constexpr int kPixels = 7;
    LstmCellCall<float> call;
    call.pixels = kPixels;
    call.lanes = lanes;
    std::set<std::int64_t> states, gates;
    for (int item = 0; item < ItemsOf(call); ++item) {
      const LstmCellPlace place = LstmCellPlaceOf(item, lanes);
      for (int k = 0; k < 4; ++k) {
        EXPECT_TRUE(states.insert(place.state + k).second);
        for (int gate = 0; gate < 4; ++gate) {
          EXPECT_TRUE(gates.insert(place.gates + gate * lanes + k).second);
        }
      }
    }
    EXPECT_EQ(states.size(), static_cast<std::size_t>(kPixels * lanes));
    EXPECT_EQ(*states.rbegin(), kPixels * lanes - 1);
    EXPECT_EQ(gates.size(), static_cast<std::size_t>(4 * kPixels * lanes));
    EXPECT_EQ(*gates.rbegin(), 4 * kPixels * lanes - 1);
  }
}

TEST(LstmCellPlaceTest, OffsetsOfLargeBatchesFit) {
  constexpr int kLast = std::numeric_limits<int>::max();
  const LstmCellPlace place = LstmCellPlaceOf(kLast, 32);
  EXPECT_EQ(place.state, 4 * std::int64_t{kLast});
  EXPECT_EQ(place.gates, 16 * (std::int64_t{kLast} - 7) + 28);
}

template <typename T>
class LstmCellTest : public testing::Test {};
using Stored = testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(LstmCellTest, Stored);

TYPED_TEST(LstmCellTest, OnTheHostEqualsTheEngineOfTheCpu) {
  ForEachLstmCellCase([](const LstmCellCase& example) {
    LstmCellExample<TypeParam> step(example);
    ForwardOnHost(step.Call());
    step.ExpectForward();
    const std::vector<float> next = step.cell_gradient;
    BackwardOnHost(step.Call());
    step.ExpectBackward(next);
  });
}

TYPED_TEST(LstmCellTest, WithoutGatesForwardIsTheSame) {
  LstmCellExample<TypeParam> kept({.pixels = 5}), lean({.pixels = 5});
  const std::vector<float> untouched = Floats(lean.gates);
  ForwardOnHost(kept.Call());
  LstmCellCall<TypeParam> call = lean.Call();
  call.gates = nullptr;
  ForwardOnHost(call);
  EXPECT_EQ(Floats(lean.hidden), Floats(kept.hidden));
  EXPECT_EQ(lean.cell, kept.cell);
  EXPECT_EQ(Floats(lean.gates), untouched);
}

TYPED_TEST(LstmCellTest, PadsStayZero) {
  LstmCellExample<TypeParam> step({.pixels = 1});
  for (auto* sums : {&step.input_sums, &step.recurrent_sums}) {
    for (std::size_t gate = 0; gate < 4; ++gate) (*sums)[4 * gate + 3] = FromFloat<TypeParam>(0);
  }
  step.cell_before[3] = 0;
  ForwardOnHost(step.Call());
  EXPECT_EQ(step.cell[3], 0);
  EXPECT_EQ(ToFloat(step.hidden[3]), 0);
}

}  // namespace
}  // namespace peculiar
