#include "ops.h"

#include <cstdlib>

#include "op.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_buffer.h"

namespace heed {

extern const Kernels baseline;
#ifdef __x86_64__
extern const Kernels avx2, avx512;
#endif

const Kernels &BestKernels() {
#ifdef __x86_64__
  static const Kernels &best = []() -> const Kernels & {
    const char *named = std::getenv("HEED_INSTRUCTIONS");
    const std::string most = named == nullptr ? "avx512" : named;
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (most == "avx512" && has_avx2 && has_avx512) return avx512;
    return most != "baseline" && has_avx2 ? avx2 : baseline;
  }();
  return best;
#else
  return baseline;
#endif
}

namespace {

void *Create(TF_OpKernelConstruction *construction) {
  auto *attributes = new Attributes;
  Status status(TF_NewStatus());
  const auto has = [&](const char *name) { return TF_OpKernelConstruction_HasAttr(construction, name, status.get()); };
  const auto number = [&](const char *name, float *value) {
    if (has(name)) TF_OpKernelConstruction_GetAttrFloat(construction, name, value, status.get());
  };
  const auto flag = [&](const char *name, TF_Bool *value) {
    if (has(name)) TF_OpKernelConstruction_GetAttrBool(construction, name, value, status.get());
  };
  const auto integer = [&](const char *name, int64_t *value) {
    if (has(name)) TF_OpKernelConstruction_GetAttrInt64(construction, name, value, status.get());
  };
  number("epsilon", &attributes->epsilon);
  number("beta1", &attributes->beta1);
  number("beta2", &attributes->beta2);
  number("scale", &attributes->scale);
  integer("heads", &attributes->heads);
  integer("low", &attributes->low);
  integer("high", &attributes->high);
  integer("masks", &attributes->masks);
  integer("N", &attributes->count);
  flag("again", &attributes->again);
  flag("gelu", &attributes->gelu);
  flag("transpose_a", &attributes->transpose_a);
  flag("transpose_b", &attributes->transpose_b);
  if (TF_GetCode(status.get()) != TF_OK) TF_OpKernelConstruction_Failure(construction, status.get());
  return attributes;
}

void Delete(void *attributes) { delete static_cast<Attributes *>(attributes); }

bool IsRegistered(const char *op) {
  Status status(TF_NewStatus());
  TF_Buffer *kernels = TF_GetRegisteredKernelsForOp(op, status.get());
  const bool registered = kernels != nullptr && kernels->length > 0;
  if (kernels != nullptr) TF_DeleteBuffer(kernels);
  return registered;
}

void Register(const Op &op) {
  TF_OpDefinitionBuilder *builder = TF_NewOpDefinitionBuilder(op.name);
  const auto argument = [](const std::string &name) {
    if (name.find(':') != std::string::npos) return name;
    return name.back() == '*' ? name.substr(0, name.size() - 1) + ": N * float" : name + ": float";
  };
  for (const auto &name : op.inputs) TF_OpDefinitionBuilderAddInput(builder, argument(name).c_str());
  for (const auto &name : op.outputs) TF_OpDefinitionBuilderAddOutput(builder, argument(name).c_str());
  for (const char *attribute : op.attributes) TF_OpDefinitionBuilderAddAttr(builder, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, TF_ShapeInferenceContextSetUnknownShape);
  Status status(TF_NewStatus());
  TF_RegisterOpDefinition(builder, status.get());
  TF_RegisterKernelBuilder(op.name, TF_NewKernelBuilder(op.name, "CPU", Create, op.compute, Delete), status.get());
}

}  // namespace

void RegisterOps() {
  std::vector<Op> ops;
  for (const auto family : {ActivationOps, AdamOps, AttentionOps, FiniteKeysOps, LayerNormOps, LinearOps, LstmOps, SoftmaxOps}) {
    for (Op &op : family()) ops.push_back(std::move(op));
  }
  // By another copy of the addon: TensorFlow ends a process that registers an op twice. It looks through all its kernels; one op tells of all.
  if (IsRegistered(ops.front().name)) return;
  for (const Op &op : ops) Register(op);
}

}  // namespace heed
