import { randomBytes } from 'node:crypto';
import { types } from 'node:util';
import type { PresentDirectory, PresentFile } from './checks/evidence.ts';
import type { Served } from './checks/served.ts';
import type { Directories } from './cluster/directories.ts';
import type { ClusterOptions } from './cluster/options.ts';
import { parseDirectories } from './cluster/parse.ts';
import { combineOptions } from './cluster/combine.ts';
import { parseConfiguration } from './cluster/config.ts';
import { type PolicyOptions, parsePolicy } from './cluster/policy.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { parseWeakKeyList } from './cluster/weak-key-list.ts';
import type { Components } from './components/command.ts';
import { PkiError, type SpecIssue } from './errors.ts';
import { type Expiration, expirationsIn } from './expiration.ts';
import { absolutePath, targetDirectories } from './layout.ts';
import { type GeneratedPki, generatePki, type PkiEnvironment, type PkiFile } from './pki.ts';
import { refusalOf } from './plan.ts';
import { knownPlaces, presentFiles, resolveDirectories } from './present.ts';
import { RELEASED } from './release.ts';
import { planRequest } from './request.ts';
import { knownPaths } from './resolve/paths.ts';
import { readFiles } from './store/files.ts';
import { openStore } from './store/store.ts';
import { parseWaiverFile } from './select/waiver-file.ts';
import type { Waiver } from './select/waivers.ts';
import type { HostRole } from './table/row.ts';
import { ROWS } from './table/rows.ts';
import type { KeyAlgorithmId } from './x509/algorithms.ts';
import { generateKeyPair } from './x509/keys.ts';
import type { KeyPair, Signer } from './x509/signer.ts';
import type { Selected } from './select/select.ts';
import { type SelectionOptions, takeSelection } from './select/take.ts';
import { verifyPki } from './verify.ts';

/** What to generate: the options of `k8s-pki init` by the same names, what is there already, and what to generate with. */
export interface GenerateClusterPkiOptions extends ClusterOptions {
  /**
   * What is there already, by logical path: `{ path: 'pki/ca.crt', contents: '-----BEGIN …' }`. CAs with or without
   * their keys, the service account pair, or everything that `readClusterPki` found. It is kept, and what is missing is
   * made to fit it.
   */
  readonly existing?: readonly PresentFile[];
  /** Who signs for a CA whose key is not among `existing`, by the id of its row: `{ ca: signer }`. */
  readonly signers?: Readonly<Record<string, Signer>>;
  /** The moment of issuing; default: the clock. */
  readonly now?: Date;
  /** Cryptographically random bytes; default: the platform's. */
  readonly randomBytes?: (length: number) => Uint8Array;
  /** Default: the platform's, on its thread pool: four threads on Node, unless it is started with UV_THREADPOOL_SIZE. */
  readonly generateKeyPair?: (algorithm: KeyAlgorithmId) => Promise<KeyPair>;
  readonly onKeyGenerated?: (done: number, all: number) => void;
}

/** A PKI in memory, with the specification it follows and what was odd about the request. */
export interface ClusterPki extends GeneratedPki {
  readonly spec: ClusterSpec;
  readonly warnings: readonly SpecIssue[];
}

function unknownPaths(option: string, paths: readonly string[]): readonly SpecIssue[] {
  const known = knownPaths();
  const hint = `one of ${known.slice(0, 4).join(', ')} …`;
  return paths
    .filter((path) => !known.includes(path))
    .map((path) => ({ option, value: path, rule: 'is no path of the table', hint }));
}

function assertNone(issues: readonly SpecIssue[]): void {
  const [first] = issues;
  if (first === undefined) return;
  throw new PkiError(
    'ERR_CONFIG',
    `${first.option}${first.value === undefined ? '' : ` ${first.value}`}: ${first.rule}`,
    {
      detail: { issues },
    },
  );
}

/** Compared with what is no moment or no number, nothing has expired, and an audit finds nothing. */
function issuesOfTimes(times: {
  readonly now?: unknown;
  readonly at?: unknown;
  readonly warnWithinSeconds?: unknown;
}): readonly SpecIssue[] {
  return Object.entries(times).flatMap(([name, value]): readonly SpecIssue[] => {
    if (name === 'warnWithinSeconds')
      return typeof value === 'number' && value >= 0
        ? []
        : [{ option: 'warn-within', rule: 'must be a number of seconds, and not negative' }];
    const isMoment = types.isDate(value) && !Number.isNaN(value.getTime());
    return isMoment ? [] : [{ option: name, rule: 'must be a Date that is a moment' }];
  });
}

/** Passed over in silence, a mistyped path or a signer without its certificate would have a second CA made beside the first. */
function assertUsable(existing: readonly PresentFile[], signers: Readonly<Record<string, Signer>>): void {
  assertNone([
    ...unknownPaths(
      'existing',
      existing.map(({ path }) => path),
    ),
    ...Object.keys(signers).flatMap((id): readonly SpecIssue[] => {
      const row = ROWS.find((candidate) => candidate.id === id);
      if (row?.kind !== 'ca') return [{ option: 'signers', value: id, rule: 'is no CA of the table' }];
      if (existing.some(({ path }) => path === row.certificate)) return [];
      return [
        {
          option: 'signers',
          value: id,
          rule: `needs the certificate of the CA, ${row.certificate}, in existing`,
        },
      ];
    }),
  ]);
}

function environmentOf(options: GenerateClusterPkiOptions, now: Date): PkiEnvironment {
  return {
    now,
    randomBytes: options.randomBytes ?? ((length) => randomBytes(length)),
    generateKeyPair: options.generateKeyPair ?? generateKeyPair,
    ...(options.onKeyGenerated === undefined ? {} : { onKeyGenerated: options.onKeyGenerated }),
  };
}

/**
 * The clock, unless it shows a time before this release was made: certificates would be dated by it.
 *
 * @throws {PkiError} `ERR_CLOCK`.
 */
export function readClock(): Date {
  const now = new Date();
  if (now.getTime() >= Date.parse(RELEASED)) return now;
  throw new PkiError(
    'ERR_CLOCK',
    `the clock shows ${now.toISOString()}, a time before this release (${RELEASED})`,
    {
      detail: { now: now.toISOString(), released: RELEASED },
      hint: 'set the clock, or go on with --allow-early-clock (in the library: give now)',
    },
  );
}

/**
 * Generates the PKI of a cluster as one control-plane host needs it, in memory: keys, certificates, kubeconfigs. What
 * `existing` holds is kept and completed.
 *
 * Writes nothing, prints nothing, keeps no state: calls do not disturb each other. `files` has only what is new.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options; `ERR_REFUSED` with every finding where `existing`
 * contradicts them; `ERR_CLOCK`; `ERR_KEY` for a signer that has not the key of its CA; `ERR_SELF_CHECK`.
 *
 * @example
 * ```ts
 * import { generateClusterPki } from 'k8s-pki';
 *
 * const pki = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' });
 * for (const file of pki.files) console.log(file.path, file.mode.toString(8));
 * ```
 */
export async function generateClusterPki(options: GenerateClusterPkiOptions): Promise<ClusterPki> {
  const { existing = [], signers = {}, now = readClock(), ...rest } = options;
  const { randomBytes: _, generateKeyPair: __, onKeyGenerated: ___, ...cluster } = rest;
  assertNone(issuesOfTimes({ now }));
  assertUsable(existing, signers);
  const request = { options: cluster, host: {}, existing, signers: new Map(Object.entries(signers)) };
  const { planned, spec, warnings, wouldKeep } = await planRequest(request, now);
  if (planned.plan.isRefused) throw refusalOf(planned.plan, wouldKeep);
  const generated = await generatePki(planned, environmentOf(options, now));
  return { ...generated, spec, warnings };
}

/** What a configuration of kubeadm asks for. */
export interface KubeadmConfig {
  /** As `generateClusterPki` and `verifyClusterPki` take them; of the directories only the first does. */
  readonly options: ClusterOptions;
  /** What is odd about it, a sentence each. */
  readonly notices: readonly string[];
}

/**
 * Reads the configuration that `kubeadm init --config` takes, v1beta3 or v1beta4, several documents in one text, and our own
 * document beside them, as `k8s-pki show config` prints it. The profile is `kubeadm` unless it says otherwise. The address of
 * the host is asked for where it is not there: none is looked up.
 *
 * @param name What the text is called in issues.
 * @throws {PkiError} `ERR_CONFIG` with everything that is wrong, each issue with its line and column.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { generateClusterPki, parseKubeadmConfig } from 'k8s-pki';
 *
 * const { options } = await parseKubeadmConfig(readFileSync('kubeadm.yaml', 'utf8'));
 * const pki = await generateClusterPki({ hostname: 'cp1', ...options });
 * ```
 */
export async function parseKubeadmConfig(text: string, name = 'configuration'): Promise<KubeadmConfig> {
  const configuration = await parseConfiguration(text, name);
  const { options, issues } = combineOptions(configuration, {
    flags: {},
    host: { hostname: 'host' },
    cwd: '/',
    standIns: { hostIp: '192.0.2.1' },
    withoutDirectories: true,
  });
  assertNone(issues);
  return { options, notices: configuration.notices };
}

/** A certificate directory, or the directories one by one. */
export type ClusterPkiDirectory = string | Directories;

function directoriesOf(directory: ClusterPkiDirectory): Directories {
  return typeof directory === 'string' ? parseDirectories({ certDir: directory }, process.cwd()) : directory;
}

/**
 * Reads every file of a PKI that any profile and release knows, as `existing` takes it. Files that are not there are
 * left out; one that cannot be read stands there with the obstacle. Locks and changes nothing.
 *
 * @throws {PkiError} `ERR_CONFIG` where the place of the kubeconfigs is not clear.
 *
 * @example
 * ```ts
 * import { generateClusterPki, readClusterPki } from 'k8s-pki';
 *
 * const existing = await readClusterPki('/etc/kubernetes/pki');
 * const pki = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', existing });
 * ```
 */
export async function readClusterPki(directory: ClusterPkiDirectory): Promise<readonly PresentFile[]> {
  const places = knownPlaces(directoriesOf(directory));
  return presentFiles(places, await readFiles([...places.values()]));
}

function apartIssues(files: readonly PkiFile[], { rootCaDir }: Directories): readonly SpecIssue[] {
  const apart = files.filter(({ path }) => path.startsWith('root-ca/'));
  if (rootCaDir !== undefined) return [];
  return apart.map(({ path }) => ({
    option: 'files',
    value: path,
    rule: 'belongs to a root that is kept apart, and no directory is given for it',
    hint: '{ certDir: …, kubeconfigDir: …, rootCaDir: … }',
  }));
}

/**
 * Writes the new files of a PKI in one transaction: all of them or none, with their modes from the first byte. Never
 * overwrites. A transaction that an earlier run left unfinished is finished or taken back first.
 *
 * @throws {PkiError} `ERR_OBSTACLE` where something is in the way; `ERR_STORE` where the file system refuses; `ERR_LOCKED`
 * where another run is at work; `ERR_CONFIG` where it is not clear where a file belongs.
 *
 * @example
 * ```ts
 * import { generateClusterPki, writeClusterPki } from 'k8s-pki';
 *
 * const pki = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' });
 * await writeClusterPki(pki, './out/pki');
 * ```
 */
export async function writeClusterPki(
  pki: { readonly files: readonly PkiFile[] },
  directory: ClusterPkiDirectory,
): Promise<void> {
  const directories = await resolveDirectories(directoriesOf(directory));
  assertNone([
    ...unknownPaths(
      'files',
      pki.files.map(({ path }) => path),
    ),
    ...apartIssues(pki.files, directories),
  ]);
  const store = await openStore(targetDirectories(directories), { self: process });
  try {
    await store.commit(
      pki.files.map(({ path, contents, mode }) => ({
        path: absolutePath(path, directories),
        contents,
        mode,
        replace: false,
      })),
    );
  } finally {
    await store.close();
  }
}

/** What to audit: the files, and whatever is wanted of them, as for `k8s-pki init`. */
export interface VerifyClusterPkiOptions
  extends Omit<ClusterOptions, 'certDir' | 'kubeconfigDir' | 'rootCaDir'>,
    SelectionOptions {
  /** What is there, by logical path, as `readClusterPki` gives it. Files of other paths are looked into for keys and credentials. */
  readonly files: readonly PresentFile[];
  /** The directories that hold the files, with their modes and owners. */
  readonly directories?: readonly PresentDirectory[];
  /** How the components are started, as `parseComponents` reads it; default: not looked at. */
  readonly components?: Components;
  /** A version of the CIS Kubernetes Benchmark to hold modes and owners to, or `auto`: the one for the release. */
  readonly cis?: string;
  /** The moment to ask about; default: the clock. */
  readonly at?: Date;
  /** What ends within these seconds is reported; default: 30 days. */
  readonly warnWithinSeconds?: number;
  /** What the components show, as `readServed` found it, to be held against the files. */
  readonly served?: readonly Served[];
  /** What keys, signatures and validity are held against beside the table; docs/policy.md describes it. */
  readonly policy?: PolicyOptions;
  /** The texts of lists of weak keys, as `--weak-keys` takes them: every key is looked for in them. */
  readonly weakKeyLists?: readonly string[];
  /** A logical path of each row that is missed where nothing of it is there, as `parseSecrets` gives it; default: of all. */
  readonly expected?: readonly string[] | undefined;
}

/** What an audit found, and against what the files were held. */
export interface ClusterPkiVerification extends Selected {
  /** By row, in the order of the table. Empty: nothing is wrong. Those with a `waiver` are accepted. */
  readonly findings: Selected['findings'];
  /** Where no profile was asked for, the one that fits best; names and addresses that were not given are the files' own. */
  readonly spec: ClusterSpec;
  /**
   * What of the specification was not asked for but taken from the files. Whatever is meant to be something else is held
   * against nothing: a further name, another node's kubeconfig or an etcd that is gone shows here alone.
   */
  readonly inferred: ClusterOptions;
  /** The kind of host that the files were taken for. */
  readonly role: HostRole;
}

/**
 * Reads waivers from YAML: a list, each with `code`, `subject`, `reason` and `until`.
 *
 * @throws {PkiError} `ERR_CONFIG` with everything that is wrong, each issue with its line and column.
 */
export async function parseWaivers(text: string): Promise<readonly Waiver[]> {
  const { waivers, faults } = await parseWaiverFile(text);
  assertNone(faults.map((fault) => ({ option: 'waivers', ...fault })));
  return waivers;
}

const WARN_WITHIN_SECONDS = 30 * 86_400;

function weakKeysIn(lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.flatMap((text, index) => [...parseWeakKeyList(text, `list ${index + 1}`)]));
}

/**
 * Audits a PKI: holds every file against the table, the specification, its CA and the moment. Needs no CA key, reads and
 * writes no file, connects to nothing. What a file holds never makes it throw: it is a finding.
 *
 * Without a profile it takes the one, and of kubeadm the newest release, with the least to find fault with.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options.
 *
 * @example
 * ```ts
 * import { readClusterPki, verifyClusterPki } from 'k8s-pki';
 *
 * const { findings } = await verifyClusterPki({ files: await readClusterPki('/etc/kubernetes/pki') });
 * for (const { severity, path, message } of findings) console.log(severity, path, message);
 * ```
 */
export async function verifyClusterPki(options: VerifyClusterPkiOptions): Promise<ClusterPkiVerification> {
  const {
    files,
    directories,
    components,
    at = new Date(),
    warnWithinSeconds = WARN_WITHIN_SECONDS,
    served,
    policy,
    weakKeyLists,
    cis,
    expected,
    ...others
  } = options;
  const { role: asked, focus, skip, waivers, baseline, ...cluster } = others;
  const { role, selection, issues } = takeSelection({ role: asked, focus, skip, waivers, baseline });
  assertNone([...issuesOfTimes({ at, warnWithinSeconds }), ...issues]);
  const {
    spec,
    inferred,
    evidence: _,
    credentials: __,
    ...found
  } = await verifyPki({
    files,
    directories,
    options: cluster,
    components,
    role,
    now: at,
    warnWithinSeconds,
    selection,
    policy: policy && parsePolicy(policy),
    weakKeys: weakKeyLists && weakKeysIn(weakKeyLists),
    cis,
    expected,
    readServed: served && (async () => served),
  });
  return { ...found, spec, inferred };
}

/** What to look at, and what should be there; profile and release as for `k8s-pki init`, where they are not left to the files. */
export interface CheckExpirationOptions
  extends Pick<ClusterOptions, 'profile' | 'kubernetesVersion' | 'externalEtcd'> {
  /** What is there, by logical path, as `readClusterPki` gives it. */
  readonly files: readonly PresentFile[];
  /** Also what kubeadm leaves out: what components renew themselves, chains, what kubeconfigs trust, files of no row. */
  readonly all?: boolean;
  /** The kind of host that the files are from; default: found from what is there. */
  readonly role?: HostRole | 'auto';
  /** A logical path of each row that is missed where nothing of it is there, as `parseSecrets` gives it; default: of all. */
  readonly expected?: readonly string[] | undefined;
  /** The moment to ask about; default: the clock. */
  readonly at?: Date;
}

/**
 * Tells when each certificate of a PKI ends: what `kubeadm certs check-expiration` lists, by its names and in its order,
 * whether it is there or not. Needs no CA key, reads and writes no file. What a file holds never makes it throw.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options.
 *
 * @example
 * ```ts
 * import { checkExpiration, readClusterPki } from 'k8s-pki';
 *
 * const files = await readClusterPki('/etc/kubernetes/pki');
 * for (const { name, certificate } of await checkExpiration({ files })) console.log(name, certificate?.notAfter);
 * ```
 */
export async function checkExpiration(options: CheckExpirationOptions): Promise<readonly Expiration[]> {
  const { files, all: isAll, role: asked, expected, at = new Date(), ...cluster } = options;
  const { role, issues } = takeSelection({ role: asked });
  assertNone([...issuesOfTimes({ at }), ...issues]);
  return expirationsIn({ files, options: cluster, role, isAll, expected, at });
}
