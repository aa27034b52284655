import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vitepress';
import { writeApiPages } from './write-api-pages.ts';
import { writeCourseText } from './write-course-text.ts';

const PLACEHOLDER = '/__heed_base__/';
const TEMPLATE = '.site/template';
const TEXTS = /\.(?:html|js|css|json|xml|txt|webmanifest)$/;

/** Builds the site for a base that `placeSite` puts in. @throws on a dead link, a typed figure, or a page that does not render on the server */
export async function buildSite(): Promise<void> {
  await writeApiPages();
  await writeCourseText();
  const problems: string[] = [];
  const { error, warn } = console;
  // Vue reports what fails on the server without ending the build.
  console.error = (...values: unknown[]) => void problems.push(values.join(' '));
  console.warn = (...values: unknown[]) => {
    const line = values.join(' ');
    if (line.includes('[Vue warn]')) problems.push(line);
    else warn(line);
  };
  try {
    await build('.');
  } finally {
    Object.assign(console, { error, warn });
  }
  if (problems.length > 0)
    throw new Error(`site: these were reported while pages were rendered:\n${problems.join('\n')}`);
}

/** Copies the built site to a folder, for a base. */
export async function placeSite(base: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(TEMPLATE, folder, { recursive: true });
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !TEXTS.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const text = await readFile(file, 'utf8');
    if (text.includes(PLACEHOLDER)) await writeFile(file, text.replaceAll(PLACEHOLDER, base));
  }
}
