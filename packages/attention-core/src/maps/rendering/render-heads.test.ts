import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LabelledMap } from '../labelled-map.ts';
import { headViews } from './head-views.ts';
import { elements, requireWellFormed } from './markup.test-support.ts';
import { renderHeads } from './render-heads.ts';

const words = ['a', 'שלום', '👩‍👩‍👧'];
const head = (layer: number, index: number, weights: readonly (readonly number[])[]): LabelledMap => ({
  name: `layer ${layer}, head ${index}`,
  rows: words,
  columns: words,
  weights,
});
const LAYERS = [
  [
    head(1, 0, [[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]]),
    head(1, 1, [[0.1, 0.2, 0.7], [0.06, 0.02, 0.92], [0, 0, 1]]),
  ],
  [head(2, 0, [[0.6, 0.4, 0], [0, 1, 0], [1, 0, 0]]), head(2, 1, [[0, 0, 1], [0, 1, 0], [1, 0, 0]])],
]; // prettier-ignore

const dataOf = (page: string) =>
  JSON.parse(/<script type="application\/json">(.*?)<\/script>/.exec(page)![1]) as {
    readonly rows: readonly string[];
    readonly layers: readonly (readonly string[])[];
    readonly largest: number;
    readonly weights: string;
  };
/** A page of all these layers and heads of n tokens, each row a softmax of sines. */
const large = (layers: number, heads: number, n: number): LabelledMap[][] => {
  const rows = Array.from({ length: n }, (_, i) => `token ${i}`);
  return Array.from({ length: layers }, (_, l) =>
    Array.from({ length: heads }, (_, h) => {
      const weights = rows.map((_, q) => {
        const powers = rows.map((_, k) => Math.exp(3 * Math.sin(q * (l + 1) + k * (h + 2))));
        const sum = powers.reduce((a, b) => a + b);
        return powers.map((power) => power / sum);
      });
      return { name: `layer ${l + 1}, head ${h}`, rows, columns: rows, weights };
    }),
  );
};

describe('renderHeads', () => {
  it('keeps every weight to within √w/255', () => {
    const layers = large(2, 3, 12);
    const bytes = Buffer.from(dataOf(renderHeads(layers)).weights, 'base64');
    const weights = layers.flat().flatMap((map) => map.weights.flat());
    expect(bytes).toHaveLength(weights.length);
    for (const [i, weight] of weights.entries()) {
      // half a step of the root, doubled by the square: √w/255 + (0.5/255)²
      expect(Math.abs((bytes[i] / 255) ** 2 - weight)).toBeLessThanOrEqual(Math.sqrt(weight) / 255 + (0.5 / 255) ** 2);
    }
  });

  it('takes 0.8 MB for 12 layers of 12 heads and 64 tokens', () => {
    const page = renderHeads(large(12, 12, 64));
    expect(page.length).toBeGreaterThan((4 / 3) * 12 * 12 * 64 * 64);
    expect(page.length).toBeLessThan(0.82e6);
  });

  it('draws weights above 1 as shares of the largest', () => {
    const { largest, weights } = dataOf(renderHeads([[head(1, 0, [[4, 0, 0], [1, 0, 0], [0, 0, 0]])]])); // prettier-ignore
    expect(largest).toBe(4);
    expect([...Buffer.from(weights, 'base64')]).toEqual([255, 0, 0, 128, 0, 0, 0, 0, 0]); // √(1/4) · 255 = 127.5
  });

  it('asks for nothing over the network, and forbids itself to', () => {
    const page = renderHeads(LAYERS);
    expect(page).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"`,
    );
    expect(page).not.toMatch(/https?:|\bsrc=|href=|url\(|@import|fetch\(/);
  });

  it('is well-formed and escapes everything that it is given', () => {
    const hostile = `</script><script>alert("1 & 2")</script>`;
    const map = { name: hostile, rows: [hostile], columns: [hostile], weights: [[1]] };
    const page = renderHeads([[map]], { title: hostile, description: hostile });
    expect(elements(page, 'script')).toHaveLength(2); // the data and the views
    expect(page).not.toContain('<script>alert');
    expect(dataOf(page).rows).toEqual([hostile]);
    requireWellFormed(`${page.slice(page.indexOf('<div class="heed-heads"'), page.indexOf('<script'))}</div>`);
  });

  it('says what cannot be shown', () => {
    expect(() => renderHeads([])).toThrow('at least one layer of one head is needed, got none');
    expect(() => headViews([LAYERS[0], []])).toThrow('every layer must have a head, got none in layer 1');
    const other = { ...LAYERS[0][0], columns: ['a', 'b', 'c'] };
    expect(() => headViews([[LAYERS[0][1], other]])).toThrow(
      'all heads must have the same rows and columns, got others in "layer 1, head 0": 3 by 3',
    );
    const negative = head(3, 0, [[1, 0, 0], [0, 1, -0.5], [0, 0, 1]]); // prettier-ignore
    expect(() => headViews([[negative]])).toThrow('weights must not be negative, got -0.5 in "layer 3, head 0"');
    const broken = head(3, 0, [[1, 0, 0], [0, NaN, 0], [0, 0, 1]]); // prettier-ignore
    expect(() => headViews([[broken]])).toThrow('must be finite, got NaN at [1][1]');
  });
});

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (command) => spawnSync('which', [command]).status === 0,
);
if (chromium === undefined) process.stdout.write('render-heads.test: skipped in a browser, there is no Chromium\n');

/** What a script that acts on the page in Chromium returns. */
function inBrowser(page: string, script: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'heed-heads-'));
  const file = join(folder, 'page.html');
  const acting = `<script>document.body.replaceChildren(JSON.stringify((() => {${script}})()))</script></body>`;
  writeFileSync(
    file,
    page.replace('</body>', () => acting),
  );
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'profile')}`];
  try {
    const { stdout } = spawnSync(chromium!, [...flags, '--dump-dom', `file://${file}`], {
      encoding: 'utf8',
      timeout: 25_000, // on a busy machine it may print the page and not end
    });
    const text = /<body>([^]*?)<\/body>/.exec(stdout)?.[1] ?? stdout;
    return JSON.parse(text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const TOOLS = `
const all = (selector) => [...document.querySelectorAll(selector)];
const one = (selector) => document.querySelector(selector);
const key = (target, name) => target.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
const opacity = (x, y) => {
  const canvas = one('.tokens canvas');
  const row = one('li').offsetHeight * devicePixelRatio;
  return canvas.getContext('2d').getImageData(x < 0 ? canvas.width + x : x, (y + 0.5) * row, 1, 1).data[3];
};
`;

describe.runIf(chromium !== undefined)('renderHeads in a browser', () => {
  it('draws a line from row to column as opaque as its weight', () => {
    const found = inBrowser(
      renderHeads(LAYERS),
      `${TOOLS}
      const [, second] = all('fieldset input');
      second.click(); // head 0 alone
      all('ol')[0].children[1].firstChild.dispatchEvent(new Event('pointerenter')); // looks at columns 0 and 1, 0.5 each
      const ends = [0, 1, 2].map((k) => opacity(-1, k));
      return { heads: all('fieldset input').length, ends, told: one('.head-view output').textContent };`,
    ) as { heads: number; ends: number[]; told: string };
    expect(found.heads).toBe(2);
    expect(found.ends[1]).toBeCloseTo(255 * 0.5, -1); // a level line, not smoothed
    expect(found.ends[0]).toBeGreaterThan(60); // a slanting one, whose edge is
    expect(found.ends[2]).toBe(0);
    expect(found.told).toBe('שלום → a 0.5, שלום 0.5, 👩‍👩‍👧 0');
  });

  it('shows the lines of the token under the pointer alone, and keeps those of a clicked one', () => {
    const found = inBrowser(
      renderHeads(LAYERS),
      `${TOOLS}
      const [first, , third] = all('ol[data-side="0"] button');
      const lines = () => [0, 1, 2].map((q) => opacity(0, q) > 0);
      const before = lines();
      first.dispatchEvent(new Event('pointerenter'));
      const during = lines();
      first.dispatchEvent(new Event('pointerleave'));
      const after = lines();
      third.click();
      first.dispatchEvent(new Event('pointerenter'));
      return { before, during, after, kept: lines(), pressed: third.getAttribute('aria-pressed') };`,
    );
    expect(found).toEqual({
      before: [true, true, true],
      during: [true, false, false],
      after: [true, true, true],
      kept: [false, false, true],
      pressed: 'true',
    });
  });

  it('is gone through with keys: one stop for each list and for the grid, arrows inside', () => {
    const found = inBrowser(
      renderHeads(LAYERS),
      `${TOOLS}
      const stops = all('ol button, .grid button').filter((button) => button.tabIndex === 0).length;
      one('ol button').focus();
      key(document.activeElement, 'ArrowDown');
      const down = document.activeElement.textContent + ', ' + one('.head-view output').textContent;
      key(document.activeElement, 'ArrowRight');
      const across = document.activeElement.closest('ol').dataset.side;
      one('.grid button').focus();
      key(document.activeElement, 'ArrowRight');
      key(document.activeElement, 'ArrowDown');
      return { stops, down, across, cell: document.activeElement.getAttribute('aria-label') };`,
    );
    expect(found).toEqual({
      stops: 3,
      down: 'שלום, שלום → 👩‍👩‍👧 0.46, a 0.28, שלום 0.26', // the means of both heads
      across: '1',
      cell: 'layer 2, head 1',
    });
  });

  it('enlarges a head of the grid, reads its weights, and shows it in the head view', () => {
    const found = inBrowser(
      renderHeads(LAYERS),
      `${TOOLS}
      one('.grid [aria-label="layer 2, head 0"]').click();
      const large = one('.large canvas');
      key(large, 'ArrowRight');
      key(large, 'ArrowRight');
      const read = [one('dialog').open, one('dialog h2').textContent, one('dialog output').textContent];
      one('[data-show]').click();
      const layer = one('select').selectedOptions[0].textContent;
      return { read, open: one('dialog').open, layer, heads: all('fieldset input').map((box) => box.checked) };`,
    );
    expect(found).toEqual({
      read: [true, 'layer 2, head 0', 'a → שלום: 0.4'],
      open: false,
      layer: 'layer 2',
      heads: [true, false],
    });
  });

  it('copes with 12 layers of 12 heads and 64 tokens', () => {
    const found = inBrowser(
      renderHeads(large(12, 12, 64)),
      `${TOOLS} return [all('.grid button').length, all('li').length];`,
    );
    expect(found).toEqual([144, 128]);
  });

  it('stands twice in one page', () => {
    const page = renderHeads(LAYERS).replace('</main>', () => `${headViews([LAYERS[1]])}</main>`);
    expect(
      inBrowser(page, `${TOOLS} return all('.heed-heads').map((root) => root.querySelectorAll('option').length);`),
    ).toEqual([2, 1]);
  });
});
