import { randomBytes } from 'node:crypto';

/** AES-256, with which kubeadm encrypts what it keeps for control planes that join (kubeadm.md 5). */
const KEY_BYTES = 32;

/**
 * Generates a key as `kubeadm init --certificate-key` and `kubeadm join --certificate-key` take it: 32 random bytes in
 * hexadecimal.
 *
 * @param random Cryptographically random bytes; default: the platform's.
 *
 * @example
 * ```ts
 * import { generateCertificateKey } from 'k8s-pki';
 *
 * console.log(generateCertificateKey().length);
 * ```
 */
export function generateCertificateKey(random: (length: number) => Uint8Array = randomBytes): string {
  return Buffer.from(random(KEY_BYTES)).toString('hex');
}
