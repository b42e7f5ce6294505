import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOnPath, type OracleDescribe, oracle } from '../support/oracles.ts';

/** The `describe` for tests that hold something against openssl. */
export const opensslOracle: OracleDescribe = oracle(
  'openssl',
  isOnPath('openssl'),
  'openssl is not on the PATH',
);

export interface OpensslRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What it wrote into a file of its folder. */
  readonly read: (name: string) => string;
}

/** Runs openssl in a folder of its own with the given files in it. */
export function openssl(args: readonly string[], files: Readonly<Record<string, string>> = {}): OpensslRun {
  const folder = mkdtempSync(join(tmpdir(), 'openssl-'));
  try {
    for (const [name, contents] of Object.entries(files)) writeFileSync(join(folder, name), contents);
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    const out = args.flatMap((arg, index) =>
      arg === '-out' || arg === '-keyout' ? [args[index + 1] ?? ''] : [],
    );
    const written = new Map(
      status === 0 ? out.map((name) => [name, readFileSync(join(folder, name), 'utf8')]) : [],
    );
    return {
      status,
      stdout,
      stderr,
      read: (name) => written.get(name) ?? '',
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
