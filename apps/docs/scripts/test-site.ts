/**
 * `npx pnpm@12 test:site`: builds the site, opens every page in Chromium under two base paths, runs every block and demo, and checks links, sizes,
 * keyboard, contrast and search; `--built` takes the site as it was last built. Where there is no Chromium it says so in one line. Pictures of pages are left in .site/screenshots.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { buildSite, placeSite } from './build-site.ts';
import { findChromium } from './find-chromium.ts';
import { brokenMaps, largeMaps } from './maps-fixtures.ts';
import { serveSite } from './serve-site.ts';

const FIRST_PAGE = 200_000;
const DEMO = 1_500_000;
const LARGE_PAGE = /^api\//;

let [passed, failed] = [0, 0];
async function check(name: string, body: () => Promise<string | void> | string | void): Promise<void> {
  const began = performance.now();
  try {
    const detail = await body();
    passed++;
    console.log(
      `✓ ${name}${detail === undefined ? '' : `: ${detail}`} (${((performance.now() - began) / 1000).toFixed(1)} s)`,
    );
  } catch (error) {
    failed++;
    console.log(`✗ ${name}\nfailed: ${name}: ${(error as Error).message.split('\n').slice(0, 12).join('\n')}`);
  }
}
function require(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

const executablePath = findChromium();
if (executablePath === undefined) {
  console.log('site: skipped, there is no chromium\n0 passed, 0 failed, 1 skipped');
  process.exit(0);
}

const began = performance.now();
if (!process.argv.includes('--built')) await buildSite();
console.log(`built in ${((performance.now() - began) / 1000).toFixed(0)} s`);
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screenshots = resolve('.site/screenshots');
rmSync(screenshots, { recursive: true, force: true });
mkdirSync(screenshots, { recursive: true });
const temporary = mkdtempSync(join(tmpdir(), 'heed-site-'));
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

/** A page that notes what must not happen. */
async function open(browser: Browser, options: Parameters<Browser['newPage']>[0] = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const problems: string[] = [];
  let bytes = 0;
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== 'localhost' && !['blob:', 'data:'].includes(protocol))
      problems.push(`foreign request: ${request.url()}`);
  });
  page.context().on(
    'response',
    (response) =>
      void response.body().then(
        (body) => (bytes += body.length),
        () => {},
      ),
  );
  return { page, problems, transferred: () => bytes };
}

const html = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html'))
    .sort();

async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const results = await (
      window as never as {
        axe: {
          run: (
            options: object,
          ) => Promise<{ violations: { id: string; impact: string; nodes: { target: string[] }[] }[] }>;
        };
      }
    ).axe.run({ resultTypes: ['violations'] });
    return results.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .slice(0, 3)
            .map(({ target }) => target.join(' '))
            .join('; ')}`,
      );
  });
  return violations;
}

try {
  for (const base of ['/heed/', '/']) {
    const folder = resolve('.site/dist');
    await placeSite(base, folder);
    const { server, url } = await serveSite(folder, base, 0);
    const files = html(folder);

    const wide: string[] = [];
    const violations: Record<'light' | 'dark', string[]> = { light: [], dark: [] };
    await check(`every page under ${base} opens without an error, a warning or a foreign request`, async () => {
      const { page, problems } = await open(browser);
      const pages = files.filter((file) => file !== '404.html');
      for (const file of pages) {
        await page.goto(url + file, { waitUntil: 'load' });
        await page.waitForFunction(() => document.querySelector('#content h1, #content h2') !== null);
        await page.waitForLoadState('networkidle');
        require(problems.length === 0, `${file}: ${problems.join('; ')}`);
        if (base === '/') await inspect(page, file);
      }
      await page.close();
      return `${pages.length} pages`;
    });

    /** What is checked of each page while it is open: contrast and roles in both colours, and whether it fits a phone. */
    async function inspect(page: Page, file: string): Promise<void> {
      const large = LARGE_PAGE.test(file) && file !== 'api/index.html';
      const picture = (width: number) => join(screenshots, `${file.replaceAll('/', '-')}.${width}.png`);
      if (!large) {
        await page.screenshot({ path: picture(1280) });
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          await page.waitForFunction(
            (dark) => document.documentElement.classList.contains('dark') === dark,
            colorScheme === 'dark',
          );
          violations[colorScheme].push(...(await axe(page)).map((violation) => `${file}: ${violation}`));
        }
        await page.emulateMedia({ colorScheme: 'light' });
      }
      await page.setViewportSize({ width: 360, height: 740 });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > 360) wide.push(`${file} (${width})`);
      if (!large) await page.screenshot({ path: picture(360) });
      await page.setViewportSize({ width: 1280, height: 900 });
    }

    if (base !== '/') {
      server.close();
      continue;
    }

    await check('no dead link or anchor', () => {
      const anchors = new Map(
        files.map((file) => [
          file,
          new Set([...readFileSync(join(folder, file), 'utf8').matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)),
        ]),
      );
      const dead: string[] = [];
      for (const file of files) {
        for (const [, href] of readFileSync(join(folder, file), 'utf8').matchAll(/<a[^>]*\shref="([^"]+)"/g)) {
          if (/^(?:https?:|mailto:)/.test(href)) continue;
          const target = new URL(href.replaceAll('&amp;', '&'), `http://localhost/${file}`);
          const path = decodeURIComponent(target.pathname).slice(1);
          const found = ['', 'index.html', '.html'].map((end) => path + end).find((name) => anchors.has(name));
          const id = decodeURIComponent(target.hash.slice(1));
          if (found === undefined || (id !== '' && !anchors.get(found)!.has(id))) dead.push(`${file} → ${href}`);
        }
      }
      require(dead.length === 0, `${dead.length}: ${dead.slice(0, 8).join(', ')}`);
    });

    await check('the first page is small', async () => {
      const { page, transferred } = await open(browser);
      await page.goto(url, { waitUntil: 'networkidle' });
      await page.waitForTimeout(300);
      const bytes = transferred();
      await page.close();
      require(bytes <= FIRST_PAGE, `${bytes} bytes, at most ${FIRST_PAGE}`);
      return `${bytes} bytes`;
    });

    for (const colorScheme of ['light', 'dark'] as const) {
      await check(`axe finds nothing serious, ${colorScheme}`, () => {
        const found = violations[colorScheme];
        require(found.length === 0, `${found.length}: ${found.slice(0, 8).join('\n')}`);
      });
    }
    await check('pages fit a phone', () => require(wide.length === 0, wide.join(', ')));

    await check('text and pictures stand without scripts', async () => {
      const { page } = await open(browser, { javaScriptEnabled: false });
      for (const file of files.filter((file) => file.includes('start/'))) {
        await page.goto(url + file);
        const text = (await page.locator('#content').innerText()).length;
        require(text > 900, `${file}: ${text} characters`);
        require((await page.locator('pre.output').count()) > 0, `${file}: no output stands there`);
        for (const path of await page.locator('[data-demo="kernel-regression"] path').all()) {
          require(((await path.getAttribute('d')) ?? '').length > 500, `${file}: no curve is drawn`);
        }
      }
      await page.close();
    });

    await check('every block prints in the page what stands below it', async () => {
      const { page, problems } = await open(browser);
      let blocks = 0;
      for (const file of files.filter((file) => !LARGE_PAGE.test(file))) {
        await page.goto(url + file, { waitUntil: 'networkidle' });
        for (const block of await page.locator('.runnable').all()) {
          const expected = await block.locator('pre.output').innerText();
          await block.getByRole('button', { name: 'Run' }).click();
          await block.locator('pre.output[data-ran="true"]').waitFor({ timeout: 60_000 });
          const printed = await block.locator('pre.output').innerText();
          const problem = await block.locator('.problem').allInnerTexts();
          require(printed === expected &&
            problem.length === 0, `${file}: ${problem.join()} printed\n${printed}\nnot\n${expected}`);
          blocks++;
        }
      }
      require(problems.length === 0, problems.join('; '));
      await page.close();
      return `${blocks} blocks`;
    });

    await check('kernel regression answers, moves by keys, and learns a width', async () => {
      const { page, transferred } = await open(browser);
      await page.goto(`${url}start/nadaraya-watson.html`, { waitUntil: 'networkidle' });
      const demo = page.locator('[data-demo="kernel-regression"]');
      await demo.getByText('squared error').waitFor({ timeout: 60_000 });
      const loss = async () => Number(/squared error (\d+\.\d+)/.exec(await demo.locator('.status').innerText())![1]);
      const before = await demo.locator('path').getAttribute('d');
      await demo.locator('circle').first().focus();
      for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowUp');
      await page.waitForFunction(
        (d) => document.querySelector('[data-demo="kernel-regression"] path')!.getAttribute('d') !== d,
        before,
      );
      await demo.locator('input[type=range]').first().fill('2');
      await demo.getByText('width 2.00;').waitFor({ timeout: 60_000 });
      const wide = await loss();
      await demo.locator('select').selectOption('learned');
      await page.waitForFunction(
        (least) => {
          const found = /squared error (\d+\.\d+)/.exec(
            document.querySelector('[data-demo="kernel-regression"] .status')!.textContent!,
          );
          return found !== null && Number(found[1]) < least;
        },
        0.8 * wide,
        { timeout: 60_000 },
      );
      const learned = await loss();
      const bytes = transferred();
      require(bytes <= DEMO, `${bytes} bytes, at most ${DEMO}`);
      await page.close();
      return `squared error ${wide} at width 2, ${learned} at the learned one; ${bytes} bytes`;
    });

    await check('the mask workshop joins masks and counts skipped blocks', async () => {
      const { page } = await open(browser);
      await page.goto(`${url}guides/masks.html`);
      const demo = page.locator('[data-demo="mask-workshop"]');
      // causal and a window of 3 back: of 36 blocks of 4, the diagonal's 6 and the 5 below them are seen
      await demo.getByText('of 36 blocks of 4 × 4, 25 are skipped').waitFor({ timeout: 60_000 });
      await demo.locator('select').last().selectOption('none');
      await demo.getByText('of 36 blocks of 4 × 4, 15 are skipped').waitFor({ timeout: 30_000 });
      await demo.locator('.map').focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowRight');
      require((await demo.locator('.heat-map .status').innerText()) ===
        '1 to 1: 1.000', 'the arrows do not move the cell');
      await page.close();
    });

    await check('letters to sounds pronounces a word, and refuses what is none', async () => {
      const { page, transferred } = await open(browser);
      await page.goto(`${url}guides/letters-to-sounds.html`, { waitUntil: 'networkidle' });
      const demo = page.locator('[data-demo="letters-to-sounds"]');
      await demo.locator('input').fill('cat');
      const before = transferred();
      const clicked = performance.now();
      await demo.getByRole('button', { name: 'Pronounce' }).click();
      await demo.locator('strong').waitFor({ timeout: 60_000 });
      const seconds = (performance.now() - clicked) / 1000;
      require((await demo.locator('strong').innerText()) ===
        'K AE T', `cat is ${await demo.locator('strong').innerText()}`);
      await demo.locator('input').fill('кот');
      await demo.getByText('Only the letters a to z').waitFor();
      const bytes = transferred() - before; // the page itself is counted as the first one is
      await page.close();
      require(bytes <= DEMO, `${bytes} bytes, at most ${DEMO}`);
      return `${seconds.toFixed(1)} s from click to answer, ${bytes} bytes`;
    });

    await check('the GPT learns to its stated loss, and stops when asked', async () => {
      const { page } = await open(browser);
      await page.goto(`${url}start/self-attention.html`, { waitUntil: 'networkidle' });
      await page.evaluate(() => {
        const longest = { milliseconds: 0 };
        Object.assign(window, { longest });
        new PerformanceObserver((list) => {
          for (const { duration } of list.getEntries()) longest.milliseconds = Math.max(longest.milliseconds, duration);
        }).observe({ type: 'longtask' });
      });
      const demo = page.locator('[data-demo="tiny-gpt"]');
      await demo.getByRole('button', { name: 'Train it here' }).click();
      await demo.getByText(/step \d+ of/).waitFor({ timeout: 60_000 });
      await demo.getByRole('button', { name: 'Stop' }).click();
      await demo.getByText('Stopped.').waitFor();
      await demo.getByRole('button', { name: 'Train it here' }).click();
      await demo.getByText('Learnt:').waitFor({ timeout: 150_000 });
      const longest = await page.evaluate(
        () => (window as never as { longest: { milliseconds: number } }).longest.milliseconds,
      );
      const said = await demo.locator('.status').innerText();
      await page.close();
      return `${said} The page's own thread was busy for at most ${longest.toFixed(0)} ms at once.`;
    });

    await check('the moving picture waits for a click, and obeys reduced motion', async () => {
      const { page } = await open(browser, { reducedMotion: 'reduce' });
      await page.goto(`${url}start/encoder-decoder.html`, { waitUntil: 'networkidle' });
      const demo = page.locator('[data-demo="alignment-steps"]');
      const first = await demo.locator('.status').innerText();
      await page.waitForTimeout(1600);
      require((await demo.locator('.status').innerText()) === first, 'it moves by itself');
      await demo.getByRole('button', { name: 'Next word' }).press('Enter');
      require((await demo.locator('.status').innerText()) !== first, 'the button does not move it');
      require((await page.evaluate(() => document.getAnimations().length)) === 0, 'something is animated');
      await page.close();
    });

    await check('长江 finds its page', async () => {
      const { page } = await open(browser);
      await page.goto(`${url}zh/`, { waitUntil: 'networkidle' });
      await page.getByRole('button', { name: '搜索' }).click();
      await page.locator('#localsearch-input').fill('长江');
      await page.locator('.VPLocalSearchBox a[href*="zh/start/multi-head"]').first().waitFor({ timeout: 20_000 });
      await page.close();
    });

    await check('course and explorer can be walked by keyboard', async () => {
      const { page } = await open(browser);
      await page.goto(`${url}start/scores.html`, { waitUntil: 'networkidle' });
      const reached = async (want: string): Promise<void> => {
        for (let i = 0; i < 90; i++) {
          await page.keyboard.press('Tab');
          const text = await page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
          if (text.includes(want)) return;
        }
        throw new Error(`Tab does not reach “${want}”`);
      };
      await reached('Skip to content');
      await reached('Run');
      await page.keyboard.press('Enter');
      await page.locator('pre.output[data-ran="true"]').first().waitFor({ timeout: 60_000 });
      await reached('Encoder and decoder →');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/encoder-decoder.html');
      await page.close();
    });

    await check('the explorer opens its sample, and 12 layers of 12 heads of 512 tokens', async () => {
      const { page, problems } = await open(browser);
      await page.goto(`${url}explorer.html`, { waitUntil: 'networkidle' });
      await page.getByRole('button', { name: 'Open the sample' }).click();
      await page.getByText('the sample: 6 layers').waitFor({ timeout: 60_000 });
      await page.locator('.map').focus();
      const before = await page.locator('.heat-map .status').innerText();
      await page.keyboard.press('ArrowRight');
      require((await page.locator('.heat-map .status').innerText()) !== before, 'the arrows do not move the cell');
      await page.getByLabel('head').first().selectOption('3');
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save as SVG' }).click();
      require((await download).suggestedFilename() === 'attention.svg', 'no SVG comes');
      const file = join(temporary, 'large.safetensors');
      writeFileSync(file, await largeMaps());
      const began = performance.now();
      await page.locator('input[type=file]').first().setInputFiles(file);
      await page.getByText('large.safetensors: 12 layers').waitFor({ timeout: 60_000 });
      await page.waitForFunction(() => document.querySelector('canvas')?.width === 512);
      const seconds = (performance.now() - began) / 1000;
      await page.getByText('two files side by side').click();
      require((await page.locator('input[type=file]').count()) === 2, 'there is no second file');
      await page.screenshot({ path: join(screenshots, 'explorer.large.png'), fullPage: true });
      require(problems.length === 0, problems.join('; '));
      await page.close();
      return `the large file in ${seconds.toFixed(1)} s`;
    });

    for (const { name, bytes, says } of await brokenMaps()) {
      await check(`the explorer refuses ${name}`, async () => {
        const { page } = await open(browser);
        await page.goto(`${url}explorer.html`, { waitUntil: 'networkidle' });
        const file = join(temporary, 'broken.safetensors');
        writeFileSync(file, bytes);
        if (name.includes('2 GB')) truncateSync(file, 2e9);
        await page.locator('input[type=file]').first().setInputFiles(file);
        await page.getByText(says).first().waitFor({ timeout: 60_000 });
        require((await page.evaluate(() => 'pwned' in window)) === false, 'markup of a label ran');
        await page.close();
      });
    }

    await check('without WebAssembly, one line says so and the picture stays', async () => {
      const { page } = await open(browser);
      await page.addInitScript(() => void delete (globalThis as { Worker?: unknown }).Worker);
      await page.goto(`${url}start/nadaraya-watson.html`, { waitUntil: 'networkidle' });
      await page.getByText('This browser has no WebAssembly or no workers').first().waitFor();
      require((await page.locator('[data-demo="kernel-regression"] circle').count()) === 8, 'the picture is gone');
      await page.close();
    });

    await check('a checkpoint that does not load is said in one line', async () => {
      const { page } = await open(browser);
      await page.route('**/checkpoints/**', (route) => route.fulfill({ status: 404, body: '' }));
      await page.goto(`${url}guides/letters-to-sounds.html`, { waitUntil: 'networkidle' });
      await page.getByRole('button', { name: 'Pronounce' }).click();
      await page.getByText('The checkpoint did not load').waitFor({ timeout: 60_000 });
      await page.close();
    });

    await check('leaving the page ends its work', async () => {
      const { page, problems } = await open(browser);
      await page.goto(`${url}start/self-attention.html`, { waitUntil: 'networkidle' });
      await page.locator('[data-demo="tiny-gpt"]').getByRole('button', { name: 'Train it here' }).click();
      await page.getByText(/step \d+ of/).waitFor({ timeout: 60_000 });
      await page.getByRole('link', { name: 'Several heads →' }).click();
      await page.waitForURL('**/multi-head.html');
      const deadline = performance.now() + 10_000;
      while (page.workers().length > 0 && performance.now() < deadline) await page.waitForTimeout(100);
      require(page.workers().length === 0, `${page.workers().length} workers still run`);
      require(problems.length === 0, problems.join('; '));
      await page.close();
    });

    server.close();
  }
} finally {
  await browser.close();
  rmSync(temporary, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
