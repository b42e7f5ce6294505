import { PkiError, type SpecIssue } from '../errors.ts';
import { deepFreeze } from '../table/freeze.ts';
import { KEY_ALGORITHM_IDS } from '../x509/algorithms.ts';
import { parseDuration } from './durations.ts';
import { parseYaml, type YamlPath } from './yaml.ts';

/** The hashes that a signature can be made over and that Go takes. */
export const SIGNATURE_HASHES = ['sha256', 'sha384', 'sha512'] as const;
export type SignatureHash = (typeof SIGNATURE_HASHES)[number];

/** What a policy asks for, as its file says it. What is absent is not asked for; what is there lets nothing else pass. */
export interface PolicyOptions {
  /** `RSA-3072`, any other length of RSA, `ECDSA-P256`, `ECDSA-P384`, `ECDSA-P521`, `Ed25519`. */
  readonly keyAlgorithms?: readonly string[];
  /** What certificates are signed over; Ed25519 counts as `sha512`. */
  readonly signatureHashes?: readonly SignatureHash[];
  /** How long certificates may be valid: `398d`, `10y` of 365 days. */
  readonly maximumValidity?: { readonly ca?: string; readonly certificate?: string };
}

/** A policy that was read. */
export interface Policy {
  readonly keyAlgorithms?: readonly string[];
  readonly signatureHashes?: readonly SignatureHash[];
  readonly maximumValiditySeconds: { readonly ca?: number; readonly certificate?: number };
}

interface PolicyIssue {
  /** What is at fault: the key of a mapping or a place in a list. */
  readonly path: YamlPath;
  readonly rule: string;
  readonly hint?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Gathers what is wrong, so that all of it is reported together. */
class PolicyReader {
  readonly issues: PolicyIssue[] = [];

  refuse(path: YamlPath, rule: string, hint?: string): undefined {
    this.issues.push({ path, rule, ...(hint === undefined ? {} : { hint }) });
    return undefined;
  }

  /** A mapping of these fields and no others; undefined where it is none. */
  fields(value: unknown, path: YamlPath, names: readonly string[]): Fields | undefined {
    if (!isFields(value)) return this.refuse(path, 'must be a mapping', `with ${names.join(', ')}`);
    for (const name of Object.keys(value).filter((key) => !names.includes(key)))
      this.refuse([...path, name], 'is no field of a policy', `one of ${names.join(', ')}`);
    if (Object.keys(value).length === 0) this.refuse(path, 'asks for nothing', `give ${names.join(' or ')}`);
    return value;
  }

  /** A list with something in it, all of it words that `isWord` takes. */
  words<T extends string>(
    value: unknown,
    path: YamlPath,
    isWord: (word: string) => word is T,
    hint: string,
  ): readonly T[] | undefined {
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) return this.refuse(path, 'must be a list', hint);
    if (value.length === 0) this.refuse(path, 'must not be empty: nothing would pass', hint);
    return value.flatMap((word: unknown, index): readonly T[] => {
      if (typeof word === 'string' && isWord(word)) return [word];
      this.refuse([...path, index], 'is none of the words that go here', hint);
      return [];
    });
  }

  seconds(value: unknown, path: YamlPath): number | undefined {
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return this.refuse(path, 'must be a period in text', 'for example 398d');
    const parsed = parseDuration(value);
    if ('rule' in parsed) return this.refuse(path, parsed.rule, parsed.hint);
    return parsed.value > 0 ? parsed.value : this.refuse(path, 'must be longer than nothing');
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKeyAlgorithm(word: string): word is string {
  return /^RSA-[1-9][0-9]{3,4}$/.test(word) || KEY_ALGORITHM_IDS.some((id) => id === word);
}

function isSignatureHash(word: string): word is SignatureHash {
  return SIGNATURE_HASHES.some((hash) => hash === word);
}

function readPolicy(value: unknown): { readonly policy: Policy; readonly issues: readonly PolicyIssue[] } {
  const reader = new PolicyReader();
  const fields = reader.fields(value, [], ['keyAlgorithms', 'signatureHashes', 'maximumValidity']) ?? {};
  const { keyAlgorithms, signatureHashes, maximumValidity } = fields;
  const algorithms = reader.words(
    keyAlgorithms,
    ['keyAlgorithms'],
    isKeyAlgorithm,
    `${KEY_ALGORITHM_IDS.join(', ')}, or RSA of another length`,
  );
  const hashes = reader.words(
    signatureHashes,
    ['signatureHashes'],
    isSignatureHash,
    SIGNATURE_HASHES.join(', '),
  );
  const periods =
    maximumValidity === undefined
      ? {}
      : (reader.fields(maximumValidity, ['maximumValidity'], ['ca', 'certificate']) ?? {});
  const ca = reader.seconds(periods['ca'], ['maximumValidity', 'ca']);
  const certificate = reader.seconds(periods['certificate'], ['maximumValidity', 'certificate']);
  return {
    policy: {
      ...(algorithms === undefined ? {} : { keyAlgorithms: algorithms }),
      ...(hashes === undefined ? {} : { signatureHashes: hashes }),
      maximumValiditySeconds: {
        ...(ca === undefined ? {} : { ca }),
        ...(certificate === undefined ? {} : { certificate }),
      },
    },
    issues: reader.issues,
  };
}

function pathText(path: YamlPath): string {
  if (path.length === 0) return 'a policy';
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

function assertSound(issues: readonly SpecIssue[]): void {
  if (issues.length === 0) return;
  const message = issues.map(({ value = '', rule }) => `policy ${value}: ${rule}`).join('; ');
  throw new PkiError('ERR_CONFIG', message, { detail: { issues } });
}

/**
 * Reads a policy from a plain object.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue there is.
 */
export function parsePolicy(options: PolicyOptions): Policy {
  const { policy, issues } = readPolicy(options);
  assertSound(
    issues.map(({ path, ...issue }) => ({
      option: 'policy',
      value: pathText(path),
      ...issue,
    })),
  );
  return deepFreeze(policy);
}

/**
 * Reads the text of a policy file, which is YAML. `name` is what the file is called in issues: `policy.yaml:3:5`.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue there is, each with its line and column.
 */
export async function parsePolicyText(text: string, name: string): Promise<Policy> {
  const { value, faults, placeOf } = await parseYaml(text);
  assertSound(
    faults.map(({ message, line = 1, column = 1 }) => ({
      option: 'policy',
      value: `${name}:${line}:${column}`,
      rule: message,
    })),
  );
  const { policy, issues } = readPolicy(value);
  assertSound(
    issues.map(({ path, rule, ...issue }) => {
      const { line, column } = placeOf(path);
      return {
        option: 'policy',
        value: `${name}:${line}:${column}`,
        rule: `${pathText(path)} ${rule}`,
        ...issue,
      };
    }),
  );
  return deepFreeze(policy);
}
