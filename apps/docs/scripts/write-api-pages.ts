import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Application, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { PACKAGES } from '../build/sidebar.ts';

const FOLDER = 'pages/api';

/** The API reference: a page for each package, from the docstrings. Pages that are newer than all sources are kept. */
export async function writeApiPages(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  for (const name of PACKAGES) await writePackage(name);
  const list = await Promise.all(
    PACKAGES.map(async (name) => {
      const { description } = JSON.parse(await readFile(`../../packages/${name}/package.json`, 'utf8')) as {
        description: string;
      };
      return `- [@heed/${name}](./${name}.md): ${description}`;
    }),
  );
  await writeFile(join(FOLDER, 'index.md'), `---\ntitle: API\n---\n\n# API\n\n${list.join('\n')}\n`);
}

async function writePackage(name: string): Promise<void> {
  const home = `../../packages/${name}`;
  const out = `.site/api/${name}`;
  const app = await Application.bootstrapWithPlugins({
    entryPoints: [`${home}/src/index.ts`],
    tsconfig: `${home}/tsconfig.json`,
    plugin: ['typedoc-plugin-markdown'],
    router: 'module',
    out,
    readme: 'none',
    disableSources: true,
    excludePrivate: true,
    excludeInternal: true,
    skipErrorChecking: true,
    logLevel: 'Error',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    parametersFormat: 'table',
    sanitizeComments: true,
  } as Partial<TypeDocOptions & PluginOptions>);
  const project = await app.convert();
  if (project === undefined) throw new Error(`site: typedoc could not read @heed/${name}`);
  await app.generateOutputs(project);
  const page = ['index.md', 'README.md', 'globals.md'].map((file) => join(out, file)).find((file) => existsSync(file));
  if (page === undefined) throw new Error(`site: typedoc wrote no page for @heed/${name}`);
  const text = await readFile(page, 'utf8');
  await writeFile(
    join(FOLDER, `${name}.md`),
    `---\ntitle: '@heed/${name}'\noutline: 2\n---\n\n${escapeMarkup(repairAnchors(text)).replace(/^# .*$/m, `# @heed/${name}`)}`,
  );
  await rm(out, { recursive: true });
}

/** Vue reads pages as templates: of the tags only those of typedoc remain, and braces are no expressions. Code is left alone. */
function escapeMarkup(markdown: string): string {
  return markdown
    .split(/(^```[\s\S]*?^```$|`[^`\n]*`)/m)
    .map((part, i) =>
      i % 2 === 1 ? part : part.replaceAll(/<(?!\/?(?:a|br)\b)/g, '&lt;').replaceAll('{{', '&#123;&#123;'),
    )
    .join('');
}

/** typedoc numbers headings of one name across the whole page, VitePress gives the first one the plain name: links to numbers that nobody has lose them. */
function repairAnchors(markdown: string): string {
  const counts = new Map<string, number>();
  for (const [, heading] of markdown.matchAll(/^#+ (.+)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
      .trim()
      .replaceAll(/\s+/g, '-');
    counts.set(anchor, (counts.get(anchor) ?? 0) + 1);
  }
  return markdown.replaceAll(/\]\(#([\w-]+?)-(\d+)\)/g, (link, anchor: string, number: string) =>
    (counts.get(anchor) ?? 0) <= Number(number) ? `](#${anchor})` : link,
  );
}
