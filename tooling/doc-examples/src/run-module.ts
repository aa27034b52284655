/** Runs one example: `node run-module.ts <file>`, with the timers and servers that it leaves ended. */
import { pathToFileURL } from 'node:url';

await import(pathToFileURL(process.argv[2]).href);
process.exit();
