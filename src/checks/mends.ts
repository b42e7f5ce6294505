/**
 * What mends that which a check finds of a leaf or a kubeconfig. `identity`: issuing it again from its row; a renewal, which
 * takes subject and names from the certificate that is there, carries it on. `certificate`: any new certificate.
 * `kubeconfig`: writing the field anew.
 */
export type Mend = 'identity' | 'certificate' | 'kubeconfig';

/** By the code of the check. Of anything else, what it takes is more than a signature. */
export const MENDS: ReadonlyMap<string, Mend> = new Map<string, Mend>([
  ['common-name', 'identity'],
  ['organization', 'identity'],
  ['subject-alternative-name-missing', 'identity'],
  ['subject-alternative-name-surplus', 'identity'],
  ['extended-key-usage-missing', 'identity'],
  ['extended-key-usage-surplus', 'identity'],
  ['is-a-ca', 'certificate'],
  ['key-usage-missing', 'certificate'],
  ['critical-extension-unknown', 'certificate'],
  ['key-algorithm', 'certificate'],
  ['signer-mismatch', 'certificate'],
  ['issuer-name-mismatch', 'certificate'],
  ['authority-key-identifier-mismatch', 'certificate'],
  ['expired', 'certificate'],
  ['not-yet-valid', 'certificate'],
  ['server', 'kubeconfig'],
  ['trust', 'kubeconfig'],
]);

/** What is wrong with the file of a CA's key and keeps the CA from nothing. */
export const ONLY_EXPOSED: ReadonlySet<string> = new Set(['key-readable', 'private-key-exposed']);
