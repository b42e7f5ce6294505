import type { KeyAlgorithm } from '../x509/algorithms.ts';
import type { GeneralName, KeyUsage } from '../x509/model.ts';

/** A file that a row wants, by its logical path. */
export interface DesiredFile {
  /** `copy`: a second place of the certificate. */
  readonly holds: 'certificate' | 'copy' | 'key' | 'publicKey' | 'kubeconfig' | 'bundle';
  readonly path: string;
  readonly mode: number;
}

/** What a certificate has to be, with nothing left to decide. Dates are counted from the moment of issuing. */
export interface DesiredCertificate {
  readonly commonName: string;
  readonly organization: readonly string[];
  /** The id of the CA that signs it; absent: it signs itself. */
  readonly signer?: string;
  readonly isCa: boolean;
  readonly pathLength?: number;
  readonly keyUsage: readonly KeyUsage[];
  readonly extKeyUsage: readonly string[];
  readonly sans: readonly GeneralName[];
  readonly algorithm: KeyAlgorithm;
  /** Another algorithm that one that is there may have: what a renewal makes where issuing makes something else. */
  readonly renewedAlgorithm?: KeyAlgorithm;
  readonly subjectKeyIdentifierMethod: 'sha1' | 'sha256-160';
  readonly validitySeconds: number;
  readonly backdateSeconds: number;
}

/** What a kubeconfig has to be, beside its client certificate. */
export interface DesiredKubeconfig {
  readonly cluster: string;
  readonly user: string;
  readonly context: string;
  readonly server: string;
  /** Another that one that is there may name. */
  readonly otherServer?: string;
  /** Other names that one that is there may have, all three of them. */
  readonly bootstrapped?: { readonly cluster: string; readonly user: string; readonly context: string };
  /** The ids of the rows whose certificates make up certificate-authority-data. */
  readonly trust: readonly string[];
  readonly hasPreferences: boolean;
}

interface DesiredBase {
  readonly id: string;
  readonly purpose: string;
  readonly files: readonly DesiredFile[];
  /** Logical paths where there must be nothing: of a root that is kept apart, its key beside what it signs. */
  readonly absent?: readonly string[];
  /** Nobody misses it where it is not there. */
  readonly mayBeAway?: true;
}

/** A CA, or a certificate with a key file beside it. */
export interface DesiredCertificateRow extends DesiredBase {
  readonly kind: 'ca' | 'certificate';
  readonly certificate: DesiredCertificate;
  /** The ids of the CAs whose certificates follow in the file, because peers hold only the end of the chain. */
  readonly chain: readonly string[];
  /** It is what the server that kubeconfigs name shows. */
  readonly isServedToKubeconfigs?: true;
}
export interface DesiredKubeconfigRow extends DesiredBase {
  readonly kind: 'kubeconfig';
  readonly certificate: DesiredCertificate;
  readonly kubeconfig: DesiredKubeconfig;
  /** Its component asks for a new certificate itself. */
  readonly renewsItself?: true;
}
export interface DesiredKeyPairRow extends DesiredBase {
  readonly kind: 'keyPair';
  readonly algorithm: KeyAlgorithm;
}
export interface DesiredBundleRow extends DesiredBase {
  readonly kind: 'bundle';
  readonly of: readonly string[];
}

/** A row of the table resolved for one cluster: whoever holds it never asks which row it is. */
export type DesiredRow = DesiredCertificateRow | DesiredKubeconfigRow | DesiredKeyPairRow | DesiredBundleRow;

/** The row's file that holds this, if it wants one. */
export function fileThatHolds(row: DesiredRow, holds: DesiredFile['holds']): DesiredFile | undefined {
  return row.files.find((file) => file.holds === holds);
}
