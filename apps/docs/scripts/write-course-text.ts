import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { LESSONS } from '../build/sidebar.ts';

/** The prose of the English course in one file: what the character GPT of the site learns. */
export async function writeCourseText(): Promise<void> {
  const pages = await Promise.all(LESSONS.map(([name]) => readFile(`pages/start/${name}.md`, 'utf8')));
  await mkdir('pages/public', { recursive: true });
  await writeFile('pages/public/course.txt', pages.map(prose).join('\n'));
}

/** Without code, formulas, components and marks, in plain characters: fewer kinds of them are easier to learn. */
function prose(markdown: string): string {
  return markdown
    .replace(/^---[\s\S]*?^---$/m, '')
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .replaceAll(/\$\$[\s\S]*?\$\$/g, '')
    .replaceAll(/\$[^$]*\$/g, '')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/^[#|>-].*$/gm, '')
    .replaceAll(/[*_`]/g, '')
    .replaceAll(/[’‘]/g, "'")
    .replaceAll(/[“”]/g, '"')
    .replaceAll(/[^\x20-\x7e\n]/g, ' ')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/ *\n */g, '\n')
    .replaceAll(/\n{2,}/g, '\n\n')
    .replaceAll(/(?<!\n)\n(?!\n)/g, ' ')
    .trim();
}
