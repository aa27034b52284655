/**
 * `npx pnpm@12 golden:verify`: published weights against Python's libraries, where those are there. Python is `HEED_PYTHON`, else python3. Names after it choose among them: `golden:verify T5 MiniLM`.
 */
import { startBackend } from '@heed/node';
import { missingInPython } from './python.ts';
import type { Verified } from './verified.ts';
import { verifyGpt, verifyT5 } from './verify-exchange.ts';
import { SAVED, verifySaved } from './verify-saved.ts';
import { verifyMiniLm } from './verify-minilm.ts';

/** As T5 1.1, with heads that are together wider than the model, and other buckets. */
const T5_1_1 = {
  headWidth: 8,
  gated: true,
  activation: 'gelu-tanh',
  embeddings: 'shared-inputs',
  buckets: 8,
  maximumDistance: 6,
  epsilon: 1e-5,
} as const;
const VERIFICATIONS: Readonly<Record<string, () => Promise<readonly Verified[]>>> = {
  'GPT-2': () => verifyGpt(false),
  'GPT-2 with a head of its own': () => verifyGpt(true),
  T5: () => verifyT5(),
  'T5 1.1': () => verifyT5(T5_1_1),
  ...Object.fromEntries(Object.entries(SAVED).map(([name, save]) => [name, () => verifySaved(save)])),
  MiniLM: verifyMiniLm,
};
/** Only those whose names hold one of the arguments, if there are any. */
const asked = process.argv.slice(2).filter((argument) => argument !== '--');
const chosen = Object.entries(VERIFICATIONS).filter(
  ([name]) => asked.length === 0 || asked.some((part) => name.includes(part)),
);
const counts = { passed: 0, failed: 0, skipped: 0 };

const missing = await missingInPython(['torch', 'transformers', 'safetensors']);
if (missing === undefined) {
  await startBackend();
  for (const [name, verify] of chosen) {
    try {
      for (const { claim, holds, figure } of await verify()) {
        counts[holds ? 'passed' : 'failed']++;
        console.log(`${holds ? '✓' : '✗'} ${name}: ${claim} (${figure})`);
      }
    } catch (error) {
      counts.failed++;
      console.log(`✗ ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
} else {
  counts.skipped = chosen.length;
  console.log(`skipped: Python needs torch, transformers and safetensors; HEED_PYTHON names another one (${missing})`);
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
