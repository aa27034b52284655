import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import type { MarkdownRenderer } from 'vitepress';

/**
 * ```` ```ts run ```` becomes a block with a button that runs it in the page's worker. What it prints stands in the ```` ```output ```` block after it,
 * which is there without scripts too; a test runs each block in Node and in the page and compares. ```` ```same scores 1 ```` shows a block of the
 * English course once more.
 */
export function runnableBlocks(md: MarkdownRenderer): void {
  const fence = md.renderer.rules.fence!;
  md.renderer.rules.fence = (tokens, index, options, environment, self) => {
    const token = tokens[index];
    const info = token.info.trim();
    // Coloured, the code of the reference would weigh more than all other pages.
    if ((environment as { relativePath?: string }).relativePath?.startsWith('api/') === true) {
      return `<pre v-pre class="plain"><code>${md.utils.escapeHtml(token.content)}</code></pre>\n`;
    }
    if (info === 'output') return ''; // drawn by the block before it
    const same = /^same (\S+) (\d+)$/.exec(info);
    if (same !== null) {
      const block = runBlock(same[1], Number(same[2]));
      token.info = 'ts';
      token.content = block.code;
      return runnable(block.code, block.output, fence(tokens, index, options, environment, self));
    }
    if (info !== 'ts run') return fence(tokens, index, options, environment, self);
    const next = tokens[index + 1];
    if (next?.type !== 'fence' || next.info.trim() !== 'output') {
      throw new Error(`a block "ts run" needs a block "output" after it: ${token.content.slice(0, 80)}`);
    }
    token.info = 'ts';
    const shown = fence(tokens, index, options, environment, self);
    return runnable(token.content, next.content.trimEnd(), shown);
  };
}

function runnable(code: string, output: string, shown: string): string {
  return `<RunnableBlock code="${encode(toWorkerCode(code))}" output="${encode(output)}">${shown}</RunnableBlock>\n`;
}

/** A block of the English course, counted from 1: translations show the same code. */
function runBlock(lesson: string, number: number): { code: string; output: string } {
  const text = readFileSync(`pages/start/${lesson}.md`, 'utf8');
  const match = [...text.matchAll(/^```ts run\n([\s\S]*?)^```\s*```output\n([\s\S]*?)^```/gm)][number - 1];
  if (match === undefined) throw new Error(`there is no block ${number} in pages/start/${lesson}.md`);
  return { code: match[1], output: match[2].trimEnd() };
}

/** TypeScript without its types, whose imports ask the worker for modules. */
function toWorkerCode(typescript: string): string {
  const { code } = transformSync(typescript, { loader: 'ts', format: 'esm', target: 'es2022' });
  return code
    .replaceAll(/^import\s*\*\s*as\s+(\w+)\s+from\s*["'](.+?)["'];?$/gm, 'const $1 = await modules("$2");')
    .replaceAll(/^import\s*\{([^}]*)\}\s*from\s*["'](.+?)["'];?$/gm, (_, names: string, module: string) => {
      return `const {${names.replaceAll(/\bas\b/g, ':')}} = await modules("${module}");`;
    });
}

const encode = (text: string): string => encodeURIComponent(text).replaceAll("'", '%27');
