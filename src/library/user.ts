import { randomBytes } from 'node:crypto';
import type { PresentFile } from '../checks/evidence.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { UserOptions } from '../cluster/user.ts';
import type { SpecIssue } from '../errors.ts';
import { type MadeUser, makeUser, planUser } from '../user.ts';
import type { KeyAlgorithmId } from '../x509/algorithms.ts';
import { generateKeyPair } from '../x509/keys.ts';
import type { KeyPair, Signer } from '../x509/signer.ts';
import { assertNone, issuesOfTimes } from './assert.ts';
import { readClock } from './clock.ts';

/** Who is to get a kubeconfig, and of which cluster: what is not said of it is what its files say. */
export interface CreateUserKubeconfigOptions
  extends Omit<ClusterOptions, 'certDir' | 'kubeconfigDir' | 'rootCaDir' | 'certValidity'>,
    UserOptions {
  /** The files of the cluster, as `readClusterPki` gives them: at least the certificate of its CA and, without a token, its key. */
  readonly files: readonly PresentFile[];
  /** Who signs for a CA whose key is not among `files`, by the id of its row: `{ ca: signer }`. */
  readonly signers?: Readonly<Record<string, Signer>>;
  /** The moment of issuing; default: the clock. */
  readonly now?: Date;
  /** Cryptographically random bytes; default: the platform's. */
  readonly randomBytes?: (length: number) => Uint8Array;
  readonly generateKeyPair?: (algorithm: KeyAlgorithmId) => Promise<KeyPair>;
}

/** A kubeconfig with whatever was odd about the request. */
export interface UserKubeconfig extends MadeUser {
  /** Names and groups that Kubernetes itself gives power to are among them. */
  readonly warnings: readonly SpecIssue[];
  /** Whether nobody could take back what the user may do before the certificate ends: a user of `system:masters`. */
  readonly isAboveRbac: boolean;
}

/**
 * Creates the kubeconfig of one more user, in memory: with a client certificate that the cluster's CA signs, or with a token.
 * Server, names and key algorithm are those that the files have, unless they are given. Every CA of `ca.crt` is trusted.
 *
 * Asks nobody whether the user is meant: what would make it somebody of Kubernetes' own is among `warnings`. Binds no role,
 * and writes no file: `kubeconfig` holds a private key or the token.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options; `ERR_REFUSED` where the CA is not among the files or cannot
 * sign; `ERR_CLOCK`; `ERR_KEY` for a signer that has not the key of its CA; `ERR_SELF_CHECK`.
 *
 * @example
 * ```ts
 * import { createUserKubeconfig, generateClusterPki } from 'k8s-pki';
 *
 * const { files } = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1' });
 * const { kubeconfig, certificate } = await createUserKubeconfig({ files, clientName: 'alice', org: ['dev'] });
 * console.log(kubeconfig.split('\n').length, certificate?.notAfter);
 * ```
 */
export async function createUserKubeconfig(options: CreateUserKubeconfigOptions): Promise<UserKubeconfig> {
  const { files, signers = {}, now = readClock(), clientName, org, token, validityPeriod, ...rest } = options;
  const { randomBytes: random = randomBytes, generateKeyPair: generate = generateKeyPair, ...cluster } = rest;
  assertNone(issuesOfTimes({ now }));
  const planned = await planUser(
    {
      files,
      options: cluster,
      isWhole: false,
      user: { clientName, org, token, validityPeriod },
      path: 'kubeconfig',
      signers: new Map(Object.entries(signers)),
    },
    now,
  );
  const { warnings, isAboveRbac } = planned;
  const made = await makeUser(planned, { now, randomBytes: random, generateKeyPair: generate });
  return { ...made, warnings, isAboveRbac };
}
