export { install, type Installation, type InstallOptions } from './install/install.ts';
export { InstallError } from './install/install-error.ts';
export type { InstallProgress } from './install/progress.ts';
export { loadTensorflow, type Tensorflow } from './load.ts';
export { status, type TensorflowStatus } from './status.ts';
export { compile, type Compiled, type CompileOptions, type RecordEvent, type RecordReason } from './compile/compile.ts';
export { canCompile } from './compile/native-backend.ts';
