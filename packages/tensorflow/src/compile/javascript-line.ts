/** Where in JavaScript something was done; the text is only made when it is asked for. */
export interface JavascriptLine {
  readonly stack?: string;
}

const thisFolder = new URL('.', import.meta.url).href;
const framesKept = 60; // an op in a gradient lies some 40 frames below the line that asked for it

/** Remembers the present line, for a few microseconds. */
export function markLine(): JavascriptLine {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = framesKept;
  const line: { stack?: string } = {};
  Error.captureStackTrace(line, markLine);
  Error.stackTraceLimit = limit;
  return line;
}

/** `at file.ts:12:7`: the innermost frame that is neither a package, nor Node, nor the recorder itself. */
export function describeLine(line: JavascriptLine): string {
  for (const frame of line.stack?.split('\n') ?? []) {
    if (!/^\s+at /.test(frame)) continue;
    const place = /\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/.exec(frame)?.[1];
    if (place && isOfTheUser(place)) return `at ${place.replace('file://', '')}`;
  }
  return 'at an unknown line';
}

function isOfTheUser(place: string): boolean {
  if (/[\\/]node_modules[\\/]/.test(place)) return false;
  const url = place.startsWith('file://') ? place : `file://${place}`;
  return !url.startsWith(thisFolder) || /\.test\.ts:/.test(place);
}
