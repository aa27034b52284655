import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import type { Registry } from './verdaccio.ts';

const MEANT =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.*\.(js|d\.ts)|dist\/.*\.wasm|native\/.*\.(cc?|h)|examples\/dist\/.*\.js)$/;
const NEVER = /\.(test|bench)\.|golden|fixture|tsbuildinfo/;
const MAXIMUM_KILOBYTES: Readonly<Record<string, number>> = { '@heed/attention-core': 180 }; // convolutions, norms and T5's stacks among it
const MAXIMUM_KILOBYTES_OF_OTHERS = 1000;

/** Fetches a published package and looks inside: nothing but what was meant, the source condition gone, publint and attw content, small. */
export async function inspectTarball(
  registry: Registry,
  name: string,
  folder: string,
): Promise<{ problems: string[]; kilobytes: number }> {
  mkdirSync(folder, { recursive: true });
  const env = { npm_config_userconfig: registry.npmrc };
  const packed = await runCommand('npm', ['pack', name, '--registry', registry.url, '--silent'], { cwd: folder, env });
  const tarball = join(folder, packed.output.trim().split('\n').at(-1)!);
  const listed = (await runCommand('tar', ['-tzf', tarball], { cwd: folder })).output.trim().split('\n');
  const files = listed.map((path) => path.replace(/^package\//, ''));
  const problems = files
    .filter((path) => !MEANT.test(path) || NEVER.test(path))
    .map((path) => `${path} is not meant to be published`);
  const unpacked = join(folder, name.replaceAll('/', '-'));
  mkdirSync(unpacked, { recursive: true });
  await runCommand('tar', ['-xzf', tarball, '-C', unpacked], { cwd: folder });
  const manifest = readFileSync(join(unpacked, 'package/package.json'), 'utf8');
  const { exports } = JSON.parse(manifest) as { readonly exports: { readonly '.': Readonly<Record<string, string>> } };
  const entries = Object.values(exports['.']).map((path) => path.slice('./'.length));
  for (const required of ['README.md', 'LICENSE', ...entries]) {
    if (!files.includes(required)) problems.push(`${required} is missing`);
  }
  for (const leak of ['@heed/source', 'workspace:', 'catalog:']) {
    if (withoutScripts(manifest).includes(leak)) problems.push(`package.json still says ${leak}`);
  }
  const kilobytes = Math.ceil(statSync(tarball).size / 1000);
  const allowed = MAXIMUM_KILOBYTES[name] ?? MAXIMUM_KILOBYTES_OF_OTHERS;
  if (kilobytes > allowed) problems.push(`${kilobytes} kB packed, at most ${allowed}`);
  for (const [tool, args] of [
    ['publint', ['run', tarball, '--strict']],
    ['attw', [tarball, '--profile', 'esm-only']],
  ] as const) {
    const outcome = await runCommand(join(import.meta.dirname, '../node_modules/.bin', tool), args, { cwd: folder });
    if (outcome.code !== 0) problems.push(`${tool}:\n${outcome.output}`);
  }
  return { problems, kilobytes };
}

/** Scripts are the workspace's own; nobody else runs them. */
function withoutScripts(manifest: string): string {
  return JSON.stringify(JSON.parse(manifest), (key, value: unknown) => (key === 'scripts' ? undefined : value));
}
