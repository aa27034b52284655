// Weights laid out for products of few rows, which read all of a weight for little work: from end to end, as memory gives it fastest.

#ifndef HEED_PACKED_WEIGHTS_H_
#define HEED_PACKED_WEIGHTS_H_

#include <memory>

#include "tensorflow/c/tf_tensor.h"

namespace heed {

struct TensorDeleter {
  void operator()(TF_Tensor *tensor) const { TF_DeleteTensor(tensor); }
};
using HeldTensor = std::unique_ptr<TF_Tensor, TensorDeleter>;

/**
 * A weight [k, columns] as panels: [columns / kPanel, k, kPanel], the last one filled up with zeros. Null at its first use, and where there is
 * no more room.
 *
 * From its second use on the tensor is held. TensorFlow's ops and ours write to an input's memory only if nobody else holds it, so what is
 * held keeps its numbers, and its address tells it. What nobody else holds any more is let go of.
 */
std::shared_ptr<const float> PackedWeight(HeldTensor weight, long k, long columns);

}  // namespace heed

#endif  // HEED_PACKED_WEIGHTS_H_
