import { transform } from 'esbuild';
import type { Plugin } from 'vite';

/** Minifies chunks as they are written. Notices of licences stand in licences.txt instead, once. */
export function minifyChunks(): Plugin {
  return {
    name: 'minify-chunks',
    async renderChunk(code) {
      const minified = await transform(code, { loader: 'js', minify: true, format: 'esm', target: 'es2022', legalComments: 'none' });
      return { code: minified.code, map: null };
    },
  };
}
