import { randomBytes } from 'node:crypto';
import type { SpecIssue } from '../errors.ts';
import type { PkiEnvironment } from '../pki.ts';
import { ROWS } from '../table/rows.ts';
import type { KeyAlgorithmId } from '../x509/algorithms.ts';
import { generateKeyPair } from '../x509/keys.ts';
import type { KeyPair, Signer } from '../x509/signer.ts';

/** What to issue with, where it is not the platform's. */
export interface IssuingOptions {
  /** Who signs for a CA whose key is not among the files, by the id of its row: `{ ca: signer }`. */
  readonly signers?: Readonly<Record<string, Signer>>;
  /** The moment of issuing; default: the clock. */
  readonly now?: Date;
  /** Cryptographically random bytes; default: the platform's. */
  readonly randomBytes?: (length: number) => Uint8Array;
  /** Default: the platform's, on its thread pool: four threads on Node, unless it is started with UV_THREADPOOL_SIZE. */
  readonly generateKeyPair?: (algorithm: KeyAlgorithmId) => Promise<KeyPair>;
  readonly onKeyGenerated?: (done: number, all: number) => void;
}

/** With what is issued at a moment. */
export function environmentOf(options: IssuingOptions, now: Date): PkiEnvironment {
  return {
    now,
    randomBytes: options.randomBytes ?? ((length) => randomBytes(length)),
    generateKeyPair: options.generateKeyPair ?? generateKeyPair,
    ...(options.onKeyGenerated === undefined ? {} : { onKeyGenerated: options.onKeyGenerated }),
  };
}

/** Passed over in silence, a signer of no CA or without its certificate would sign nothing. */
export function issuesOfSigners(
  signers: Readonly<Record<string, Signer>>,
  paths: readonly string[],
  option: string,
): readonly SpecIssue[] {
  return Object.keys(signers).flatMap((id): readonly SpecIssue[] => {
    const row = ROWS.find((candidate) => candidate.id === id);
    if (row?.kind !== 'ca') return [{ option: 'signers', value: id, rule: 'is no CA of the table' }];
    if (paths.includes(row.certificate)) return [];
    const rule = `needs the certificate of the CA, ${row.certificate}, in ${option}`;
    return [{ option: 'signers', value: id, rule }];
  });
}
