// hold() sends what is written to stderr into a temporary file; release() sends stderr back and returns what was held.
// TensorFlow writes its oneDNN line from a static initialiser, before any of its log settings can be reached.

#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int saved = -1;
static FILE *held = NULL;

static napi_value Hold(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  if (saved >= 0) return NULL;
  held = tmpfile();
  if (held == NULL) return NULL;
  fflush(stderr);
  saved = dup(STDERR_FILENO);
  if (saved < 0 || dup2(fileno(held), STDERR_FILENO) < 0) {
    fclose(held);
    held = NULL;
  }
  return NULL;
}

static napi_value Release(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value text = NULL;
  char *data = NULL;
  size_t length = 0;
  if (saved >= 0) {
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    saved = -1;
  }
  if (held != NULL) {
    fseek(held, 0, SEEK_END);
    const long size = ftell(held);
    rewind(held);
    if (size > 0 && (data = malloc((size_t)size)) != NULL) length = fread(data, 1, (size_t)size, held);
    fclose(held);
    held = NULL;
  }
  napi_create_string_utf8(env, data == NULL ? "" : data, length, &text);
  free(data);
  return text;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"hold", NULL, Hold, NULL, NULL, NULL, napi_default, NULL},
      {"release", NULL, Release, NULL, NULL, NULL, napi_default, NULL},
  };
  napi_define_properties(env, exports, sizeof(functions) / sizeof(functions[0]), functions);
  return exports;
}
