import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heed } from './heed-process.test-support.ts';

const coin = `
export default {
  kind: 'result',
  task: 'Coin | thrown',
  figures: { heads: { name: 'heads', unit: '%', digits: 1 }, runs: { name: 'runs', digits: 0 } },
  baseline: 'a table',
  published: { value: 'heads 50.8 %', source: 'Bartoš 2023' },
  minutes: 1,
  protocol: 'Thrown 1,000 times.',
  seed: 7,
  data: [{ name: 'coins', licence: 'CC0-1.0', files: [{ name: 'a.csv', bytes: 1, sha256: '${'ab'.repeat(32)}' }] }],
  run: async ({ seed, quick }) => ({
    ours: { heads: 50.25, runs: seed },
    baseline: { heads: 49, runs: quick ? 1 : 2 },
    details: { byHour: [1, 2] },
  }),
};`;

const counts = `
import { existsSync } from 'node:fs';
export default {
  kind: 'result', task: 'Counting', figures: { count: { name: 'count', digits: 0 } }, minutes: 1, protocol: 'P', seed: 1, data: [],
  run: async ({ signal, folder, part, print }) => {
    const resumed = existsSync(folder + '/parts/first.json');
    const first = await part('first', async () => (resumed ? 0 : 41));
    if (resumed) return { ours: { count: first + await part('second', async () => 1) } };
    print('counting');
    return part('second', () => new Promise((resolve) => {
      const clock = setInterval(() => undefined, 1000);
      signal.addEventListener('abort', () => { clearInterval(clock); resolve(undefined); });
    }));
  },
};`;

// Every test starts processes, which takes long while the machine is busy.
describe('heed results', { timeout: 240_000 }, () => {
  let clone: string;
  const put = async (path: string, source: string): Promise<void> => {
    await mkdir(dirname(join(clone, path)), { recursive: true });
    await writeFile(join(clone, path), source);
  };
  const results = (...args: string[]) => heed(['results', ...args], clone, { clone, from: clone });
  const text = (path: string): Promise<string> => readFile(join(clone, path), 'utf8');

  beforeEach(async () => {
    clone = await mkdtemp(join(tmpdir(), 'heed-results-'));
    await put('package.json', '{ "type": "module" }');
    await put('packages/nlp/examples/results/coin.ts', coin);
  });
  afterEach(async () => {
    await rm(clone, { recursive: true, force: true });
  });

  it('records what a run measured, on what machine and how, and writes RESULTS.md from it', async () => {
    const { stdout, stderr, code } = await results('nlp/coin').ended;
    expect(stderr).toMatch(/heed: recorded in .*coin\.json\nheed: RESULTS\.md rewritten\nheed: nlp\/coin done after/);
    expect(code).toBe(0);
    expect(stdout).toBe('Coin | thrown: heads 50.3 %, runs 7\na table: heads 49.0 %, runs 2\n');

    const record: unknown = JSON.parse(await text('packages/nlp/examples/results/coin.json'));
    expect(record).toMatchObject({
      ours: { heads: 50.25, runs: 7 },
      baseline: { name: 'a table', figures: { heads: 49, runs: 2 } },
      seed: 7,
      command: 'npx pnpm@12 results nlp/coin',
      protocol: 'Thrown 1,000 times.',
      backend: expect.stringMatching(/^cpu \(tfjs 4/),
      machine: { cpu: cpus()[0].model.trim(), platform: `${process.platform}-${process.arch}` },
      versions: { node: process.versions.node, tfjs: '4.22.0' },
      data: [{ name: 'coins', sha256: { 'a.csv': 'ab'.repeat(32) } }],
      details: { byHour: [1, 2] },
      measured: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      minutes: expect.any(Number),
    });

    const page = await text('RESULTS.md');
    expect(page).toMatch(
      /^\| Coin \\\| thrown \| \*\*heads 50\.3 %, runs 7\*\* \| heads 49\.0 %, runs 2 \(a table\) \| heads 50\.8 % \(Bartoš 2023\) \| 0\.0\d+ \| `npx pnpm@12 results nlp\/coin` \|$/m,
    );
    expect(page).toContain('Seed 7; ');
    expect(page).toContain('Data (sha256 begins): coins (`a.csv` abababababab).');
    expect((await results('--check').ended).code).toBe(0);
  });

  it('shows the figures of the short form and records nothing', async () => {
    const { stdout, stderr } = await results('nlp/coin', '--quick').ended;
    expect(stdout).toContain('a table: heads 49.0 %, runs 1');
    expect(stderr).toContain('the short form records nothing');
    expect(await readdir(join(clone, 'packages/nlp/examples/results'))).toEqual(['coin.ts']);
    expect(await readdir(clone)).not.toContain('RESULTS.md');
  });

  it('goes on with an interrupted run, counts all of its time, and begins anew after a complete one', async () => {
    await put('packages/nlp/examples/results/counts.ts', counts);
    const first = results('nlp/counts');
    first.child.stdout.once('data', () => setTimeout(() => first.child.kill('SIGINT'), 1200));
    const interrupted = await first.ended;
    expect(interrupted.stderr).toContain('heed: nlp/counts interrupted; the same command goes on');
    expect(interrupted.code).toBe(130);
    expect(await readdir(join(clone, 'packages/nlp/examples/results'))).toEqual(['coin.ts', 'counts.ts']);

    const second = await results('nlp/counts').ended;
    expect(second.stderr).toMatch(/heed: nlp\/counts goes on after \d+ s/);
    expect(second.stdout).toBe('Counting: count 42\n');
    const { minutes } = JSON.parse(await text('packages/nlp/examples/results/counts.json')) as { minutes: number };
    expect(minutes).toBeGreaterThan(1.2 / 60);

    const third = results('nlp/counts');
    third.child.stdout.once('data', () => third.child.kill('SIGINT'));
    expect((await third.ended).stdout).toBe('counting\n');
  });

  it('refuses figures that were not declared or are not finite, and records nothing', async () => {
    await put(
      'packages/nlp/examples/results/other.ts',
      coin.replace('ours: { heads: 50.25, runs: seed }', 'ours: { tails: 1 }'),
    );
    await put('packages/nlp/examples/results/nan.ts', coin.replace('50.25', 'Number.NaN'));
    const [other, nan] = await Promise.all([results('nlp/other').ended, results('nlp/nan').ended]);
    expect(other.stderr).toContain('heed results nlp/other: ours must be the figures heads, runs, got tails');
    expect(nan.stderr).toContain('heed results nlp/nan: ours must be finite numbers, got heads = NaN');
    expect(await readdir(join(clone, 'packages/nlp/examples/results'))).toEqual(['coin.ts', 'nan.ts', 'other.ts']);
  });

  describe('in a clone with git', () => {
    const git = async (...args: string[]) => {
      const { stdout } = await promisify(execFile)(
        'git',
        [
          '-c',
          'user.name=t',
          '-c',
          'user.email=t@t.test',
          '-c',
          'commit.gpgsign=false',
          '-c',
          'core.hooksPath=/dev/null',
          ...args,
        ],
        { cwd: clone },
      );
      return stdout.trim();
    };
    const commit = async () => {
      await git('add', '-A');
      await git('commit', '-qm', 'x');
      return git('rev-parse', '--short=10', 'HEAD');
    };
    const record = 'packages/nlp/examples/results/coin.json';
    const known = 'tooling/results-to-measure-again.json';
    const committed = async () => (JSON.parse(await text(record)) as { versions: { commit?: string } }).versions.commit;
    const claim = async (of: string) => {
      const content = JSON.parse(await text(record)) as { versions: { commit?: string } };
      await put(record, JSON.stringify({ ...content, versions: { ...content.versions, commit: of } }));
      await results().ended; // the page does not show commits; it names versions, so it is written anew
    };
    beforeEach(async () => {
      await git('init', '-q');
      await put('.gitignore', '.heed\n');
    });

    it('records at a clean commit alone; what runs write themselves does not count', async () => {
      const head = await commit();
      await put('packages/nlp/src/new.ts', 'export {};');
      const { stderr, stdout, code } = await results('nlp/coin').ended;
      expect(stderr).toContain(
        'must be measured at a commit, got changes in packages/nlp/src/new.ts; --quick records nothing',
      );
      expect([stdout, code]).toEqual(['', 1]);
      expect((await results('nlp/coin', '--quick').ended).code).toBe(0);
      await rm(join(clone, 'packages/nlp/src/new.ts'));
      for (let time = 0; time < 2; time++) expect((await results('nlp/coin').ended).code).toBe(0); // its own record is there the second time
      expect(await committed()).toBe(head);
      await commit();
      const checked = await results('--check').ended;
      expect([checked.code, checked.stderr]).toEqual([0, expect.not.stringContaining('commit')]);
    });

    it('names records of no clean commit: new ones fail, known ones warn, and the list of them only shrinks', async () => {
      const head = await commit();
      await results('nlp/coin').ended;
      await claim(`${head}-dirty`);
      expect(await results('--check').ended).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`nlp/coin: its commit must be clean, got ${head}-dirty`),
      });
      await put(known, JSON.stringify({ 'nlp/coin': `${head}-dirty` }));
      await commit();
      expect(await results('--check').ended).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('heed: warning: nlp/coin is to be measured again'),
      });
      await claim('0123456789');
      expect(await results('--check').ended).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('nlp/coin: its commit must be an ancestor of HEAD, got 0123456789'),
      });
      await put(known, JSON.stringify({ 'nlp/coin': '0123456789' }));
      expect(await results('--check').ended).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`${known} can only shrink: nlp/coin at 0123456789 was not on it`),
      });
      await put(known, JSON.stringify({ 'nlp/coin': `${head}-dirty` }));
      await claim(head);
      expect(await results('--check').ended).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`nlp/coin has a clean commit: take it off ${known}`),
      });
    });
  });

  it('finds a page that was edited by hand', async () => {
    await put('RESULTS.md', 'We are the best.');
    const { code, stderr } = await results('--check').ended;
    expect(stderr).toContain('heed: RESULTS.md is not what the records say; run: npx pnpm@12 results');
    expect(code).toBe(1);
  });

  it('lists the entries, and names what may have been meant', async () => {
    expect((await results('--list').ended).stdout).toBe('nlp/coin  1 min  Coin | thrown\n');
    expect((await results('nlp/coins').ended).stderr).toContain(
      "there is no entry 'nlp/coins'; did you mean nlp/coin?",
    );
  });

  it('keeps the record of an installed package in the project', async () => {
    await put('node_modules/@heed/nlp/package.json', '{ "type": "module" }');
    await put('node_modules/@heed/nlp/examples/dist/results/coin.js', coin);
    const { code } = await heed(['results', 'nlp/coin'], clone, { clone: undefined, from: clone }).ended;
    expect(code).toBe(0);
    expect(JSON.parse(await text('.heed/results/nlp/coin.json'))).toMatchObject({ seed: 7 });
    expect(await readdir(clone)).not.toContain('RESULTS.md');
  });
});
