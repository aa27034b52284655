import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heedInClone } from './heed-process.test-support.ts';

// Every test starts processes, which takes long while the machine is busy.
describe('heed doctor', { timeout: 240_000 }, () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'heed-doctor-'));
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('says what loads, which versions there are and where the cache is', async () => {
    const { stdout, code } = await heedInClone(['doctor'], { HEED_BACKEND: 'wasm', HEED_CACHE: root, HEED_DATA: '' });
    expect(stdout).toContain(`Node ${process.versions.node} on `);
    expect(stdout).toMatch(/@heed\/node \d+\.\d+\.\d+/);
    expect(stdout).toMatch(/^✓ backend wasm +tfjs-backend-wasm 4\.\d+\.\d+$/m);
    expect(stdout).toMatch(/^✓ backend cpu +tfjs 4\.\d+\.\d+$/m);
    expect(stdout).toMatch(/^[✓–] backend tensorflow +\S.*/m);
    expect(stdout).toMatch(/^✓ startBackend\(\) +chooses wasm, as HEED_BACKEND says$/m);
    expect(stdout).toMatch(new RegExp(`^✓ cache +${root} can be written$`, 'm'));
    expect(code).toBe(0);
  });

  it('names the one command that mends native TensorFlow, after the tools that it needs', async () => {
    const { stdout, code } = await heedInClone(['doctor'], {
      HEED_BACKEND: '',
      NODE_OPTIONS: '--no-addons',
      PATH: root,
      CXX: '',
    });
    expect(stdout).toMatch(/^– backend tensorflow +\S.*$/m);
    expect(stdout).toMatch(/^✓ startBackend\(\) +chooses wasm$/m);
    expect(stdout).toMatch(/^– Python with pip +not found; /m);
    expect(stdout).toMatch(/^– C\+\+ compiler +not found; /m);
    expect(stdout).toMatch(
      /\nEverything runs; faster with native TensorFlow: .*(python|xcode|Python).*, then np\S+ .*\n$/,
    );
    expect(code).toBe(0);
  });

  it('fails where HEED_BACKEND asks for what does not load, and says how to mend that', async () => {
    const { stdout, code } = await heedInClone(['doctor'], { HEED_BACKEND: 'tensorflow', NODE_OPTIONS: '--no-addons' });
    expect(stdout).toMatch(/^✗ startBackend\(\) +HEED_BACKEND asks for tensorflow, which does not load$/m);
    expect(stdout).toMatch(/\nTo mend startBackend\(\): np.*install.*\n$/);
    expect(code).toBe(1);
  });

  it('fails where the cache cannot be written or the mirror is not there', async () => {
    const cache = join('/dev/null', 'cache');
    const { stdout, code } = await heedInClone(['doctor'], {
      HEED_BACKEND: '',
      HEED_CACHE: cache,
      HEED_DATA: join(root, 'absent'),
    });
    expect(stdout).toMatch(/^✗ cache +heed doctor: every parent must be a folder, got a file on the way to/m);
    expect(stdout).toMatch(/^✗ data mirror +HEED_DATA must name a folder, got .*absent, which is not there$/m);
    expect(stdout).toContain('To mend cache: export HEED_CACHE=');
    expect(code).toBe(1);
  });
});

describe('heed doctor | head', () => {
  it('ends without an error when nobody reads the rest', () => {
    const node = `"${process.execPath}" --conditions=@heed/source --import "${import.meta.resolve('tsx')}"`;
    const script = `${node} "${fileURLToPath(new URL('../heed.ts', import.meta.url))}" doctor | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', timeout: 240_000 });
    expect([stdout, stderr.includes('EPIPE')]).toEqual(['0\n', false]);
  }, 240_000);
});
