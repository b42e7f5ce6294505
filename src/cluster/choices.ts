import { ALGORITHMS } from '../table/algorithms.ts';
import { PROFILES, type Profile } from '../table/profiles.ts';
import {
  type KubernetesVersion,
  NEWEST_MINOR,
  OLDEST_MINOR,
  parseKubernetesVersion,
} from '../table/versions.ts';
import { KEY_ALGORITHM_IDS, type KeyAlgorithmId } from '../x509/algorithms.ts';
import { nearest } from './nearest.ts';
import type { Parsed } from './parsed.ts';

/** Joins words as a choice: `a, b or c`. */
export function anyOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function parseChoice<T extends string>(text: string, choices: readonly T[]): Parsed<T> {
  const value = choices.find((choice) => choice === text);
  if (value !== undefined) return { value };
  const meant = nearest(text, choices);
  return {
    rule: `must be ${anyOf(choices)}`,
    hint: meant === undefined ? `for example ${choices[0]}` : `did you mean ${meant}`,
  };
}

/** Reads a profile. */
export function parseProfile(text: string): Parsed<Profile> {
  return parseChoice(text, PROFILES);
}

/** Reads a key algorithm. */
export function parseKeyAlgorithm(text: string): Parsed<KeyAlgorithmId> {
  return parseChoice(text, KEY_ALGORITHM_IDS);
}

/** Reads the algorithm of the service account key pair: one that the API server takes. */
export function parseSaKeyAlgorithm(text: string): Parsed<KeyAlgorithmId> {
  const parsed = parseKeyAlgorithm(text);
  if ('rule' in parsed || ALGORITHMS[parsed.value].signsServiceAccountTokens) return parsed;
  const taken = KEY_ALGORITHM_IDS.filter((id) => ALGORITHMS[id].signsServiceAccountTokens);
  return { rule: 'must be an algorithm that the API server takes for service accounts', hint: anyOf(taken) };
}

/** Reads a release of Kubernetes that is known here. */
export function parseKnownVersion(text: string): Parsed<KubernetesVersion> {
  const version = parseKubernetesVersion(text);
  if (version !== undefined && version.minor >= OLDEST_MINOR && version.minor <= NEWEST_MINOR)
    return { value: version };
  return {
    rule: `must be a release of Kubernetes from 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}`,
    hint: `for example 1.${NEWEST_MINOR} or v1.${NEWEST_MINOR}.0`,
  };
}
