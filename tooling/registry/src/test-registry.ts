/**
 * `npx pnpm@12 test:registry`: publishes every package to a registry on loopback and uses each as a stranger would, in empty
 * folders with an empty home. Names of packages as arguments limit what is used to those; `--record` writes sizes and times to SIZES.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { FORWARD_PASSES, publishedPackages, type PublishedPackage } from './packages.ts';
import { runCommand, type Outcome } from './run-command.ts';
import { serveFolder } from './serve-folder.ts';
import { inspectTarball } from './tarball.ts';
import { startRegistry, type Registry } from './verdaccio.ts';

const root = join(import.meta.dirname, '../../..');
const workspace = mkdtempSync(join(tmpdir(), 'heed-registry-'));
type Environment = Readonly<Record<string, string | undefined>>;

const counts = { passed: 0, failed: 0, skipped: 0 };
const measured = new Map<string, Measured>();
const record = process.argv.includes('--record');

function report(name: string, problem: string | undefined, detail = ''): void {
  if (problem === undefined) counts.passed++;
  else counts.failed++;
  console.log(
    `${problem === undefined ? '✓' : '✗'} ${name}${detail === '' ? '' : ` (${detail})`}${problem === undefined ? '' : `\n${problem}`}`,
  );
}

const failure = ({ code, output }: Outcome) => (code === 0 ? undefined : output.split('\n').slice(-25).join('\n'));

/** An empty project of a stranger: no configuration but the registry's, no cache but the one all strangers share. */
function stranger(registry: Registry, name: string): { folder: string; env: Environment } {
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
    const outcome = await runCommand('pnpm', ['publish', '--no-git-checks', '--registry', registry.url], {
      cwd: folder,
      env,
    });
    report(`publish ${name}`, failure(outcome));
    const { problems, kilobytes } = await inspectTarball(registry, name, join(workspace, 'tarballs'));
    measured.set(name, { kilobytes });
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
  const megabytes = await size(folder);
  measured.set(name, { ...measured.get(name)!, installSeconds: installed.seconds, megabytes });
  report(`npm install ${name}`, failure(installed), `${installed.seconds.toFixed(0)} s, ${megabytes} MB`);
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

/** Native TensorFlow as the README says. The library is large: strangers share the one that this machine has. @returns the environment with it */
async function installNative(name: string, folder: string, env: Environment): Promise<Environment> {
  const { HOME, HEED_CACHE } = process.env;
  const withNative = { ...env, HOME, HEED_CACHE, HEED_TENSORFLOW: undefined };
  const command = name === '@heed/tensorflow' ? ['heed-tensorflow', 'install'] : ['heed', 'install-tensorflow'];
  const installed = await runCommand('npx', command, { cwd: folder, env: withNative });
  report(`npx ${command.join(' ')}`, failure(installed), `${installed.seconds.toFixed(0)} s`);
  return withNative;
}

/** The README's first example, in JavaScript and through the types of both module resolutions. */
async function runReadme(registry: Registry, { name, installs, example, script }: PublishedPackage): Promise<void> {
  const { folder, env } = stranger(registry, `readme-${name}`);
  const wanted = [...new Set([...installs, '@heed/node', '@types/node@20'])];
  const installed = await runCommand('npm', ['install', ...wanted], { cwd: folder, env });
  report(
    `npm install ${wanted.join(' ')}`,
    failure(installed),
    `${installed.seconds.toFixed(0)} s, ${await size(folder)} MB`,
  );
  const native = installs.includes('@tensorflow/tfjs-node');
  const exampleEnv = native ? await installNative(name, folder, env) : env;
  writeFileSync(join(folder, 'example.js'), script);
  writeFileSync(join(folder, 'example.ts'), example);
  const outcome = await runCommand('node', ['example.js'], { cwd: folder, env: exampleEnv });
  report(
    `the README's example of ${name} runs`,
    failure(outcome) ?? (outcome.output.trim() === '' ? 'it printed nothing' : undefined),
    `${outcome.seconds.toFixed(0)} s`,
  );
  measured.set(name, { ...measured.get(name)!, exampleSeconds: outcome.seconds });
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

/** A README's example where it may behave otherwise: newer Nodes, and pnpm, which hides what nobody asked for. */
async function useElsewhere(registry: Registry, { name, installs, script }: PublishedPackage): Promise<void> {
  for (const version of ['22', '24']) {
    const { folder, env } = stranger(registry, `node-${version}`);
    const installed = await runCommand('npm', ['install', ...installs, `node@${version}`], { cwd: folder, env });
    report(`npm install ${name} with Node ${version}`, failure(installed));
    writeFileSync(join(folder, 'example.js'), script);
    const node = join(folder, 'node_modules/node/bin/node');
    const found = await runCommand(node, ['--version'], { cwd: folder, env });
    report(`Node ${version} is Node ${version}`, found.output.startsWith(`v${version}.`) ? undefined : found.output);
    report(
      `the README's example of ${name} runs on Node ${version}`,
      failure(await runCommand(node, ['example.js'], { cwd: folder, env })),
    );
  }

  const withPnpm = stranger(registry, 'pnpm');
  writeFileSync(join(withPnpm.folder, 'pnpm-workspace.yaml'), 'allowBuilds: { core-js: false }\n');
  writeFileSync(join(withPnpm.folder, '.npmrc'), `registry=${registry.url}\n`);
  const pnpmEnv = { ...withPnpm.env, npm_config_yes: 'true' };
  const added = await runCommand('npx', ['pnpm@12', 'add', ...installs], { cwd: withPnpm.folder, env: pnpmEnv });
  report(`pnpm add ${installs.join(' ')}`, failure(added), `${added.seconds.toFixed(0)} s`);
  writeFileSync(join(withPnpm.folder, 'example.js'), script);
  report(
    `the README's example of ${name} runs under pnpm`,
    failure(await runCommand('node', ['example.js'], { cwd: withPnpm.folder, env: withPnpm.env })),
  );
}

/** A README's example on native TensorFlow, and the package's examples by name, from an install. */
async function useNatively(registry: Registry, { name, installs, script }: PublishedPackage): Promise<void> {
  const native = stranger(registry, 'native');
  await runCommand('npm', ['install', '--ignore-scripts', ...installs, '@tensorflow/tfjs-node'], {
    cwd: native.folder,
    env: native.env,
  });
  const nativeEnv = await installNative(name, native.folder, native.env);
  writeFileSync(join(native.folder, 'example.js'), script);
  const onTensorflow = await runCommand('node', ['example.js'], {
    cwd: native.folder,
    env: { ...nativeEnv, HEED_BACKEND: 'tensorflow' },
  });
  report(`the README's example of ${name} runs on native TensorFlow`, failure(onTensorflow));

  const listed = await runCommand('npx', ['heed', 'run', '--list'], { cwd: native.folder, env: nativeEnv });
  report(
    'npx heed run --list, from an install',
    failure(listed) ?? (listed.output.includes('nlp/letter-to-sound') ? undefined : listed.output),
  );
  const ran = await runCommand('npx', ['heed', 'run', 'nlp/letter-to-sound', '--quick'], {
    cwd: native.folder,
    env: nativeEnv,
  });
  report('npx heed run nlp/letter-to-sound --quick, from an install', failure(ran), `${ran.seconds.toFixed(0)} s`);
}

/** A Vite app that imports the package: it builds for the browser, and computes there. */
async function useInBrowser(registry: Registry, { name }: PublishedPackage): Promise<void> {
  const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
    (command) => spawnSync('which', [command]).status === 0,
  );
  const { folder, env } = stranger(registry, 'browser');
  const { code, prints } = FORWARD_PASSES[name];
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>app</title><body>waiting<script type="module" src="/main.js"></script>',
  );
  writeFileSync(
    join(folder, 'main.js'),
    // A browser without a screen has no GPU either, and its time runs ahead of an emulated one.
    code
      .replace(/^const /m, "await tf.setBackend('cpu');\nconst ")
      .replace('console.log(', 'document.body.textContent = [].concat(')
      .replace(/\);$/, ").join(' ');"),
  );
  const installed = await runCommand('npm', ['install', name, 'vite@8'], { cwd: folder, env });
  report(`npm install ${name} vite`, failure(installed));
  const built = await runCommand('npx', ['vite', 'build', '--base', './'], { cwd: folder, env });
  report(`a Vite app that imports ${name} builds`, failure(built), `${built.seconds.toFixed(0)} s`);
  if (chromium === undefined) {
    counts.skipped++;
    console.log('- the app in a browser: skipped, there is no chromium');
    return;
  }
  const { url, close } = await serveFolder(join(folder, 'dist'));
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  const page = await runCommand(
    chromium,
    [...flags, `--user-data-dir=${join(folder, 'profile')}`, '--virtual-time-budget=30000', '--dump-dom', url],
    { cwd: folder, env },
  );
  close();
  report(
    '… and computes in Chromium',
    page.output.includes(`<body>${prints}</body>`) ? undefined : page.output.slice(-2000),
  );
}

/** Of what is installed, in MB. */
async function size(folder: string): Promise<string> {
  const { output } = await runCommand('du', ['-sm', join(folder, 'node_modules')], { cwd: folder });
  return output.split('\t')[0];
}

interface Measured {
  readonly kilobytes: number;
  readonly installSeconds?: number;
  readonly megabytes?: string;
  readonly exampleSeconds?: number;
}

async function writeSizes(): Promise<void> {
  const rows = Array.from(measured, ([name, { kilobytes, installSeconds, megabytes, exampleSeconds }]) => {
    const seconds = (time: number | undefined) => (time === undefined ? '' : `${time.toFixed(0)} s`);
    return `| ${name} | ${kilobytes} kB | ${megabytes} MB | ${seconds(installSeconds)} | ${seconds(exampleSeconds)} |`;
  });
  const text = [
    '# What an install costs',
    '',
    'Written by `npx pnpm@12 test:registry --record`: each package by itself with the peers it needs, from a registry on loopback into an',
    "empty folder; then its README's first example, on WASM.",
    '',
    `${new Date().toISOString().slice(0, 10)} · ${cpus().length} × ${cpus()[0].model.trim()} · Node ${process.versions.node}`,
    '',
    '| package | packed | installed, with all it needs | npm install | first example |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
  const path = join(import.meta.dirname, '../SIZES.md');
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }));
}

const upstream = (await runCommand('npm', ['config', 'get', 'registry'], { cwd: root })).output
  .trim()
  .split('\n')
  .at(-1)!;
const registry = await startRegistry(join(workspace, 'registry'), upstream);
try {
  const packages = publishedPackages(root);
  await runCommand('pnpm', ['run', 'clean'], { cwd: root });
  const built = await runCommand('pnpm', ['run', 'build'], { cwd: root });
  report('build', failure(built), `${built.seconds.toFixed(0)} s`);
  await publish(registry, packages);
  const wanted = process.argv.slice(2).filter((argument) => argument !== '--record');
  for (const published of packages.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    await installAlone(registry, published);
    await runReadme(registry, published);
  }
  if (record) await writeSizes();
  const once = [
    ['@heed/graph', useElsewhere],
    ['@heed/nlp', useNatively],
    ['@heed/nlp', useInBrowser],
  ] as const;
  for (const [name, use] of once) {
    if (wanted.length === 0 || wanted.includes(name))
      await use(
        registry,
        packages.find((one) => one.name === name)!,
      );
  }
} finally {
  await registry.stop();
  rmSync(workspace, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
