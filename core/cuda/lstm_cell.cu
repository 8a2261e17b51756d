#include "core/cuda/launch.cuh"
#include "core/cuda/lstm_cell.h"

namespace peculiar {

template <typename T>
CudaError LaunchLstmCellForward(const LstmCellCall<T>& call, CudaStream stream) {
  return WithActivations(call.hard_sigmoid, call.tanh, [&](auto gate, auto activation) {
    return LaunchItems(LstmCellForward<decltype(gate), decltype(activation), T>{call},
                       ItemsOf(call), stream);
  });
}

template <typename T>
CudaError LaunchLstmCellBackward(const LstmCellCall<T>& call, CudaStream stream) {
  return WithActivations(call.hard_sigmoid, call.tanh, [&](auto gate, auto activation) {
    return LaunchItems(LstmCellBackward<decltype(gate), decltype(activation), T>{call},
                       ItemsOf(call), stream);
  });
}

template CudaError LaunchLstmCellForward(const LstmCellCall<float>&, CudaStream);
template CudaError LaunchLstmCellForward(const LstmCellCall<BFloat16>&, CudaStream);
template CudaError LaunchLstmCellBackward(const LstmCellCall<float>&, CudaStream);
template CudaError LaunchLstmCellBackward(const LstmCellCall<BFloat16>&, CudaStream);

}  // namespace peculiar
