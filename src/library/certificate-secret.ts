import { randomBytes } from 'node:crypto';
import type { PresentFile } from '../checks/evidence.ts';
import { parseCertificateKey } from '../cluster/join-secrets.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { Parsed } from '../cluster/parsed.ts';
import type { SpecIssue } from '../errors.ts';
import { exportSecret, importSecret, type SecretExport, type SecretImport } from '../handover.ts';
import type { TokenOwner } from '../secret/manifests.ts';
import { parseTokenOwner } from '../secret/owner.ts';
import { CERTIFICATE_SECRET } from '../table/secrets.ts';
import { assertNone, issuesOfTimes, unknownPaths } from './assert.ts';

interface CertificateSecretOptions extends Pick<ClusterOptions, 'profile' | 'kubernetesVersion'> {
  /** 32 bytes in hex, as `kubeadm certs certificate-key` prints them. */
  readonly certificateKey: string;
  /** The moment; default: the clock. */
  readonly now?: Date;
}

/** What the Secret is made of. */
export interface ExportCertificateSecretOptions extends CertificateSecretOptions {
  /** What is there, by logical path, as `readClusterPki` gives it. */
  readonly files: readonly PresentFile[];
  /** etcd runs elsewhere: what the API server needs for it stands where kubeadm's guide has it put, or is left out. */
  readonly externalEtcd?: boolean;
  /** How long the token lives that takes the Secret with it; default: two hours. */
  readonly tokenTtlSeconds?: number;
  /** The Secret of a bootstrap token that is there already, to be that token: then none is made. */
  readonly owner?: TokenOwner;
  /** Cryptographically random bytes; default: the platform's. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

/** A Secret that was fetched, and what is there already. */
export interface ImportCertificateSecretOptions extends CertificateSecretOptions {
  /** What `kubectl get secret -o yaml` or `-o json` prints of it. */
  readonly secret: string;
  /** What is there already, by logical path. */
  readonly existing?: readonly PresentFile[];
}

const issueOf = <T>(option: string, parsed: Parsed<T>): readonly SpecIssue[] =>
  'rule' in parsed ? [{ option, ...parsed }] : [];

const keyBytes = (text: string): Uint8Array => Buffer.from(text, 'hex');

/**
 * Makes the Secret `kubeadm-certs`, as `kubeadm init phase upload-certs` puts it up, with the Role and RoleBinding that let
 * hosts read it that join, and the bootstrap token that ends after two hours. Every value is encrypted with the
 * certificate key (AES-256-GCM). The key of a CA that is elsewhere is an empty value, as there.
 *
 * Holds the files against the table first, by the checks of `verifyClusterPki`. The Secret is tied to its token only where
 * `owner` is given: the cluster gives a token its uid. Writes and sends nothing.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options; `ERR_REFUSED` with everything that is missing or wrong.
 *
 * @example
 * ```ts
 * import { randomBytes } from 'node:crypto';
 * import { exportCertificateSecret, generateClusterPki } from 'k8s-pki';
 *
 * const { files } = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' });
 * const certificateKey = randomBytes(32).toString('hex');
 * const { manifests } = await exportCertificateSecret({ files, certificateKey });
 * for (const { kind, metadata } of manifests) console.log(kind, metadata.name);
 * ```
 */
export async function exportCertificateSecret(
  options: ExportCertificateSecretOptions,
): Promise<SecretExport> {
  const { files, certificateKey, externalEtcd = false, owner, now = new Date(), ...rest } = options;
  const { profile, kubernetesVersion, tokenTtlSeconds = CERTIFICATE_SECRET.token.seconds } = rest;
  const isLasting = Number.isSafeInteger(tokenTtlSeconds) && tokenTtlSeconds > 0;
  assertNone([
    ...unknownPaths(
      'files',
      files.map(({ path }) => path),
    ),
    ...issueOf('certificate-key', parseCertificateKey(certificateKey)),
    ...issuesOfTimes({ now }),
    ...(owner === undefined ? [] : issueOf('owner', parseTokenOwner(`${owner.name}/${owner.uid}`))),
    ...(isLasting ? [] : [{ option: 'token-ttl', rule: 'must be whole seconds, and more than none' }]),
  ]);
  return exportSecret({
    files,
    options: { profile, kubernetesVersion },
    key: keyBytes(certificateKey),
    etcd: externalEtcd ? 'external' : 'stacked',
    owner,
    tokenSeconds: tokenTtlSeconds,
    now,
    randomBytes: options.randomBytes ?? ((length) => randomBytes(length)),
  });
}

/**
 * Opens the Secret `kubeadm-certs`, whoever made it, holds what comes out against the table and against `existing`, and gives
 * what is new for `writeClusterPki`. What is there is kept where it is the same, and refused where it is not. Writes
 * nothing. What is for an external etcd stands where kubeadm's guide has it put.
 *
 * @throws {PkiError} `ERR_CONFIG`; `ERR_SOURCE` where the Secret is not there; `ERR_SEALED` where the key does not open it;
 * `ERR_OBSTACLE` where something else is there; `ERR_REFUSED` with everything that is missing or wrong.
 *
 * @example
 * ```ts
 * import { exportCertificateSecret, generateClusterPki, importCertificateSecret, writeClusterPki } from 'k8s-pki';
 *
 * const { files } = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' });
 * const certificateKey = '5a'.repeat(32);
 * const { manifests } = await exportCertificateSecret({ files, certificateKey });
 * const secret = JSON.stringify(manifests.find(({ metadata }) => metadata.name === 'kubeadm-certs'));
 * await writeClusterPki(await importCertificateSecret({ secret, certificateKey }), './out/pki');
 * ```
 */
export async function importCertificateSecret(
  options: ImportCertificateSecretOptions,
): Promise<SecretImport> {
  const { secret, certificateKey, existing = [], profile, kubernetesVersion, now = new Date() } = options;
  assertNone([
    ...unknownPaths(
      'existing',
      existing.map(({ path }) => path),
    ),
    ...issueOf('certificate-key', parseCertificateKey(certificateKey)),
    ...issuesOfTimes({ now }),
  ]);
  return importSecret({
    files: existing,
    options: { profile, kubernetesVersion },
    key: keyBytes(certificateKey),
    now,
    text: secret,
    name: 'the Secret',
  });
}
