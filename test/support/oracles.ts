import { describe, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';

/** `describe` for tests that hold the program against something real. */
export type OracleDescribe = (title: string, body: () => void) => void;

/** Whether a command of this name can be started. */
export function isOnPath(command: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command]).status === 0;
}

/**
 * The `describe` for tests that need an oracle: a real tool, or a right or feature of this machine. Where it is missing
 * they are skipped, and the last lines of the run say so; with CI=true or REQUIRE_ORACLES=1 they fail instead.
 *
 * @param why What is missing, for the reader of those lines: `etcd is not on the PATH`.
 */
export function oracle(name: string, available: boolean, why: string): OracleDescribe {
  if (available) return (title, body) => describe(`oracle ${name}: ${title}`, body);
  const isRequired = process.env['CI'] === 'true' || process.env['REQUIRE_ORACLES'] === '1';
  if (!isRequired) return (title, body) => describe.skip(`oracle ${name} (${why}): ${title}`, body);
  return (title) =>
    describe(`oracle ${name} (${why}): ${title}`, () => {
      test('has the oracle that it needs', () => {
        throw new Error(`missing oracle ${name}: ${why}`);
      });
    });
}
