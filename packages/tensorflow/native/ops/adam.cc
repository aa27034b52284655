// An optimizer's step on all weights as one vector, which is laid together and taken apart.

#include "op.h"

namespace heed {
namespace {

void Adam(Call &call, const Attributes &attributes) {
  call.requireInputs(6);
  const auto weights = call.input(0, "weights"), first = call.input(1, "first"), second = call.input(2, "second");
  const auto gradient = call.input(3, "gradient"), learning_rate = call.input(4, "learning_rate"), epsilon = call.input(5, "epsilon");
  const long size = weights.size();
  call.require(first.size() == size && second.size() == size && gradient.size() == size && learning_rate.size() == 1 && epsilon.size() == 1,
               "weights, moments and gradient must be of one size, the learning rate and epsilon numbers");
  if (!call.ok()) return;
  float *new_weights = call.outputInPlaceOf({0}, 0, weights.shape), *new_first = call.outputInPlaceOf({1}, 1, first.shape);
  float *new_second = call.outputInPlaceOf({2}, 2, second.shape);
  if (!call.ok()) return;
  const AdamArguments adam{weights.data,     first.data,       second.data, gradient.data, *learning_rate.data, *epsilon.data,
                           attributes.beta1, attributes.beta2, new_weights, new_first,     new_second};
  ParallelFor(size, kLightPart, [&](Range range) { BestKernels().adam(range, adam); });
}

/** How many numbers the inputs from `first` on have together. */
long SizeOfAll(Call &call, int first, std::vector<Call::Input> &tensors) {
  long size = 0;
  for (int i = first; i < call.inputs() && call.ok(); ++i) {
    tensors.push_back(call.input(i, "tensors"));
    size += tensors.back().size();
  }
  return size;
}

/** Tensors laid end to end. */
void Flatten(Call &call, const Attributes &) {
  std::vector<Call::Input> tensors;
  const long size = SizeOfAll(call, 0, tensors);
  float *flat = call.output(0, {size});
  if (!call.ok()) return;
  for (const auto &tensor : tensors) flat = std::copy(tensor.data, tensor.data + tensor.size(), flat);
}

/** The tensors that a flat one consists of, of the shapes of those that follow it. */
void Unflatten(Call &call, const Attributes &) {
  const auto flat = call.input(0, "flat");
  std::vector<Call::Input> likes;
  call.require(SizeOfAll(call, 1, likes) == flat.size(), "the flat tensor must have as many numbers as all others together");
  const float *from = flat.data;
  for (size_t i = 0; i < likes.size(); ++i) {
    float *tensor = call.output(static_cast<int>(i), likes[i].shape);
    if (!call.ok()) return;
    std::copy(from, from + likes[i].size(), tensor);
    from += likes[i].size();
  }
}

}  // namespace

std::vector<Op> AdamOps() {
  return {
      {"HeedAdam",
       {"weights", "first", "second", "gradient", "learning_rate", "epsilon"},
       {"new_weights", "new_first", "new_second"},
       Compute<Adam>,
       {"beta1: float", "beta2: float"}},
      {"HeedFlatten", {"tensors*"}, {"flat"}, Compute<Flatten>, {"N: int >= 1"}},
      {"HeedUnflatten", {"flat", "like*"}, {"tensors*"}, Compute<Unflatten>, {"N: int >= 1"}},
  };
}

}  // namespace heed
