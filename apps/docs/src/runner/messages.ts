/** What a page asks of its worker. */
export type Request =
  | { readonly type: 'run'; readonly code: string }
  | { readonly type: 'demo'; readonly name: string; readonly options: unknown };

/** What the worker answers: any number of lines and progress reports, then a result or an error. */
export type Response =
  | { readonly type: 'ready' }
  | { readonly type: 'line'; readonly text: string }
  | { readonly type: 'progress'; readonly value: unknown }
  | { readonly type: 'result'; readonly value: unknown }
  | { readonly type: 'error'; readonly message: string };
