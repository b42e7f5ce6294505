import type { Check } from './checks/check.ts';
import type { Evidence, RowEvidence } from './checks/evidence.ts';
import { MENDS, ONLY_EXPOSED } from './checks/mends.ts';
import { MAKE_KUBECONFIG_ANEW } from './checks/remedies.ts';
import { PkiError } from './errors.ts';
import type { Finding } from './finding.ts';
import type { Kubeconfig } from './kubeconfig/parse.ts';
import { timeText } from './checks/time.ts';
import type { DesiredRow } from './resolve/desired.ts';
import { resolveValidity, type Validity } from './resolve/template.ts';
import type { Certificate } from './x509/model.ts';

/**
 * What becomes of a row: `create` all of it, `complete` it with what can be derived from what is there, `keep` it as it
 * is, `renew` its certificate because that was asked for, `reissue` it because it has drifted from the request, `amend` the
 * server and the CAs of a kubeconfig whose credential others keep, `install` a certificate that was signed elsewhere, or
 * `refuse`: what is there contradicts the request, or cannot be renewed.
 */
export type RowAction = 'create' | 'complete' | 'keep' | 'renew' | 'reissue' | 'amend' | 'install' | 'refuse';

export interface PlannedFile {
  readonly path: string;
  readonly action: 'create' | 'keep' | 'replace';
}

/** Why something cannot be issued, as it follows the name of its file, and what to do about just that. */
export interface Obstacle {
  readonly message: string;
  readonly remedy: string;
}

/** What is to be done about what is there already. */
export type Intent =
  | {
      /** What is missing is made. What has drifted is refused or, with `reissues`, issued again. */
      readonly kind: 'complete';
      readonly reissues: boolean;
      /** The rows that this is about; absent: all. The others are not in the plan, whatever there is to say of them. */
      readonly only?: ReadonlySet<string> | undefined;
    }
  | {
      readonly kind: 'renew';
      /** The rows that are renewed. Nothing else is touched, whatever there is to say of it. */
      readonly ids: ReadonlySet<string>;
      /** Why a row cannot be renewed, where whoever asks knows already, by its id. */
      readonly obstacles: ReadonlyMap<string, Obstacle>;
      readonly keepsKeys: boolean;
      /** Whether a kubeconfig that names another server is led to that of its row. */
      readonly takesServers: boolean;
      /** Whether what is not there of a row is made, and a kubeconfig that embeds no credential written anew. */
      readonly makesMissing: boolean;
    }
  /** One thing more is issued by the CAs that are there, of which nothing is made or changed. */
  | { readonly kind: 'issue'; readonly id: string }
  | {
      readonly kind: 'install';
      /** What was signed elsewhere, by the id of the row; of a CA all that its file will hold. Nothing else is touched. */
      readonly certificates: ReadonlyMap<string, readonly Certificate[]>;
    };

export const COMPLETE: Intent = Object.freeze({ kind: 'complete', reissues: false });

/** What becomes of one row, and why. */
export interface PlannedRow {
  readonly id: string;
  readonly purpose: string;
  readonly action: RowAction;
  /** The files that will be there; one that may stay away, as the key of an external CA, is not listed. */
  readonly files: readonly PlannedFile[];
  readonly findings: readonly Finding[];
  /** When the certificate begins and ends, where one is issued. */
  readonly validity?: Validity;
}

/** Everything that a run would do. One plan is printed, carried out and tested. */
export interface Plan {
  readonly rows: readonly PlannedRow[];
  /** Something contradicts the request, so nothing at all is done. A renewal does what it can: a row of it may be refused. */
  readonly isRefused: boolean;
  /** Every file is there already. */
  readonly isComplete: boolean;
}

function planFiles(row: RowEvidence): readonly PlannedFile[] {
  const isAbsent = row.files.length === 0;
  return row.desired.files.flatMap(({ path, holds }): readonly PlannedFile[] => {
    if (row.files.some((file) => file.path === path)) return [{ path, action: 'keep' }];
    // A key that is not there is never made for a certificate that is: the CA is external (R2.6). Nor is a copy: where a
    // root is kept apart, its directory may be a mount point with nothing mounted.
    const mayStayAway = holds === 'key' || holds === 'copy';
    return !isAbsent && mayStayAway ? [] : [{ path, action: 'create' }];
  });
}

function planAction(files: readonly PlannedFile[], findings: readonly Finding[]): RowAction {
  if (findings.some((finding) => finding.severity === 'error')) return 'refuse';
  if (files.every((file) => file.action === 'keep')) return 'keep';
  return files.some((file) => file.action === 'keep') ? 'complete' : 'create';
}

/** What only a plan can find: it is about what is not there yet. */
export const VALIDITY_CAPPED: Omit<Check, 'run'> = Object.freeze({
  code: 'validity-capped',
  only: 'plan',
  severity: 'notice',
  says: 'A certificate that is issued lives as long as was asked for, unless its CA ends before',
  citation: 'kubeadm.md 1.3',
  remedy: 'renew the CA, or ask for a shorter --cert-validity',
  appliesTo: ['ca', 'certificate', 'kubeconfig'] as const,
});

function cappedFinding(row: DesiredRow, validity: Validity): Finding {
  return {
    code: VALIDITY_CAPPED.code,
    severity: VALIDITY_CAPPED.severity,
    row: row.id,
    path: row.files[0]?.path ?? '',
    field: 'notAfter',
    message: 'ends with the CA that signs it, earlier than was asked for',
    found: timeText(validity.notAfter),
    remedy: VALIDITY_CAPPED.remedy,
  };
}

/** What only a plan can find: why something that is asked for cannot be issued again. */
export const NOT_RENEWABLE: Omit<Check, 'run'> = Object.freeze({
  code: 'not-renewable',
  only: 'plan',
  severity: 'error',
  says: 'What is to be issued again is there, and its CA can sign: its key is here and its certificate is valid',
  citation: 'kubeadm.md 4.2',
  remedy:
    'it is said with the reason, as: bring the key of the CA, or have the certificate signed where that is; a CA that has expired has to be rotated',
  appliesTo: ['certificate', 'kubeconfig'] as const,
});

/** What only a plan can find: why what is asked for by itself cannot be issued. */
export const NOT_ISSUABLE: Omit<Check, 'run'> = Object.freeze({
  code: 'not-issuable',
  only: 'plan',
  severity: 'error',
  says: 'What is issued by itself, as a phase of kubeadm does or for a user, has its CA here already, and that can sign',
  citation: 'kubeadm.md 2.3, 2.5, 3.2',
  remedy:
    'make the CA first, by k8s-pki init phase certs and its name, or run this where its certificate and key are; one that cannot sign has to be mended. certs generate-csr and certs sign are for what the table has, not for users',
  appliesTo: ['ca', 'certificate', 'kubeconfig'] as const,
});

function obstacleFinding(
  { code, severity }: Omit<Check, 'run'>,
  desired: DesiredRow,
  { message, remedy }: Obstacle,
): Finding {
  return { code, severity, row: desired.id, path: desired.files[0]?.path ?? '', message, remedy };
}

const notRenewable = ({ desired }: RowEvidence, obstacle: Obstacle): Finding =>
  obstacleFinding(NOT_RENEWABLE, desired, obstacle);

export const notIssuable = (desired: DesiredRow, message: string): Finding =>
  obstacleFinding(NOT_ISSUABLE, desired, { message, remedy: NOT_ISSUABLE.remedy });

/** What a plan is made from beside the evidence. */
export interface PlanContext {
  readonly findings: readonly Finding[];
  readonly now: Date;
  readonly intent: Intent;
  /** The ids of CAs for which somebody signs whose key is not among the files. */
  readonly signers: ReadonlySet<string>;
}

/** Why a CA without a key that was read is none whose key is elsewhere; undefined where it is one. */
function unreadKeyObstacle(
  { desired, files }: RowEvidence,
  findings: readonly Finding[],
): Obstacle | undefined {
  const keyPath = desired.files.find(({ holds }) => holds === 'key')?.path;
  if (!files.some(({ path }) => path === keyPath)) return undefined;
  const fault = findings.find(
    ({ row, path, severity }) => row === desired.id && path === keyPath && severity === 'error',
  );
  return {
    message: `its CA, ${desired.id}, cannot sign: ${keyPath} ${fault?.message ?? 'cannot be read'}`,
    remedy: 'run as a user who may read the key, or bring one that can be read',
  };
}

/** Why the CA of a row cannot sign; undefined where it can. */
export function signingObstacle(
  { desired }: RowEvidence,
  evidence: Evidence,
  { findings, signers }: Pick<PlanContext, 'findings' | 'signers'>,
): Obstacle | undefined {
  const id = 'certificate' in desired ? desired.certificate.signer : undefined;
  const signer = id === undefined ? undefined : evidence.get(id);
  const fault = findings.find(
    ({ row, severity, code }) => row === id && severity === 'error' && !ONLY_EXPOSED.has(code),
  );
  const cannotSign = fault && {
    message: `its CA, ${id ?? 'none'}, cannot sign: ${fault.path} ${fault.message}`,
    remedy: 'mend what is said of the CA; a CA that has expired has to be rotated',
  };
  if (id === undefined || signer?.authority === undefined)
    return (
      cannotSign ?? { message: `its CA, ${id ?? 'none'}, is not here`, remedy: 'bring the CA and its key' }
    );
  if (signer.key === undefined && !signers.has(id))
    return (
      unreadKeyObstacle(signer, findings) ?? {
        message: `its CA, ${id}, is external: the key is not here`,
        remedy:
          'bring the key of the CA, or have the certificate signed where that is: certs generate-csr makes the request',
      }
    );
  return cannotSign;
}

const MAKE_ANEW = 'move certificate and key away and run k8s-pki init again';

/** Why what is there of a row cannot be issued again in its place; undefined where it can. */
function presenceObstacle({ desired, files, kubeconfig, key }: RowEvidence): Obstacle | undefined {
  const isThere = (path: string): boolean => files.some((file) => file.path === path);
  const absent = desired.files.find(({ path }) => !isThere(path));
  if (absent !== undefined)
    return absent === desired.files[0]
      ? { message: 'is not there', remedy: 'what is not there, k8s-pki init makes' }
      : { message: `its ${absent.holds} is not there`, remedy: `bring it back, or ${MAKE_ANEW}` };
  if (desired.kind !== 'kubeconfig')
    return key === undefined
      ? { message: 'its key cannot be read', remedy: `bring one that can be read, or ${MAKE_ANEW}` }
      : undefined;
  if (kubeconfig === undefined)
    return { message: 'cannot be read as a kubeconfig', remedy: MAKE_KUBECONFIG_ANEW };
  return embedsCredential(kubeconfig)
    ? undefined
    : {
        message: 'embeds no client certificate and key: whoever keeps them in files renews them there',
        remedy: 'leave it to them, as to the kubelet; k8s-pki recover embeds new ones',
      };
}

/** Whether a kubeconfig holds the client certificate and the key of its current context itself. */
export function embedsCredential({ clientCertificate, clientKey }: Kubeconfig): boolean {
  return [clientCertificate, clientKey].every((part) => part !== undefined && 'pem' in part);
}

/** Whether what is wrong with a kubeconfig is mended without a certificate, and whoever renews that keeps it in a file. */
function isAmendable({ kubeconfig }: RowEvidence, errors: readonly Finding[]): boolean {
  return (
    kubeconfig !== undefined &&
    !embedsCredential(kubeconfig) &&
    errors.every(({ code }) => MENDS.get(code) === 'kubeconfig')
  );
}

/** What becomes of a row, with what there is to say of it. */
type Decision = Pick<PlannedRow, 'action' | 'files' | 'findings'>;

function replaced(row: RowEvidence, keepsKey: boolean): readonly PlannedFile[] {
  return row.desired.files.map(({ path, holds }): PlannedFile => {
    if (!row.files.some((file) => file.path === path)) return { path, action: 'create' };
    return { path, action: holds === 'key' && keepsKey ? 'keep' : 'replace' };
  });
}

/** What there is to look at of a CA that signs what is renewed: whoever restarts components then meets it. */
function warningsOf(
  { desired }: RowEvidence,
  evidence: Evidence,
  { findings, intent }: PlanContext & { readonly intent: Intent & { readonly kind: 'renew' } },
): readonly Finding[] {
  const isSigner = [...intent.ids].some((id) => {
    const renewed = evidence.get(id)?.desired;
    return renewed !== undefined && 'certificate' in renewed && renewed.certificate.signer === desired.id;
  });
  return isSigner ? findings.filter(({ row, severity }) => row === desired.id && severity === 'warning') : [];
}

function decideRenewal(
  row: RowEvidence,
  evidence: Evidence,
  { intent, ...context }: PlanContext & { readonly intent: Intent & { readonly kind: 'renew' } },
): Decision {
  const kept = row.files.map(({ path }): PlannedFile => ({ path, action: 'keep' }));
  const { id } = row.desired;
  if (!intent.ids.has(id)) {
    return { action: 'keep', files: kept, findings: warningsOf(row, evidence, { intent, ...context }) };
  }
  const obstacle =
    (intent.makesMissing ? undefined : presenceObstacle(row)) ??
    intent.obstacles.get(id) ??
    signingObstacle(row, evidence, context) ??
    (intent.keepsKeys && context.findings.some(({ row: of, code }) => of === id && code === 'pair-mismatch')
      ? { message: 'its key is another one, and cannot be kept', remedy: 'leave --keep-key out' }
      : undefined);
  if (obstacle !== undefined)
    return { action: 'refuse', files: kept, findings: [notRenewable(row, obstacle)] };
  const action = row.files.length === 0 ? 'create' : 'renew';
  return { action, files: replaced(row, intent.keepsKeys), findings: [] };
}

/** Why a row that is made by itself cannot be; undefined where its CA can sign, or is among what is made. */
function separationObstacle(
  row: RowEvidence,
  evidence: Evidence,
  context: PlanContext & { readonly intent: Intent & { readonly kind: 'complete' } },
): Obstacle | undefined {
  const signer = 'certificate' in row.desired ? row.desired.certificate.signer : undefined;
  const { only } = context.intent;
  return only === undefined || signer === undefined || only.has(signer)
    ? undefined
    : signingObstacle(row, evidence, context);
}

function decideCompletion(
  row: RowEvidence,
  evidence: Evidence,
  context: PlanContext & { readonly intent: Intent & { readonly kind: 'complete' } },
): Decision {
  const files = planFiles(row);
  const findings = context.findings.filter((finding) => finding.row === row.desired.id);
  const action = planAction(files, findings);
  const separation = action === 'create' ? separationObstacle(row, evidence, context) : undefined;
  if (separation !== undefined)
    return {
      action: 'refuse',
      files,
      findings: [...findings, notIssuable(row.desired, `is missing, and ${separation.message}`)],
    };
  const errors = findings.filter(({ severity }) => severity === 'error');
  const isDrift = action === 'refuse' && errors.every(({ code }) => MENDS.has(code));
  if (!isDrift || !context.intent.reissues || !('certificate' in row.desired) || row.desired.kind === 'ca')
    return { action, files, findings };
  if (isAmendable(row, errors)) return { action: 'amend', files: replaced(row, false), findings };
  const obstacle = presenceObstacle(row) ?? signingObstacle(row, evidence, context);
  if (obstacle !== undefined) return { action, files, findings: [...findings, notRenewable(row, obstacle)] };
  return { action: 'reissue', files: replaced(row, false), findings };
}

function decideIssue(
  row: RowEvidence,
  evidence: Evidence,
  { intent, ...context }: PlanContext & { readonly intent: Intent & { readonly kind: 'issue' } },
): Decision {
  const asFound = row.files.map(({ path }): PlannedFile => ({ path, action: 'keep' }));
  if (row.desired.id !== intent.id) return { action: 'keep', files: asFound, findings: [] };
  const obstacle = signingObstacle(row, evidence, context);
  if (obstacle !== undefined)
    return { action: 'refuse', files: asFound, findings: [notIssuable(row.desired, obstacle.message)] };
  return { action: 'create', files: planFiles(row), findings: [] };
}

/** The certificate, or what holds it, in the place of what is there; the key stays. */
function decideInstallation(
  row: RowEvidence,
  certificates: ReadonlyMap<string, readonly Certificate[]>,
): Decision {
  const isThere = (path: string): boolean => row.files.some((file) => file.path === path);
  if (!certificates.has(row.desired.id)) {
    const kept = row.files.map(({ path }): PlannedFile => ({ path, action: 'keep' }));
    return { action: 'keep', files: kept, findings: [] };
  }
  const files = row.desired.files.flatMap(({ path, holds }): readonly PlannedFile[] => {
    // A CA that signs elsewhere has its key there, and what is kept apart.
    if (holds === 'key') return isThere(path) ? [{ path, action: 'keep' }] : [];
    if (holds === 'copy' && !isThere(path)) return [];
    return [{ path, action: isThere(path) ? 'replace' : 'create' }];
  });
  return { action: 'install', files, findings: [] };
}

function decide(row: RowEvidence, evidence: Evidence, context: PlanContext): Decision {
  const { intent } = context;
  switch (intent.kind) {
    case 'complete':
      return decideCompletion(row, evidence, { ...context, intent });
    case 'renew':
      return decideRenewal(row, evidence, { ...context, intent });
    case 'issue':
      return decideIssue(row, evidence, { ...context, intent });
    case 'install':
      return decideInstallation(row, intent.certificates);
  }
}

function isPlanned(id: string, intent: Intent): boolean {
  return intent.kind !== 'complete' || intent.only === undefined || intent.only.has(id);
}

/** The actions in which a certificate is issued. */
export const ISSUING: readonly RowAction[] = Object.freeze<RowAction[]>(['create', 'renew', 'reissue']);

/** Decides from the findings what becomes of each row. Does not compare anything itself: the checks did. */
export function planRows(evidence: Evidence, context: PlanContext): Plan {
  const validities = new Map<string, Pick<Validity, 'notBefore' | 'notAfter'>>();
  const rows: PlannedRow[] = [];
  for (const row of evidence.values()) {
    const { desired } = row;
    if (row.authority !== undefined) validities.set(desired.id, row.authority);
    if (!isPlanned(desired.id, context.intent)) continue;
    const { action, files, findings } = decide(row, evidence, context);
    const validity =
      ISSUING.includes(action) && 'certificate' in desired
        ? resolveValidity(desired.certificate, context.now, validities.get(desired.certificate.signer ?? ''))
        : undefined;
    if (validity !== undefined) validities.set(desired.id, validity);
    rows.push({
      id: desired.id,
      purpose: desired.purpose,
      action,
      files,
      findings: validity?.isCapped === true ? [...findings, cappedFinding(desired, validity)] : findings,
      ...(validity === undefined ? {} : { validity }),
    });
  }
  return {
    rows,
    isRefused: context.intent.kind !== 'renew' && rows.some((row) => row.action === 'refuse'),
    isComplete: rows.every((row) => row.action === 'keep'),
  };
}

/** The logical paths of the files of a plan that are created, or replaced. */
export function pathsOf({ rows }: Plan, action: 'create' | 'replace'): readonly string[] {
  return rows.flatMap((row) => row.files.filter((file) => file.action === action).map(({ path }) => path));
}

/**
 * A refused plan as an error. `wouldKeep`: requests under which everything that is there would be kept. `reissue`: what has to be
 * asked for to have issued again what has drifted; absent where that is no way.
 */
export function refusalOf(
  plan: Plan,
  wouldKeep: readonly string[],
  reissue?: string,
): PkiError<'ERR_REFUSED'> {
  const findings = plan.rows.flatMap((row) => row.findings);
  const codes = findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  const isDrift = reissue !== undefined && codes.every((code) => MENDS.has(code));
  return new PkiError(
    'ERR_REFUSED',
    `what is there contradicts the request in ${codes.length} ${codes.length === 1 ? 'place' : 'places'}`,
    {
      detail: { findings, wouldKeep },
      hint: `nothing was changed: mend or move away what is named, or ask for what is there${isDrift ? `; ${reissue} issues it again` : ''}`,
    },
  );
}
