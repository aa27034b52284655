import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const TEMPLATES = join(import.meta.dirname, '../templates');

/**
 * Writes a model that passes the checks as it is: the model with its test, an example, a ledger entry, a changeset, and its export.
 *
 * @returns the files written or changed
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
  return [...Object.keys(files), index];
}
