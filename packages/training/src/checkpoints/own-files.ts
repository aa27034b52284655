/** The files that every checkpoint has beside its weights. */
export const OWN_FILES = { manifest: 'manifest.json', state: 'training.json', history: 'history.json' } as const;
