import type { PresentDirectory, PresentFile } from '../checks/evidence.ts';
import type { Served } from '../checks/served.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { type PolicyOptions, parsePolicy } from '../cluster/policy.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import { parseWeakKeyList } from '../cluster/weak-key-list.ts';
import type { Components } from '../components/command.ts';
import type { Selected } from '../select/select.ts';
import { type SelectionOptions, takeSelection } from '../select/take.ts';
import { parseWaiverFile } from '../select/waiver-file.ts';
import type { Waiver } from '../select/waivers.ts';
import type { Source } from '../sources/source.ts';
import type { HostRole } from '../table/row.ts';
import { verifyPki } from '../verify.ts';
import { assertNone, issuesOfTimes } from './assert.ts';

/** What to audit: the files, and whatever is wanted of them, as for `k8s-pki init`. */
export interface VerifyClusterPkiOptions
  extends Omit<ClusterOptions, 'certDir' | 'kubeconfigDir' | 'rootCaDir'>,
    SelectionOptions {
  /**
   * What is there, as `readSource`, `parseArchive` and `parseSecrets` give it. What is wrong with the archive itself is among
   * the findings.
   */
  readonly source?: Source;
  /**
   * What is there, by logical path, as `readClusterPki` gives it; default: the files of `source`. Files of other paths are
   * looked into for keys and credentials.
   */
  readonly files?: readonly PresentFile[];
  /** The directories that hold the files, with their modes and owners; default: those of `source`. */
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
  /** A logical path of each row that is missed where nothing of it is there; default: what `source` says, or of all. */
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
    source,
    files = source?.files,
    directories = source?.places,
    expected = source?.expected,
    components,
    at = new Date(),
    warnWithinSeconds = WARN_WITHIN_SECONDS,
    served,
    policy,
    weakKeyLists,
    cis,
    ...others
  } = options;
  const { role: asked, focus, skip, waivers, baseline, ...cluster } = others;
  const { role, selection, issues } = takeSelection({ role: asked, focus, skip, waivers, baseline });
  const nothing = { option: 'files', rule: 'must be given, or a source' };
  assertNone([
    ...(files === undefined ? [nothing] : []),
    ...issuesOfTimes({ at, warnWithinSeconds }),
    ...issues,
  ]);
  const {
    spec,
    inferred,
    evidence: _,
    credentials: __,
    ...found
  } = await verifyPki({
    files: files ?? [],
    directories,
    readFrom: source?.readFrom,
    wantsKubeconfigs: source?.wantsKubeconfigs,
    found: source?.findings,
    isPartial: source?.isPartial,
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
