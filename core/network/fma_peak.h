// What the machine's vector units reach in multiply-adds and nothing else: the limit that a step's
// arithmetic is a fraction of. Free of LibTorch.
#pragma once

namespace peculiar {

// 1e9 float32 operations a second (two a multiply-add) of `threads` threads together, measured over
// a tenth of a second with the widest vectors the machine has.
double MeasureFmaPeak(int threads);

}  // namespace peculiar
