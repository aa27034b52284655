export { Module, type NamedParameter } from './module/module.ts';
export { Random, type RandomState } from './random/random.ts';
export { RandomStream, seedKey } from './random/random-stream.ts';
