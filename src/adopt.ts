import type { RowEvidence } from './checks/evidence.ts';
import { type ClusterOptions, type OptionKey, OPTIONS } from './cluster/options.ts';
import type { ClusterSpec } from './cluster/spec.ts';
import { neededOptions, OF_CONTROL_PLANE } from './infer.ts';
import { parseServer } from './kubeconfig/server.ts';
import { embedsCredential, type Obstacle } from './plan.ts';
import type { DesiredRow } from './resolve/desired.ts';
import { KEY_ALGORITHMS, type KeyAlgorithm } from './x509/algorithms.ts';
import { algorithmOfSpki } from './x509/keys.ts';
import { attributeValues, COMMON_NAME_OID, EXT_KEY_USAGE_OIDS, ORGANIZATION_OID } from './x509/model.ts';

/** A row with what its certificate is to have, or why that cannot be issued. */
export type Adopted = { readonly row: DesiredRow } | { readonly obstacle: Obstacle };

export function algorithmOf({ certificates: [own] }: RowEvidence): KeyAlgorithm | undefined {
  const id = own === undefined ? undefined : algorithmOfSpki(own.spkiDer);
  return id === undefined ? undefined : KEY_ALGORITHMS[id];
}

/** Not issued here as it is there: somebody has to say what is meant instead. */
const unlikeOurs = (message: string): Adopted => ({
  obstacle: { message, remedy: 'say what the cluster is, by flags or --config, and give --from spec' },
});

/** Takes subject, names and extended usages from the certificate that is there, as kubeadm does (kubeadm.md 4.2). */
export function adopt(row: DesiredRow, evidence: RowEvidence): Adopted {
  const [certificate] = evidence.certificates;
  if (certificate === undefined || (row.kind !== 'certificate' && row.kind !== 'kubeconfig'))
    return unlikeOurs('its certificate cannot be read');
  const { subject, subjectAltName: sans = [], extKeyUsage } = certificate;
  const names = attributeValues(subject, COMMON_NAME_OID);
  const organization = attributeValues(subject, ORGANIZATION_OID);
  const [commonName] = names;
  if (commonName === undefined || names.length + organization.length !== subject.attributes.length)
    return unlikeOurs('has a subject of other parts than one common name and organizations');
  if (sans.some(({ kind }) => kind === 'other'))
    return unlikeOurs('has names of a kind that is not issued here');
  const usages = extKeyUsage ?? row.certificate.extKeyUsage;
  if (usages.some((usage) => !(usage in EXT_KEY_USAGE_OIDS)))
    return unlikeOurs('has extended key usages that are not issued here');
  return {
    row: { ...row, certificate: { ...row.certificate, commonName, organization, sans, extKeyUsage: usages } },
  };
}

/** What is known of a cluster beside what each of its certificates says of itself. */
export interface Knowledge {
  readonly spec: ClusterSpec;
  /** Whether somebody says what the cluster is: what was not said has its default then, and the host alone is left to the files. */
  readonly isSpecified: boolean;
  /** What was said, by whoever asks or by the files. */
  readonly said: ClusterOptions;
}

/** The flags of what is needed, one of each, that nobody has said. */
function unsaidFlags(
  needed: readonly (readonly OptionKey[])[],
  { isSpecified, said }: Knowledge,
): readonly string[] {
  const flags = needed.flatMap((keys): readonly string[] => {
    if (keys.some((key) => said[key] !== undefined)) return [];
    const [option] = OPTIONS.filter(
      ({ key, group }) => keys.includes(key) && (!isSpecified || group === 'This host'),
    );
    return option === undefined ? [] : [`--${option.name}`];
  });
  return [...new Set(flags)];
}

/** A row, unless it would be made from what was made up. */
function unlessUnsaid(
  row: DesiredRow,
  needed: readonly (readonly OptionKey[])[],
  knowledge: Knowledge,
): Adopted {
  const flags = unsaidFlags(needed, knowledge);
  if (flags.length === 0) return { row };
  return {
    obstacle: {
      message: `has to be made from nothing, and no file says ${flags.join(' and ')}`,
      remedy: `give ${flags.join(' and ')}, or --config`,
    },
  };
}

/** A kubeconfig that has to be written anew, as one that names a file for its credential, by the names that it has. */
export function withNames(row: DesiredRow, { kubeconfig }: RowEvidence): DesiredRow {
  if (row.kind !== 'kubeconfig' || kubeconfig === undefined || embedsCredential(kubeconfig)) return row;
  const { cluster, user, context, server = '' } = kubeconfig;
  // What is odd there is no reason to write it once more.
  if (parseServer(server) === undefined || !/^[!-~]+$/.test(server)) return row;
  const { otherServer: _, ...own } = row.kubeconfig;
  return { ...row, kubeconfig: { ...own, cluster, user, context, server } };
}

/** A row of which there is no certificate to take anything from. */
export function restore(desired: DesiredRow, evidence: RowEvidence, knowledge: Knowledge): Adopted {
  const row = withNames(desired, evidence);
  const isServerKnown = row !== desired;
  return unlessUnsaid(row, neededOptions(row.id, knowledge.spec, { isServerKnown }), knowledge);
}

/** A row of another node. */
export function provide(row: DesiredRow, knowledge: Knowledge): Adopted {
  return unlessUnsaid(row, [OF_CONTROL_PLANE], knowledge);
}
