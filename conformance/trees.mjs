// The files of one run, as they lie on the disk: what both sides wrote is compared in this form.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Every file below a folder with its mode, and every folder with its mode alone, whose relative path ends in `/`. */
export function readTree(folder, encoding = 'utf8') {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const tree = new Map();
  for (const entry of entries) {
    const absolute = join(entry.parentPath, entry.name);
    const path = absolute.slice(folder.length + 1);
    const mode = (statSync(absolute).mode & 0o7777).toString(8);
    if (entry.isDirectory()) tree.set(`${path}/`, { mode });
    else tree.set(path, { mode, contents: readFileSync(absolute, encoding) });
  }
  return tree;
}

/** What of a tree is no longer as it was. What came to it is passed over, or listed with `isWhole`. */
export function changesOf(before, after, { isWhole = false } = {}) {
  const changes = [];
  for (const [path, file] of before) {
    const now = after.get(path);
    if (now === undefined) changes.push(`${path} is gone`);
    else if (now.contents !== file.contents) changes.push(`${path} has other contents`);
    else if (now.mode !== file.mode) changes.push(`${path} has mode ${now.mode}, had ${file.mode}`);
  }
  const added = isWhole ? [...after.keys()].filter((path) => !before.has(path)) : [];
  return [...changes, ...added.map((path) => `${path} is new`)];
}
