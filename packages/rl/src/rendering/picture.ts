import type { Picture } from '../environments/environment.ts';

/** A picture of simple shapes. */
export function picture(drawing: {
  readonly text: string;
  readonly width: number;
  readonly height: number;
  /** From `line`, `circle`, `rectangle` and `path`. */
  readonly shapes: readonly string[];
}): Picture {
  const { text, width, height, shapes } = drawing;
  const size = `viewBox="0 0 ${number(width)} ${number(height)}" width="400"`;
  return { text, svg: `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${shapes.join('')}</svg>` };
}

export function line(x1: number, y1: number, x2: number, y2: number, width = 1): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map(number);
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="black" stroke-width="${width}" stroke-linecap="round"/>`;
}

export function circle(x: number, y: number, radius: number): string {
  return `<circle cx="${number(x)}" cy="${number(y)}" r="${number(radius)}" fill="firebrick"/>`;
}

export function rectangle(x: number, y: number, width: number, height: number, fill = 'steelblue'): string {
  const [a, b, c, d] = [x, y, width, height].map(number);
  return `<rect x="${a}" y="${b}" width="${c}" height="${d}" fill="${fill}"/>`;
}

export function path(points: readonly (readonly [number, number])[]): string {
  return `<polyline points="${points.map((point) => point.map(number).join(',')).join(' ')}" fill="none" stroke="black"/>`;
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}
