/**
 * `npx pnpm@12 test:registry`: publishes every package to a registry on loopback and uses each as a stranger would, in empty
 * folders with an empty home.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FORWARD_PASSES, publishedPackages, type PublishedPackage } from './packages.ts';
import { runCommand, type Outcome } from './run-command.ts';
import { inspectTarball } from './tarball.ts';
import { startRegistry, type Registry } from './verdaccio.ts';

const root = join(import.meta.dirname, '../../..');
const workspace = mkdtempSync(join(tmpdir(), 'heed-registry-'));
const counts = { passed: 0, failed: 0, skipped: 0 };

function report(name: string, problem: string | undefined, detail = ''): void {
  if (problem === undefined) counts.passed++;
  else counts.failed++;
  console.log(
    `${problem === undefined ? '✓' : '✗'} ${name}${detail === '' ? '' : ` (${detail})`}${problem === undefined ? '' : `\n${problem}`}`,
  );
}

const failure = ({ code, output }: Outcome) => (code === 0 ? undefined : output.split('\n').slice(-25).join('\n'));

/** An empty project of a stranger: no configuration but the registry's, no cache but the one all strangers share. */
function stranger(registry: Registry, name: string): { folder: string; env: Record<string, string | undefined> } {
  const folder = join(workspace, 'projects', name.replaceAll(/[@/]/g, '-').replace(/^-/, ''));
  const home = join(folder, '.home');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  // npm run by a package manager hands its own settings on; a stranger has none of them
  const inherited = Object.fromEntries(
    Object.keys(process.env)
      .filter((key) => /^(npm|pnpm)_/i.test(key))
      .map((key) => [key, undefined]),
  );
  return {
    folder,
    env: {
      ...inherited,
      HOME: home,
      npm_config_userconfig: registry.npmrc,
      npm_config_cache: join(workspace, 'npm-cache'),
      HEED_CACHE: join(home, 'heed'),
      HEED_TENSORFLOW: 'off',
      HEED_BACKEND: undefined,
      HEED_DATA: undefined,
      CI: 'true',
    },
  };
}

async function publish(registry: Registry, packages: readonly PublishedPackage[]): Promise<void> {
  for (const { name, folder } of packages) {
    const env = { npm_config_userconfig: registry.npmrc, npm_config_registry: registry.url };
    const outcome = await runCommand(
      'pnpm',
      ['publish', '--no-git-checks', '--ignore-scripts', '--registry', registry.url],
      { cwd: folder, env },
    );
    report(`publish ${name}`, failure(outcome));
    const { problems, kilobytes } = await inspectTarball(registry, name, join(workspace, 'tarballs'));
    report(
      `what ${name} publishes is what was meant`,
      problems.length === 0 ? undefined : problems.join('\n'),
      `${kilobytes} kB packed`,
    );
  }
}

/** Each package by itself: it installs, imports and computes. */
async function installAlone(registry: Registry, { name }: PublishedPackage): Promise<void> {
  const { folder, env } = stranger(registry, `alone-${name}`);
  const installed = await runCommand('npm', ['install', name], { cwd: folder, env });
  report(`npm install ${name}`, failure(installed), `${installed.seconds.toFixed(0)} s, ${await size(folder)}`);
  const pass = FORWARD_PASSES[name];
  if (pass === undefined) return report(`${name} alone computes`, `packages.ts has no forward pass for ${name}`);
  writeFileSync(join(folder, 'forward.js'), pass.code);
  const outcome = await runCommand('node', ['forward.js'], { cwd: folder, env });
  const printed = outcome.output.trim().split('\n').at(-1);
  report(
    `${name} alone computes`,
    printed === pass.prints ? undefined : `expected ${pass.prints}, got:\n${outcome.output}`,
  );
}

/** The README's first example, in JavaScript and through the types of both module resolutions. */
async function runReadme(registry: Registry, { name, example }: PublishedPackage): Promise<void> {
  const { folder, env } = stranger(registry, `readme-${name}`);
  const wanted = [...new Set([name, '@heed/node', '@types/node@20'])];
  const installed = await runCommand('npm', ['install', ...wanted], { cwd: folder, env });
  report(
    `npm install ${wanted.join(' ')}`,
    failure(installed),
    `${installed.seconds.toFixed(0)} s, ${await size(folder)}`,
  );
  writeFileSync(join(folder, 'example.js'), example);
  writeFileSync(join(folder, 'example.ts'), example);
  const outcome = await runCommand('node', ['example.js'], { cwd: folder, env });
  report(
    `the README's example of ${name} runs`,
    failure(outcome) ?? (outcome.output.trim() === '' ? 'it printed nothing' : undefined),
    `${outcome.seconds.toFixed(0)} s`,
  );
  for (const [module, resolution] of [
    ['NodeNext', 'NodeNext'],
    ['ESNext', 'Bundler'],
  ] as const) {
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'ES2022',
      '--module',
      module,
      '--moduleResolution',
      resolution,
      '--types',
      'node',
    ];
    const checked = await runCommand(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), ...options, 'example.ts'],
      { cwd: folder, env },
    );
    report(`… and its types hold under ${resolution}`, failure(checked));
  }
}

async function size(folder: string): Promise<string> {
  const { output } = await runCommand('du', ['-sm', join(folder, 'node_modules')], { cwd: folder });
  return `${output.split('\t')[0]} MB`;
}

const upstream = (await runCommand('npm', ['config', 'get', 'registry'], { cwd: root })).output
  .trim()
  .split('\n')
  .at(-1)!;
const registry = await startRegistry(join(workspace, 'registry'), upstream);
try {
  const packages = publishedPackages(root);
  const built = await runCommand('pnpm', ['run', 'build'], { cwd: root });
  report('build', failure(built), `${built.seconds.toFixed(0)} s`);
  await publish(registry, packages);
  for (const published of packages) {
    await installAlone(registry, published);
    await runReadme(registry, published);
  }
} finally {
  await registry.stop();
  rmSync(workspace, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
