/** How a `heed` command is called from where this runs: by pnpm's script in a clone, from an install by npx. */
export function heedCommand(command: string): string {
  return `${import.meta.url.endsWith('.ts') ? 'npx pnpm@12 heed' : 'npx heed'} ${command}`;
}
