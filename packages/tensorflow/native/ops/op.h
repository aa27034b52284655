// What all families of ops share: a call as TensorFlow makes it, and how an op is declared.

#ifndef HEED_OP_H_
#define HEED_OP_H_

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "kernels.h"
#include "packed_weights.h"
#include "parallel.h"
// Else kernels.h wants headers of TensorFlow's inside, for what is not used here.
#define IS_SLIM_BUILD
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace heed {

struct StatusDeleter {
  void operator()(TF_Status *status) const { TF_DeleteStatus(status); }
};
using Status = std::unique_ptr<TF_Status, StatusDeleter>;
using Shape = std::vector<int64_t>;

/** One call of an op. It believes nothing of what it is handed: after the first failure everything it gives is empty, and `ok` says so. */
class Call {
 public:
  explicit Call(TF_OpKernelContext *context) : context_(context), status_(TF_NewStatus()) {}
  ~Call();

  struct Input {
    Shape shape;
    const float *data = nullptr;

    /** Of a boolean tensor. */
    const unsigned char *bytes() const { return reinterpret_cast<const unsigned char *>(data); }
    size_t rank() const { return shape.size(); }
    long size() const;
    long last() const { return shape.empty() ? 1 : shape.back(); }
    long rows() const;
  };

  int inputs() const { return TF_NumInputs(context_); }

  /** Fails the call unless it has so many inputs. */
  void requireInputs(int count);

  /** The tensor of float numbers at `index`, or of booleans; errors call it by its name. */
  Input input(int index, const char *name, TF_DataType type = TF_FLOAT);

  /** An input to be held beyond the call. */
  HeldTensor hold(int index);

  float *output(int index, const Shape &shape);

  /** An output in the memory of the first of these inputs that nobody needs any more; new memory otherwise. */
  float *outputInPlaceOf(std::initializer_list<int> inputs, int index, const Shape &shape);

  bool ok() const { return TF_GetCode(status_.get()) == TF_OK; }

  /** Fails the call unless `holds`, with the rule and the shapes of all inputs that were looked at. */
  void require(bool holds, const char *rule);

 private:
  void fail(const std::string &message);
  float *dataOf(TF_Tensor *tensor);

  TF_OpKernelContext *context_;
  Status status_;
  std::vector<HeldTensor> held_;
  std::string seen_;
};

/** What ops may be told besides tensors. */
struct Attributes {
  float epsilon = 0, beta1 = 0, beta2 = 0, scale = 0;
  TF_Bool transpose_a = 0, transpose_b = 0, again = 0, gelu = 0;
  int64_t heads = 0, low = 0, high = 0, masks = 0;
  /** How many tensors a list has. */
  int64_t count = 0;
};

struct Op {
  const char *name;
  /** Float tensors, or what else they say they are; a name that ends in * is that of N of them. */
  std::vector<std::string> inputs, outputs;
  void (*compute)(void *, TF_OpKernelContext *);
  std::vector<const char *> attributes;
};

template <void (*compute)(Call &, const Attributes &)>
void Compute(void *attributes, TF_OpKernelContext *context) {
  Call call(context);
  compute(call, *static_cast<Attributes *>(attributes));
}

// The families, each in a file of its own.
std::vector<Op> ActivationOps();
std::vector<Op> AdamOps();
std::vector<Op> AttentionOps();
std::vector<Op> FiniteKeysOps();
std::vector<Op> LayerNormOps();
std::vector<Op> LinearOps();
std::vector<Op> LstmOps();
std::vector<Op> SoftmaxOps();

/** Numbers that one thread takes at a time, some 20 µs of work: where each wants an exponential, and where it is only moved and added. */
constexpr long kPart = 16384;
constexpr long kLightPart = 65536;

/**
 * Where each row of scores of this shape begins in the mask, which is broadcast to it; both end in the same dimension. Fails the call
 * where they do not; empty where there are no scores.
 */
std::vector<long> MaskStarts(Call &call, const Shape &scores, const Shape &allowed);

}  // namespace heed

#endif  // HEED_OP_H_
