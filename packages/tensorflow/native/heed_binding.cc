// tfjs-node's binding with functions: what `compile` needs and TensorFlow's C library has.
//
//   addFunctionDef(bytes)   registers a serialized FunctionDef; it then runs through executeOp(its name, …)
//   removeFunction(name)    the reverse
//   getAllOpList()          a serialized OpList: the argument names and attributes of every op in the library
//
// Heed's own ops (ops/) are registered with TensorFlow when it is loaded; `ownOps` says that they are.
//
// tfjs-node's own tfjs_binding.cc is included rather than patched, so that no file of the package is ever changed; its
// module registration is left out and this file registers the module with three functions more.

#include <node_api.h>

#undef NAPI_MODULE
#define NAPI_MODULE(name, initialize)
#include "tfjs_binding.cc"

#include <string>

#include "ops/ops.h"
#include "tensorflow/c/eager/c_api.h"

namespace {

using tfnodejs::TFJSBackend;

// The context is private. An explicit instantiation may name a private member, which is how C++ lets it be reached
// without a change to the class.
template <TFE_Context *TFJSBackend::*Member>
struct ContextAccess {
  friend TFE_Context *ContextOf(TFJSBackend *backend) {
    return backend->*Member;
  }
};
template struct ContextAccess<&TFJSBackend::tfe_context_>;
TFE_Context *ContextOf(TFJSBackend *backend);

// Unlike tfjs-node's errors, which are cut at 500 characters: a refused function is explained in more.
bool Succeeded(napi_env env, TF_Status *status) {
  if (TF_GetCode(status) == TF_OK) return true;
  napi_throw_error(env, nullptr, TF_Message(status));
  return false;
}

napi_value AddFunctionDef(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  void *data = nullptr;
  size_t length = 0;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok || count < 1 ||
      napi_get_buffer_info(env, argument, &data, &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "addFunctionDef: bytes must be a Buffer or Uint8Array");
    return nullptr;
  }
  TFJSBackend *backend = tfnodejs::GetTFJSBackend(env);
  if (backend == nullptr) return nullptr;
  tfnodejs::TF_AutoStatus status;
  TFE_ContextAddFunctionDef(ContextOf(backend), static_cast<const char *>(data), length, status.status);
  Succeeded(env, status.status);
  return nullptr;
}

napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  size_t length = 0;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok || count < 1 ||
      napi_get_value_string_utf8(env, argument, nullptr, 0, &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "removeFunction: name must be a string");
    return nullptr;
  }
  std::string name(length + 1, '\0');
  napi_get_value_string_utf8(env, argument, &name[0], name.size(), &length);
  TFJSBackend *backend = tfnodejs::GetTFJSBackend(env);
  if (backend == nullptr) return nullptr;
  tfnodejs::TF_AutoStatus status;
  TFE_ContextRemoveFunction(ContextOf(backend), name.c_str(), status.status);
  Succeeded(env, status.status);
  return nullptr;
}

napi_value GetAllOpList(napi_env env, napi_callback_info) {
  TF_Buffer *list = TF_GetAllOpList();
  napi_value bytes = nullptr;
  napi_create_buffer_copy(env, list->length, list->data, nullptr, &bytes);
  TF_DeleteBuffer(list);
  return bytes;
}

}  // namespace

NAPI_MODULE_INIT() {
  exports = tfnodejs::InitTFNodeJSBinding(env, exports);
  if (exports == nullptr) return nullptr;
  heed::RegisterOps();
  napi_value own_ops;
  napi_get_boolean(env, true, &own_ops);
  const napi_property_descriptor additions[] = {
      {"addFunctionDef", nullptr, AddFunctionDef, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"removeFunction", nullptr, RemoveFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"getAllOpList", nullptr, GetAllOpList, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"ownOps", nullptr, nullptr, nullptr, nullptr, own_ops, napi_default, nullptr},
  };
  napi_define_properties(env, exports, sizeof(additions) / sizeof(additions[0]), additions);
  return exports;
}
