#include "op.h"

#include <utility>

namespace heed {
namespace {

/** The product of sides from `begin` to `end`; 0 where one is 0, whatever the others are. */
long ProductOf(const Shape &shape, size_t begin, size_t end) {
  long product = 1;
  for (size_t i = begin; i < end; ++i) {
    if (shape[i] == 0) return 0;
    // what no memory holds; a tensor with a side of 0 may have such rows
    if (__builtin_mul_overflow(product, shape[i], &product)) return INT64_MAX;
  }
  return product;
}

const char *NameOf(TF_DataType type) {
  switch (type) {
    case TF_FLOAT: return "float";
    case TF_BOOL: return "bool";
    case TF_INT32: return "int32";
    case TF_STRING: return "string";
    default: return "another dtype";
  }
}

std::string TextOf(const Shape &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(shape[i]);
  return text + "]";
}

bool BroadcastsTo(const Shape &shape, const Shape &other) {
  if (other.empty() || other.size() > shape.size() || other.back() != shape.back()) return false;
  for (size_t i = 1; i <= other.size(); ++i) {
    const int64_t side = other[other.size() - i];
    if (side != 1 && side != shape[shape.size() - i]) return false;
  }
  return true;
}

std::vector<long> RowStarts(const Shape &shape, const Shape &other) {
  const size_t rank = shape.size();
  Shape steps(rank, 0);  // 0 where `other` has 1, or nothing
  long step = 1;
  for (size_t i = 0; i < other.size(); ++i) {
    const int64_t side = other[other.size() - 1 - i];
    if (side > 1) steps[rank - 1 - i] = step;
    step *= side;
  }
  std::vector<long> starts = {0};
  for (size_t i = 0; i + 1 < rank; ++i) {
    std::vector<long> inner;
    inner.reserve(starts.size() * shape[i]);
    for (long start : starts)
      for (long j = 0; j < shape[i]; ++j) inner.push_back(start + j * steps[i]);
    starts = std::move(inner);
  }
  return starts;
}

}  // namespace

long Call::Input::size() const { return ProductOf(shape, 0, shape.size()); }

long Call::Input::rows() const { return shape.empty() ? 1 : ProductOf(shape, 0, shape.size() - 1); }

Call::~Call() {
  if (!ok()) TF_OpKernelContext_Failure(context_, status_.get());
}

void Call::fail(const std::string &message) {
  if (ok()) TF_SetStatus(status_.get(), TF_INVALID_ARGUMENT, message.c_str());
}

void Call::requireInputs(int count) {
  if (inputs() != count) fail("there must be " + std::to_string(count) + " inputs, got " + std::to_string(inputs()));
}

Call::Input Call::input(int index, const char *name, TF_DataType type) {
  if (!ok()) return {};
  held_.push_back(hold(index));
  TF_Tensor *tensor = held_.back().get();
  if (tensor == nullptr) return {};
  Input given;
  for (int i = 0; i < TF_NumDims(tensor); ++i) given.shape.push_back(TF_Dim(tensor, i));
  seen_ += (seen_.empty() ? "" : ", ") + std::string(name) + " " + TextOf(given.shape);
  if (TF_TensorType(tensor) != type) {
    fail(std::string(name) + " must be " + NameOf(type) + ", got " + NameOf(TF_TensorType(tensor)) + " " + TextOf(given.shape));
    return {};
  }
  given.data = static_cast<const float *>(TF_TensorData(tensor));
  return given;
}

HeldTensor Call::hold(int index) {
  TF_Tensor *tensor = nullptr;
  TF_GetInput(context_, index, &tensor, status_.get());
  return HeldTensor(tensor);
}

float *Call::output(int index, const Shape &shape) {
  const long size = ProductOf(shape, 0, shape.size());
  // TensorFlow ends the process at such a shape
  if (size > INT64_MAX / static_cast<long>(sizeof(float))) fail("the result must fit in memory, got " + TextOf(shape));
  if (index >= TF_NumOutputs(context_)) fail("there must be more outputs, got " + std::to_string(TF_NumOutputs(context_)));
  if (!ok()) return nullptr;
  return dataOf(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()), size * sizeof(float), status_.get()));
}

float *Call::outputInPlaceOf(std::initializer_list<int> inputs, int index, const Shape &shape) {
  if (!ok()) return nullptr;
  int forwarded = -1;
  return dataOf(TF_ForwardInputOrAllocateOutput(context_, inputs.begin(), static_cast<int>(inputs.size()), index, shape.data(),
                                                static_cast<int>(shape.size()), &forwarded, status_.get()));
}

void Call::require(bool holds, const char *rule) {
  if (!holds) fail(std::string(rule) + ", got " + seen_);
}

float *Call::dataOf(TF_Tensor *tensor) {
  if (tensor == nullptr) return nullptr;
  held_.emplace_back(tensor);
  return static_cast<float *>(TF_TensorData(tensor));
}

std::vector<long> MaskStarts(Call &call, const Shape &scores, const Shape &allowed) {
  call.require(BroadcastsTo(scores, allowed), "the mask must broadcast to the scores, and be whole in the last dimension");
  return call.ok() && ProductOf(scores, 0, scores.size()) > 0 ? RowStarts(scores, allowed) : std::vector<long>();
}

}  // namespace heed
