// The programs under comparison, run as processes.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const hasSetpriv = spawnSync('setpriv', ['--version']).error === undefined;

/** What runs a command that gets a signal when its parent ends, also where that was killed: `[command, arguments]`. */
export function boundToParent(signal, command, args) {
  return hasSetpriv ? ['setpriv', ['--pdeathsig', signal, '--', command, ...args]] : [command, args];
}

/** More than anything takes here that ends by itself. */
const TIMEOUT_MS = 300_000;

/** Runs a program to its end. Throws where it does not end, not where it refuses: `status` and `output` say what came of it. */
export function run(command, args, { input } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    input,
    maxBuffer: 64 << 20,
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    // Nothing of the caller's clusters: kubeadm and kubectl would look at their kubeconfig.
    env: { PATH: process.env.PATH, HOME: '/nonexistent' },
  });
  if (error?.code === 'ETIMEDOUT')
    throw new Error(`${[command, ...args].join(' ')} did not end within ${TIMEOUT_MS / 1000} s`);
  if (error !== undefined) throw error;
  return { status, stdout, output: `${stdout}${stderr}`.trim() };
}

/** The same, where anything but success is a failure of the case. */
export function mustRun(command, args, options) {
  const result = run(command, args, options);
  if (result.status === 0) return result;
  throw new Error(
    `${[command, ...args].join(' ')} ended with ${result.status}: ${result.output.slice(-1500)}`,
  );
}

const ROOT = join(import.meta.dirname, '..');
const EXECUTABLE = join(ROOT, 'build', 'k8s-pki');

/** The command line of this project on Node, as the beginning of one. */
export const ON_NODE = Object.freeze([process.execPath, join(ROOT, 'dist', 'cli.js')]);

/** The one that cases run: the standalone executable, but for a copy whose tables are changed, which has none (break.mjs). */
export const OURS = Object.freeze(existsSync(EXECUTABLE) ? [EXECUTABLE] : ON_NODE);

export const shapeOf = (command) => (command === ON_NODE ? 'on Node' : 'standalone');

/** What is run is the executable that was compiled last. */
export function assertExecutable() {
  const [compiled, written] = [ON_NODE[1], EXECUTABLE].map(
    (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  if (written < compiled || written === 0)
    throw new Error('build/k8s-pki is not there, or older than dist/: npm run build:standalone makes it');
}

/** Runs it to its end. */
export const runOurs = (args) => run(OURS[0], [...OURS.slice(1), ...args]);

/** The same, where anything but success is a failure of the case. */
export const mustRunOurs = (args) => mustRun(OURS[0], [...OURS.slice(1), ...args]);
