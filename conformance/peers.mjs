// What others make of certification paths: Go's crypto/x509, and openssl verify. Questions are those of chain-mutations.mjs.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { encodePem } from '../dist/x509/pem.js';
import { mustRun } from './processes.mjs';

export const GO = 'go-crypto';

/** Puts questions to the program of this suite, JSON as its source says, and gives its answers in order. */
export function askGo({ program }, questions) {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const answers = mustRun(program(GO), [], { input })
    .stdout.trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  if (answers.length === questions.length) return answers;
  throw new Error(`${GO} gave ${answers.length} answers to ${questions.length} questions`);
}

export const goVersion = ({ program }) => mustRun(program(GO), ['version']).stdout.trim();

const base64 = (der) => Buffer.from(der).toString('base64');

/** Why Go refuses each path; `undefined` where it does not. */
export function verifyByGo(context, questions) {
  const asked = questions.map(({ leaf, anchors, intermediates, purpose, host, at }) => ({
    leaf: base64(leaf),
    anchors: anchors.map(base64),
    intermediates: intermediates.map(base64),
    purpose,
    host,
    at,
  }));
  return askGo(context, asked).map(({ refusal }) => refusal);
}

const OPENSSL_PURPOSES = { serverAuth: ['-purpose', 'sslserver'], clientAuth: ['-purpose', 'sslclient'] };

/** Everything of a question but its leaf, as openssl is told; what has it in common goes in one process. */
function opensslArguments({ anchors, intermediates, purpose, host, at }, fileOf) {
  const pool = (ders) => fileOf(ders.map((der) => encodePem('CERTIFICATE', der)).join(''));
  return [
    'verify',
    '-x509_strict',
    // As Go and Kubernetes: whatever is trusted is an anchor.
    '-partial_chain',
    '-no-CApath',
    '-no-CAstore',
    '-CAfile',
    pool(anchors),
    ...(intermediates.length === 0 ? [] : ['-untrusted', pool(intermediates)]),
    '-attime',
    String(Math.floor(at.getTime() / 1000)),
    ...(OPENSSL_PURPOSES[purpose] ?? []),
    ...(host === undefined ? [] : [isIP(host) === 0 ? '-verify_hostname' : '-verify_ip', host]),
  ];
}

function execute(args) {
  return new Promise((resolve) => {
    execFile('openssl', args, { encoding: 'utf8', maxBuffer: 64 << 20 }, (_, stdout, stderr) =>
      resolve({ stdout, stderr }),
    );
  });
}

/** What openssl says of the leaves of one call: path → its refusal. */
function refusalsIn(stderr, paths) {
  const refusals = new Map();
  let errors = [];
  for (const line of stderr.split('\n')) {
    errors.push(line);
    const failed = paths.find((path) => line === `error ${path}: verification failed`);
    if (failed === undefined) continue;
    const found = errors.map((text) => /^error \d+ at \d+ depth lookup: (.*)$/.exec(text)?.[1]);
    refusals.set(failed, [...new Set(found.filter(Boolean))].join('; '));
    errors = [];
  }
  return refusals;
}

/** Why openssl refuses each path; `undefined` where it does not. */
export async function verifyByOpenssl({ makeFolder }, questions) {
  const folder = makeFolder();
  const written = new Set();
  const fileOf = (text) => {
    const path = join(folder, createHash('sha256').update(text).digest('hex').slice(0, 16));
    if (!written.has(path)) writeFileSync(path, text);
    written.add(path);
    return path;
  };
  const calls = new Map();
  for (const question of questions) {
    const args = opensslArguments(question, fileOf);
    const key = args.join(' ');
    const { leaves } = calls.get(key) ?? calls.set(key, { args, leaves: new Map() }).get(key);
    leaves.set(question, fileOf(encodePem('CERTIFICATE', question.leaf)));
  }
  const refusals = new Map();
  const waiting = [...calls.values()];
  const work = async () => {
    for (let call = waiting.pop(); call !== undefined; call = waiting.pop()) {
      const paths = [...new Set(call.leaves.values())];
      const { stdout, stderr } = await execute([...call.args, ...paths]);
      const verified = new Set(stdout.split('\n'));
      const refused = refusalsIn(stderr, paths);
      for (const [question, path] of call.leaves)
        if (!verified.has(`${path}: OK`)) refusals.set(question, refused.get(path) ?? 'it cannot be read');
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return questions.map((question) => refusals.get(question));
}
