import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/** One of the two shapes of the program, as the start of a command line. */
export interface Shape {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

export const NODE: Shape = { name: 'node', command: [process.execPath, join(ROOT, 'dist/cli.js')] };

/** The package on Node, and the standalone executable. Both are built before the tests. */
export const SHAPES: readonly Shape[] = [
  NODE,
  { name: 'standalone', command: [join(ROOT, 'build/k8s-pki')] },
];

for (const { command } of SHAPES) {
  const program = command.at(-1) ?? '';
  if (!existsSync(program))
    throw new Error(`${program} is not there; npm run build && npm run build:standalone`);
}

/** How a process ended, and what it said. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a process is started with beside its arguments. */
export interface Surroundings {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Octal. */
  readonly umask?: string;
  /** What it can read from stdin before that ends; absent: stdin stays open. */
  readonly stdin?: Uint8Array;
}

/**
 * The environment that the program is run in: no PATH on which it could find anything, Node least of all, and nothing
 * that this machine or the test runner has set.
 */
export function bareEnvironment(home: string): Readonly<Record<string, string>> {
  return { PATH: join(home, 'nothing-here'), HOME: home };
}

/** Starts a program. */
export function start(
  command: readonly string[],
  surroundings: Surroundings,
): ChildProcessWithoutNullStreams {
  const { cwd, env = {}, umask = '022', stdin } = surroundings;
  const child = spawn('/bin/sh', ['-c', 'umask "$0" && exec "$@"', umask, ...command], { cwd, env });
  if (stdin === undefined) return child;
  // A program that has read enough, or reads nothing, may have ended before all of it is written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  return child;
}

/** How a program that was started ends. */
export async function endOf(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return new Promise((done) => {
    child.once('close', (status, signal) => done({ status, signal, stdout, stderr }));
  });
}

/** Runs a shape of the program to its end. */
export async function run(
  { command }: Shape,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<Ended> {
  const env = { ...bareEnvironment(surroundings.cwd), ...surroundings.env };
  return endOf(start([...command, ...args], { ...surroundings, env }));
}
