import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const TEMPLATES = join(import.meta.dirname, '../templates');
const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** What can be made, by the command's name. */
export type Kind = 'model' | 'task' | 'dataset' | 'domain';

interface Recipe {
  /** Template by path; in paths and templates {{domain}}, {{Domain}}, {{name}}, {{Class}} and {{variable}} are filled in. */
  readonly files: Readonly<Record<string, string>>;
  /** Lines of the package's index. */
  readonly exports: readonly string[];
  /** What the package, and its examples, must depend on. */
  readonly dependencies?: readonly string[];
  readonly exampleDependencies?: readonly string[];
}

const HOME = 'packages/{{domain}}';

const RECIPES: Readonly<Record<Exclude<Kind, 'domain'>, Recipe>> = {
  model: {
    files: {
      [`${HOME}/src/models/{{name}}/{{name}}.ts`]: 'model/model.ts',
      [`${HOME}/src/models/{{name}}/{{name}}.test.ts`]: 'model/model.test.ts',
      [`${HOME}/examples/{{name}}.ts`]: 'model/example.ts',
      [`${HOME}/examples/results/{{name}}.ts`]: 'model/result.ts',
      '.changeset/{{domain}}-{{name}}.md': 'model/changeset.md',
    },
    exports: [
      "export { create{{Class}}, {{Class}}, type {{Class}}Batch, type {{Class}}Config } from './models/{{name}}/{{name}}.ts';",
    ],
    exampleDependencies: ['@heed/attention-core', '@heed/node', '@heed/training', '@tensorflow/tfjs'],
  },
  task: {
    files: {
      [`${HOME}/src/models/{{name}}-model/{{name}}-model.ts`]: 'model/model.ts',
      [`${HOME}/src/models/{{name}}-model/{{name}}-model.test.ts`]: 'model/model.test.ts',
      [`${HOME}/src/tasks/{{name}}/{{name}}.ts`]: 'task/task.ts',
      [`${HOME}/src/tasks/{{name}}/{{name}}-config.ts`]: 'task/task-config.ts',
      [`${HOME}/src/tasks/{{name}}/{{name}}.test.ts`]: 'task/task.test.ts',
      '.changeset/{{domain}}-{{name}}.md': 'model/changeset.md',
    },
    exports: [
      "export { {{Class}} } from './tasks/{{name}}/{{name}}.ts';",
      "export type { {{Class}}Example, {{Class}}Prediction, {{Class}}Config, {{Class}}FitOptions, {{Class}}PredictOptions } from './tasks/{{name}}/{{name}}-config.ts';",
    ],
    dependencies: ['@heed/attention-core', '@heed/tasks', '@heed/training', 'zod'],
  },
  dataset: {
    files: {
      [`${HOME}/src/datasets/{{name}}/{{name}}.ts`]: 'dataset/dataset.ts',
      [`${HOME}/src/datasets/{{name}}/{{name}}.test.ts`]: 'dataset/dataset.test.ts',
      '.changeset/{{domain}}-{{name}}.md': 'model/changeset.md',
    },
    exports: ["export { {{variable}}, read{{Class}}, type {{Class}}Row } from './datasets/{{name}}/{{name}}.ts';"],
    dependencies: ['@heed/training'],
  },
};

const DOMAIN: Readonly<Record<string, string>> = {
  [`${HOME}/package.json`]: 'domain/package.json',
  [`${HOME}/README.md`]: 'domain/README.md',
  [`${HOME}/tsconfig.json`]: 'domain/tsconfig.json',
  [`${HOME}/turbo.json`]: 'domain/turbo.json',
  [`${HOME}/src/index.ts`]: 'domain/index.ts',
  [`${HOME}/examples/package.json`]: 'domain/examples.package.json',
  [`${HOME}/examples/tsconfig.json`]: 'domain/examples.tsconfig.json',
  [`${HOME}/examples/{{name}}.ts`]: 'domain/example.ts',
};

/**
 * Writes a model, a task with its model, a dataset, or a domain with its first task: it passes all checks and its own tests as it is.
 *
 * @returns the files written or changed
 * @throws if the domain is unknown (or, for a new one, known), a name is not kebab-case, or a file exists; nothing is then written
 */
export function makeFromTemplates(root: string, kind: Kind, domain: string, name: string): string[] {
  const command = `create-${kind}`;
  for (const [what, given] of Object.entries({ domain, name })) {
    if (!KEBAB_CASE.test(given)) throw new Error(`${command}: ${what} must be kebab-case, got ${given}`);
  }
  const known = existsSync(join(root, `packages/${domain}/package.json`));
  if (kind === 'domain' && known) throw new Error(`create-domain: a new domain must have a new name, got ${domain}`);
  if (kind !== 'domain' && !known) throw new Error(`${command}: domain must be a package, got ${domain}`);
  const recipe = RECIPES[kind === 'domain' ? 'task' : kind];
  const files = { ...(kind === 'domain' ? DOMAIN : {}), ...recipe.files };
  const fill = filler(domain, name);
  const taken = Object.keys(files)
    .map(fill)
    .find((path) => existsSync(join(root, path)));
  if (taken !== undefined)
    throw new Error(`${command}: a new ${kind} must have a new name, got ${name} (${taken} exists)`);

  for (const [path, template] of Object.entries(files)) {
    const text = readFileSync(join(TEMPLATES, `${template}.template`), 'utf8');
    // a task's model is called after it
    const named = template.startsWith('model/model') && kind !== 'model' ? filler(domain, `${name}-model`) : fill;
    write(root, fill(path), named(text));
  }
  const index = fill(`${HOME}/src/index.ts`);
  write(
    root,
    index,
    readFileSync(join(root, index), 'utf8') + recipe.exports.map((line) => `${fill(line)}\n`).join(''),
  );
  const manifests = [
    [`packages/${domain}/package.json`, recipe.dependencies ?? []],
    [`packages/${domain}/examples/package.json`, recipe.exampleDependencies ?? []],
  ] as const;
  const changed = manifests.filter(([path, needed]) => addDependencies(join(root, path), needed)).map(([path]) => path);
  const listed = kind === 'dataset' && listReader(root, `${domain}/src/datasets/${name}/`) ? [READERS_PAGE] : [];
  return [...new Set([...Object.keys(files).map(fill), index, ...changed, ...listed])];
}

const READERS_PAGE = 'CONTRIBUTING.md';

/** Adds the row of a new data set to the readers of foreign bytes. @returns whether there is such a list */
function listReader(root: string, reader: string): boolean {
  const page = join(root, READERS_PAGE);
  if (!existsSync(page)) return false;
  const text = readFileSync(page, 'utf8');
  const list = /(^## Readers of foreign bytes\n[^]*?^\|[^]*?\|\n)(?!\|)/m;
  if (!list.test(text)) return false;
  writeFileSync(
    page,
    text.replace(list, (rows) => `${rows}| \`${reader}\` | a data set | the card's sums | own tests |\n`),
  );
  return true;
}

function filler(domain: string, name: string): (text: string) => string {
  const Class = capitals(name);
  const values: Readonly<Record<string, string>> = {
    domain,
    Domain: capitals(domain),
    name,
    Class,
    variable: Class[0].toLowerCase() + Class.slice(1),
  };
  return (text) => text.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => values[key]);
}

function capitals(name: string): string {
  return name
    .split('-')
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join('');
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** @returns whether any had been missing */
function addDependencies(path: string, names: readonly string[]): boolean {
  if (names.length === 0) return false;
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  const before = manifest.dependencies ?? {};
  const missing = names.filter((name) => before[name] === undefined);
  if (missing.length === 0) return false;
  const added = missing.map((name) => [name, name.startsWith('@heed/') ? 'workspace:^' : 'catalog:'] as const);
  const dependencies = Object.fromEntries([...Object.entries(before), ...added].sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify({ ...manifest, dependencies }, null, 2)}\n`);
  return true;
}
