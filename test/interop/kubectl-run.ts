import { spawnSync } from 'node:child_process';
import { isOnPath, type OracleDescribe, oracle } from '../support/oracles.ts';

/** The `describe` for tests that hold something against kubectl. */
export const kubectlOracle: OracleDescribe = oracle(
  'kubectl',
  isOnPath('kubectl'),
  'kubectl is not on the PATH',
);

/** The environment of somebody who has never used kubectl. */
export const environment: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: '/nonexistent' };

/** Runs kubectl. Returns what it prints; throws with what it complains of. */
export function kubectl(
  args: readonly string[],
  { input = '', env = {} }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): string {
  const { status, stdout, stderr } = spawnSync('kubectl', args, {
    encoding: 'utf8',
    env: { ...environment, ...env },
    input,
  });
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
