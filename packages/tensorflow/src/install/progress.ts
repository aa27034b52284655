/** What `install()` is doing now. Steps that take less than a second are not told. */
export interface InstallProgress {
  readonly step: 'download' | 'unpack' | 'build' | 'upstream';
  /** For people: `building the binding of tfjs-node 4.22.0`. */
  readonly message: string;
  /** How much of the step is done, 0 to 1, where that can be known. */
  readonly fraction?: number;
}
