/**
 * Runs tfjs-core's own specs, which its npm package ships, on the native library and the binding as they are installed.
 *
 *   npx pnpm@12 --filter @heed/tensorflow run test:tfjs-core [words of a spec's name]
 *
 * Specs on the ignore list of tfjs-node's own test run are left out, as there. The list is read from tfjs-node.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { loadTensorflow } from '../src/load.ts';

const require = createRequire(import.meta.url);
const fromTfjs = createRequire(require.resolve('@tensorflow/tfjs/package.json'));
const core = dirname(fromTfjs.resolve('@tensorflow/tfjs-core/package.json'));
const tfjsNode = dirname(require.resolve('@tensorflow/tfjs-node/package.json'));

interface SpecResult {
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'pending' | 'excluded';
  readonly failedExpectations: readonly { readonly message: string }[];
}

interface Jasmine {
  readonly env: {
    configure(options: { random: boolean; specFilter(spec: { getFullName(): string }): boolean }): void;
  };
  exitOnCompletion: boolean;
  clearReporters(): void;
  addReporter(reporter: { specDone(result: SpecResult): void }): void;
  execute(): Promise<unknown>;
}

/** The string literals of the array in tfjs-node's src/run_tests.ts. */
function ignoredSpecs(): string[] {
  const source = readFileSync(join(tfjsNode, 'src', 'run_tests.ts'), 'utf8');
  const list = /const IGNORE_LIST: string\[\] = \[(.*?)\n\];/s.exec(source)?.[1];
  if (list === undefined)
    throw new Error('test:tfjs-core: tfjs-node must have an ignore list, got src/run_tests.ts without');
  const code = list.replaceAll(/^\s*\/\/.*$|,\s+\/\/.*$/gm, ',');
  return [...code.matchAll(/'([^']*)'/g)].map(([, name]) => name!);
}

process.env['TF_CPP_MIN_LOG_LEVEL'] = '2'; // many specs provoke errors, and TensorFlow warns of each
const tf = await loadTensorflow();
const { TF_Version: version } = (tf.backend() as unknown as { binding: { TF_Version: string } }).binding;
const ignored = ignoredSpecs();
process.stdout.write(
  `tfjs-core's specs on TensorFlow ${version}, Node ${process.version}; ${ignored.length} ignored names\n`,
);

const JasmineRunner = require('jasmine') as new () => Jasmine;
const runner = new JasmineRunner();
require(join(core, 'dist', 'public', 'chained_ops', 'register_all_chained_ops.js'));
require(join(core, 'dist', 'register_all_gradients.js'));
const { setTestEnvs } = require(join(core, 'dist', 'jasmine_util.js')) as { setTestEnvs(environments: object[]): void };
setTestEnvs([{ name: 'test-tensorflow', backendName: 'tensorflow', flags: {}, isDataSync: true }]);
require(join(core, 'dist', 'tests.js'));

const words = process.argv.slice(2).join(' ');
runner.env.configure({
  random: false,
  specFilter(spec) {
    const name = spec.getFullName();
    return name.includes(words) && !ignored.some((part) => name.includes(part));
  },
});
const counts = { passed: 0, failed: 0, pending: 0, excluded: 0 };
runner.clearReporters();
runner.addReporter({
  specDone({ fullName, status, failedExpectations }) {
    counts[status]++;
    for (const { message } of failedExpectations) process.stdout.write(`FAILED ${fullName}: ${message}\n`);
  },
});
runner.exitOnCompletion = false;
await runner.execute();
process.stdout.write(`${counts.excluded} left out by tfjs-node's list or by name\n`);
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.pending} skipped\n`);
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);
