import { createHash } from 'node:crypto';

/** The pin of a public key: `sha256:` and SHA-256 of its SubjectPublicKeyInfo in lower-case hex (kubeadm.md 6). */
export function publicKeyPin(spkiDer: Uint8Array): string {
  return `sha256:${createHash('sha256').update(spkiDer).digest('hex')}`;
}
