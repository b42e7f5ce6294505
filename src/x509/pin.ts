import { createHash } from 'node:crypto';

/** The pin of a public key: `sha256:` and SHA-256 of its SubjectPublicKeyInfo in lower-case hex (kubeadm.md 6). */
export function publicKeyPin(spkiDer: Uint8Array): string {
  return `sha256:${createHash('sha256').update(spkiDer).digest('hex')}`;
}

/** What a certificate is told by: `sha256:` and SHA-256 of its DER in lower-case hex, `openssl x509 -fingerprint -sha256` without colons. */
export function certificateFingerprint(der: Uint8Array): string {
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}
