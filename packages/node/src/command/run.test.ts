import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SearchPlace } from '../examples/find-modules.ts';
import { heed } from './heed-process.test-support.ts';
import { run } from './run.ts';

const hello = `
export default {
  kind: 'example',
  summary: 'Says hello.',
  minutes: { tensorflow: 1, wasm: 2.5 },
  options: {
    name: { type: 'string', description: 'whom to greet', default: 'world' },
    times: { type: 'number', description: 'how often', default: 1 },
    loud: { type: 'boolean', description: 'with an exclamation mark' },
  },
  run: async ({ options: { name, times, loud }, quick, backend, folder, print }) => {
    for (let time = 0; time < times; time += 1) print('Hello, ' + name + (loud ? '!' : '.'));
    print([quick, backend.name, folder].join(' '));
  },
};`;

const waits = `
import { mkdir, writeFile } from 'node:fs/promises';
export default {
  kind: 'example',
  summary: 'Waits to be interrupted.',
  minutes: { tensorflow: 1, wasm: 1 },
  options: { stubborn: { type: 'boolean', description: 'never end' } },
  run: async ({ options, signal, folder, print }) => {
    print('waiting');
    await new Promise((resolve) => {
      const clock = setInterval(() => {
        if (!signal.aborted || options.stubborn) return;
        clearInterval(clock);
        resolve();
      }, 10);
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await mkdir(folder, { recursive: true });
    await writeFile(folder + '/checkpoint', 'saved');
  },
};`;

// Every test starts processes, which takes long while the machine is busy.
describe('heed run', { timeout: 240_000 }, () => {
  let root: string;
  let place: SearchPlace;
  let printed: string[];
  let said: string[];
  const output = { print: (text: string) => void printed.push(text), say: (text: string) => void said.push(text) };
  const install = async (path: string, source: string): Promise<void> => {
    const file = join(root, 'node_modules/@heed', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(join(root, 'package.json'), '{ "type": "module" }');
    await writeFile(file, source);
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'heed-run-'));
    await mkdir(join(root, 'deep/er'), { recursive: true });
    place = { clone: undefined, from: join(root, 'deep/er') };
    printed = [];
    said = [];
    await install('nlp/package.json', '{ "type": "module" }');
    await install('nlp/examples/dist/hello.js', hello);
    await install('nlp/examples/dist/waits.js', waits);
    await install('nlp/examples/dist/hello.d.ts', 'export default {};');
    await install('nlp/examples/dist/results/hello.js', 'export default {};');
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('lists the examples of every installed package with their minutes, and runs none of them', async () => {
    const marker = join(root, 'marker');
    await install('graph/package.json', '{ "type": "module" }');
    await install(
      'graph/examples/dist/marks.js',
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, 'ran');`,
    );
    expect(await run(['--list'], output, place)).toBe(0);
    expect(printed.join('\n').split('\n')).toEqual([
      'example      tensorflow / wasm  what it does',
      'graph/marks                     ',
      'nlp/hello    1 / 2.5 min        Says hello.',
      'nlp/waits    1 / 1 min          Waits to be interrupted.',
    ]);
    expect(existsSync(marker)).toBe(false);
  });

  it('says how to get examples where there are none', async () => {
    expect(await run(['--list'], output, { clone: undefined, from: tmpdir() })).toBe(0);
    expect(printed[0]).toContain('npm install @heed/nlp');
  });

  it('runs an example by name with its own options', async () => {
    const { ended } = heed(['run', 'nlp/hello', '--name', 'Ada', '--times=2', '--loud', '--quick'], root, place);
    const { code, stdout, stderr } = await ended;
    expect(stdout).toBe(`Hello, Ada!\nHello, Ada!\ntrue cpu ${root}/deep/er/.heed/quick/nlp/hello\n`);
    expect(stderr).toMatch(/^heed: backend cpu .*\nheed: nlp\/hello done after \d+ s on cpu\n$/);
    expect(code).toBe(0);
  });

  it('runs letter-to-sound when no name is given, and passes the options on', async () => {
    await install('nlp/examples/dist/letter-to-sound.js', hello);
    const { stdout } = await heed(['run', '--name', 'regards'], root, place).ended;
    expect(stdout).toBe(`Hello, regards.\nfalse cpu ${root}/deep/er/.heed/runs/nlp/letter-to-sound\n`);
  });

  it('prefers the nearest of several installed copies', async () => {
    await mkdir(join(root, 'deep/node_modules/@heed/nlp/examples/dist'), { recursive: true });
    const nearer = hello.replace('Says hello.', 'Nearer.').replace('export default', 'module.exports =');
    await writeFile(join(root, 'deep/node_modules/@heed/nlp/package.json'), '{}');
    await writeFile(join(root, 'deep/node_modules/@heed/nlp/examples/dist/hello.js'), nearer);
    await run(['--list'], output, place);
    expect(printed[0]).toContain('Nearer.');
  });

  it.each([
    ['nlp/helo', /there is no example 'nlp\/helo'; did you mean nlp\/hello\?/],
    ['hello', /there is no example 'hello'; did you mean nlp\/hello\?/],
    ['vision/vit', /there is no example 'vision\/vit'; heed run --list shows all 2/],
  ])('names what may have been meant by %s', async (name, message) => {
    await expect(run([name], output, place)).rejects.toThrow(message);
  });

  it('refuses an unknown option and shows the known ones', async () => {
    await expect(run(['nlp/hello', '--nmae', 'Ada'], output, place)).rejects.toThrow(
      /heed run nlp\/hello: Unknown option '--nmae'\nOptions:\n {2}--name <string> {3}whom to greet \(default world\)/,
    );
  });

  it.each(['two', '', 'NaN', 'Infinity'])('refuses %j where a number is meant', async (times) => {
    await expect(run(['nlp/hello', `--times=${times}`], output, place)).rejects.toThrow(
      `heed run nlp/hello: --times must be a number, got '${times}'`,
    );
  });

  it('shows the options of an example instead of running it', async () => {
    expect(await run(['nlp/hello', '--help'], output, place)).toBe(0);
    expect(printed[0]).toMatch(/^heed run nlp\/hello: Says hello\.\nOptions:\n/);
  });

  it('lets an interrupted example save what it has, and exits with 130', async () => {
    const { child, ended } = heed(['run', 'nlp/waits'], root, place);
    child.stdout.once('data', () => {
      child.kill('SIGINT');
      child.kill('SIGINT'); // as npx and pnpm pass the terminal's on
    });
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain('heed: interrupted; saving what there is (Ctrl-C again stops at once)');
    expect(await readFile(join(root, 'deep/er/.heed/runs/nlp/waits/checkpoint'), 'utf8')).toBe('saved');
  });

  it('lets an example save what it has when its terminal is closed, words and all', async () => {
    const { child, ended } = heed(['run', 'nlp/waits'], root, place);
    child.stdout.once('data', () => {
      child.stdout.destroy();
      child.stderr.destroy();
      child.kill('SIGHUP');
    });
    expect((await ended).code).toBe(130);
    expect(await readFile(join(root, 'deep/er/.heed/runs/nlp/waits/checkpoint'), 'utf8')).toBe('saved');
  });

  it('stops at once at a second Ctrl-C', async () => {
    const { child, ended } = heed(['run', 'nlp/waits', '--stubborn'], root, place);
    child.stdout.once('data', () => {
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGINT'), 700);
    });
    expect((await ended).code).toBe(130);
  });
});
