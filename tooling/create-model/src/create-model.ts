/** `npx pnpm@12 create-model <domain> <name>`, e.g. `create-model nlp hierarchical-classifier`. */
import { spawnSync } from 'node:child_process';
import { makeModel } from './make-model.ts';

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0)
    throw error ?? new Error(`create-model: ${command} ${args.join(' ')} ended with exit code ${status}`);
}

const [domain, name] = process.argv.slice(2);
if (domain === undefined || name === undefined) {
  console.error(
    'create-model: usage: npx pnpm@12 create-model <domain> <name>, e.g. create-model nlp hierarchical-classifier',
  );
  process.exit(2);
}
try {
  const files = makeModel(process.cwd(), domain, name);
  run('prettier', ['--write', '--log-level=warn', ...files]);
  if (files.some((file) => file.endsWith('package.json'))) run('pnpm', ['install', '--no-frozen-lockfile']);
  run('pnpm', ['run', 'api']);
  console.log(`Written, and passing the checks as it is:\n${files.map((file) => `  ${file}`).join('\n')}

To fill in (CONTRIBUTING_MODELS.md walks through it):
  1. the model's header: paper and deviations; then its config, parts and forward
  2. the test: parity with a reference implementation, bad input
  3. the example: real data, a result worth seeing, the minutes it takes
  4. the ledger entry: task, protocol, published figures; then npx pnpm@12 results ${domain}/${name}
  5. the changeset, for the package's users; npx pnpm@12 api whenever exports change; the README's table of models

Try it: npx pnpm@12 demo ${domain}/${name}
        npx pnpm@12 exec vitest run packages/${domain}/src/models/${name}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
