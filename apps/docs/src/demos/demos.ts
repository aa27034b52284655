/** Runs in the worker; everything that it takes and gives can be cloned. */
type Demo = (options: never, report: (progress: unknown) => void) => unknown;

type AnyDemo = (options: unknown, report: (progress: unknown) => void) => Promise<unknown>;

const DEMOS: Readonly<Record<string, () => Promise<Demo>>> = {
  'attention-maps': async () => (await import('./attention-maps/attention-maps.ts')).attentionMaps,
  'kernel-regression': async () => (await import('./kernel-regression/kernel-regression.ts')).kernelRegression,
  'letters-to-sounds': async () => (await import('./letters-to-sounds/letters-to-sounds.ts')).lettersToSounds,
  'mask-workshop': async () => (await import('./mask-workshop/mask-workshop.ts')).maskWorkshop,
  'tiny-gpt': async () => (await import('./tiny-gpt/tiny-gpt.ts')).tinyGpt,
};

/** @throws if there is no demo of that name */
export async function findDemo(name: string): Promise<AnyDemo> {
  const load = DEMOS[name];
  if (load === undefined) throw new Error(`There is no demo "${name}".`);
  return (await load()) as AnyDemo;
}
