// The C++ library's archive of Debian 12 takes its random device from glibc 2.36. With this in its
// place a program runs with the glibc 2.35 of Ubuntu 22.04; the kernel's generator is the same.
#include <sys/random.h>

#include <cstdint>
#include <cstdlib>

extern "C" std::uint32_t arc4random() {
  std::uint32_t value;
  if (getrandom(&value, sizeof value, 0) != sizeof value) std::abort();  // as glibc's does
  return value;
}
