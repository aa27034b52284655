/** On WASM memory that cannot be had is an error: tfjs takes address 0 for it, or too few bytes, and writes over other tensors. */
import * as tf from '@tensorflow/tfjs';

interface Allocating {
  readonly wasm: { _malloc(bytes: number): number; _free(address: number): void };
}

/** A heap's size, and more than an address can tell. */
const ADDRESSES = 2 ** 32;

const checked = new WeakSet<object>();

function check({ wasm }: Allocating): void {
  if (checked.has(wasm)) return;
  checked.add(wasm);
  wasm._free(wasm._malloc(4)); // the first call puts the module's own function in its place
  const { _malloc: allocate } = wasm;
  wasm._malloc = (bytes) => {
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
