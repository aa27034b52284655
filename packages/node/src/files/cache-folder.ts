import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where Heed keeps what it can get again: outside of projects, shared by all of a user's. `HEED_CACHE` names another folder;
 * else it is the platform's own place for caches (`XDG_CACHE_HOME` where that is set).
 */
export function cacheFolder(...parts: string[]): string {
  const own = process.env.HEED_CACHE;
  return own ? join(resolve(own), ...parts) : join(platformCacheFolder(), 'heed', ...parts);
}

function platformCacheFolder(): string {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: windows } = process.env;
  if (xdg) return xdg;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32') return windows ?? join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.cache');
}
