import type { ClusterSpec } from '../cluster/spec.ts';
import type { UserIdentity } from '../cluster/user.ts';
import { KUBECONFIG_PREFERENCES, MODES } from '../table/rules.ts';
import { ROWS } from '../table/rows.ts';
import { POWERS } from '../table/powers.ts';
import { USER } from '../table/user.ts';
import { choose } from './choose.ts';
import type { DesiredKubeconfigRow, DesiredRow } from './desired.ts';
import { existingRows, resolveIssuing, resolveServer, serverTrust } from './rows.ts';
import { fillText } from './text.ts';

/** What stands for the row of a user where rows are told apart; no row of the table has a blank. */
const USER_ID = 'kubeconfig user';

/** The logical path of the CA that signs users, and by which nodes that join know the cluster. */
export function userAuthorityPath(): string {
  const row = ROWS.find(({ id }) => id === USER.signer);
  if (row?.kind !== 'ca') throw new RangeError('"USER" expected a CA of the table as its signer');
  return row.certificate;
}

/** Where users of the cluster reach its API server. */
export function resolveUserServer(spec: ClusterSpec): string {
  return resolveServer(choose(USER.server, spec), spec);
}

/**
 * What a kubeconfig of one more user has to be, as a row like those of the table.
 *
 * @param place The path of its file, and how long its certificate is to live.
 */
export function resolveUser(
  spec: ClusterSpec,
  { clientName, organization }: UserIdentity,
  { path, validitySeconds }: { readonly path: string; readonly validitySeconds: number },
): DesiredKubeconfigRow {
  return {
    kind: 'kubeconfig',
    id: USER_ID,
    purpose: USER.purpose,
    files: [{ holds: 'kubeconfig', path, mode: MODES.kubeconfig }],
    certificate: {
      ...resolveIssuing(USER, spec),
      commonName: clientName,
      organization,
      sans: [],
      validitySeconds,
    },
    kubeconfig: {
      cluster: spec.clusterName,
      user: clientName,
      context: fillText(choose(USER.context, spec), spec, { user: clientName }),
      server: resolveUserServer(spec),
      trust: serverTrust(USER.signer, existingRows(spec)).of,
      hasPreferences: choose(KUBECONFIG_PREFERENCES, spec),
    },
  };
}

/** Somebody of the cluster's own that a subject would make its holder. */
export interface Impersonation {
  readonly of: 'commonName' | 'organization';
  readonly value: string;
  /** A verb phrase. */
  readonly says: string;
  readonly isAboveRbac: boolean;
}

/** Whom a user would be taken for beside himself: what Kubernetes gives power to, and the rows that the same CA signs. */
export function impersonationsOf(
  { clientName, organization }: UserIdentity,
  rows: readonly DesiredRow[],
): readonly Impersonation[] {
  const values = [
    { of: 'commonName' as const, value: clientName },
    ...organization.map((value) => ({ of: 'organization' as const, value })),
  ];
  const namesake = rows.find(
    (row) =>
      'certificate' in row &&
      row.certificate.signer === USER.signer &&
      row.certificate.extKeyUsage.includes('clientAuth') &&
      row.certificate.commonName === clientName,
  );
  return values.flatMap(({ of, value }): readonly Impersonation[] => {
    if (of === 'commonName' && namesake !== undefined)
      return [{ of, value, says: `is the name that ${namesake.id} has`, isAboveRbac: false }];
    const power = POWERS.find((row) => row.of === of && row.is.test(value));
    return power === undefined
      ? []
      : [{ of, value, says: power.says, isAboveRbac: power.isAboveRbac === true }];
  });
}
