import * as tf from '@tensorflow/tfjs';
import { afterAll, expect } from 'vitest';
import { allClose } from './all-close.ts';
import { useBackend } from './backend.ts';

expect.extend({ toBeAllClose: allClose });
await useBackend();

// Files share a worker: what one leaves behind must not be recorded, counted or kept in memory by the next.
afterAll(() => tf.disposeVariables());
