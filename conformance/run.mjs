// Holds this project's output against the real programs: runs every case, prints one table, ends with 1 on a failure.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPrograms, executableOf } from './build.mjs';
import { cases as adoption } from './cases/adoption.mjs';
import { cases as aggregation } from './cases/aggregation.mjs';
import { cases as clean } from './cases/clean.mjs';
import { cases as commands } from './cases/commands.mjs';
import { cases as components } from './cases/components.mjs';
import { cases as configuration } from './cases/configuration.mjs';
import { cases as controlPlane } from './cases/control-plane.mjs';
import { cases as differential } from './cases/differential.mjs';
import { cases as errors } from './cases/errors.mjs';
import { cases as etcdMembers } from './cases/etcd-members.mjs';
import { cases as expiration } from './cases/expiration.mjs';
import { cases as externalCa } from './cases/external-ca.mjs';
import { cases as golden } from './cases/golden.mjs';
import { cases as grants } from './cases/grants.mjs';
import { cases as hygiene } from './cases/hygiene.mjs';
import { cases as lint } from './cases/lint.mjs';
import { cases as live } from './cases/live.mjs';
import { cases as load } from './cases/load.mjs';
import { cases as manifests } from './cases/manifests.mjs';
import { cases as node } from './cases/node.mjs';
import { cases as paths } from './cases/paths.mjs';
import { cases as profiles } from './cases/profiles.mjs';
import { cases as recovery } from './cases/recovery.mjs';
import { cases as refusals } from './cases/refusals.mjs';
import { cases as reloads } from './cases/reloads.mjs';
import { cases as renewal } from './cases/renewal.mjs';
import { cases as requirements } from './cases/requirements.mjs';
import { cases as roles } from './cases/roles.mjs';
import { cases as secret } from './cases/secret.mjs';
import { cases as servers } from './cases/servers.mjs';
import { cases as users } from './cases/users.mjs';
import { DIFFERENCES } from '../dist/index.js';
import { inNamespace, isMet, NAMESPACE } from './namespace.mjs';
import { assertExecutable, boundToParent, OURS, shapeOf } from './processes.mjs';
import { PROGRAMS } from './programs.mjs';
import { makeScratch } from './scratch.mjs';
import { parseCommandLine } from './usage.mjs';

const USAGE =
  'Usage: node conformance/run.mjs [--seed NUMBER] [WORD …]   (only the cases whose id has one of the words)';
const { values, positionals: words } = parseCommandLine(USAGE, {
  seed: { type: 'string', default: '1' },
  // Of the processes that this one starts.
  lane: { type: 'string' },
  scratch: { type: 'string' },
});
const seed = Number(values.seed);
/** Those that say which listed differences they have seen. */
const showing = [...golden, ...differential, ...refusals, ...commands];
const allCases = [
  ...requirements,
  ...profiles,
  ...golden,
  ...clean,
  ...grants,
  ...servers,
  ...roles,
  ...differential,
  ...configuration,
  ...manifests,
  ...components,
  ...refusals,
  ...adoption,
  ...commands,
  ...expiration,
  ...renewal,
  ...users,
  ...externalCa,
  ...lint,
  ...hygiene,
  ...paths,
  ...errors,
  ...controlPlane,
  ...live,
  ...node,
  ...recovery,
  ...aggregation,
  ...etcdMembers,
  ...secret,
  ...reloads,
  ...load,
];
const chosen = allCases.filter(({ id }) => words.length === 0 || words.some((word) => id.includes(word)));
/** The file that says which of the cases the lanes run. */
const RUNNABLE = 'runnable.json';
const programOf = (name) => PROGRAMS.find((program) => program.name === name);

/** What of the requirements of a case this machine lacks. */
const lackingOf = ({ requires = [] }) => requires.filter((requirement) => !isMet(requirement));

async function runCase({ id, run }, context) {
  const start = performance.now();
  const outcome = await run(context).catch((error) => ({ checks: 0, failures: [error.stack] }));
  const { checks, differences = [], failures, note = '' } = outcome;
  const seconds = (performance.now() - start) / 1000;
  console.error(`${failures.length === 0 ? 'ok  ' : 'FAIL'} ${id} (${seconds.toFixed(1)} s)`);
  return {
    id,
    checks,
    differences: [...differences].toSorted((a, b) => a.localeCompare(b)),
    failures,
    note,
    seconds,
  };
}

/**
 * The cases go in lanes at once, a process each, since a case stands still while it waits for a program: those that start
 * servers in a namespace of their own, those of them that wait for clocks more than they compute, and the others. A lane that
 * is through with its own takes of the others.
 */
const inBoundNamespace = (...call) => boundToParent('KILL', ...inNamespace(...call));
const needsNamespace = ({ requires = [] }) => requires.includes(NAMESPACE);
const LANES = {
  waiting: { has: ({ waits = false }) => waits, command: inBoundNamespace },
  namespace: { has: (each) => needsNamespace(each) && each.waits !== true, command: inBoundNamespace },
  host: { has: (each) => !needsNamespace(each), command: (...call) => boundToParent('KILL', ...call) },
};

const resultsOf = (lane, scratch) => join(scratch, `${lane}.jsonl`);

/** Whether no lane has taken it before. */
function takes({ id }, scratch) {
  try {
    writeFileSync(join(scratch, `taken-${chosen.findIndex((each) => each.id === id)}`), '', { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

/** What the process of a lane does: one case after the other, and what came of each goes to a file at once. */
async function runLane(lane, scratch) {
  // The modes of kubeadm's files are these of the umask that hosts have.
  process.umask(0o022);
  const context = {
    seed,
    makeFolder: () => mkdtempSync(join(scratch, `${lane}-`)),
    program: (name) => executableOf(programOf(name)),
  };
  const ids = JSON.parse(readFileSync(join(scratch, RUNNABLE), 'utf8'));
  const runnable = chosen.filter(({ id }) => ids.includes(id));
  for (const each of [LANES[lane], LANES.host].flatMap(({ has }) => runnable.filter(has)))
    if (takes(each, scratch))
      appendFileSync(resultsOf(lane, scratch), `${JSON.stringify(await runCase(each, context))}\n`);
}

function readResults(lane, scratch) {
  const file = resultsOf(lane, scratch);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** Resolves to how the lane ended, where it has cases of its own. */
async function startLane(lane, runnable, scratch) {
  if (!runnable.some(LANES[lane].has)) return undefined;
  const again = [...process.argv.slice(1), '--lane', lane, '--scratch', scratch];
  const child = spawn(...LANES[lane].command(process.execPath, again), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => child.kill('SIGKILL'));
  const [status, signal] = await once(child, 'exit');
  return `the ${lane} lane ended with ${status ?? signal}`;
}

/** What came of the cases, in their order; those that no lane came to the end of have failed. */
async function runLanes(runnable, scratch) {
  const lanes = Object.keys(LANES);
  const endings = await Promise.all(lanes.map((lane) => startLane(lane, runnable, scratch)));
  const results = lanes.flatMap((lane) => readResults(lane, scratch));
  const failures = [`not asked, or not to its end: ${endings.filter(Boolean).join(', ')}`];
  return runnable.map(
    ({ id }) =>
      results.find((result) => result.id === id) ?? {
        id,
        checks: 0,
        differences: [],
        failures,
        note: '',
        seconds: 0,
      },
  );
}

/** A difference that is listed and never seen is no difference any more. */
function unseen(results) {
  const seen = new Set(results.flatMap(({ differences }) => differences));
  return [...new Set(DIFFERENCES.map(({ id }) => id))].filter((id) => !seen.has(id));
}

function tableOf(results) {
  const rows = results.map(({ id, checks, differences, failures, note, seconds }) => [
    id,
    String(checks),
    failures.length === 0 ? 'ok' : `${failures.length} failed`,
    `${seconds.toFixed(1)} s`,
    [differences.join(', '), note].filter((text) => text !== '').join('; '),
  ]);
  return [
    ['case', 'checks', 'result', 'time', 'differences and notes'],
    ['---', '---:', '---', '---:', '---'],
    ...rows,
  ].map((cells) => `| ${cells.join(' | ')} |`);
}

/** Prints the table and what failed. Returns the exit code. */
function report(results, { needed, skipped }) {
  // Only all those that show differences can tell what is never seen.
  const unasked = showing.filter(({ id }) => !results.some((result) => result.id === id));
  const failures = [
    ...results.flatMap(({ id, failures: texts }) => texts.map((text) => `${id}: ${text}`)),
    ...(unasked.length === 0 ? unseen(results) : []).map(
      (id) => `the difference ${id} is listed and was never seen`,
    ),
  ];
  const programs = needed.map(({ name }) => name).join(', ');
  console.log(`Programs: ${programs}. The command line here: ${shapeOf(OURS)}. Seed: ${seed}.\n`);
  console.log(tableOf(results).join('\n'));
  const sum = results.reduce((total, { checks }) => total + checks, 0);
  const failed = results.filter((result) => result.failures.length > 0).length;
  console.log(`\n${results.length} cases, ${sum} checks, ${failed} failed, ${skipped.length} skipped.`);
  if (unasked.length > 0)
    console.log(
      `Not judged: whether each listed difference was seen (${unasked.length} cases were not asked).`,
    );
  for (const each of skipped) console.log(`\nSKIPPED ${each.id}: it needs ${lackingOf(each).join(' and ')}`);
  for (const text of failures) console.log(`\nFAIL ${text.replaceAll(/\s+/g, ' ').slice(0, 2000)}`);
  const isAllRequired = !['', '0', 'false', undefined].includes(process.env.CI);
  return failures.length === 0 && (skipped.length === 0 || !isAllRequired) ? 0 : 1;
}

async function runSuite() {
  // Seeds are multiplied, and what they decide counts to 2 ** 32.
  if (!/^\d{1,4}$/.test(values.seed)) throw new Error('--seed: expected a whole number up to 9999');
  if (chosen.length === 0) throw new Error(`no case has ${words.join(' or ')} in its id`);
  assertExecutable();
  const skipped = chosen.filter((each) => lackingOf(each).length > 0);
  const runnable = chosen.filter((each) => !skipped.includes(each));
  const needed = PROGRAMS.filter(({ name }) => runnable.some(({ needs }) => needs.includes(name)));
  await buildPrograms(needed);
  const scratch = makeScratch('k8s-pki-conformance-');
  writeFileSync(join(scratch, RUNNABLE), JSON.stringify(runnable.map(({ id }) => id)));
  return report(await runLanes(runnable, scratch), { needed, skipped });
}

try {
  if (values.lane === undefined) process.exitCode = await runSuite();
  else await runLane(values.lane, values.scratch);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
