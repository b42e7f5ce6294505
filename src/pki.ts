import { issueCa } from './ca/issue.ts';
import { type Authority, issueLeaf } from './certs/issue.ts';
import {
  type Evidence,
  isSameDer,
  type PresentFile,
  parseEvidence,
  parseAnyEvidence,
} from './checks/evidence.ts';
import { MENDS } from './checks/mends.ts';
import { runChecks } from './checks/run.ts';
import { PkiError } from './errors.ts';
import type { Finding } from './finding.ts';
import { editKubeconfig } from './kubeconfig/edit.ts';
import { encodeKubeconfig } from './kubeconfig/encode.ts';
import {
  COMPLETE,
  embedsCredential,
  type Intent,
  ISSUING,
  type Plan,
  type PlannedRow,
  planRows,
  refusalOf,
} from './plan.ts';
import type { DesiredFile, DesiredRow } from './resolve/desired.ts';
import type { Validity } from './resolve/template.ts';
import type { KeyAlgorithmId } from './x509/algorithms.ts';
import type { CertificateReader } from './x509/certificate-reader.ts';
import { generateSerial } from './x509/issue.ts';
import { encodePublicKeyPem } from './x509/keys.ts';
import type { Certificate } from './x509/model.ts';
import { encodePem } from './x509/pem.ts';
import type { KeyPair, Signer } from './x509/signer.ts';

/** A file of the PKI, to be written as it is. */
export interface PkiFile {
  /** Logical path: `pki/etcd/ca.crt`, `admin.conf`. */
  readonly path: string;
  readonly contents: string;
  readonly mode: number;
}

/** What generation needs from outside. */
export interface PkiEnvironment {
  readonly now: Date;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly generateKeyPair: (algorithm: KeyAlgorithmId) => Promise<KeyPair>;
  /** Called when a key is there, with how many are and how many there will be. */
  readonly onKeyGenerated?: (done: number, all: number) => void;
}

/** What is there already, and who signs for CAs whose key is not among the files. */
export interface PkiInput {
  readonly rows: readonly DesiredRow[];
  readonly existing: readonly PresentFile[];
  /** By the id of the CA. */
  readonly signers: ReadonlyMap<string, Signer>;
}

/** A plan with the evidence it was made from. */
export interface PlannedPki {
  readonly plan: Plan;
  readonly evidence: Evidence;
  readonly input: PkiInput;
  readonly reader: CertificateReader;
  readonly intent: Intent;
  /** What the checks found, whatever the plan makes of it. */
  readonly findings: readonly Finding[];
}

/** One certificate of the PKI, created or kept. */
export interface PkiCertificate {
  /** The id of its row. */
  readonly id: string;
  /** The file that holds it. */
  readonly path: string;
  readonly certificate: Certificate;
  readonly isNew: boolean;
}

/** Compares what is there with what should be and says what `generatePki` would do. Pure: nothing is generated. */
export async function planPki(input: PkiInput, now: Date, intent: Intent = COMPLETE): Promise<PlannedPki> {
  const { evidence, reader } = await parseAnyEvidence({
    rows: input.rows,
    files: input.existing,
    signers: input.signers,
  });
  const signers = new Set(input.signers.keys());
  const findings = runChecks({ now, evidence, signers });
  const plan = planRows(evidence, { findings, now, intent, signers });
  return { plan, evidence, input, reader, intent, findings };
}

/** What the files of a row are written from, kept or new. */
interface Material {
  /** The row's own certificate first; of a kept CA, everything that its file holds. */
  readonly certificates: readonly Certificate[];
  /** Of a CA: the one among them that it signs with. */
  readonly authority?: Certificate;
  readonly signer?: Signer;
  readonly key?: KeyPair;
}

/** A PKI in memory: the new files, and every certificate of it. */
export interface GeneratedPki {
  readonly plan: Plan;
  /** Only what is new; what is kept is not repeated. */
  readonly files: readonly PkiFile[];
  readonly certificates: readonly PkiCertificate[];
}

/** The keys of the rows: new ones, but where those that are there stay. */
async function generateKeys(
  rows: readonly DesiredRow[],
  { intent, evidence }: PlannedPki,
  environment: PkiEnvironment,
): Promise<ReadonlyMap<string, KeyPair>> {
  const kept = new Map(
    rows.flatMap(({ id }) => {
      const key = intent.kind === 'renew' && intent.keepsKeys ? evidence.get(id)?.key : undefined;
      return key === undefined ? [] : [[id, key] as const];
    }),
  );
  const wanted = rows.flatMap((row) => {
    if (row.kind === 'bundle' || kept.has(row.id)) return [];
    return [{ id: row.id, algorithm: row.kind === 'keyPair' ? row.algorithm : row.certificate.algorithm }];
  });
  let done = 0;
  // All at once: the platform generates them on as many cores as its thread pool has.
  const keys = await Promise.all(
    wanted.map(async ({ id, algorithm }) => {
      const key = await environment.generateKeyPair(algorithm.id);
      done += 1;
      environment.onKeyGenerated?.(done, wanted.length);
      return [id, key] as const;
    }),
  );
  return new Map([...kept, ...keys]);
}

/** What is there of a row, or takes its place. */
function keptMaterial({ evidence, input, intent }: PlannedPki, id: string): Material {
  const { certificates: present = [], authority: signing, key } = evidence.get(id) ?? {};
  const installed = intent.kind === 'install' ? intent.certificates.get(id) : undefined;
  const authority = installed === undefined ? signing : installed[0];
  const signer = input.signers.get(id) ?? key;
  return {
    certificates: installed ?? present,
    ...(authority === undefined ? {} : { authority }),
    ...(signer === undefined ? {} : { signer }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Issues what the plan creates, each row as soon as the one that signs it is there. */
function issueRows(
  planned: PlannedPki,
  keys: ReadonlyMap<string, KeyPair>,
  environment: PkiEnvironment,
): ReadonlyMap<string, Promise<Material>> {
  const { plan, input, reader } = planned;
  const materials = new Map<string, Promise<Material>>();

  const authorityOf = async (id: string): Promise<Authority> => {
    const { authority: certificate, signer } = (await materials.get(id)) ?? {};
    if (
      certificate === undefined ||
      signer === undefined ||
      !isSameDer(certificate.spkiDer, signer.spkiDer)
    ) {
      throw new PkiError(
        'ERR_KEY',
        `the signer given for ${id} has another key than the certificate of ${id}`,
        {
          detail: { expected: `the key of ${id}`, found: 'another key' },
        },
      );
    }
    return { certificate, signer };
  };

  const newMaterial = async (row: DesiredRow, validity: Validity | undefined): Promise<Material> => {
    const key = keys.get(row.id);
    if (key === undefined) return { certificates: [] };
    if (!('certificate' in row) || validity === undefined) return { certificates: [], key, signer: key };
    const { certificate: desired } = row;
    const parent = desired.signer === undefined ? undefined : await authorityOf(desired.signer);
    const subject = { serial: generateSerial(environment.randomBytes), validity };
    const der =
      desired.isCa || parent === undefined
        ? await issueCa(desired, subject, { own: key, ...(parent === undefined ? {} : { parent }) })
        : await issueLeaf(desired, { ...subject, spkiDer: key.spkiDer }, parent);
    const certificate = reader.parse(der);
    return { certificates: [certificate], authority: certificate, key, signer: key };
  };

  for (const row of input.rows) {
    const planRow = plan.rows.find((candidate) => candidate.id === row.id);
    const material =
      planRow !== undefined && ISSUING.includes(planRow.action)
        ? newMaterial(row, planRow.validity)
        : Promise.resolve(keptMaterial(planned, row.id));
    // Awaited by those it signs and at the end; until then a failure of one must not count as unhandled.
    material.catch(() => undefined);
    materials.set(row.id, material);
  }
  return materials;
}

const certificatesPem = (certificates: readonly Certificate[]): string =>
  certificates.map((certificate) => encodePem('CERTIFICATE', certificate.der)).join('');

/** What a file is written from. */
interface Writing {
  readonly row: DesiredRow;
  readonly planned: PlannedRow | undefined;
  readonly materials: ReadonlyMap<string, Material>;
  /** The text that is there. */
  readonly old: string | undefined;
  /** Whether that goes on, with what is replaced in it. */
  readonly isEditable: boolean;
  /** Whether it names another server than it should from now on. */
  readonly isElsewhere: boolean;
}

async function kubeconfigOf(writing: Writing): Promise<string> {
  const { row, planned, materials, old, isEditable, isElsewhere } = writing;
  if (row.kind !== 'kubeconfig') return '';
  const own = materials.get(row.id);
  const trust = row.kubeconfig.trust.flatMap((id) => materials.get(id)?.certificates ?? []);
  const credentials = {
    certificateAuthorityPem: certificatesPem(trust),
    clientCertificatePem: certificatesPem(own?.certificates ?? []),
    clientKeyPem: own?.key?.privateKeyPem ?? '',
  };
  if (!isEditable || old === undefined) return encodeKubeconfig(row.kubeconfig, credentials);
  const { certificateAuthorityPem } = credentials;
  return editKubeconfig(old, {
    ...(planned?.action === 'amend' ? { certificateAuthorityPem } : credentials),
    ...(isElsewhere ? { server: row.kubeconfig.server } : {}),
    fillsIn: planned?.action === 'install',
  });
}

async function contentsOf(holds: DesiredFile['holds'], writing: Writing): Promise<string> {
  const { row, materials } = writing;
  const own = materials.get(row.id);
  switch (holds) {
    case 'certificate': {
      const chain = row.kind === 'certificate' ? row.chain : [];
      // A peer needs one way up: of a CA's file, the certificate that signed.
      const intermediates = chain.flatMap((id) => materials.get(id)?.authority ?? []);
      const certificates = own?.certificates ?? [];
      return certificatesPem(
        row.kind === 'ca' ? certificates : [...certificates.slice(0, 1), ...intermediates],
      );
    }
    case 'copy':
      return certificatesPem(own?.certificates.slice(0, 1) ?? []);
    case 'bundle': {
      const of = row.kind === 'bundle' ? row.of : [];
      return certificatesPem(of.flatMap((id) => materials.get(id)?.certificates ?? []));
    }
    case 'key':
      return own?.key?.privateKeyPem ?? '';
    case 'publicKey':
      return own?.key === undefined ? '' : encodePublicKeyPem(own.key.spkiDer);
    case 'kubeconfig':
      return kubeconfigOf(writing);
  }
}

/** Whether what is found after issuing was there before and is not for a new certificate to mend. */
function isCarriedOn(finding: Finding, { findings }: PlannedPki): boolean {
  if (['identity', 'certificate'].includes(MENDS.get(finding.code) ?? '')) return false;
  return findings.some(
    ({ row, code, path, field }) =>
      row === finding.row && code === finding.code && path === finding.path && field === finding.field,
  );
}

/** Reads back what was made, from its text, and holds it against the rows by the same checks as anything else. */
async function assertAsDesired(planned: PlannedPki, files: readonly PkiFile[], now: Date): Promise<void> {
  const { plan, input, reader, intent } = planned;
  const present = { rows: input.rows, files: [...input.existing, ...files], signers: input.signers };
  // What was signed elsewhere may be such as the reader of what was there before does not know.
  const evidence =
    intent.kind === 'install'
      ? (await parseAnyEvidence(present)).evidence
      : await parseEvidence(present, reader);
  const findings = runChecks({ now, evidence, signers: new Set(input.signers.keys()) });
  const actionOf = new Map(plan.rows.map(({ id, action }) => [id, action]));
  const wrong = findings.filter((finding) => {
    const action = actionOf.get(finding.row ?? '');
    // Of rows that are not in the plan nothing was asked.
    if (action === undefined) return false;
    if (action === 'create') return true;
    if (action === 'renew' || action === 'reissue' || action === 'amend')
      return !isCarriedOn(finding, planned);
    // Nobody here has signed it: what is less than an error its signer may have meant.
    if (action === 'install') return finding.severity === 'error' && !isCarriedOn(finding, planned);
    // A renewal, or one thing more, leaves everything else as it was.
    return finding.severity === 'error' && intent.kind === 'complete';
  });
  const isWhole =
    intent.kind !== 'complete' ||
    [...evidence.values()].every((row) => row.files.length > 0 || !actionOf.has(row.desired.id));
  if (wrong.length === 0 && isWhole) return;
  const [first] = wrong;
  throw new PkiError(
    'ERR_SELF_CHECK',
    `${first?.path ?? 'a file'} ${first?.message ?? 'was not made'} after it was issued`,
    {
      detail: { findings: wrong },
      hint: 'nothing was written; this is a defect of k8s-pki, please report it with these lines',
    },
  );
}

/** The certificate of each row that has one, in the order of the table. */
function heldCertificates(
  { plan, input }: PlannedPki,
  certificateOf: (id: string) => Certificate | undefined,
): readonly PkiCertificate[] {
  return input.rows.flatMap((row): readonly PkiCertificate[] => {
    const certificate = 'certificate' in row ? certificateOf(row.id) : undefined;
    const path = row.files[0]?.path;
    if (certificate === undefined || path === undefined) return [];
    const action = plan.rows.find(({ id }) => id === row.id)?.action ?? 'keep';
    const isNew = ISSUING.includes(action) || action === 'install';
    return [{ id: row.id, path, certificate, isNew }];
  });
}

/** The certificates that are there and would be kept, for whoever only wants the plan. */
export function keptCertificates(planned: PlannedPki): readonly PkiCertificate[] {
  return heldCertificates(planned, (id) => planned.evidence.get(id)?.certificates[0]);
}

/**
 * Carries out a plan in memory: generates all keys together, issues, and checks what came out. Touches no file.
 *
 * @throws {PkiError} `ERR_REFUSED` for a plan that refuses, `ERR_KEY` for a signer that is not the CA's,
 * `ERR_SELF_CHECK` when what came out is not what the rows want.
 */
export async function generatePki(planned: PlannedPki, environment: PkiEnvironment): Promise<GeneratedPki> {
  const { plan, input } = planned;
  if (plan.isRefused) throw refusalOf(plan, []);
  const planOf = new Map(plan.rows.map((row) => [row.id, row]));
  const issuing = input.rows.filter((row) => ISSUING.includes(planOf.get(row.id)?.action ?? 'keep'));

  const keys = await generateKeys(issuing, planned, environment);
  const pending = issueRows(planned, keys, environment);
  const materials = new Map<string, Material>();
  for (const [id, material] of pending) materials.set(id, await material);
  const files = await writeFiles(planned, materials);
  if (files.length > 0) await assertAsDesired(planned, files, environment.now);

  return { plan, files, certificates: heldCertificates(planned, (id) => materials.get(id)?.certificates[0]) };
}

/** The files that an installation writes, whether or not what is installed is what its row wants. */
export function installedFiles(planned: PlannedPki): Promise<readonly PkiFile[]> {
  return writeFiles(planned, new Map(planned.input.rows.map(({ id }) => [id, keptMaterial(planned, id)])));
}

const GROUP_READS = 0o040;
const OTHERS = 0o007;

/**
 * The mode of a file in place of the one that is there. A group that an admin has let read a key or a kubeconfig goes on to, as in
 * kubeadm, which writes into the file. Not where all the world could read: that was given to nobody in particular. Nor root's
 * own group: the bit then stands for an access list (acl(5)), which does not come along and may have kept that group out.
 */
function modeInPlaceOf(old: PresentFile | undefined, { mode, holds }: DesiredFile): number {
  const isPrivate = holds === 'key' || holds === 'kubeconfig';
  const { mode: former = 0, owner } = old ?? {};
  const isGiven = owner !== undefined && owner.gid !== 0 && (former & OTHERS) === 0;
  return isPrivate && isGiven ? mode | (former & GROUP_READS) : mode;
}

/** The files of a plan that are not kept. */
async function writeFiles(
  { plan, input, evidence, intent, findings }: PlannedPki,
  materials: ReadonlyMap<string, Material>,
): Promise<readonly PkiFile[]> {
  const planOf = new Map(plan.rows.map((row) => [row.id, row]));
  const isWritten = (row: DesiredRow, path: string): boolean =>
    planOf.get(row.id)?.files.some((file) => file.path === path && file.action !== 'keep') === true;
  const leads = intent.kind === 'complete' || (intent.kind === 'renew' && intent.takesServers);
  const oldAt = new Map(input.existing.map((file) => [file.path, file]));
  return Promise.all(
    input.rows.flatMap((row) =>
      row.files
        .filter(({ path }) => isWritten(row, path))
        .map(async (file): Promise<PkiFile> => {
          const { path, holds } = file;
          const old = oldAt.get(path);
          const isElsewhere =
            leads && findings.some(({ row: of, code }) => of === row.id && code === 'server');
          const { kubeconfig } = evidence.get(row.id) ?? {};
          const own = planOf.get(row.id);
          const isEditable =
            kubeconfig !== undefined &&
            (own?.action === 'install' || own?.action === 'amend' || embedsCredential(kubeconfig));
          const writing = { row, planned: own, materials, old: old?.contents, isEditable, isElsewhere };
          return { path, mode: modeInPlaceOf(old, file), contents: await contentsOf(holds, writing) };
        }),
    ),
  );
}
