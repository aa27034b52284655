import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const TEMPLATES = join(import.meta.dirname, '../templates');

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * Writes a model that passes the checks as it is: the model with its test, an example, a ledger entry, a changeset, and its export.
 *
 * @returns the files written or changed; a manifest is among them where the example needs a package that no other example there needs
 * @throws if the domain is unknown, the name is not kebab-case, or the model exists
 */
export function makeModel(root: string, domain: string, name: string): string[] {
  const home = `packages/${domain}`;
  if (!existsSync(join(root, home, 'examples/package.json'))) {
    throw new Error(`create-model: domain must be a package with examples, got ${domain}`);
  }
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new Error(`create-model: name must be kebab-case, got ${name}`);
  const files: Readonly<Record<string, string>> = {
    [`${home}/src/models/${name}/${name}.ts`]: 'model.ts',
    [`${home}/src/models/${name}/${name}.test.ts`]: 'model.test.ts',
    [`${home}/examples/${name}.ts`]: 'example.ts',
    [`${home}/examples/results/${name}.ts`]: 'result.ts',
    [`.changeset/${domain}-${name}.md`]: 'changeset.md',
  };
  const taken = Object.keys(files).find((path) => existsSync(join(root, path)));
  if (taken !== undefined)
    throw new Error(`create-model: a new model must have a new name, got ${name} (${taken} exists)`);

  const Class = name
    .split('-')
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join('');
  for (const [path, template] of Object.entries(files)) {
    const text = readFileSync(join(TEMPLATES, `${template}.template`), 'utf8');
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(
      join(root, path),
      text.replaceAll('{{Class}}', Class).replaceAll('{{name}}', name).replaceAll('{{domain}}', domain),
    );
  }
  const index = `${home}/src/index.ts`;
  const exported = `export { create${Class}, ${Class}, type ${Class}Batch, type ${Class}Config } from './models/${name}/${name}.ts';\n`;
  writeFileSync(join(root, index), readFileSync(join(root, index), 'utf8') + exported);
  const manifest = `${home}/examples/package.json`;
  const needed = ['@heed/attention-core', '@heed/node', '@heed/training', '@tensorflow/tfjs'];
  const added = addDependencies(join(root, manifest), needed);
  return [...Object.keys(files), index, ...(added ? [manifest] : [])];
}

/** @returns whether any had been missing */
function addDependencies(path: string, names: readonly string[]): boolean {
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  const before = manifest.dependencies ?? {};
  const missing = names.filter((name) => before[name] === undefined);
  if (missing.length === 0) return false;
  const added = missing.map((name) => [name, name.startsWith('@heed/') ? 'workspace:^' : 'catalog:'] as const);
  const dependencies = Object.fromEntries([...Object.entries(before), ...added].sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify({ ...manifest, dependencies }, null, 2)}\n`);
  return true;
}
