import type { Parsed } from './parsed.ts';

/** AES-256 (kubeadm.md 5). */
const CERTIFICATE_KEY_BYTES = 32;

/** Reads the key of the Secret kubeadm-certs as kubeadm writes it, in hex. */
export function parseCertificateKey(text: string): Parsed<string> {
  if (new RegExp(`^[0-9A-Fa-f]{${2 * CERTIFICATE_KEY_BYTES}}$`).test(text)) return { value: text };
  return {
    rule: `must be ${CERTIFICATE_KEY_BYTES} bytes in hex`,
    hint: 'k8s-pki certs certificate-key makes one',
  };
}
