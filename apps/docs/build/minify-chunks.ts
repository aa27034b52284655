import { transform } from 'esbuild';

/** Minifies chunks as they are written. Notices of licences stand in licences.txt instead, once. */
export function minifyChunks() {
  return {
    name: 'minify-chunks',
    async renderChunk(code: string) {
      const minified = await transform(code, {
        loader: 'js',
        minify: true,
        format: 'esm',
        target: 'es2022',
        legalComments: 'none',
      });
      return { code: minified.code, map: null };
    },
  };
}
