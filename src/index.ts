export type { OutwardLink, Owner, PresentDirectory, PresentFile } from './checks/evidence.ts';
export type { Served, ServedOutcome } from './checks/served.ts';
export type { ClusterOptions } from './cluster/options.ts';
export type { PolicyOptions, SignatureHash } from './cluster/policy.ts';
export type { ClusterSpec } from './cluster/spec.ts';
export type { UserOptions } from './cluster/user.ts';
export type {
  ComponentCommand,
  ComponentForm,
  Components,
  ComponentText,
  GivenFlag,
  Mount,
} from './components/command.ts';
export { parseComponents } from './components/parse.ts';
export {
  isPkiError,
  PkiError,
  type PkiErrorCode,
  type PkiErrorDetail,
  type PkiErrorOptions,
  type SpecIssue,
} from './errors.ts';
export type { EmbeddedIn, Expiration } from './expiration.ts';
export type { AuditFinding, Finding, Severity } from './finding.ts';
export type { Directories } from './cluster/directories.ts';
export type { BundleTexts } from './bundle.ts';
export { type Bundle, encodeBundle, type EncodeBundleOptions } from './library/bundle.ts';
export type { CaCertHash } from './join.ts';
export { caCertHashes } from './library/ca-hash.ts';
export { generateCertificateKey } from './library/certificate-key.ts';
export type { SecretExport, SecretImport } from './handover.ts';
export {
  type ExportCertificateSecretOptions,
  exportCertificateSecret,
  type ImportCertificateSecretOptions,
  importCertificateSecret,
} from './library/certificate-secret.ts';
export { type KubeadmConfig, parseKubeadmConfig } from './library/config.ts';
export {
  type ClusterPkiDirectory,
  readClusterPki,
  type ReadClusterPkiOptions,
  writeClusterPki,
} from './library/directory.ts';
export { checkExpiration, type CheckExpirationOptions } from './library/expiration.ts';
export {
  type ImportCertificatesOptions,
  type ImportedCertificates,
  importCertificates,
  type ReturnedCertificates,
} from './library/import.ts';
export {
  type ClusterRequests,
  type GenerateClusterRequestsOptions,
  generateClusterRequests,
} from './library/requests.ts';
export { type SignedRequest, signRequests, type SignRequestsOptions } from './library/sign.ts';
export { requestStatus, type RequestStatusOptions } from './library/status.ts';
export type { Fate } from './csr/import.ts';
export type { PartState, PendingStatus, RowStatus } from './csr/status.ts';
export { type ClusterPki, type GenerateClusterPkiOptions, generateClusterPki } from './library/generate.ts';
export {
  type RecoverClusterPkiOptions,
  type RecoveredClusterPki,
  recoverClusterPki,
} from './library/recover.ts';
export type { RenewalOptions, RenewedClusterPki } from './library/renewal.ts';
export { type RenewClusterPkiOptions, renewClusterPki } from './library/renew.ts';
export { readSource, type ReadSourceOptions } from './library/source.ts';
export {
  createUserKubeconfig,
  type CreateUserKubeconfigOptions,
  type UserKubeconfig,
} from './library/user.ts';
export {
  type ClusterPkiVerification,
  parseWaivers,
  type VerifyClusterPkiOptions,
  verifyClusterPki,
} from './library/verify.ts';
export { readServed, type ServedOptions } from './live/served.ts';
export type { MadeUser } from './user.ts';
export type { PkiCertificate, PkiFile } from './pki.ts';
export type { Plan, PlannedFile, PlannedRow, RowAction } from './plan.ts';
export { VERSION } from './release.ts';
export type { RenewalSource } from './renewal-names.ts';
export { type ComponentArgument, resolveArguments } from './resolve/arguments.ts';
export type { ReloadPlan, ReloadStep } from './resolve/reload.ts';
export { type Listener, resolveListeners } from './resolve/listeners.ts';
export type { Manifest, TokenOwner } from './secret/manifests.ts';
export { type ArchiveOptions, parseArchive } from './sources/archive.ts';
export type { Bytes } from './sources/bytes.ts';
export { parseSecrets, type SecretOptions } from './sources/secrets.ts';
export type { Source } from './sources/source.ts';
export { DIFFERENCES, type Difference } from './table/differences.ts';
export { PROFILES, type Profile } from './table/profiles.ts';
export type { Baseline } from './select/baseline.ts';
export type { Selected } from './select/select.ts';
export type { SelectionOptions } from './select/take.ts';
export type { Waiver } from './select/waivers.ts';
export { HOST_ROLES, type HostRole, type Row } from './table/row.ts';
export { ROWS } from './table/rows.ts';
export { KEY_ALGORITHM_IDS, type KeyAlgorithmId } from './x509/algorithms.ts';
export type { Certificate, CertificateRequest } from './x509/model.ts';
export type { KeyPair, Signer } from './x509/signer.ts';
