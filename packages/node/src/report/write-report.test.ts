import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { loopback } from '../data/loopback.test-support.ts';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from './render-report.ts';
import { writeReport } from './write-report.ts';

const map = {
  name: 'alignment',
  weights: [
    [1, 0],
    [0.4, 0.6],
  ],
  rows: ['le', 'chat'],
  columns: ['the', 'cat'],
};
const curve = (name: string, values: readonly number[]) => ({
  name,
  points: values.map((value, index) => [index, value] as const),
});

describe('writeReport', () => {
  let root: string;
  const page = async (report: Report): Promise<string> =>
    readFile(await writeReport(join(root, 'a/report.html'), report), 'utf8');

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'heed-report-'));
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('writes one page that asks for nothing outside of it', async () => {
    const html = await page({
      title: 'Translation',
      summary: 'Trained for 5 minutes.',
      attention: map,
      sections: [
        { title: 'Loss', lineChart: { x: 'step', y: 'loss', series: [curve('a', [3, 2, 1])] } },
        {
          title: 'Compared',
          sideBySide: [
            { title: 'One', attention: [map, map] },
            { title: 'Other', table: { columns: ['n'], rows: [[1]] } },
          ],
        },
      ],
    });
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).not.toMatch(/\b(src|href|action)=|url\(|@import|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
    expect(html).toContain(`content="default-src 'none'; `);
    expect(html).toContain(`form-action 'none'; base-uri 'none'"`);
    expect(html.match(/<svg/g)).toHaveLength(1 + 2 + 2); // one chart with one sample in its legend, three maps
  });

  it('has every head of every layer in a section, and in two', async () => {
    const section = { title: 'Heads', heads: [[{ ...map, name: 'layer 1, head 0' }]] };
    const html = await page({ sections: [section, section] });
    expect(html.match(/<div class="heed-heads">/g)).toHaveLength(2);
    expect(html.match(/"layers":\[\["layer 1, head 0"\]\]/g)).toHaveLength(2);
    await expect(page({ sections: [{ title: 'None', heads: [] }] })).rejects.toThrow('at least one layer of one head');
  });

  it('follows light and dark settings', async () => {
    expect(await page({})).toMatch(/color-scheme:light dark.*prefers-color-scheme:dark/);
  });

  it('shows texts as they are, whatever characters they hold', async () => {
    const text = `<script>alert("1 & 2")</script>`;
    const html = await page({
      title: text,
      summary: text,
      attention: { ...map, name: text, rows: [text, 'b'] },
      sections: [
        { title: text, text, table: { columns: [text], rows: [[text]] } },
        { title: text, lineChart: { x: text, y: text, series: [curve(text, [1, 2])] } },
      ],
    });
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;');
  });

  it('says which row of a table does not fit', async () => {
    const table = { columns: ['model', 'PER'], rows: [['a', 1], ['b']] };
    await expect(page({ sections: [{ title: 'Errors', table }] })).rejects.toThrow(
      'every row must have one cell per column, got 1 cells in row 1, 2 columns',
    );
  });

  it('puts numbers to the right with as many digits as one compares', async () => {
    const rows = [
      ['a', 7.41234],
      ['b', 12_000],
      ['c', 0.00001234],
    ];
    const html = await page({ sections: [{ title: 'Errors', table: { columns: ['model', 'PER'], rows } }] });
    expect(html.match(/<td class="number">[^<]*/g)).toEqual([
      '<td class="number">7.412',
      '<td class="number">12,000',
      '<td class="number">1.2e-5',
    ]);
  });

  const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
    (name) => spawnSync(name, ['--version']).status === 0,
  );
  it('keeps markup that means harm in a frame: it runs, and neither asks for anything nor leads elsewhere', async (context) => {
    if (chromium === undefined) context.skip('there is no Chromium');
    const server = await loopback((_request, response) => response.end('reached'));
    try {
      const html = `<p id="here"></p><form action="${server.url}/form"></form><img src="${server.url}/image">
        <script>
          document.getElementById('here').textContent = 'the script runs';
          for (const harm of [
            () => document.forms[0].submit(),
            () => (top.location = '${server.url}/top'),
            () => (location = '${server.url}/frame'),
            () => open('${server.url}/window'),
            () => fetch('${server.url}/fetch'),
            () => (parent.document.title = 'changed'),
          ]) try { harm(); } catch {}
        </script><meta http-equiv="refresh" content="0;url=${server.url}/refresh">`;
      const path = await writeReport(join(root, 'harm.html'), { title: 'Harm', sections: [{ title: 'Bad', html }] });
      const options = ['--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=3000', '--dump-dom'];
      const { stdout } = await promisify(execFile)(chromium!, [
        ...options,
        `--user-data-dir=${root}/profile`,
        `file://${path}`,
      ]);
      expect(stdout).toContain('<title>Harm</title>');
      expect(stdout).toMatch(/<iframe sandbox="allow-scripts" [^]*style="height: \d+px;">/); // it told its height
      expect(server.asked).toEqual([]);
    } finally {
      await server.close();
    }
  }, 60_000);
});
