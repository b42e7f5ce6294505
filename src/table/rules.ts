import { deepFreeze } from './freeze.ts';
import type { Choice } from './row.ts';

/** Modes by what a file holds, whatever the umask (kubeadm.md 1.6; sa.pub as its Secret download writes it). */
export const MODES: {
  readonly certificate: number;
  readonly key: number;
  readonly publicKey: number;
  readonly kubeconfig: number;
  /** kubeadm.md 4.3: as kubeadm writes it, though it is no secret. */
  readonly request: number;
} = Object.freeze({ certificate: 0o644, key: 0o600, publicKey: 0o644, kubeconfig: 0o600, request: 0o600 });

/**
 * How the subjectKeyIdentifier is made from the key: RFC 5280 4.2.1.2 (1), or RFC 7093 section 2 (1), which needs no
 * SHA-1. kubeadm follows Go: SHA-256 since it is built with Go 1.25 (kubeadm.md 1.2).
 */
export const SUBJECT_KEY_IDENTIFIER: Choice<'sha1' | 'sha256-160'> = deepFreeze<
  Choice<'sha1' | 'sha256-160'>
>({
  requirements: 'sha256-160',
  kubeadm: {
    eras: [
      ['1.24', 'sha1'],
      ['1.35', 'sha256-160'],
    ],
  },
  hardened: 'sha256-160',
});

/** client-go wrote an empty `preferences` into every kubeconfig before 1.34 (kubeadm.md 9). */
export const KUBECONFIG_PREFERENCES: Choice<boolean> = deepFreeze<Choice<boolean>>({
  requirements: false,
  kubeadm: {
    eras: [
      ['1.24', true],
      ['1.34', false],
    ],
  },
  hardened: false,
});

/** Keys of kubeconfigs: kubeadm made them RSA-2048 whatever else was asked for until 1.31 (kubernetes/kubernetes#125388). */
export const KUBECONFIG_KEY_ALGORITHM: Choice<'asCertificates' | 'RSA-2048'> = deepFreeze<
  Choice<'asCertificates' | 'RSA-2048'>
>({
  requirements: 'asCertificates',
  kubeadm: {
    eras: [
      ['1.24', 'RSA-2048'],
      ['1.31', 'asCertificates'],
    ],
  },
  hardened: 'asCertificates',
});
