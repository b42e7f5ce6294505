import { readCertificate } from './checks/strays.ts';
import { nameText } from './checks/text.ts';
import { PkiError } from './errors.ts';
import type { Certificate } from './x509/model.ts';
import { describePem } from './x509/pem-form.ts';
import { parsePemBlocks, readPem } from './x509/pem.ts';
import { publicKeyPin } from './x509/pin.ts';

/** A CA certificate with what `kubeadm join` is told of it. */
export interface CaCertHash {
  /** `sha256:` and 64 hexadecimal digits, as `--discovery-token-ca-cert-hash` takes it. */
  readonly hash: string;
  readonly certificate: Certificate;
}

/**
 * The hash of every certificate of a text.
 *
 * @throws {PkiError} `ERR_PEM`, `ERR_CERTIFICATE`.
 */
export async function hashAuthorities(pem: string): Promise<readonly CaCertHash[]> {
  const blocks = parsePemBlocks(pem).filter(({ label }) => label === 'CERTIFICATE');
  if (blocks.length === 0) {
    const found = describePem(pem, readPem(pem));
    throw new PkiError('ERR_PEM', `there is no certificate in it: found ${found}`, {
      detail: { expected: 'a CERTIFICATE', found },
    });
  }
  return Promise.all(
    blocks.map(async ({ der }) => {
      const certificate = (await readCertificate(der))?.certificate;
      if (certificate !== undefined) return { hash: publicKeyPin(certificate.spkiDer), certificate };
      throw new PkiError('ERR_CERTIFICATE', 'a certificate in it cannot be read', {
        detail: { field: 'certificate' },
      });
    }),
  );
}

/** The names of those among the certificates that are no CA: no host could verify the API server by one. */
export function noAuthorities(hashes: readonly CaCertHash[]): readonly string[] {
  return hashes
    .filter(({ certificate: { version, basicConstraints } }) =>
      // Go takes a certificate of version 1, which cannot say so, for a CA (crypto/x509, CheckSignatureFrom).
      version === 3 ? basicConstraints?.isCa !== true : basicConstraints?.isCa === false,
    )
    .map(({ certificate }) => nameText(certificate.subject));
}

/** How a host joins a cluster. */
export interface Join {
  /** The URL of the API server. */
  readonly server: string;
  readonly hashes: readonly string[];
  readonly token?: string | undefined;
  readonly isControlPlane: boolean;
  readonly certificateKey?: string | undefined;
}

/** Stands where no token was given. */
export const TOKEN_PLACEHOLDER = '<token>';

/** The words of `kubeadm join`, in kubeadm's order (cmd/kubeadm/app/cmd/util/join.go). */
export function joinWords({
  server,
  hashes,
  token,
  isControlPlane,
  certificateKey,
}: Join): readonly string[] {
  return [
    'kubeadm',
    'join',
    server.replace(/^https:\/\//, ''),
    '--token',
    token ?? TOKEN_PLACEHOLDER,
    // One each: what is the same twice, as a CA beside its renewed self, says nothing more.
    ...[...new Set(hashes)].flatMap((hash) => ['--discovery-token-ca-cert-hash', hash]),
    ...(isControlPlane ? ['--control-plane'] : []),
    ...(certificateKey === undefined ? [] : ['--certificate-key', certificateKey]),
  ];
}
