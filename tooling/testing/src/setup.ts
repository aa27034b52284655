import { expect } from 'vitest';
import { allClose } from './all-close.ts';
import { useBackend } from './backend.ts';

expect.extend({ toBeAllClose: allClose });
if ((await useBackend()) === 'tensorflow') {
  // Tasks and training are tested as users run them: compiled. By its place, as in backend.ts.
  const node = new URL('../../../packages/node/src/backend/tensorflow-backend.ts', import.meta.url);
  await ((await import(node.href)) as { startTensorflow(): Promise<unknown> }).startTensorflow();
}
