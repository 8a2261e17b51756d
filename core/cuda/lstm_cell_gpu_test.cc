#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/cuda/gpus.h"
#include "core/cuda/lstm_cell_example.h"

namespace peculiar {
namespace {

// A copy of an array in device memory, brought back when it goes.
template <typename T>
class OnDevice {
 public:
  explicit OnDevice(std::vector<T>& values) : values_(values) {
    void* memory = nullptr;
    EXPECT_EQ(cudaMalloc(&memory, bytes()), cudaSuccess);
    data_ = static_cast<T*>(memory);
    EXPECT_EQ(cudaMemcpy(data_, values_.data(), bytes(), cudaMemcpyHostToDevice), cudaSuccess);
  }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  ~OnDevice() {
    EXPECT_EQ(cudaMemcpy(values_.data(), data_, bytes(), cudaMemcpyDeviceToHost), cudaSuccess);
    EXPECT_EQ(cudaFree(data_), cudaSuccess);
  }
  T* data() const { return data_; }

 private:
  std::size_t bytes() const { return values_.size() * sizeof(T); }
  std::vector<T>& values_;
  T* data_ = nullptr;
};

// The example's call, launched on copies of its arrays.
template <typename T>
void RunOnDevice(LstmCellExample<T>& step,
                 CudaError (*launch)(const LstmCellCall<T>&, CudaStream)) {
  LstmCellCall<T> call = step.Call();
  const OnDevice input_sums(step.input_sums), recurrent_sums(step.recurrent_sums);
  const OnDevice cell_before(step.cell_before), cell(step.cell), gates(step.gates);
  const OnDevice hidden(step.hidden), hidden_gradient(step.hidden_gradient);
  const OnDevice hidden_gradient_next(step.hidden_gradient_next);
  const OnDevice cell_gradient(step.cell_gradient), gate_gradient(step.gate_gradient);
  call.input_sums = input_sums.data();
  if (call.recurrent_sums != nullptr) call.recurrent_sums = recurrent_sums.data();
  if (call.cell_before != nullptr) call.cell_before = cell_before.data();
  call.cell = cell.data();
  call.gates = gates.data();
  call.hidden = hidden.data();
  call.hidden_gradient = hidden_gradient.data();
  if (call.hidden_gradient_next != nullptr) call.hidden_gradient_next = hidden_gradient_next.data();
  call.cell_gradient = cell_gradient.data();
  call.gate_gradient = gate_gradient.data();
  EXPECT_TRUE(CudaStatus(launch(call, nullptr), "cannot launch the cell").ok());
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

template <typename T>
class LstmCellGpuTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto gpus = CountGpus(); !gpus.ok()) GTEST_SKIP() << gpus.status().message();
  }
};
using Stored = testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(LstmCellGpuTest, Stored);

TYPED_TEST(LstmCellGpuTest, EqualsTheEngineOfTheCpu) {
  ForEachLstmCellCase([](const LstmCellCase& example) {
    LstmCellExample<TypeParam> step(example);
    RunOnDevice(step, LaunchLstmCellForward<TypeParam>);
    step.ExpectForward();
    const std::vector<float> next = step.cell_gradient;
    RunOnDevice(step, LaunchLstmCellBackward<TypeParam>);
    step.ExpectBackward(next);
  });
}

TYPED_TEST(LstmCellGpuTest, RefusesMoreItemsThanAGridHasAndAcceptsNone) {
  LstmCellCall<TypeParam> call;
  call.lanes = 4;
  EXPECT_TRUE(CudaStatus(LaunchLstmCellForward(call, nullptr), "no pixels").ok());
  call.pixels = std::numeric_limits<int>::max();
  EXPECT_NE(LaunchLstmCellForward(call, nullptr), 0);
}

}  // namespace
}  // namespace peculiar
