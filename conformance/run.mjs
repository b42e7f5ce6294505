// Holds this project's output against the real programs: runs every case, prints one table, ends with 1 on a failure.
// Usage: node conformance/run.mjs [--seed NUMBER] [WORD …]   (only the cases whose id has one of the words)
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPrograms, executableOf } from './build.mjs';
import { cases as adoption } from './cases/adoption.mjs';
import { cases as aggregation } from './cases/aggregation.mjs';
import { cases as clean } from './cases/clean.mjs';
import { cases as components } from './cases/components.mjs';
import { cases as controlPlane } from './cases/control-plane.mjs';
import { cases as differential } from './cases/differential.mjs';
import { cases as errors } from './cases/errors.mjs';
import { cases as etcdMembers } from './cases/etcd-members.mjs';
import { cases as golden } from './cases/golden.mjs';
import { cases as grants } from './cases/grants.mjs';
import { cases as hygiene } from './cases/hygiene.mjs';
import { cases as lint } from './cases/lint.mjs';
import { cases as live } from './cases/live.mjs';
import { cases as manifests } from './cases/manifests.mjs';
import { cases as node } from './cases/node.mjs';
import { cases as paths } from './cases/paths.mjs';
import { cases as profiles } from './cases/profiles.mjs';
import { cases as refusals } from './cases/refusals.mjs';
import { cases as requirements } from './cases/requirements.mjs';
import { cases as roles } from './cases/roles.mjs';
import { cases as servers } from './cases/servers.mjs';
import { DIFFERENCES } from '../dist/index.js';
import { inNamespace, NAMESPACE, REQUIREMENTS } from './namespace.mjs';
import { PROGRAMS } from './programs.mjs';

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    // Of the processes that this one starts.
    lane: { type: 'string' },
    scratch: { type: 'string' },
  },
});
const seed = Number(values.seed);
const allCases = [
  ...requirements,
  ...profiles,
  ...golden,
  ...clean,
  ...grants,
  ...servers,
  ...roles,
  ...differential,
  ...manifests,
  ...components,
  ...refusals,
  ...adoption,
  ...lint,
  ...hygiene,
  ...paths,
  ...errors,
  ...controlPlane,
  ...live,
  ...node,
  ...aggregation,
  ...etcdMembers,
];
const chosen = allCases.filter(({ id }) => words.length === 0 || words.some((word) => id.includes(word)));
const programOf = (name) => PROGRAMS.find((program) => program.name === name);

/** What of the requirements of a case this machine lacks. */
const lackingOf = ({ requires = [] }) => requires.filter((requirement) => !REQUIREMENTS[requirement]);
const skipped = chosen.filter((each) => lackingOf(each).length > 0);
const runnable = chosen.filter((each) => !skipped.includes(each));
const needed = PROGRAMS.filter(({ name }) => runnable.some(({ needs }) => needs.includes(name)));

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
 * The cases go in two lanes at once, a process each, since a case stands still while it waits for a program: those that
 * start servers in a namespace of their own, and the others.
 */
const LANES = {
  namespace: { has: (each) => each.requires?.includes(NAMESPACE), command: inNamespace },
  host: { has: (each) => !each.requires?.includes(NAMESPACE), command: (...call) => call },
};

/** What the process of a lane does: its cases one after the other, with what came of them in a file. */
async function runLane(lane, scratch) {
  // The modes of kubeadm's files are these of the umask that hosts have.
  process.umask(0o022);
  const context = {
    seed,
    makeFolder: () => mkdtempSync(join(scratch, `${lane}-`)),
    program: (name) => executableOf(programOf(name)),
  };
  const results = [];
  for (const each of runnable.filter(LANES[lane].has)) results.push(await runCase(each, context));
  writeFileSync(join(scratch, `${lane}.json`), JSON.stringify(results));
}

async function startLane(lane, scratch) {
  if (!runnable.some(LANES[lane].has)) return [];
  const again = [...process.argv.slice(1), '--lane', lane, '--scratch', scratch];
  const child = spawn(...LANES[lane].command(process.execPath, again), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => child.kill('SIGKILL'));
  const [status, signal] = await once(child, 'exit');
  if (status !== 0) throw new Error(`the cases of the ${lane} lane ended with ${status ?? signal}`);
  return JSON.parse(readFileSync(join(scratch, `${lane}.json`), 'utf8'));
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
function report(results) {
  // Only the whole suite can tell what is never seen.
  const isWhole = words.length === 0 && skipped.length === 0;
  const failures = [
    ...results.flatMap(({ id, failures: texts }) => texts.map((text) => `${id}: ${text}`)),
    ...(isWhole ? unseen(results) : []).map((id) => `the difference ${id} is listed and was never seen`),
  ];
  console.log(`Programs: ${needed.map(({ name }) => name).join(', ')}. Seed: ${seed}.\n`);
  console.log(tableOf(results).join('\n'));
  for (const each of skipped) console.log(`\nSKIPPED ${each.id}: it needs ${lackingOf(each).join(' and ')}`);
  for (const text of failures) console.log(`\nFAIL ${text.replaceAll(/\s+/g, ' ').slice(0, 2000)}`);
  return failures.length === 0 && (skipped.length === 0 || process.env.CI === undefined) ? 0 : 1;
}

async function runSuite() {
  if (chosen.length === 0) throw new Error(`no case has ${words.join(' or ')} in its id`);
  buildPrograms(needed);
  const scratch = mkdtempSync(join(tmpdir(), 'k8s-pki-conformance-'));
  try {
    // All to their end, so that nothing goes on in a folder that is gone.
    const lanes = await Promise.allSettled(Object.keys(LANES).map((lane) => startLane(lane, scratch)));
    const broken = lanes.find(({ status }) => status === 'rejected');
    if (broken !== undefined) throw broken.reason;
    const results = lanes.flatMap(({ value }) => value);
    return report(runnable.map(({ id }) => results.find((result) => result.id === id)));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

try {
  if (values.lane === undefined) process.exitCode = await runSuite();
  else await runLane(values.lane, values.scratch);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
