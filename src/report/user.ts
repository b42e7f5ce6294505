import { timeText } from '../checks/time.ts';
import type { PlannedUser } from '../user.ts';
import type { Certificate } from '../x509/model.ts';
import { printable } from './columns.ts';
import { certificateJson } from './init.ts';

/** What a run of `kubeconfig user` did or would do. */
export interface UserReport {
  readonly outcome: 'created' | 'planned';
  readonly user: PlannedUser;
  /** Absent where there is a token in place of it, and where it would be issued. */
  readonly certificate: Certificate | undefined;
  /** Where the kubeconfig lies or would; absent: it would be printed. */
  readonly path: string | undefined;
}

function endOf({ user, certificate }: UserReport): Date | undefined {
  return (
    certificate?.notAfter ?? user.planned.plan.rows.find(({ id }) => id === user.row.id)?.validity?.notAfter
  );
}

/** Whom it makes its holder: `alice of dev`. */
function holderText({ row, token }: PlannedUser): string {
  const { commonName, organization } = row.certificate;
  if (token !== undefined) return `${printable(commonName)}, with the token that was given`;
  const groups = organization.length === 0 ? 'no group' : organization.map(printable).join(', ');
  return `${printable(commonName)} of ${groups}`;
}

/** The report as people read it. */
export function userText(report: UserReport): readonly string[] {
  const { outcome, user, path } = report;
  const end = endOf(report);
  const expiry = end === undefined ? '' : `; it expires on ${timeText(end).slice(0, 10)}`;
  const what = `kubeconfig of ${holderText(user)}, for ${user.row.kubeconfig.server}`;
  if (outcome === 'created') return [`${what}: created ${path ?? ''}${expiry}`];
  const where = path === undefined ? 'would be printed' : `would be created in ${path}`;
  return [`${what}: ${where}${expiry}; nothing was changed (--dry-run)`];
}

/** The report for programs; docs/json.md describes it. */
export function userJson(report: UserReport): object {
  const { outcome, user, certificate, path } = report;
  const { row, token, warnings } = user;
  const end = endOf(report);
  return {
    schema: 'k8s-pki/user/v1',
    outcome,
    ...(path === undefined ? {} : { path }),
    clientName: row.certificate.commonName,
    organization: token === undefined ? row.certificate.organization : [],
    credential: token === undefined ? 'certificate' : 'token',
    server: row.kubeconfig.server,
    cluster: row.kubeconfig.cluster,
    context: row.kubeconfig.context,
    ...(end === undefined ? {} : { notAfter: timeText(end) }),
    ...(certificate === undefined ? {} : { certificate: certificateJson(certificate) }),
    warnings,
  };
}
