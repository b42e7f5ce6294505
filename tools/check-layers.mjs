// Fails when the architecture is broken: which room imports which, who may touch the world outside, and that no row of
// the table is known by name outside of it. ARCHITECTURE.md has the reasons.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Rooms from the bottom up. A room imports from those before it and from itself. */
const ROOMS = [
  'errors.ts finding.ts',
  'x509',
  'table',
  'cluster',
  'resolve',
  'kubeconfig certs components',
  'ca checks',
  'select renewal-names.ts',
  'plan.ts layout.ts infer.ts',
  'pki.ts',
  'request.ts store live',
  'present.ts snapshot.ts',
  'sources',
  'secret',
  'reading.ts',
  'verify.ts catalogue.ts expiration.ts',
  'adopt.ts',
  'renew.ts user.ts join.ts bundle.ts handover.ts csr',
  'report release.ts',
  'library',
  'index.ts',
  'cli cli.ts',
].map((line) => line.split(' '));

/** Rooms that see less than what lies below them. */
const NARROW = { store: ['errors.ts', 'finding.ts', 'store'] };

/** Modules from outside, and the only rooms that may import them. */
const OUTSIDE = [
  [/^node:crypto$/, ['x509', 'store', 'secret', 'library', 'cli']],
  [/^(@peculiar\/|reflect-metadata$|node-forge$)/, ['x509']],
  [/^(node:)?fs(\/|$)/, ['store']],
  [/^yargs(\/|$)/, ['cli', 'cli.ts']],
  [/^yaml$/, ['cluster', 'report']],
  [/^node:zlib$/, ['sources']],
  [/^node:(os|tty|readline|child_process|process|worker_threads)/, ['store', 'cli', 'cli.ts']],
  [/^node:net$/, ['x509', 'live']],
  [/^node:tls$/, ['live']],
  [/^node:(http|https|dns|dgram)/, []],
];

/**
 * Words that reach the world outside without an import.
 *
 * @type {readonly (readonly [RegExp, readonly string[], string])[]}
 */
const WORLD = [
  [/\bprocess\.|\bconsole\./, ['cli', 'cli.ts', 'library'], 'touches process or console'],
  [/\bDate\.now\(|\bnew Date\(\)/, ['cli', 'cli.ts', 'library'], 'reads the clock'],
  [/\bMath\.random\(/, [], 'uses Math.random'],
  [/\b(window|document|fetch)\s*[.(]/, [], 'uses a browser global'],
];

function sourceFiles(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

const roomOf = (path, source) => relative(source, path).split('/')[0];
const levelOf = (room) => ROOMS.findIndex((rooms) => rooms.includes(room));
const withoutComments = (text) => text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
const IMPORT = /(?:\bfrom|\bimport\(?)\s*'([^']+)'/g;

/** All breaches in the sources below `source`, as lines. */
export function checkLayers(source, rowIds) {
  const breaches = [];
  for (const path of sourceFiles(source)) {
    const room = roomOf(path, source);
    const name = relative(source, path);
    const text = withoutComments(readFileSync(path, 'utf8'));
    if (levelOf(room) < 0)
      breaches.push(`${name}: ${room} is no known room; add it to tools/check-layers.mjs`);
    for (const [, target] of text.matchAll(IMPORT)) {
      if (target.startsWith('.')) {
        const targetRoom = roomOf(resolve(dirname(path), target), source);
        const isNarrow = NARROW[room] !== undefined && !NARROW[room].includes(targetRoom);
        const isUpward = levelOf(targetRoom) > levelOf(room);
        const isSideways =
          levelOf(targetRoom) === levelOf(room) && targetRoom !== room && !ROOMS[0].includes(room);
        if (isNarrow || isUpward || (isSideways && room !== 'cli.ts'))
          breaches.push(`${name}: must not import ${target}`);
      } else {
        for (const [pattern, rooms] of OUTSIDE) {
          if (pattern.test(target) && !rooms.includes(room))
            breaches.push(`${name}: must not import ${target}`);
        }
      }
    }
    for (const [pattern, rooms, says] of WORLD) {
      if (pattern.test(text) && !rooms.includes(room)) breaches.push(`${name}: ${says}`);
    }
    if (room !== 'table') {
      for (const id of rowIds) {
        if (text.includes(`'${id}'`)) breaches.push(`${name}: knows the row ${id} by name`);
      }
    }
  }
  return breaches;
}

/** Ids of the table that are not also words of another vocabulary (a kind of row, a flag). */
export function rowIdsOf(tableText) {
  const others = new Set(['ca', 'root-ca']);
  return [...tableText.matchAll(/^ {4}id: '([^']+)'/gm)].map(([, id]) => id).filter((id) => !others.has(id));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const source = resolve(process.argv[2] ?? 'src');
  const rowIds = rowIdsOf(readFileSync(join(source, 'table/rows.ts'), 'utf8'));
  const breaches = checkLayers(source, rowIds);
  for (const breach of breaches) console.error(breach);
  console.log(
    `layers: ${sourceFiles(source).length} files, ${rowIds.length} row ids, ${breaches.length} breaches`,
  );
  process.exitCode = breaches.length === 0 ? 0 : 1;
}
