import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a command by the shell with a text on its stdin. What it prints goes to stderr: on stdout is data.
 *
 * @returns Why it failed, as it follows its name; undefined where it did not.
 */
export async function runHook(
  command: string,
  input: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 2, 2] });
  const stop = (): void => void child.kill();
  signal.addEventListener('abort', stop, { once: true });
  // One that has read enough, or reads nothing, is no failure.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  try {
    await once(child, 'close');
    const { exitCode, signalCode } = child;
    if (exitCode === 0) return undefined;
    return signalCode === null ? `ended with ${exitCode}` : `was ended by ${signalCode}`;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
