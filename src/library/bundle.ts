import { randomBytes } from 'node:crypto';
import { type BundleParts, type BundleTexts, encodePlannedBundle, planBundle } from '../bundle.ts';
import { PkiError } from '../errors.ts';
import { parseKubeconfig } from '../kubeconfig/parse.ts';
import type { Certificate } from '../x509/model.ts';
import { assertNone, issuesOfTimes } from './assert.ts';

/** What a bundle is to hold, and what it is locked with. */
export interface EncodeBundleOptions {
  /** A kubeconfig whose current user embeds certificate and key; or else the three apart, as PEM. */
  readonly from: string | BundleTexts;
  readonly password: string;
  /** What importers call it; default: the common name of the certificate. */
  readonly friendlyName?: string;
  /** With Triple DES and SHA-1, for Windows and macOS that read nothing else. */
  readonly isLegacy?: boolean;
  /** The moment for which an end is told; default: the clock. */
  readonly now?: Date;
  /** Cryptographically random bytes; default: the platform's. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

/** A bundle in memory, with what it holds beside the key. */
export interface Bundle {
  readonly bundle: Uint8Array;
  readonly certificate: Certificate;
  /** Who signed it, and who signed that. */
  readonly chain: readonly Certificate[];
  /** What is odd about it, a sentence each. */
  readonly notices: readonly string[];
}

async function textsOf(from: string | BundleTexts): Promise<BundleTexts> {
  if (typeof from !== 'string') return from;
  const { clientCertificate, clientKey, certificateAuthority } = await parseKubeconfig(from);
  for (const [field, part] of [
    ['client-certificate-data', clientCertificate],
    ['client-key-data', clientKey],
  ] as const) {
    if (part !== undefined && 'pem' in part) continue;
    throw new PkiError('ERR_KUBECONFIG', `kubeconfig has no ${field}`, { detail: { field } });
  }
  const pemOf = (part: typeof clientKey): string => (part !== undefined && 'pem' in part ? part.pem : '');
  return {
    certificate: pemOf(clientCertificate),
    key: pemOf(clientKey),
    authorities: pemOf(certificateAuthority),
  };
}

const partsOf = ({ certificate, key, authorities }: BundleTexts): BundleParts => ({
  certificate: { pem: certificate },
  key: { pem: key },
  authorities: [{ pem: authorities }],
});

/**
 * Encodes a client certificate with its key and its CAs as PKCS#12, for browsers, Java and others that import such a file:
 * encrypted by AES-256 and authenticated by HMAC-SHA-256, both with keys that take 600,000 rounds to derive from the password.
 *
 * Of the CAs those are in it that signed it. Whether it is valid is not looked at, but for its end, which is told. Writes no
 * file, and opens none that a kubeconfig names.
 *
 * @throws {PkiError} `ERR_CONFIG` for an empty password; `ERR_KUBECONFIG`, `ERR_PEM`; `ERR_CERTIFICATE`, also for one that is
 * for no client; `ERR_KEY`, also for the key of another certificate.
 *
 * @example
 * ```ts
 * import { createUserKubeconfig, encodeBundle, generateClusterPki } from 'k8s-pki';
 *
 * const { files } = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' });
 * const { kubeconfig } = await createUserKubeconfig({ files, clientName: 'alice' });
 * const { bundle, chain } = await encodeBundle({ from: kubeconfig, password: 'correct horse battery staple' });
 * console.log(bundle.length, chain.length);
 * ```
 */
export async function encodeBundle(options: EncodeBundleOptions): Promise<Bundle> {
  const {
    from,
    password,
    friendlyName,
    isLegacy = false,
    now = new Date(),
    randomBytes: random = randomBytes,
  } = options;
  const hasPassword = typeof password === 'string' && password !== '';
  assertNone([
    ...issuesOfTimes({ now }),
    ...(hasPassword ? [] : [{ option: 'password', rule: 'must be a text that is not empty' }]),
  ]);
  const planned = await planBundle(partsOf(await textsOf(from)), { now, friendlyName });
  const bundle = await encodePlannedBundle(planned, { password, isLegacy, randomBytes: random });
  const { certificate, chain, notices } = planned;
  return { bundle, certificate, chain, notices };
}
