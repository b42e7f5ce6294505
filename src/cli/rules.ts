import type { Arguments } from 'yargs';
import { type Policy, parsePolicyText } from '../cluster/policy.ts';
import { parseWeakKeyList } from '../cluster/weak-key-list.ts';
import type { VerifyRequest } from '../verify.ts';
import { allSound } from './issues.ts';
import { readText } from './named-file.ts';
import { textOf } from './words.ts';

/** Debian's longest list has four mebibytes. */
const MAXIMUM_LIST_BYTES = 64 * 1024 * 1024;

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

/** What everything is held against beside the table: the policy and the lists of weak keys that are named. */
export async function rulesOf(parsed: Arguments): Promise<Pick<VerifyRequest, 'policy' | 'weakKeys'>> {
  const [policy, weakKeys] = await allSound([policyOf(parsed), weakKeysOf(parsed)]);
  return {
    ...(policy === undefined ? {} : { policy }),
    ...(weakKeys === undefined ? {} : { weakKeys }),
  };
}
