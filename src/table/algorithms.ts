import type { KeyAlgorithmId } from '../x509/algorithms.ts';

/** What Kubernetes makes of a key algorithm; what cryptography makes of it stands in `x509/algorithms.ts`. */
export interface AlgorithmRow {
  /** Whether the API server takes a key of this kind as service-account key (`--service-account-key-file`, R5.16). */
  readonly signsServiceAccountTokens: boolean;
  /** The first kubeadm release that can make it, by `encryptionAlgorithm` or by feature gate; absent: none can. */
  readonly kubeadmSince?: string;
  /** The kubeadm release from which no feature gate is needed, where there was one before. */
  readonly kubeadmWithoutGateSince?: string;
}

/** kubeadm.md 1.5, 7.2 and 9. */
export const ALGORITHMS: Readonly<Record<KeyAlgorithmId, AlgorithmRow>> = Object.freeze({
  'RSA-2048': { signsServiceAccountTokens: true, kubeadmSince: '1.24' },
  'RSA-3072': { signsServiceAccountTokens: true, kubeadmSince: '1.31' },
  'RSA-4096': { signsServiceAccountTokens: true, kubeadmSince: '1.31' },
  // By the gate PublicKeysECDSA (alpha since 1.19) before encryptionAlgorithm came with v1beta4.
  'ECDSA-P256': { signsServiceAccountTokens: true, kubeadmSince: '1.24', kubeadmWithoutGateSince: '1.31' },
  'ECDSA-P384': { signsServiceAccountTokens: true, kubeadmSince: '1.34' },
  'ECDSA-P521': { signsServiceAccountTokens: true },
  // kube-apiserver knows RSA and ECDSA service-account keys only.
  Ed25519: { signsServiceAccountTokens: false },
});
