/** What can compute, best first. */
export const backendNames = ['tensorflow', 'wasm', 'cpu'] as const;

/** `tensorflow` is native, `wasm` runs wherever Node runs, `cpu` is plain JavaScript. */
export type BackendName = (typeof backendNames)[number];

/**
 * The backend that was asked for: by `HEED_BACKEND`, else by `option`; `undefined` leaves the choice to what loads.
 *
 * @throws if it is none of tensorflow, wasm and cpu
 */
export function requestedBackend(option: string | undefined): BackendName | undefined {
  const variable = process.env.HEED_BACKEND;
  const [from, asked] = variable ? ['HEED_BACKEND', variable] : ['backend', option];
  if (asked === undefined) return undefined;
  const name = backendNames.find((known) => known === asked);
  if (name !== undefined) return name;
  throw new Error(`startBackend: ${from} must be one of ${backendNames.join(', ')}, got '${asked}'`);
}
