// Where npm has put the bun executable: its post-install script moves it, and that script may not have run.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));

/** The path of bun's executable; throws where the package for this platform is not installed. */
export function bunPath() {
  const moved = `${modules}bun/bin/bun.exe`;
  const packages = existsSync(`${modules}@oven`) ? readdirSync(`${modules}@oven`) : [];
  const candidates = [...packages.map((name) => `${modules}@oven/${name}/bin/bun`), moved];
  // An installed package without its post-install leaves a text file of a few bytes under the second name.
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error('bun is not installed; run npm install');
  return found;
}
