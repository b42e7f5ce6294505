import type { Parsed } from './parsed.ts';

const CERTIFICATE_KEY_BYTES = 32;

/** Reads the key that kubeadm encrypts with what it keeps for control planes that join. */
export function parseCertificateKey(text: string): Parsed<string> {
  if (new RegExp(`^[0-9A-Fa-f]{${2 * CERTIFICATE_KEY_BYTES}}$`).test(text)) return { value: text };
  return {
    rule: `must be ${CERTIFICATE_KEY_BYTES} bytes in hex`,
    hint: 'k8s-pki certs certificate-key makes one',
  };
}

/** Reads a bootstrap token, an id and a secret. */
export function parseBootstrapToken(text: string): Parsed<string> {
  // The form of k8s.io/cluster-bootstrap/token/api: BootstrapTokenPattern.
  if (/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(text)) return { value: text };
  return {
    rule: 'must be a bootstrap token: 6 lower-case letters or digits, a point, and 16 more',
    hint: 'kubeadm token create makes one',
  };
}
