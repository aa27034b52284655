/** `npx pnpm@12 create-model|create-task|create-dataset <domain> <name>` and `create-domain <domain> <first task>`. */
import { spawnSync } from 'node:child_process';
import { makeFromTemplates, type Kind } from './make-from-templates.ts';

const NEXT: Readonly<Record<Kind, readonly string[]>> = {
  model: [
    "the model's header: paper and deviations; then its config, parts and forward",
    'the test: parity with a reference implementation, bad input',
    'the example: real data, a result worth seeing, the minutes it takes',
    'the ledger entry: task, protocol, published figures; then npx pnpm@12 results',
  ],
  task: [
    'the model: what it computes; the task computes nothing that a model could',
    "the config, the recipe and the verb, in the field's own words",
    'the test: what the contract cannot know, and bad input',
  ],
  dataset: [
    'the card: licence, source, files with sums, statistics',
    'the reader, and its test against the real files where they are there',
  ],
  domain: [
    'the README: what the package is for, and ten lines that show it',
    'the first task and its model, its dataset (create-dataset) and example',
    "the table of packages in the root's README",
  ],
};

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw error ?? new Error(`create: ${command} ${args.join(' ')} ended with exit code ${status}`);
}

const [kind, domain, name] = process.argv.slice(2);
if (kind === undefined || !Object.hasOwn(NEXT, kind) || domain === undefined || name === undefined) {
  console.error(
    kind === 'domain'
      ? 'create-domain: usage: npx pnpm@12 create-domain <domain> <first task>, e.g. create-domain weather rain-classifier'
      : `create: usage: npx pnpm@12 create-${kind ?? 'model'} <domain> <name>, e.g. create-model nlp hierarchical-classifier`,
  );
  process.exit(2);
}
try {
  const files = makeFromTemplates(process.cwd(), kind as Kind, domain, name);
  run('prettier', ['--write', '--log-level=warn', ...files]);
  if (files.some((file) => file.endsWith('package.json'))) run('pnpm', ['install', '--no-frozen-lockfile']);
  run('pnpm', ['run', 'api']);
  const steps = [
    ...NEXT[kind as Kind],
    "the changeset, for the package's users; npx pnpm@12 api whenever exports change",
  ];
  console.log(`Written, and passing the checks as it is:\n${files.map((file) => `  ${file}`).join('\n')}

To fill in (CONTRIBUTING_MODELS.md walks through it):
${steps.map((step, i) => `  ${i + 1}. ${step}`).join('\n')}

Try it: npx pnpm@12 exec vitest run packages/${domain}/src`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
