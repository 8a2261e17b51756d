#include "core/model/guard.h"

#include <c10/util/Exception.h>

#include <new>

namespace peculiar {

absl::Status StatusOfCurrentException(std::string_view what) {
  try {
    throw;
  } catch (const c10::Error& error) {
    // Its what() carries a stack trace. Running out of memory has a type of its own only on a GPU
    // and only in LibTorch 2.
    const std::string message = error.what_without_backtrace();
    // The last two are what LibTorch says when it could not get the workspace of any of cuDNN's
    // kernels for a convolution.
    for (const char* words :
         {"out of memory", "can't allocate memory", "STATUS_ALLOC_FAILED",
          "unable to find an engine", "Unable to find a valid cuDNN algorithm"}) {
      if (message.find(words) == std::string::npos) continue;
      return ResourceExhausted("{}: {}", what, message);
    }
    return Internal("{}: {}", what, message);
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("{}: out of memory", what);
  } catch (const std::exception& error) {
    return Internal("{}: {}", what, error.what());
  } catch (...) {
    return Internal("{}: an exception of an unknown type", what);
  }
}

}  // namespace peculiar
