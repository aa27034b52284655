import { describe, expect, it } from 'vitest';
import { renderLineChart, type LineChart } from './line-chart.ts';

const curve = (name: string, values: readonly number[]) => ({
  name,
  points: values.map((value, index) => [index, value] as const),
});
const draw = (series: LineChart['series'], scale: 'linear' | 'log' = 'linear') =>
  renderLineChart({ x: 'step', y: 'loss', series, scale });

describe('renderLineChart', () => {
  it('draws a curve from the top left to the bottom right of the axes, where it falls from its most to its least', () => {
    expect(draw([curve('a', [4, 2, 0])])).toContain('d="M60,12L342,146L624,280"');
  });

  it('counts plain values from 1', () => {
    const chart = draw([{ name: 'a', values: [4, 2, 0] }]);
    expect(chart).toContain('d="M60,12L342,146L624,280"');
    expect(chart.match(/<text class="tick"[^>]*text-anchor="middle">[^<]+/g)?.at(-1)).toMatch(/>3$/);
  });

  it('leaves gaps where values are not finite', () => {
    expect(draw([curve('a', [4, 3, Number.NaN, 1, 0])])).toContain('d="M60,12L201,79M483,213L624,280"');
  });

  it('spaces powers of ten evenly on a logarithmic axis, and leaves out what has no logarithm', () => {
    expect(draw([curve('a', [100, 10, 0, 1])], 'log')).toContain('d="M60,12L248,146M624,280Z"');
  });

  it('draws means of neighbours where there are many points', () => {
    const points = Array.from({ length: 100_000 }, (_, index) => [index, index % 2] as const);
    const chart = draw([{ name: 'a', points }]);
    expect(chart.length).toBeLessThan(20_000);
    expect(/ d="(M[^"]+)"/.exec(chart)?.[1].match(/[ML]/g)).toHaveLength(400);
  });

  it('draws a single value and a constant curve', () => {
    expect(draw([curve('one', [2]), curve('flat', [2, 2, 2])])).not.toContain('NaN');
  });

  it('says when a chart has nothing to draw', () => {
    expect(() => draw([curve('a', []), curve('b', [Number.NaN])])).toThrow(
      'renderLineChart: at least one finite point is needed, got none in 2 series',
    );
  });
});
