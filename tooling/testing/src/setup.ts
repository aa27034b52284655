import { expect } from 'vitest';
import { allClose } from './all-close.ts';
import { useBackend } from './backend.ts';

expect.extend({ toBeAllClose: allClose });
await useBackend();
