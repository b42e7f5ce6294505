import type { Arguments } from 'yargs';
import { type Policy, parsePolicyText } from '../cluster/policy.ts';
import { parseWeakKeyList } from '../cluster/weak-key-list.ts';
import { isPkiError, PkiError } from '../errors.ts';
import { obstacleOf } from '../present.ts';
import { readFileState } from '../store/files.ts';
import type { VerifyRequest } from '../verify.ts';
import { textOf } from './words.ts';

/** Debian's longest list has four mebibytes. */
const MAXIMUM_LIST_BYTES = 64 * 1024 * 1024;

function readText(path: string, option: string, maximumBytes?: number): string {
  const state = readFileState(path, maximumBytes);
  if (state.kind === 'file') return state.contents;
  throw new PkiError('ERR_STORE', `${path} ${obstacleOf(state)}`, {
    detail: { path, operation: 'read' },
    hint: `name a file with --${option}`,
  });
}

async function policyOf(parsed: Arguments): Promise<Policy | undefined> {
  const path = textOf(parsed, 'policy');
  return path === undefined ? undefined : parsePolicyText(readText(path, 'policy'), path);
}

async function weakKeysOf(parsed: Arguments): Promise<ReadonlySet<string> | undefined> {
  const given: unknown = parsed['weak-keys'];
  if (given === undefined) return undefined;
  const paths = (Array.isArray(given) ? given : [given]).map(String);
  const lists = paths.map((path) => parseWeakKeyList(readText(path, 'weak-keys', MAXIMUM_LIST_BYTES), path));
  return new Set(lists.flatMap((list) => [...list]));
}

/**
 * Waits for all, and reports together what is wrong with what was asked for.
 *
 * @throws {PkiError} `ERR_CONFIG` with the issues of all; before it any other error of one of them.
 */
export async function allSound<T extends readonly unknown[]>(
  tasks: {
    readonly [Index in keyof T]: Promise<T[Index]>;
  },
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  const errors: readonly unknown[] = (await Promise.allSettled(tasks)).flatMap((result): unknown[] =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  const issues = errors.flatMap((error) => (isPkiError(error, 'ERR_CONFIG') ? error.detail.issues : []));
  const other = errors.find((error) => !isPkiError(error, 'ERR_CONFIG'));
  if (other !== undefined) throw other;
  if (issues.length > 0) {
    throw new PkiError('ERR_CONFIG', `--${issues[0]?.option}: ${issues[0]?.rule}`, { detail: { issues } });
  }
  return Promise.all(tasks);
}

/** What everything is held against beside the table: the policy and the lists of weak keys that are named. */
export async function rulesOf(parsed: Arguments): Promise<Pick<VerifyRequest, 'policy' | 'weakKeys'>> {
  const [policy, weakKeys] = await allSound([policyOf(parsed), weakKeysOf(parsed)]);
  return {
    ...(policy === undefined ? {} : { policy }),
    ...(weakKeys === undefined ? {} : { weakKeys }),
  };
}
