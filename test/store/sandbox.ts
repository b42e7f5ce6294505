import { transformFileSync } from '@swc/core';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import type { NewFile } from '../../src/store/staging.ts';
import type { RunOrder, RunReport } from './run.ts';

const ROOT = resolve(__dirname, '../..');

/** A fresh directory, open to all: some runs have no rights. */
export function createSandbox(): string {
  const sandbox = realpathSync(mkdtempSync(join(tmpdir(), 'k8s-pki-store-')));
  chmodSync(sandbox, 0o755);
  return sandbox;
}

export function removeSandbox(sandbox: string): void {
  rmSync(sandbox, { recursive: true, force: true });
}

/** The command of a run, but for what it is told. */
export type Runner = readonly [program: string, ...args: string[]];

/** The runtime of the standalone executable, from where its package or the package's script puts it. */
function findBun(): string | undefined {
  const scope = join(ROOT, 'node_modules/@oven');
  const packages = existsSync(scope) ? readdirSync(scope) : [];
  return [
    ...packages.map((name) => join(scope, name, 'bin/bun')),
    join(ROOT, 'node_modules/bun/bin/bun.exe'),
  ].find((path) => spawnSync(path, ['--version']).status === 0);
}

/**
 * Compiles the store and `run.ts`, for runs in processes of their own: in the standalone's runtime, which starts in a
 * fraction of the time, or with SLOW=1 or without it in Node.
 */
export function buildRunner(sandbox: string): Runner {
  return [(process.env['SLOW'] === '1' ? undefined : findBun()) ?? process.execPath, compileRun(sandbox)];
}

/** The same in Node: for counting system calls. */
export function buildNodeRunner(sandbox: string): Runner {
  return [process.execPath, compileRun(sandbox)];
}

function compileRun(sandbox: string): string {
  const sources = [
    ...readdirSync(join(ROOT, 'src/store')).map((name) => `src/store/${name}`),
    'src/errors.ts',
    'test/store/run.ts',
  ];
  for (const source of sources) {
    const { code } = transformFileSync(join(ROOT, source), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'commonjs' },
    });
    const target = join(sandbox, 'build', source.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code.replaceAll(/require\("(\.[^"]+)\.ts"\)/g, 'require("$1.js")'));
  }
  return join(sandbox, 'build/test/store/run.js');
}

/** How a run ended. */
export interface Ended {
  readonly signal: string | null;
  readonly report: RunReport;
  readonly stderr: string;
}

/** A run under way. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** True when the run has the locks, false when it has ended without. */
  readonly opened: Promise<boolean>;
  /** True when the run has taken note of SIGINT. */
  readonly interrupted: Promise<boolean>;
}

const SILENT: RunReport = { steps: [], recovered: [] };

/** Starts a run, with `wrapper` before it on the command line. */
export function startRun(runner: Runner, order: RunOrder, wrapper: readonly string[] = []): Running {
  const [command, ...args] = [...wrapper, ...runner, JSON.stringify(order)];
  // With one thread for flushing, the calls of a run come in the same order each time.
  const child = spawn(command, args, { env: { ...process.env, UV_THREADPOOL_SIZE: '1' } });
  let stdout = '';
  let stderr = '';
  if (order.waits !== true) child.stdin.end();
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const ended = new Promise<Ended>((done) => {
    child.once('close', (_, signal) => {
      const line = stdout.trim().split('\n').at(-1) ?? '';
      done({ signal, report: line.startsWith('{') ? JSON.parse(line) : SILENT, stderr });
    });
  });
  const says = (line: string): Promise<boolean> =>
    new Promise((done) => {
      child.stdout.on('data', () => {
        if (stdout.includes(`${line}\n`)) done(true);
      });
      child.once('close', () => done(false));
    });
  return { child, ended, opened: says('open'), interrupted: says('interrupted') };
}

export async function runToEnd(
  runner: Runner,
  order: RunOrder,
  wrapper: readonly string[] = [],
): Promise<Ended> {
  return startRun(runner, order, wrapper).ended;
}

/** Everything below a directory, a line for each entry: kind, mode, owner, path, and contents as a hash. */
export function snapshot(directory: string, root: string = directory): readonly string[] {
  return readdirSync(directory)
    .toSorted()
    .flatMap((name) => {
      const path = join(directory, name);
      const status = lstatSync(path);
      const entry = `${(status.mode & 0o7777).toString(8)} ${status.uid}:${status.gid} ${relative(root, path)}`;
      if (status.isDirectory()) return [`d ${entry}`, ...snapshot(path, root)];
      if (status.isSymbolicLink()) return [`l ${entry} -> ${readlinkSync(path)}`];
      if (!status.isFile()) return [`s ${entry}`];
      return [`f ${entry} ${createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12)}`];
    });
}

/** The target directories of a small PKI below `root`, one inside the other as in /etc/kubernetes. */
export function directoriesOf(root: string): readonly [string, string] {
  return [join(root, 'kubernetes'), join(root, 'kubernetes/pki')];
}

/** The files of a small PKI below `root`. */
export function filesOf(root: string, { replace = false }: { replace?: boolean } = {}): readonly NewFile[] {
  return [
    ['pki/ca.crt', 0o644],
    ['pki/ca.key', 0o600],
    ['pki/etcd/ca.key', 0o600],
    ['admin.conf', 0o600],
  ].map(([name, mode]) => ({
    path: join(root, 'kubernetes', String(name)),
    contents: `${name}: new\n`,
    mode: Number(mode),
    replace,
  }));
}

/** Puts a file there with its parents. */
export function put(path: string, contents: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
  chmodSync(path, mode);
}
