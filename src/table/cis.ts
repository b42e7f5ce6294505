import { deepFreeze } from './freeze.ts';

/** What a limit of a benchmark is for. */
export type CisSubject = 'admin' | 'component' | 'kubelet' | 'certificate' | 'key';

/** A version of the CIS Kubernetes Benchmark, with the modes that it allows at most. */
export interface CisBenchmark {
  readonly version: string;
  /** The first minor release of Kubernetes that it is for; it holds up to the next one's. */
  readonly sinceMinor: number;
  readonly limits: Readonly<Record<CisSubject, number>>;
  /** Its rules for administrators name super-admin.conf beside admin.conf. */
  readonly knowsSuperAdmin: boolean;
}

/** A rule of the benchmark about files of a PKI: its number where it is about modes, and where it is about owners. */
export interface CisRule {
  readonly mode: string;
  readonly owner: string;
  readonly subject: CisSubject;
  /** The rows that it is about; absent: all. */
  readonly rows?: readonly string[];
  /** What the files hold that it is about. */
  readonly holds: readonly ('certificate' | 'publicKey' | 'key' | 'kubeconfig')[];
  /** The benchmark means the like and does not name it: `.pem`, `.pub`, further kubeconfigs (kube-bench #1409). */
  readonly isExtension?: true;
  /** It is of a later benchmark than some: only where `knowsSuperAdmin`. */
  readonly needsSuperAdmin?: true;
}

const ALL_644 = { component: 0o644, kubelet: 0o644, certificate: 0o644, key: 0o600 };
const ALL_600 = { admin: 0o600, component: 0o600, kubelet: 0o600, certificate: 0o600, key: 0o600 };

/** In the order in which they came out. The numbers began anew after 1.24. */
export const CIS_BENCHMARKS: readonly CisBenchmark[] = deepFreeze<readonly CisBenchmark[]>([
  { version: '1.5', sinceMinor: 15, limits: { ...ALL_644, admin: 0o644 }, knowsSuperAdmin: false },
  { version: '1.6', sinceMinor: 16, limits: { ...ALL_644, admin: 0o644 }, knowsSuperAdmin: false },
  { version: '1.20', sinceMinor: 19, limits: { ...ALL_644, admin: 0o644 }, knowsSuperAdmin: false },
  { version: '1.23', sinceMinor: 22, limits: { ...ALL_644, admin: 0o600 }, knowsSuperAdmin: false },
  { version: '1.24', sinceMinor: 24, limits: ALL_600, knowsSuperAdmin: false },
  { version: '1.7', sinceMinor: 25, limits: ALL_600, knowsSuperAdmin: false },
  { version: '1.8', sinceMinor: 26, limits: ALL_600, knowsSuperAdmin: false },
  { version: '1.9', sinceMinor: 27, limits: ALL_600, knowsSuperAdmin: true },
  { version: '1.10', sinceMinor: 28, limits: ALL_600, knowsSuperAdmin: true },
  // Back to what kubeadm writes: certificates are no secret.
  { version: '1.11', sinceMinor: 29, limits: { ...ALL_600, certificate: 0o644 }, knowsSuperAdmin: true },
  { version: '1.12', sinceMinor: 32, limits: { ...ALL_600, certificate: 0o644 }, knowsSuperAdmin: true },
]);

/** The first that is about a file counts. */
export const CIS_RULES: readonly CisRule[] = deepFreeze<readonly CisRule[]>([
  { mode: '1.1.13', owner: '1.1.14', subject: 'admin', rows: ['admin.conf'], holds: ['kubeconfig'] },
  {
    mode: '1.1.13',
    owner: '1.1.14',
    subject: 'admin',
    rows: ['super-admin.conf'],
    holds: ['kubeconfig'],
    needsSuperAdmin: true,
  },
  { mode: '1.1.15', owner: '1.1.16', subject: 'component', rows: ['scheduler.conf'], holds: ['kubeconfig'] },
  {
    mode: '1.1.17',
    owner: '1.1.18',
    subject: 'component',
    rows: ['controller-manager.conf'],
    holds: ['kubeconfig'],
  },
  { mode: '4.1.5', owner: '4.1.6', subject: 'kubelet', rows: ['kubelet.conf'], holds: ['kubeconfig'] },
  {
    mode: '1.1.13',
    owner: '1.1.14',
    subject: 'admin',
    holds: ['kubeconfig'],
    isExtension: true,
  },
  // The certificate of the CA is also the file that kubelets know their clients by (--client-ca-file).
  {
    mode: '1.1.20 and 4.1.7',
    owner: '1.1.19 and 4.1.8',
    subject: 'certificate',
    rows: ['ca'],
    holds: ['certificate'],
  },
  { mode: '1.1.20', owner: '1.1.19', subject: 'certificate', holds: ['certificate'] },
  { mode: '1.1.20', owner: '1.1.19', subject: 'certificate', holds: ['publicKey'], isExtension: true },
  { mode: '1.1.21', owner: '1.1.19', subject: 'key', holds: ['key'] },
]);
