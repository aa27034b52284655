import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** Runs a program in a process of its own: a started backend is for a whole process, and other tests share this one. */
async function run(program: string, environment: Record<string, string>, cwd = tmpdir()) {
  const entry = new URL('../index.ts', import.meta.url).href;
  const source = `import { startBackend } from ${JSON.stringify(entry)};\n${program}`;
  const tsx = import.meta.resolve('tsx');
  const node = ['--conditions=@heed/source', '--import', tsx, '--input-type=module', '-e', source];
  return promisify(execFile)(process.execPath, node, { cwd, env: { ...process.env, ...environment } });
}

const report = `
  import * as tf from ${JSON.stringify(import.meta.resolve('@tensorflow/tfjs'))};
  const { name, detail } = await startBackend();
  await startBackend();
  const product = tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]]));
  console.log(name, tf.getBackend(), product.dataSync()[0]);`;

// Every test starts processes, which takes long while the machine is busy.
describe('startBackend', { timeout: 240_000 }, () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heed-backend-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it.each(['wasm', 'cpu'])('starts %s when HEED_BACKEND asks for it, and says so in one line', async (name) => {
    const { stdout, stderr } = await run(report, { HEED_BACKEND: name });
    expect(stdout).toBe(`${name} ${name} 11\n`);
    expect(stderr).toMatch(new RegExp(`^heed: backend ${name} \\(tfjs\\S* 4\\.\\d+\\.\\d+\\)\n$`));
  });

  it('starts something by itself, and the same again when called again', async () => {
    const { stdout, stderr } = await run(report, { HEED_BACKEND: '' });
    expect(stdout).toMatch(/^(tensorflow|wasm|cpu) \1 11\n$/);
    expect(stderr.match(/^heed: backend/gm)).toHaveLength(1);
  });

  it('lets HEED_BACKEND override the option', async () => {
    const program = `console.log((await startBackend({ backend: 'wasm', onMessage: console.log })).name)`;
    const { stdout, stderr } = await run(program, { HEED_BACKEND: 'cpu' });
    expect(stdout).toMatch(/^heed: backend cpu .*\ncpu\n$/);
    expect(stderr).toBe('');
  });

  it('changes to another backend when asked', async () => {
    const program = `
      const names = [];
      for (const backend of ['cpu', 'wasm', 'cpu']) names.push((await startBackend({ backend, onMessage: () => {} })).name);
      console.log(names.join(' '));`;
    expect((await run(program, { HEED_BACKEND: '' })).stdout).toBe('cpu wasm cpu\n');
  });

  it('refuses an unknown backend by name', async () => {
    await expect(run('await startBackend()', { HEED_BACKEND: 'cuda' })).rejects.toThrow(
      "startBackend: HEED_BACKEND must be one of tensorflow, wasm, cpu, got 'cuda'",
    );
  });

  // Node loads no native library with --no-addons.
  it('takes WebAssembly where native TensorFlow does not load, and says what mends that', async () => {
    const { stdout, stderr } = await run(report, { HEED_BACKEND: '', NODE_OPTIONS: '--no-addons' });
    expect(stdout).toBe('wasm wasm 11\n');
    expect(stderr).toMatch(
      /^heed: backend wasm \(tfjs-backend-wasm .*\); native TensorFlow is faster: np.*install.*\n$/,
    );
  });

  it('fails with the mending command where a backend that was asked for does not load', async () => {
    await expect(run(report, { HEED_BACKEND: 'tensorflow', NODE_OPTIONS: '--no-addons' })).rejects.toThrow(
      /startBackend: tensorflow was asked for and must load, got: .*\nMend it with: np.*install.*\n/,
    );
  });

  it('leaves the stack of an error that nobody catches', async () => {
    const program = `await startBackend({ backend: 'wasm' });\nsetTimeout(() => { throw new Error('mine'); });`;
    const failure = await run(program, { HEED_BACKEND: '' }).catch((error: { stderr: string; code: number }) => error);
    expect(failure.stderr).toMatch(/^Error: mine$/m);
    expect(failure.stderr).not.toContain('tf-backend-wasm');
  });

  it('lets training record its steps where the backend can, and only there', async () => {
    const program = `
      import { compile } from ${JSON.stringify(import.meta.resolve('@heed/training'))};
      import * as tf from ${JSON.stringify(import.meta.resolve('@tensorflow/tfjs'))};
      for (const backend of [undefined, 'cpu']) {
        const { compiles } = await startBackend({ ...(backend && { backend }), onMessage: () => {} });
        const recordings = [];
        const double = compile((x) => tf.mul(x, 2), { onRecord: (recording) => recordings.push(recording) });
        const results = [1, 2, 3].map((value) => double(tf.scalar(value)).dataSync()[0]);
        console.log(results.join(' '), compiles === recordings.some(({ operations }) => operations > 0));
      }`;
    expect((await run(program, { HEED_BACKEND: '' })).stdout).toBe('2 4 6 true\n2 4 6 true\n');
  });

  it('makes path strings stand for folders', async () => {
    const program = `
      import { openFolder } from ${JSON.stringify(import.meta.resolve('@heed/training'))};
      await startBackend({ backend: 'cpu', onMessage: () => {} });
      await openFolder('model').write('config.json', Buffer.from('{}'));`;
    await run(program, { HEED_BACKEND: 'cpu' }, folder);
    expect(await readdir(join(folder, 'model'))).toEqual(['config.json']);
  });
});
