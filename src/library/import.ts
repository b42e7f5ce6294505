import type { PresentFile } from '../checks/evidence.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import { type Fate, planImport } from '../csr/import.ts';
import type { PkiFile } from '../pki.ts';
import type { Plan } from '../plan.ts';
import { type ReloadPlan, resolveReload } from '../resolve/reload.ts';
import { assertNone, issuesOfTimes, readNodes, unknownPaths } from './assert.ts';
import { readClock } from './clock.ts';

/** A file with certificates. */
export interface ReturnedCertificates {
  /** What it is called in what is said of it. */
  readonly name: string;
  /** PEM, any number of certificates; or one in DER. */
  readonly contents: string | Uint8Array;
}

/** What came back, and where it is to go; of the cluster, what is not given is taken from what was asked for. */
export interface ImportCertificatesOptions
  extends Omit<ClusterOptions, 'certDir' | 'kubeconfigDir' | 'rootCaDir'> {
  /** What is there, as `readClusterPki` gives it with `requests`. */
  readonly existing: readonly PresentFile[];
  /** In any order and number. */
  readonly certificates: readonly ReturnedCertificates[];
  /** The certificates of CAs that are to be trusted, one each, by their ids: `{ ca: '-----BEGIN …' }`. Those that are there need not be given. */
  readonly authorities?: Readonly<Record<string, string>>;
  /** Further nodes of which there are requests. */
  readonly nodes?: readonly string[];
  /** The moment at which they have to be valid; default: the clock. */
  readonly now?: Date;
}

/** An import in memory. */
export interface ImportedCertificates {
  /** What becomes of each certificate, and why. */
  readonly certificates: readonly Fate[];
  readonly plan: Plan;
  /** What is new, and what takes the place of the files of the same paths: kubeconfigs get their certificates. */
  readonly files: readonly PkiFile[];
  readonly spec: ClusterSpec;
  /** What is to be done once the files are replaced; absent where none had a certificate before. */
  readonly reload?: ReloadPlan;
}

function bytesOf(contents: string | Uint8Array): Uint8Array {
  return typeof contents === 'string' ? Buffer.from(contents) : contents;
}

/**
 * Takes certificates that were signed elsewhere: finds the key of each, holds it against its row and its CA by the checks that
 * audit anything, and puts it in its place, with what leads to its CA. Whatever does not pass is in `certificates` with
 * the reason, and the rest is done. A CA is never taken from what came back, only from `authorities`, and never replaced.
 *
 * Writes nothing.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue of the options; `ERR_REFUSED` for a CA in `authorities` that is none;
 * `ERR_CLOCK`; `ERR_SELF_CHECK`.
 *
 * @example
 * ```ts
 * import { generateClusterRequests, importCertificates } from 'k8s-pki';
 *
 * const host = { hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' } as const;
 * const { files: existing } = await generateClusterRequests(host);
 * const { certificates } = await importCertificates({ existing, certificates: [], authorities: {} });
 * for (const { source, outcome, why } of certificates) console.log(source, outcome, why);
 * ```
 */
export async function importCertificates(options: ImportCertificatesOptions): Promise<ImportedCertificates> {
  const { existing, certificates, authorities = {}, nodes = [], now = readClock(), ...cluster } = options;
  const paths = existing.map(({ path }) => path);
  assertNone([...issuesOfTimes({ now }), ...unknownPaths('existing', paths), ...readNodes(nodes).issues]);
  const named = Object.entries(authorities).map(
    ([id, pem]) => [id, { name: id, bytes: bytesOf(pem) }] as const,
  );
  const {
    authorities: trusted,
    fates,
    renewed,
    ...planned
  } = await planImport(
    {
      files: existing,
      options: cluster,
      nodes,
      returned: certificates.map(({ name, contents }) => ({ name, bytes: bytesOf(contents) })),
      authorities: new Map(named),
    },
    now,
  );
  const reload = renewed.length === 0 ? {} : { reload: resolveReload(planned.spec, renewed) };
  return { ...planned, certificates: [...trusted, ...fates], ...reload };
}
