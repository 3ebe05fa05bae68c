#pragma once

namespace mj {

/// While one stands, OpenBLAS computes each call in the caller's thread: rows and panels are spread over
/// threads by parallel_for, and the order of every sum is the same for any number of threads. OpenBLAS keeps
/// the setting for the whole process (libtorch shares it), so the last guard to go puts the former number
/// back.
class SingleThreadedBlas {
 public:
  SingleThreadedBlas();
  ~SingleThreadedBlas();
  SingleThreadedBlas(const SingleThreadedBlas&) = delete;
  SingleThreadedBlas& operator=(const SingleThreadedBlas&) = delete;
};

}  // namespace mj
