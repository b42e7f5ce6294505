import { checkCertificates } from '../checks/certificates.ts';
import { type Evidence, isSameDer, parseAnyEvidence, type PresentFile } from '../checks/evidence.ts';
import { MENDS } from '../checks/mends.ts';
import { runChecks } from '../checks/run.ts';
import { isPkiError, PkiError, type SpecIssue } from '../errors.ts';
import type { Finding } from '../finding.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import { generatePki, installedFiles, type PkiFile, type PlannedPki, planPki } from '../pki.ts';
import type { Plan } from '../plan.ts';
import type { Certificate } from '../x509/model.ts';
import { isAskingRow } from './generate.ts';
import { type PendingPki, type PendingRequest, readPending } from './reading.ts';
import { certificatesIn, type Returned, type ReturnedFile } from './returned.ts';

/** What came back, and where it is to go. */
export interface ImportRequest extends PendingRequest {
  /** In any order and number. */
  readonly returned: readonly ReturnedFile[];
  /** The certificates of CAs that are to be trusted, by the id of the CA: none is ever taken from what came back. */
  readonly authorities: ReadonlyMap<string, ReturnedFile>;
}

/**
 * What becomes of a certificate. `installed`: it takes its place. `kept`: it is there already. `refused`: it is not what its
 * row wants. `passed-over`: nothing here is waiting for it.
 */
export interface Fate {
  readonly source: string;
  readonly position?: number;
  readonly certificate?: Certificate;
  readonly outcome: 'installed' | 'kept' | 'refused' | 'passed-over';
  /** The row that it is for, where it is for one. */
  readonly row?: string;
  /** Why, in a sentence part, where no finding says it. */
  readonly why?: string;
  /** Refused: why. Installed: what is odd about it all the same. */
  readonly findings: readonly Finding[];
}

/** An import understood: what would be written, and what becomes of each certificate. */
export interface PlannedImport {
  readonly spec: ClusterSpec;
  readonly plan: Plan;
  readonly fates: readonly Fate[];
  readonly files: readonly PkiFile[];
  /** The logical paths of what had a certificate before: components may have it open. */
  readonly renewed: readonly string[];
}

type Certificates = ReadonlyMap<string, readonly Certificate[]>;

/** What is compared with: everything that is there, with the CAs that were named. */
interface Waiting {
  readonly pending: PendingPki;
  readonly request: ImportRequest;
  readonly now: Date;
}

/** The given files in the place of those of the same paths. */
function overlaid(existing: readonly PresentFile[], files: readonly PkiFile[]): readonly PresentFile[] {
  const paths = new Set(files.map(({ path }) => path));
  const modeOf = new Map(existing.map(({ path, mode }) => [path, mode]));
  return [
    ...existing.filter(({ path }) => !paths.has(path)),
    ...files.map((file) => ({ ...file, mode: modeOf.get(file.path) ?? file.mode })),
  ];
}

function planInstallation(
  { pending, request, now }: Waiting,
  certificates: Certificates,
): Promise<PlannedPki> {
  const rows = [...pending.evidence.values()].map(({ desired }) => desired);
  const input = { rows, existing: request.files, signers: new Map() };
  return planPki(input, now, { kind: 'install', certificates });
}

/** Everything that an audit finds in these files. */
async function findingsIn(
  planned: PlannedPki,
  files: readonly PkiFile[],
  now: Date,
): Promise<readonly Finding[]> {
  const { rows, existing, signers } = planned.input;
  const { evidence } = await parseAnyEvidence({ rows, files: overlaid(existing, files), signers });
  const audit = { warnWithinSeconds: 0 };
  return [
    ...runChecks({ now, evidence, signers: new Set() }),
    ...runChecks({ now, evidence, signers: new Set(), audit }),
    ...checkCertificates(evidence),
  ];
}

/** What is found with a certificate in its place and was not before, or is for a certificate to mend; each once. */
function newFindings(row: string, before: readonly Finding[], after: readonly Finding[]): readonly Finding[] {
  const textOf = ({ code, path, field }: Finding): string => JSON.stringify([code, path, field]);
  const known = new Set(
    before.filter(({ code }) => !['identity', 'certificate'].includes(MENDS.get(code) ?? '')).map(textOf),
  );
  const own = after.filter((finding) => finding.row === row && !known.has(textOf(finding)));
  const seen = new Set<string>();
  return own.filter((finding) => {
    const text = textOf(finding);
    return !seen.has(text) && seen.add(text);
  });
}

function authorityIssue(id: string, name: string, rule: string, hint?: string): SpecIssue {
  return { option: 'ca', value: `${id}=${name}`, rule, ...(hint === undefined ? {} : { hint }) };
}

/** The certificates of the CAs that were named, without those that are there already. */
async function readAuthorities(
  evidence: Evidence,
  authorities: ImportRequest['authorities'],
): Promise<Certificates> {
  const issues: SpecIssue[] = [];
  const named = new Map<string, readonly Certificate[]>();
  const ids = [...evidence.values()]
    .filter(({ desired }) => desired.kind === 'ca')
    .map(({ desired }) => desired.id);
  for (const [id, file] of authorities) {
    const found = await certificatesIn(file);
    const certificates = found.flatMap(({ content }) =>
      'certificate' in content ? [content.certificate] : [],
    );
    const wrong = found.find(({ content }) => 'why' in content)?.content;
    const [first] = certificates;
    const present = evidence.get(id)?.files.length === 0 ? undefined : evidence.get(id)?.certificates;
    if (!ids.includes(id))
      issues.push(authorityIssue(id, file.name, `is no CA of this cluster: ${ids.join(', ')}`));
    else if (first === undefined || wrong !== undefined)
      issues.push(
        authorityIssue(
          id,
          file.name,
          wrong !== undefined && 'why' in wrong ? wrong.why : 'holds no certificate',
        ),
      );
    else if (present === undefined) named.set(id, certificates);
    else if (!present.some(({ der }) => isSameDer(der, first.der)))
      issues.push(
        authorityIssue(
          id,
          file.name,
          'is another certificate than the one that is there',
          'a CA is never replaced here: move it away first',
        ),
      );
  }
  const [first] = issues;
  if (first === undefined) return named;
  throw new PkiError('ERR_CONFIG', `--ca ${first.value}: ${first.rule}`, { detail: { issues } });
}

/** @throws {PkiError} `ERR_REFUSED` with everything that is wrong with the CAs that were named. */
async function assertSound(planned: PlannedPki, files: readonly PkiFile[], now: Date): Promise<void> {
  const ids = new Set(planned.plan.rows.filter(({ action }) => action === 'install').map(({ id }) => id));
  const findings = [...ids].flatMap((id) => ({ id }));
  const found = await findingsIn(planned, files, now);
  const errors = findings.flatMap(({ id }) =>
    newFindings(id, planned.findings, found).filter(({ severity }) => severity === 'error'),
  );
  if (errors.length === 0) return;
  throw new PkiError(
    'ERR_REFUSED',
    'a CA that was named is not one that its certificates can be verified by',
    {
      detail: { findings: errors, wouldKeep: [] },
      hint: 'nothing was changed',
    },
  );
}

function assertHostKnown({ unknown }: PendingPki): void {
  const [first] = unknown;
  if (first === undefined) return;
  throw new PkiError('ERR_CONFIG', `${first.option} ${first.rule}`, { detail: { issues: unknown } });
}

type Candidate = Returned & { readonly content: { readonly certificate: Certificate } };

const isCandidate = (returned: Returned): returned is Candidate => 'certificate' in returned.content;

function placeOf({ source, position }: Returned): Pick<Fate, 'source' | 'position'> {
  return { source, ...(position === undefined ? {} : { position }) };
}

/** What becomes of a certificate that no row waits for. */
function strangerFate(candidate: Candidate, authorities: readonly Certificate[]): Fate {
  const { certificate } = candidate.content;
  const base = { ...placeOf(candidate), certificate, findings: [] };
  if (authorities.some(({ der }) => isSameDer(der, certificate.der)))
    return { ...base, outcome: 'kept', why: 'is the certificate of a CA that is here' };
  if (certificate.basicConstraints?.isCa === true)
    return {
      ...base,
      outcome: 'passed-over',
      why: 'is the certificate of a CA: none is trusted that is not named with --ca',
    };
  return { ...base, outcome: 'passed-over', why: 'is for a key that is not here' };
}

const SIGN_AGAIN = 'have it signed again, by the CA that is expected and with what the request asks for';

/** Of the certificates for one key the one that ends last first. */
const latestFirst = (a: Candidate, b: Candidate): number =>
  b.content.certificate.notAfter.getTime() - a.content.certificate.notAfter.getTime();

/** The files that an installation writes, or why one cannot be written. */
async function filesOf(
  planned: PlannedPki,
): Promise<{ readonly files: readonly PkiFile[] } | { readonly why: string }> {
  try {
    return { files: await installedFiles(planned) };
  } catch (error) {
    if (!isPkiError(error, 'ERR_KUBECONFIG')) throw error;
    return { why: error.hint === undefined ? error.message : `${error.message}: ${error.hint}` };
  }
}

/** Decides about the certificates that are for the key of one row. */
async function decideRow(
  waiting: Waiting,
  {
    id,
    signer,
    present,
    before,
    authorities,
  }: {
    readonly id: string;
    /** The CA, where it is not here. */
    readonly signer: string | undefined;
    readonly present: Certificate | undefined;
    readonly before: readonly Finding[];
    readonly authorities: Certificates;
  },
  candidates: readonly Candidate[],
): Promise<readonly Fate[]> {
  const fates: Fate[] = [];
  let chosen: Certificate | undefined;
  const isPresentSound = before.every(({ row, severity }) => row !== id || severity !== 'error');
  for (const candidate of candidates.toSorted(latestFirst)) {
    const { certificate } = candidate.content;
    const base = { ...placeOf(candidate), certificate, row: id, findings: [] };
    if (signer !== undefined) {
      const why = `its CA, ${signer}, is not here: --ca ${signer}=FILE brings its certificate`;
      fates.push({ ...base, outcome: 'refused', why });
      continue;
    }
    if (present !== undefined && isSameDer(present.der, certificate.der)) {
      fates.push({ ...base, outcome: 'kept', why: 'is there already' });
      continue;
    }
    if (chosen !== undefined) {
      fates.push({ ...base, outcome: 'passed-over', why: 'another one for the same key ends later' });
      continue;
    }
    if (present !== undefined && isPresentSound && present.notAfter >= certificate.notAfter) {
      fates.push({ ...base, outcome: 'passed-over', why: 'the one that is there ends no earlier' });
      continue;
    }
    const planned = await planInstallation(waiting, new Map([...authorities, [id, [certificate]]]));
    const files = await filesOf(planned);
    if ('why' in files) {
      fates.push({ ...base, outcome: 'refused', why: files.why });
      continue;
    }
    const findings = newFindings(id, before, await findingsIn(planned, files.files, waiting.now));
    if (findings.some(({ severity }) => severity === 'error')) {
      // It is not there, and so not to be moved away.
      const told = findings.filter(({ severity }) => severity !== 'notice');
      fates.push({
        ...base,
        outcome: 'refused',
        findings: told.map((finding) => ({ ...finding, remedy: SIGN_AGAIN })),
      });
    } else {
      chosen = certificate;
      fates.push({
        ...base,
        outcome: 'installed',
        findings: findings.filter(({ severity }) => severity === 'warning'),
      });
    }
  }
  return fates;
}

/**
 * Finds the key of each certificate that came back, holds it against its row and its CA as an audit would with it in its
 * place, and says what becomes of it and which files that makes. Writes nothing.
 *
 * @throws {PkiError} `ERR_CONFIG`; `ERR_REFUSED` for a CA that was named and is none.
 */
export async function planImport(request: ImportRequest, now: Date): Promise<PlannedImport> {
  const pending = await readPending(request, now);
  const { spec, evidence } = pending;
  const waiting = { pending, request, now };
  const authorities = await readAuthorities(evidence, request.authorities);
  const base = await planInstallation(waiting, authorities);
  await assertSound(base, await installedFiles(base), now);

  const returned = (await Promise.all(request.returned.map(certificatesIn))).flat();
  const candidates = returned.filter(isCandidate);
  const before = await findingsIn(base, [], now);
  const trusted = [
    ...[...evidence.values()].flatMap(({ desired, certificates }) =>
      desired.kind === 'ca' ? certificates : [],
    ),
    ...[...authorities.values()].flat(),
  ];
  const fates: Fate[] = [];
  const chosen = new Map(authorities);
  const matched = new Set<Candidate>();
  for (const row of evidence.values()) {
    const { desired, key, certificates } = row;
    if (!isAskingRow(desired) || key === undefined) continue;
    const own = candidates.filter(({ content }) => isSameDer(content.certificate.spkiDer, key.spkiDer));
    own.forEach((candidate) => matched.add(candidate));
    if (own.length > 0) assertHostKnown(pending);
    const { signer = '' } = desired.certificate;
    const isKnown = authorities.has(signer) || (evidence.get(signer)?.certificates.length ?? 0) > 0;
    const absent = isKnown ? undefined : signer;
    const about = { id: desired.id, signer: absent, present: certificates[0], before, authorities };
    const decided = await decideRow(waiting, about, own);
    fates.push(...decided);
    const installed = decided.find(({ outcome }) => outcome === 'installed')?.certificate;
    if (installed !== undefined) chosen.set(desired.id, [installed]);
  }
  for (const one of returned) {
    if (!isCandidate(one)) {
      const why = 'why' in one.content ? one.content.why : '';
      fates.push({ ...placeOf(one), outcome: 'refused', why, findings: [] });
    } else if (!matched.has(one)) fates.push(strangerFate(one, trusted));
  }
  const named = [...request.authorities].map(([row, { name: source }]): Fate => {
    const certificate = authorities.get(row)?.[0];
    return certificate === undefined
      ? { source, row, outcome: 'kept', why: 'is there already', findings: [] }
      : { source, certificate, row, outcome: 'installed', findings: [] };
  });
  const planned = await planInstallation(waiting, chosen);
  const { plan, files } = await generatePki(planned, { now, ...NOTHING_MADE });
  const renewed = plan.rows
    .filter(({ id }) => (evidence.get(id)?.certificates.length ?? 0) > 0)
    .flatMap((row) => row.files.filter(({ action }) => action === 'replace').map(({ path }) => path));
  return { spec, plan, fates: [...named, ...withoutEchoes(fates)], files, renewed };
}

/** Where several rows have one key, a certificate is for one of them: that it is not for the others says nothing. */
function withoutEchoes(fates: readonly Fate[]): readonly Fate[] {
  const isTaken = ({ outcome }: Fate): boolean => outcome === 'installed' || outcome === 'kept';
  const taken = new Set(
    fates.filter(isTaken).map(({ source, position }) => JSON.stringify([source, position])),
  );
  return fates.filter((fate) => isTaken(fate) || !taken.has(JSON.stringify([fate.source, fate.position])));
}

/** An installation makes no key and no serial number. */
const NOTHING_MADE = {
  randomBytes: (length: number) => new Uint8Array(length),
  generateKeyPair: () => Promise.reject(new RangeError('"generateKeyPair" expected not to be called')),
};
