// Breaks each value of the tables in turn, in a copy, and wants a case of this suite to fail because of it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPrograms, executableOf } from './build.mjs';
import { mutationsOf, READ_BY_PEOPLE } from './mutations.mjs';
import { inNamespace, isMet, NAMESPACE } from './namespace.mjs';
import { boundToParent } from './processes.mjs';
import { KUBEADM_VERSIONS, PROGRAMS } from './programs.mjs';
import { makeScratch } from './scratch.mjs';
import { parseCommandLine } from './usage.mjs';

const [NEWEST] = KUBEADM_VERSIONS;

/**
 * Which cases are asked about a mutation until one notices, by beginnings of their ids, the cheapest first. The first row
 * counts whose `of` fits the name.
 */
const ASKED = [
  {
    of: /^option /,
    cases: [
      'requirements:',
      'a single root: requirements',
      `differential: nothing by default, kubeadm ${NEWEST}`,
    ],
  },
  { of: / (?:hosts|bootstrapped)/, cases: ['roles:'] },
  { of: / otherServer/, cases: ['servers:'] },
  {
    of: / (?:mayBeAway|renewsItself|isRenewedByComponent)/,
    cases: [`expiration: kubeadm ${NEWEST}`, 'roles:', `renewal: the directory of kubeadm ${NEWEST}`],
  },
  { of: / grant/, cases: ['grants:', 'control plane: hardened, ECDSA-P256'] },
  {
    of: / --/,
    cases: [
      'requirements: the arguments',
      'manifests:',
      'a single root:',
      'control plane: requirements, ECDSA-P256',
      'node:',
    ],
  },
  { of: / requirements/, cases: ['requirements:', 'a single root: requirements'] },
  { of: / hardened/, cases: ['hardened:', 'a single root: hardened'] },
  {
    of: / kubeadm/,
    cases: ['golden:', 'a single root: kubeadm', 'differential: an address', 'differential: a bundle'],
  },
  { of: /./, cases: ['requirements:', 'golden:', 'hardened:', 'a single root:'] },
];
/** Here real programs fail, in words of their own. */
const LIVE = /^(?:control plane|node):/;

const root = join(import.meta.dirname, '..');
const { values, positionals: words } = parseCommandLine(
  'Usage: node conformance/break.mjs [WORD …]   (only the mutations whose name has one of the words)',
  // Of the process that this one starts.
  { scratch: { type: 'string' } },
);
const TABLES = ['rows', 'usages', 'rules'];

/** What reads options no longer gets those that are not to be listened to. */
async function wrapParsers(dist, saved) {
  const [parser, whole] = ['parse', 'parse-whole'].map((name) => join(dist, 'cluster', `${name}.js`));
  renameSync(parser, whole);
  const wrapped = Object.keys(await import(whole)).map(
    (name) => `export const ${name} = (options, ...rest) => whole.${name}(heard(options), ...rest);`,
  );
  const lines = [
    "import { readFileSync } from 'node:fs';",
    "import * as whole from './parse-whole.js';",
    `export const { IGNORED } = JSON.parse(readFileSync(${JSON.stringify(saved)}, 'utf8'));`,
    'const isHeard = ([key]) => !IGNORED.includes(key);',
    'const heard = (options) => Object.fromEntries(Object.entries(options).filter(isHeard));',
    ...wrapped,
  ];
  writeFileSync(parser, lines.join('\n'));
}

/**
 * A copy whose tables are JSON. What is changed in the `tables` that are returned, the copy's library has at once; what is
 * saved, the command line reads that a case starts. So that it does, it is compiled and not bundled.
 */
async function makeCopy(folder) {
  const dist = join(folder, 'dist');
  cpSync(join(root, 'conformance'), join(folder, 'conformance'), { recursive: true });
  for (const name of ['README.md', 'docs', 'fixtures', 'node_modules', 'package.json'])
    symlinkSync(join(root, name), join(folder, name));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', root, '--outDir', dist], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`the sources cannot be compiled (tsc ended with ${status})`);

  const saved = join(dist, 'tables.json');
  const save = (tables) => writeFileSync(saved, JSON.stringify(tables));
  const moduleOf = (name) => join(dist, 'table', `${name}.js`);
  // As another module than the one that takes its place.
  const frozen = await Promise.all(TABLES.map((name) => import(`${moduleOf(name)}?frozen`)));
  save(Object.assign({ IGNORED: [] }, ...frozen));
  for (const [index, name] of TABLES.entries()) {
    const lines = [
      "import { readFileSync } from 'node:fs';",
      `const tables = JSON.parse(readFileSync(${JSON.stringify(saved)}, 'utf8'));`,
      `export const { ${Object.keys(frozen[index]).join(', ')} } = tables;`,
    ];
    writeFileSync(moduleOf(name), lines.join('\n'));
  }
  await wrapParsers(dist, saved);
  const open = await Promise.all(TABLES.map((name) => import(moduleOf(name))));
  const { IGNORED } = await import(join(dist, 'cluster', 'parse.js'));
  return { folder, tables: Object.assign({ IGNORED }, ...open), save };
}

/** Puts a value where the way leads. Returns what puts back what was there. */
function put(tables, way, value) {
  const holder = way.slice(0, -1).reduce((inner, key) => inner[key], tables);
  const key = way.at(-1);
  const before = holder[key];
  if (value === undefined) delete holder[key];
  else holder[key] = value;
  return () => put(tables, way, before);
}

async function whileBroken({ tables, save }, { changes }, use) {
  const undo = changes.map(([way, value]) => put(tables, way, value));
  save(tables);
  try {
    return await use();
  } finally {
    for (const each of undo.toReversed()) each();
    save(tables);
  }
}

/** Errors of a program that is wrong: here, of a mutation that is no table at all, and shows nothing. */
const CRASHES = [TypeError, RangeError, ReferenceError, SyntaxError];

async function failuresOf(each, context) {
  try {
    return (await each.run(context)).failures;
  } catch (error) {
    if (CRASHES.some((kind) => error instanceof kind)) return [];
    // What is refused instead of made stands in the detail.
    return [`${error.message} ${JSON.stringify(error.detail)}`];
  }
}

const sound = new Set();

/** A case that fails when nothing is broken can notice nothing. */
async function assertSound(each, context) {
  if (sound.has(each)) return;
  const [failure] = await failuresOf(each, context);
  if (failure !== undefined) throw new Error(`${each.id} fails before anything is broken: ${failure}`);
  sound.add(each);
}

/** The id of the first case that fails because of a mutation. */
async function findNotice(mutation, releases, { copy, cases, context }) {
  const { cases: beginnings } = ASKED.find(({ of }) => of.test(mutation.name));
  for (const each of beginnings.flatMap((text) => cases.filter(({ id }) => id.startsWith(text)))) {
    const release = / kubeadm (\d+\.\d+\.\d+)/.exec(each.id)?.[1];
    if (releases.length > 0 && release !== undefined && !releases.includes(release)) continue;
    await assertSound(each, context);
    const failures = await whileBroken(copy, mutation, () => failuresOf(each, context));
    const isAbout = (text) => LIVE.test(each.id) || mutation.about.some((word) => text.includes(word));
    if (failures.some(isAbout)) return each.id;
  }
  return undefined;
}

const NOT_NOTICED = 'NOT NOTICED';

async function breakOne(mutation, suite) {
  const { isHere, releases } =
    mutation.isHere === true
      ? { isHere: true, releases: [] }
      : await whileBroken(suite.copy, mutation, suite.changesNow);
  if (isHere) {
    const noticedBy = await findNotice(mutation, releases, suite);
    return noticedBy === undefined ? { outcome: NOT_NOTICED } : { outcome: 'noticed', noticedBy };
  }
  if (releases.length === 0) return { outcome: 'changes nothing' };
  return { outcome: 'changes no release that is here', noticedBy: `(first ${releases[0]})` };
}

async function readSuite(scratch) {
  const copy = await makeCopy(join(scratch, 'copy'));
  const load = (path) => import(join(copy.folder, path));
  const files = readdirSync(join(copy.folder, 'conformance', 'cases'));
  const modules = await Promise.all(files.map((name) => load(join('conformance', 'cases', name))));
  const context = {
    seed: 1,
    makeFolder: () => mkdtempSync(join(scratch, 'case-')),
    program: (name) => executableOf(PROGRAMS.find((program) => program.name === name)),
  };
  const { COMPONENTS: components } = await load('dist/table/row.js');
  const { OPTIONS: options } = await load('dist/cluster/options.js');
  const { changesNow } = await load('conformance/consequences.mjs');
  const all = modules.flatMap((module) => module.cases);
  const left = all.filter(({ requires = [] }) => !requires.every(isMet));
  const cases = all.filter((each) => !left.includes(each));
  return {
    copy,
    cases,
    left,
    context,
    changesNow,
    mutations: mutationsOf(copy.tables, { components, options }),
  };
}

async function breakAll(scratch) {
  const suite = await readSuite(scratch);
  const isChosen = ({ name }) => words.length === 0 || words.some((word) => name.includes(word));
  const chosen = suite.mutations.filter(isChosen);
  if (chosen.length === 0) throw new Error(`no mutation has ${words.join(' or ')} in its name`);
  const results = [];
  for (const [index, mutation] of chosen.entries()) {
    const start = performance.now();
    const { outcome, noticedBy = '' } = await breakOne(mutation, suite);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.error(`[${index + 1}/${chosen.length}] ${mutation.name}: ${outcome} ${noticedBy} (${seconds} s)`);
    results.push({ name: mutation.name, outcome, noticedBy });
  }
  return { results, left: suite.left };
}

function report({ results, left }) {
  const rows = results
    .toSorted((a, b) => a.noticedBy.localeCompare(b.noticedBy))
    .map(({ name, noticedBy, outcome }) => `| ${name} | ${noticedBy} | ${outcome} |`);
  console.log(['| mutation | case | outcome |', '| --- | --- | --- |', ...rows].join('\n'));
  const outcomes = [...new Set(results.map(({ outcome }) => outcome))];
  const counts = outcomes.map(
    (each) => `${results.filter(({ outcome }) => outcome === each).length} ${each}`,
  );
  console.log(`\n${results.length} mutations: ${counts.join(', ')}.`);
  const beginnings = ASKED.flatMap(({ cases }) => cases);
  const unasked = left.filter(({ id }) => beginnings.some((text) => id.startsWith(text)));
  for (const { id, requires } of unasked)
    console.log(`Not asked, because not all is here of ${requires.join(' and ')}: ${id}`);
  console.log(
    `Not broken, because only people read them: ${READ_BY_PEOPLE.join(', ')} (npm run check:docs).`,
  );
  return outcomes.includes(NOT_NOTICED) ? 1 : 0;
}

/** Runs this program again, where the cases that start servers can be asked, too. */
async function runInside(scratch) {
  const call = [process.execPath, [...process.argv.slice(1), '--scratch', scratch]];
  const place = isMet(NAMESPACE) ? inNamespace(...call) : call;
  const child = spawn(...boundToParent('KILL', ...place), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => child.kill('SIGKILL'));
  const [status] = await once(child, 'exit');
  return status ?? 1;
}

async function run() {
  await buildPrograms(PROGRAMS);
  return runInside(makeScratch('k8s-pki-break-'));
}

// The modes of kubeadm's files are these of the umask that hosts have.
process.umask(0o022);
try {
  process.exitCode = values.scratch === undefined ? await run() : report(await breakAll(values.scratch));
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
