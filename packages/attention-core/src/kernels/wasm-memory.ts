/** On WASM memory that cannot be had is an error: tfjs takes address 0 for it, or too few bytes, and writes over other tensors. */
import * as tf from '@tensorflow/tfjs';

interface Allocating {
  readonly wasm: Record<'_malloc' | '_free', (number: number) => number>;
}

/** As emscripten calls them. */
const [ALLOCATE, FREE] = ['_malloc', '_free'] as const;

/** A heap's size, and more than an address can tell. */
const ADDRESSES = 2 ** 32;

const checked = new WeakSet<object>();

function check({ wasm }: Allocating): void {
  if (checked.has(wasm)) return;
  checked.add(wasm);
  wasm[FREE](wasm[ALLOCATE](4)); // the first call puts the module's own function in its place
  const allocate = wasm[ALLOCATE];
  wasm[ALLOCATE] = (bytes) => {
    const address = bytes < ADDRESSES ? allocate(bytes) : 0;
    if (address === 0 && bytes > 0) {
      throw new Error(
        `WASM: out of memory, a tensor needs ${bytes} bytes more than the ${tf.memory().numBytes} of those that are alive; ` +
          'dispose of tensors, or use a backend without a heap of 4 GB',
      );
    }
    return address;
  };
}

// tfjs calls every kernel's setup when a backend is chosen
tf.registerKernel({
  kernelName: 'HeedMemory',
  backendName: 'wasm',
  kernelFunc: () => [],
  setupFunc: (backend) => check(backend as Allocating),
});
if (tf.engine().backendName === 'wasm') check(tf.backend() as unknown as Allocating);
