// Makes the trees of fixtures/verify with openssl: the clean ones, and for each row of faults.mjs a folder with what differs.
// What is there stays: remove a folder to have it made anew, all of them to have everything anew.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AT, makeClean, openMaker } from './verify-fixtures/clean.mjs';
import { FAULTS } from './verify-fixtures/faults.mjs';
import { openOpenssl } from './verify-fixtures/openssl.mjs';

const TREES = { clean: false, 'clean-rooted': true };

function writeTree(folder, files) {
  for (const [path, contents] of files) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, contents);
  }
}

function readTree(folder) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]));
}

function writeFault(target, fault, makers) {
  const { code, at: path, tree = 'clean', along = [], kept, change = () => ({}), ...rest } = fault;
  const folder = join(target, code);
  if (existsSync(folder)) return false;
  const { says, moment: at = AT, profile = 'requirements', because, ...more } = rest;
  const expected = [`${code} ${path}`, ...along];
  // JSON leaves out what is undefined.
  const removed = kept && [...makers[tree].tree.keys()].filter((one) => !kept.includes(one));
  const description = {
    says,
    tree,
    at,
    profile,
    ...more,
    removed: more.removed ?? removed,
    expected,
    because,
  };
  try {
    writeTree(folder, Object.entries(change(makers[tree])));
    writeTree(folder, [['fault.json', `${JSON.stringify(description, null, 2)}\n`]]);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`${code}: ${error.message}`, { cause: error });
  }
  return true;
}

const target = process.argv[2] ?? join(import.meta.dirname, '..', 'fixtures', 'verify');
const openssl = openOpenssl();
try {
  const makers = {};
  for (const [name, isRooted] of Object.entries(TREES)) {
    const folder = join(target, name);
    if (!existsSync(folder)) writeTree(folder, makeClean(openssl, isRooted));
    makers[name] = openMaker(openssl, readTree(folder), isRooted);
  }
  const made = FAULTS.filter((fault) => writeFault(target, fault, makers));
  console.log(`${target}: ${made.length} made, ${FAULTS.length - made.length} kept`);
} finally {
  openssl.close();
}
