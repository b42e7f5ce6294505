import { type Evidence, type PresentFile, parseAnyEvidence, type RowEvidence } from '../checks/evidence.ts';
import { checkKeys, checkRequests, REQUEST_IMPOSSIBLE } from '../checks/requests.ts';
import { runChecks } from '../checks/run.ts';
import { PkiError } from '../errors.ts';
import type { Finding } from '../finding.ts';
import { encodeKubeconfig } from '../kubeconfig/encode.ts';
import type { PkiEnvironment, PkiFile } from '../pki.ts';
import type { Plan, PlannedFile, PlannedRow, RowAction } from '../plan.ts';
import { withAlgorithm } from '../resolve/algorithm.ts';
import type { DesiredCertificateRow, DesiredKubeconfigRow, DesiredRow } from '../resolve/desired.ts';
import { requestFileOf } from '../resolve/requests.ts';
import { KEY_ALGORITHMS } from '../x509/algorithms.ts';
import { encodePem } from '../x509/pem.ts';
import { issueRequest } from '../x509/request.ts';
import type { KeyPair } from '../x509/signer.ts';

/** A row whose certificate can be asked for. */
type AskingRow = DesiredCertificateRow | DesiredKubeconfigRow;

/** What is asked for, and what is there already. */
export interface RequestsInput {
  readonly rows: readonly DesiredRow[];
  /** Keys, kubeconfigs and requests. */
  readonly existing: readonly PresentFile[];
  /** Whether a key that is there has to be of the algorithm of its row; else what is there says which. */
  readonly isAlgorithmAsked: boolean;
}

/** A plan with what it was made from. */
export interface PlannedRequests {
  readonly plan: Plan;
  readonly rows: readonly AskingRow[];
  readonly evidence: Evidence;
  readonly existing: readonly PresentFile[];
}

export function isAskingRow(row: DesiredRow): row is AskingRow {
  return row.kind === 'certificate' || row.kind === 'kubeconfig';
}

/** What keeps a key that is there from being read. */
export const KEY_CODES: ReadonlySet<string> = new Set([
  'file-unreadable',
  'key-unreadable',
  'kubeconfig-unreadable',
]);

/** The file that holds the key of a row, and the request beside it. */
function pathsOf(row: AskingRow): readonly [holder: string, request: string] {
  const holder = row.files.find(({ holds }) => holds === 'key' || holds === 'kubeconfig');
  return [holder?.path ?? '', requestFileOf(row)?.path ?? ''];
}

/** Why no request can be made although something of the row is there. */
function impossible({ desired, files, key, request }: RowEvidence): readonly Finding[] {
  if (key !== undefined || request !== undefined || files.length === 0) return [];
  const { code, severity, remedy } = REQUEST_IMPOSSIBLE;
  return [
    {
      code,
      severity,
      row: desired.id,
      path: files[0]?.path ?? '',
      message: 'has no private key here',
      remedy,
    },
  ];
}

function planRow(
  row: AskingRow,
  evidence: RowEvidence,
  existing: ReadonlySet<string>,
  findings: readonly Finding[],
): PlannedRow {
  const own = findings.filter((finding) => finding.row === row.id && finding.severity === 'error');
  const errors = own.length > 0 ? own : impossible(evidence);
  const files = pathsOf(row).map(
    (path): PlannedFile => ({ path, action: existing.has(path) ? 'keep' : 'create' }),
  );
  const kept = files.filter(({ action }) => action === 'keep').length;
  const actions: readonly RowAction[] = ['create', 'complete', 'keep'];
  const action = errors.length > 0 ? 'refuse' : (actions[kept] ?? 'keep');
  return {
    id: row.id,
    purpose: row.purpose,
    action,
    files: action === 'refuse' ? files.filter((file) => file.action === 'keep') : files,
    findings: errors,
  };
}

/** Says for which rows there will be a key and a request. What is there is kept; nothing is generated. */
export async function planRequests(input: RequestsInput, now: Date): Promise<PlannedRequests> {
  const { existing, isAlgorithmAsked } = input;
  const asking = input.rows.filter(isAskingRow);
  const read = await parseAnyEvidence({ rows: asking, files: existing, signers: new Map() });
  const rows = asking.map((row): AskingRow => {
    const key = read.evidence.get(row.id)?.key;
    const algorithm = key === undefined || isAlgorithmAsked ? undefined : KEY_ALGORITHMS[key.algorithm];
    const adopted = withAlgorithm(row, algorithm);
    return isAskingRow(adopted) ? adopted : row;
  });
  const evidence = new Map(
    rows.flatMap((desired) => {
      const row = read.evidence.get(desired.id);
      return row === undefined ? [] : [[desired.id, { ...row, desired }] as const];
    }),
  );
  const context = { now, evidence, signers: new Set<string>() };
  const findings = [
    ...runChecks(context).filter(({ code }) => KEY_CODES.has(code)),
    ...checkRequests(context),
    // Where there is a request, it is the key of that.
    ...[...evidence.values()].flatMap((row) => (row.request === undefined ? checkKeys(row, context) : [])),
  ];
  const paths = new Set(existing.map(({ path }) => path));
  const planned = rows.flatMap((row) => {
    const found = evidence.get(row.id);
    return found === undefined ? [] : [planRow(row, found, paths, findings)];
  });
  return {
    plan: {
      rows: planned,
      isRefused: planned.some(({ action }) => action === 'refuse'),
      isComplete: planned.every(({ action }) => action === 'keep'),
    },
    rows,
    evidence,
    existing,
  };
}

/** A refused plan as an error. */
export function requestsRefusal({ rows }: Plan): PkiError<'ERR_REFUSED'> {
  const findings = rows.flatMap((row) => row.findings);
  const places = `${findings.length} ${findings.length === 1 ? 'place' : 'places'}`;
  return new PkiError('ERR_REFUSED', `what is there contradicts the request in ${places}`, {
    detail: { findings, wouldKeep: [] },
    hint: 'nothing was changed: mend or move away what is named',
  });
}

async function writeRow(row: AskingRow, key: KeyPair): Promise<readonly PkiFile[]> {
  const { certificate } = row;
  const { commonName, organization, keyUsage, extKeyUsage, sans } = certificate;
  const subject = { commonName, organization };
  const der = await issueRequest({ subject, keyUsage, extKeyUsage, sans }, key);
  const request = requestFileOf(row);
  const holders = row.files.filter(({ holds }) => holds === 'key' || holds === 'kubeconfig');
  const clientKeyPem = key.privateKeyPem;
  return [
    ...holders.map(({ path, mode }) => ({
      path,
      mode,
      contents: row.kind === 'kubeconfig' ? encodeKubeconfig(row.kubeconfig, { clientKeyPem }) : clientKeyPem,
    })),
    ...(request === undefined ? [] : [{ ...request, contents: encodePem('CERTIFICATE REQUEST', der) }]),
  ];
}

/** Reads back what was made and holds it against the rows by the same checks as what was there. */
async function assertAsDesired({ rows, existing }: PlannedRequests, files: readonly PkiFile[], now: Date) {
  const { evidence } = await parseAnyEvidence({ rows, files: [...existing, ...files], signers: new Map() });
  const found = checkRequests({ now, evidence, signers: new Set() });
  const findings = found.filter(({ severity }) => severity === 'error');
  const [first] = findings;
  if (first === undefined) return;
  throw new PkiError('ERR_SELF_CHECK', `${first.path} ${first.message} after it was made`, {
    detail: { findings },
    hint: 'nothing was written; this is a defect of k8s-pki, please report it with these lines',
  });
}

/**
 * Carries out a plan in memory: makes the keys that are not there, all together, and the requests. Touches no file.
 *
 * @returns Only what is new.
 * @throws {PkiError} `ERR_REFUSED` for a plan that refuses; `ERR_SELF_CHECK`.
 */
export async function generateRequests(
  planned: PlannedRequests,
  environment: Pick<PkiEnvironment, 'now' | 'generateKeyPair' | 'onKeyGenerated'>,
): Promise<readonly PkiFile[]> {
  const { plan, rows, evidence } = planned;
  if (plan.isRefused) throw requestsRefusal(plan);
  const created = new Set(
    plan.rows.flatMap((row) => row.files.filter(({ action }) => action === 'create').map(({ path }) => path)),
  );
  const asking = rows.filter((row) => pathsOf(row).some((path) => created.has(path)));
  const all = asking.filter(({ id }) => evidence.get(id)?.key === undefined).length;
  let done = 0;
  const made = await Promise.all(
    asking.map(async (row) => {
      const kept = evidence.get(row.id)?.key;
      const key = kept ?? (await environment.generateKeyPair(row.certificate.algorithm.id));
      if (kept === undefined) environment.onKeyGenerated?.((done += 1), all);
      return writeRow(row, key);
    }),
  );
  const files = made.flat().filter(({ path }) => created.has(path));
  await assertAsDesired(planned, files, environment.now);
  return files;
}
