import { describe, expect, it } from 'vitest';
import { patchSpans } from '../models/patchtst/patchtst.ts';
import { attentionOverPast } from './attention-over-past.ts';
import { renderFan } from './render-fan.ts';

const forecast = {
  name: 'a < b',
  values: Float64Array.of(3, 4),
  baseline: Float64Array.of(2, 2),
  intervals: [
    { level: 0.8, low: Float64Array.of(2, 3), high: Float64Array.of(4, 5) },
    { level: 0.95, low: Float64Array.of(1, 2), high: Float64Array.of(5, 6) },
  ],
};

describe('renderFan', () => {
  it('draws past, forecast, baseline, what happened, a band for each level, and a bar for each past step', () => {
    const svg = renderFan({
      history: [1, NaN, 2],
      forecast,
      baselineName: 'seasonal & naive',
      actual: [3, 3],
      attention: [0.1, 0.2, 0.7],
    });
    expect(svg.match(/class="curve/g)!.length).toBe(4);
    expect(svg.match(/fill-opacity/g)!.length).toBe(2);
    expect(svg.match(/<rect/g)!.length).toBe(3);
    expect(svg).toContain('a &lt; b');
    expect(svg).toContain('seasonal &amp; naive');
    expect(svg).toContain('80 % and 95 %');
    expect(svg).not.toContain('NaN');
  });

  it('refuses to draw nothing', () => {
    const nothing = { name: 'y', values: Float64Array.of(NaN), baseline: Float64Array.of(NaN), intervals: [] };
    expect(() => renderFan({ history: [], forecast: nothing, baselineName: 'b' })).toThrow(
      'a value must be finite, got none of y',
    );
  });
});

describe('attentionOverPast', () => {
  it('shares what a patch got among its steps; what lies after the end is the last step', () => {
    const spans = patchSpans({ lookBack: 4, patchLength: 2, stride: 2, padding: 'end' });
    const names = spans.map(String);
    const weights = [
      [0.2, 0.8, 0],
      [0, 0.6, 0.4],
      [0.1, 0.1, 0.8],
    ];
    const over = attentionOverPast({ name: 'y', rows: names, columns: names, weights }, spans, 4);
    // 0.1, 0.5 and 0.4 of the patches, halved over two steps
    [0.05, 0.05, 0.25, 0.65].forEach((weight, i) => expect(over[i]).toBeCloseTo(weight, 12));
    expect(() => attentionOverPast({ name: 'y', rows: names, columns: names, weights }, spans.slice(1), 4)).toThrow(
      'got 2, 3',
    );
  });
});
